"""What nobody changed of a claim stays as it was filed; what was changed takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from lib.export import replacement_claims_837p
from lib.export.filed_claim_reader import filings
from lib.export.replacement_claims_837p import Replacement
from lib.models import Charge, Patient, Payer
from tests.test_replacement_claims_837p import assert_says, is_accepted, read, written
from tests.x12_texts import CLINIC, DOCTOR, claim, envelope, subscriber
from tests.x12_texts import claims as inside

FILED = [
    "CLM*A1*200***11:B:1*Y*A*W*I*P",
    "DTP*439*D8*20250110",
    "DTP*435*D8*20250111",
    "PWK*OZ*EL***AC*CONTROL7",
    "AMT*F5*15",
    "REF*G1*AUTH1",
    "REF*EA*RECORD9",
    "NTE*ADD*SEEN AGAIN",
    "HI*ABK:J02.9*ABF:R509",
    "HI*BP:99100",
    f"NM1*82*1*REED*ADA*Q***XX*{DOCTOR}",
    "PRV*PE*PXC*207Q00000X",
    f"NM1*77*2*EAST CAMPUS*****XX*{CLINIC}",
    "N3*1 EAST ROAD",
    "N4*MADISON*WI*53703",
    "SBR*S*18*******CI",
    "OI***Y***Y",
    "NM1*IL*1*GREEN*EMMA****MI*SECOND7",
    "NM1*PR*2*OTHER PLAN*****PI*OP1",
    "LX*1",
    "SV1*HC:99213:25*120*UN*1***1:2**Y",
    "DTP*472*D8*20250113",
    "REF*6R*LINE1",
    "LX*2",
    "SV1*HC:87880*80*UN*2***1",
    "DTP*472*RD8*20250114-20250115",
    "LIN**N4*01234567891",
    "CTP****2*UN",
]
AROUND = [
    "BHT*0019*00*1*20250113*0924*CH",
    "NM1*41*2*NORTHSIDE*****46*SUB1",
    "PER*IC*DESK*TE*6085550100",
    "NM1*40*2*HOUSE*****46*HOUSE1",
    "HL*1**20*1",
    "PRV*BI*PXC*207Q00000X",
    f"NM1*85*2*NORTHSIDE*****XX*{CLINIC}",
    "N3*1 NORTH ROAD",
    "N4*MADISON*WI*537030001",
    "REF*EI*123456789",
    "HL*2*1*22*1",
    "SBR*P**GROUP1******CI",
    "NM1*IL*1*GREEN*EMMA****MI*MEM1",
    "NM1*PR*2*PLAINS HEALTH*****PI*PH-7",
    "HL*3*2*23*0",
    "PAT*19",
    "NM1*QC*1*GREEN*LEO",
    "N3*2 ELM STREET",
    "N4*MADISON*WI*53703",
    "DMG*D8*20150704*M",
]


def as_filed(body: Sequence[str], *, marks: str = "*:~") -> Replacement:
    """Return the first claim of an 837, held as a charge that nobody has changed."""
    text = envelope(body, marks=marks)
    [found] = read(text)
    [(number, filing)] = filings(text)
    assert number == found.segment_number
    who = found.patient
    parties = {
        f"{role}_{what}": getattr(getattr(found, role), what)
        for role in ("billing", "rendering", "referring", "supervising")
        for what in ("npi", "name")
    }
    charge = Charge(
        id=1, practice_id=1, patient_id=1, payer_id=1, is_edited=False, arrival_problems=(),
        version=1, claim_number=found.claim_number, member_id=found.member_id,
        authorization_number=found.authorization_number, location=found.location,
        place_of_service=found.place_of_service, date_from=found.dates[0],
        date_to=found.dates[1], hospitalized_from=found.hospitalized[0],
        hospitalized_to=found.hospitalized[1], diagnoses=found.diagnoses,
        filed_total=found.filed_total, lines=found.lines, **parties,
    )  # fmt: skip
    patient = Patient(1, 1, who.last_name, who.first_name, who.birth_date, who.sex)
    payer = Payer(1, 1, found.payer.code, found.payer.name)
    return Replacement(charge, patient, payer, "PAYER1", filing)


def segments(text: str) -> list[str]:
    return text.replace("\n", "").split("~")[:-1]


def test_what_nobody_changed_stays_as_it_was_filed() -> None:
    made = segments(written(as_filed([*AROUND, *FILED])))

    expected = [
        *AROUND[1:],
        FILED[0].replace(":1*", ":7*"),
        *FILED[1:6],
        *FILED[6:7],
        "REF*F8*PAYER1",
        FILED[7],
        "HI*ABK:J029*ABF:R509",
        *FILED[9:],
    ]
    start = made.index(AROUND[1])
    assert sorted(made[start:-3]) == sorted(expected)
    assert is_accepted(written(as_filed([*AROUND, *FILED])))


def test_what_was_changed_takes_its_place_and_nothing_else_moves() -> None:
    filed = as_filed([*AROUND, *FILED])
    first, second = filed.charge.lines
    third = replace(first, procedure="85025", modifiers=(), total=Decimal("30.00"))
    charge = replace(
        filed.charge, member_id="MEM2", authorization_number="", referring_name="POOL, IAN",
        referring_npi="1111111112", hospitalized_from=None, location="",
        diagnoses=("R509", "J029", "J111"),
        lines=(replace(second, units=Decimal(3), total=Decimal("120.00")), third),
    )  # fmt: skip
    changed = replace(filed, charge=charge)
    text = written(changed)
    made = segments(text)

    [found] = read(text)

    assert_says(found, replace(changed, charge=replace(charge, date_from=date(2025, 1, 13))))
    assert "NM1*IL*1*GREEN*EMMA****MI*MEM2" in made
    assert "REF*G1*AUTH1" not in made
    assert "NM1*DN*1*POOL*IAN****XX*1111111112" in made
    assert made.index("NM1*DN*1*POOL*IAN****XX*1111111112") < made.index(FILED[10])
    assert FILED[12] not in made
    line = made.index("LX*1")
    assert made[line : line + 5] == ["LX*1", "SV1*HC:87880*120*UN*3***1", *FILED[-3:]]
    assert "REF*6R*LINE1" not in made  # the line it belonged to is gone
    assert is_accepted(text)


def test_the_separators_of_the_filed_claim_do_not_matter() -> None:
    filed = as_filed([*AROUND, *FILED])

    other = as_filed([*AROUND, *FILED], marks="|>'")

    assert written(other) == written(filed)


def test_a_claim_of_which_nothing_is_kept_says_what_it_lacks() -> None:
    filed = as_filed(inside(claim(), before=subscriber()))

    lacking = list(
        replacement_claims_837p.missing(Replacement(filed.charge, filed.patient, filed.payer))
    )

    assert list(replacement_claims_837p.missing(as_filed([*AROUND, *FILED]))) == []
    assert [sentence.split(":")[0] for sentence in lacking] == [
        "the payer's claim number (REF*F8) is not known",
        "the billing provider's address and tax ID are not held",
        "submitter, receiver and the patient's address are not held",
        "signature, assignment and release are written as Y, A, Y, Y",
    ]


def test_a_charge_that_cannot_be_written_says_why() -> None:
    filed = as_filed([*AROUND, *FILED])
    lines = filed.charge.lines

    said = [
        replacement_claims_837p.hindrance(replace(filed, charge=charge))
        for charge in (
            filed.charge,
            replace(filed.charge, claim_number="X" * 39),
            replace(filed.charge, lines=()),
            replace(filed.charge, lines=(replace(lines[0], procedure=""),)),
        )
    ]

    assert said == [
        None,
        "its claim number is empty or longer than 38 characters",
        "it has no service line",
        "a service line has no procedure",
    ]


def test_another_billing_provider_does_not_get_the_address_of_the_first() -> None:
    filed = as_filed([*AROUND, *FILED])
    corrected = replace(filed, charge=replace(filed.charge, billing_npi=DOCTOR))
    other = replace(
        filed, charge=replace(filed.charge, billing_npi=DOCTOR, billing_name="ELSEWHERE")
    )

    assert f"NM1*85*2*NORTHSIDE*****XX*{DOCTOR}~\nN3*1 NORTH ROAD~" in written(corrected)
    assert "N3*1 NORTH ROAD" not in written(other)
    assert any("address and tax ID" in said for said in replacement_claims_837p.missing(other))


def test_another_service_location_says_that_its_address_is_not_held() -> None:
    filed = as_filed([*AROUND, *FILED])
    moved = replace(filed, charge=replace(filed.charge, location="WEST CAMPUS"))

    assert "N3*1 EAST ROAD" not in written(moved)
    assert list(replacement_claims_837p.missing(moved)) == [
        "the service location's address is not held: add it before sending"
    ]


PLAIN = ["CLM*A1*200***11:B:1*Y*A*Y*Y", "HI*ABK:J02.9"]
FIRST = ["LX*1", "SV1*HC:97110*100*UN*1***1", "DTP*472*D8*20250113"]
SECOND = ["LX*2", "SV1*HC:97112*100*UN*1***1", "DTP*472*D8*20250113"]


@pytest.mark.parametrize(
    "own",
    [
        [f"NM1*82*1*REED*ADA****XX*{DOCTOR}", "PRV*PE*PXC*207Q00000X"],
        [f"NM1*DN*1*REED*ADA****XX*{DOCTOR}"],
        [f"NM1*P3*1*REED*ADA****XX*{DOCTOR}"],
        [f"NM1*DQ*1*REED*ADA****XX*{DOCTOR}"],
        [f"NM1*77*2*EAST CAMPUS*****XX*{CLINIC}", "N3*1 EAST ROAD", "N4*VERONA*WI*53593"],
        ["REF*G1*AUTH2"],
        ["REF*9F*REFERRAL2"],
    ],
)
def test_what_one_line_says_of_itself_is_not_said_of_the_claim(own: list[str]) -> None:
    filed = as_filed([*AROUND, *PLAIN, *FIRST, *SECOND, *own])
    corrected = replace(filed, charge=replace(filed.charge, diagnoses=("J020",)))

    found = segments(written(corrected))

    assert found[found.index("LX*2") + 3 :][: len(own)] == own
    assert [each for each in found if each in own] == own
    of_claim = [each.split("*")[0] for each in found[found.index("LX*1") - 3 : found.index("LX*1")]]
    assert of_claim == ["CLM", "REF", "HI"]
    assert is_accepted(written(corrected))
    assert list(replacement_claims_837p.missing(corrected)) == []


def test_a_line_added_to_lines_of_one_provider_gets_it_and_one_among_several_is_named() -> None:
    own = f"NM1*82*1*REED*ADA****XX*{DOCTOR}"
    alike = as_filed([*AROUND, *PLAIN, *FIRST, own, *SECOND, own])
    mixed = as_filed([*AROUND, *PLAIN, *FIRST, *SECOND, own])
    for one, expected in ((alike, 3), (mixed, 1)):
        added = replace(one.charge.lines[0], procedure="99213", date_from=date(2025, 1, 20))
        more = replace(one, charge=replace(one.charge, lines=(*one.charge.lines, added)))

        assert segments(written(more)).count(own) == expected
        assert list(replacement_claims_837p.missing(more)) == [
            "a service line names a rendering provider of its own: see whether it is right"
        ]


@pytest.mark.parametrize("name", ["STONE, BEN", ""])
def test_another_provider_than_a_lines_is_the_claims_and_the_lines_is_named(name: str) -> None:
    own = f"NM1*82*1*REED*ADA****XX*{DOCTOR}"
    filed = as_filed([*AROUND, *PLAIN, *FIRST, *SECOND, own])
    charge = replace(filed.charge, rendering_name=name, rendering_npi="")
    corrected = replace(filed, charge=charge)

    text = written(corrected)

    assert segments(text).count(own) == 1
    assert ("NM1*82*1*STONE*BEN~" in text) is bool(name)
    assert list(replacement_claims_837p.missing(corrected)) == [
        "a service line names a rendering provider of its own: see whether it is right"
    ]


def test_a_claims_referral_is_not_written_with_a_lines_authorization() -> None:
    body = [*AROUND, *PLAIN[:1], "REF*9F*REFERRAL1", *PLAIN[1:], *FIRST, *SECOND, "REF*G1*AUTH2"]
    filed = as_filed(body)
    before = replace(filed, charge=replace(filed.charge, authorization_number="AUTH2"))
    other = replace(filed, charge=replace(filed.charge, authorization_number="AUTH9"))

    assert filed.charge.authorization_number == "REFERRAL1"
    for one in (filed, before):  # `before`: as it was once read
        found = [each for each in segments(written(one)) if each.startswith(("REF*9F", "REF*G1"))]
        assert found == ["REF*9F*REFERRAL1", "REF*G1*AUTH2"]
    assert "REF*9F*AUTH9~" in written(other)
    assert list(replacement_claims_837p.missing(other)) == [
        "a service line has an authorization of its own: see whether it is right"
    ]


@pytest.mark.slow
def test_claims_of_one_billing_provider_stand_under_it_five_thousand_to_a_transaction() -> None:
    filed = as_filed([*AROUND, *FILED])
    elsewhere = replace(filed, charge=replace(filed.charge, billing_name="ELSEWHERE"))

    made = segments(written(*[filed] * 5001, elsewhere))

    assert [part for part in made if part.startswith(("ST", "GE", "IEA"))] == [
        "ST*837*0001*005010X222A1", "ST*837*0002*005010X222A1", "GE*2*7", "IEA*1*000000007",
    ]  # fmt: skip
    assert sum("NM1*85" in part for part in made) == 3
    assert sum(part.startswith("CLM") for part in made) == 5002


def test_days_before_october_2015_are_coded_in_icd_9() -> None:
    filed = as_filed([*AROUND, *FILED])
    old = replace(filed.charge, date_from=date(2015, 9, 30), diagnoses=("4660", "7862"))

    made = segments(written(replace(filed, charge=old)))

    assert "HI*BK:4660*BF:7862" in made
