"""What an 837P says becomes claims, however its sender wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from lib.intake.records import Claim
from lib.intake.x12 import claims_837, segment_reader
from lib.intake.x12.segment_reader import Unreadable
from lib.intake.x12.unreadable_claims import RejectedLoop
from lib.models import ServiceLine
from tests.conftest import shared
from tests.x12_texts import CLINIC, DOCTOR, claim, envelope, subscriber
from tests.x12_texts import claims as inside


def parse(text: str) -> list[Claim]:
    """Return the claims; what is wrong with one is raised, which the intake sets aside by
    itself."""
    return [
        taken(each)
        for part in segment_reader.transactions(text, [])
        for each in claims_837.parse(part)
    ]


def taken(found: Claim | RejectedLoop) -> Claim:
    if isinstance(found, RejectedLoop):
        raise found.problem
    return found


def one(*bodies: Sequence[str], before: Sequence[str] = ()) -> Claim:
    [found] = parse(envelope(inside(*bodies, before=before)))
    return found


def test_a_claim_says_who_what_when_and_how_much() -> None:
    found = one(claim())

    assert found.claim_number == "A1"
    assert (found.patient.last_name, found.patient.first_name) == ("GREEN", "EMMA")
    assert (found.patient.birth_date, found.patient.sex) == (date(1980, 2, 29), "F")
    assert (found.payer.code, found.payer.name, found.member_id) == (
        "PH-7",
        "PLAINS HEALTH",
        "MEM1",
    )
    assert (found.billing.npi, found.billing.name) == (CLINIC, "NORTHSIDE")
    assert (found.place_of_service, found.frequency) == ("11", "1")
    assert found.dates == (date(2025, 1, 13), date(2025, 1, 15))
    assert found.diagnoses == ("J029", "R509")
    assert found.filed_total == Decimal("200.00")
    assert found.segment_number == 12


def test_service_lines_carry_codes_pointers_units_and_amounts() -> None:
    first, second = one(claim()).lines

    assert first == ServiceLine(
        date_from=date(2025, 1, 13),
        date_to=date(2025, 1, 13),
        procedure="99213",
        modifiers=("25",),
        pointers=(1, 2),
        units=Decimal(1),
        unit_charge=Decimal("120.00"),
        total=Decimal("120.00"),
    )
    assert (second.units, second.unit_charge, second.total) == (
        Decimal(2),
        Decimal("40.00"),
        Decimal("80.00"),
    )
    assert (second.date_from, second.date_to) == (date(2025, 1, 14), date(2025, 1, 15))


def test_a_charge_for_one_unit_is_rounded_to_the_cent_and_no_units_leave_the_total() -> None:
    lines = ["LX*1", "SV1*HC:99213*100*UN*3***1", "LX*2", "SV1*HC:99213*70*UN****1"]

    third, none = one(["CLM*A1*170***11:B:1", *lines]).lines

    assert third.unit_charge == Decimal("33.33")
    assert (none.units, none.unit_charge) == (Decimal(0), Decimal("70.00"))


def test_providers_numbers_and_hospital_days_come_from_the_claim_loop() -> None:
    found = one(
        claim(
            extra=[
                "REF*G1*AUTH7",
                "DTP*435*D8*20250110",
                "DTP*096*D8*20250112",
                f"NM1*82*1*REED*ADA****XX*{DOCTOR}",
                "NM1*DN*1*POOL*IAN****XX*1111111112",
                "NM1*DQ*1*WEST*KAY****XX*2222222224",
                "NM1*77*2*EAST CAMPUS*****XX*3333333336",
            ]
        )
    )

    assert (found.rendering.npi, found.rendering.name) == (DOCTOR, "REED, ADA")
    assert (found.referring.name, found.supervising.name) == ("POOL, IAN", "WEST, KAY")
    assert found.location == "EAST CAMPUS"
    assert found.authorization_number == "AUTH7"
    assert found.hospitalized == (date(2025, 1, 10), date(2025, 1, 12))


def test_a_referral_number_stands_in_where_there_is_no_authorization() -> None:
    assert one(claim(extra=["REF*9F*REF9"])).authorization_number == "REF9"
    assert one(claim(extra=["REF*9F*REF9", "REF*G1*A7"])).authorization_number == "A7"


def test_what_another_payer_says_on_the_claim_is_not_taken_for_the_claim() -> None:
    other = [
        "SBR*S*18*******CI",
        "NM1*IL*1*BLUE*ROBIN****MI*OTHER",
        "NM1*PR*2*SECOND PLAN*****PI*2ND",
        "REF*G1*NOTOURS",
        "NM1*82*1*ELSE*SOMEBODY",
    ]

    found = one(claim(extra=other))

    assert (found.patient.last_name, found.payer.code, found.member_id) == ("GREEN", "PH-7", "MEM1")
    assert (found.authorization_number, found.rendering.name) == ("", "")
    assert len(found.lines) == 2


def test_a_dependent_is_the_patient_under_the_subscribers_member_number() -> None:
    child = ["HL*3*2*23*0", "PAT*19", "NM1*QC*1*GREEN*LEO", "DMG*D8*20150704*M"]

    found = one(claim(), before=[*subscriber(), *child])

    assert (found.patient.first_name, found.patient.birth_date) == ("LEO", date(2015, 7, 4))
    assert found.member_id == "MEM1"


def test_a_patient_named_again_without_birth_date_keeps_the_subscribers() -> None:
    again = ["HL*3*2*23*0", "PAT*19", "NM1*QC*1*GREEN*EMMA"]
    child = ["HL*3*2*23*0", "PAT*19", "NM1*QC*1*GREEN*LEO"]

    assert one(claim(), before=[*subscriber(), *again]).patient.birth_date == date(1980, 2, 29)
    assert one(claim(), before=[*subscriber(), *child]).patient.birth_date is None


def test_hierarchies_are_read_by_sequence_whatever_their_ids_say() -> None:
    wrong = ["HL*2*9*22*0", *subscriber("BLUE", "ROBIN")[1:]]
    body = [*inside(claim("A1")), *wrong, *claim("A2"), "HL*1**20*1", "NM1*85*2*OTHER*****XX*1"]
    body += [*subscriber("POOL", "IAN"), *claim("A3")]

    found = parse(envelope(body))

    assert [each.patient.last_name for each in found] == ["GREEN", "BLUE", "POOL"]
    assert [each.billing.name for each in found] == ["NORTHSIDE", "NORTHSIDE", "OTHER"]


def test_a_subscriber_without_a_name_is_never_taken_for_the_one_before() -> None:
    body = [*inside(claim("A1")), "HL*3*1*22*0", "SBR*P*18", *claim("A2")]

    with pytest.raises(Unreadable, match="names no patient"):
        parse(envelope(body))


def test_diagnoses_are_found_where_the_qualifier_stands_in_an_element_of_its_own() -> None:
    found = one(["CLM*A1*10***11:B:1", "HI*BK*8901*BF*87200*BF:5559", "HI*BP:99100"])

    assert found.diagnoses == ("8901", "87200", "5559")


def test_the_component_separator_is_that_of_the_file() -> None:
    [found] = parse(envelope(inside(claim()), marks="|>\n"))

    assert found.lines == one(claim()).lines
    assert found.fingerprint == one(claim()).fingerprint


def test_a_claim_is_known_again_whatever_its_place_and_envelope() -> None:
    alone = one(claim("A1"))
    *_, last = parse(envelope(inside(claim("A0")), inside(claim("A1", amount="200.00"))))

    assert last.segment_number != alone.segment_number
    assert last.fingerprint == alone.fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("*200***", "*201***"),
        ("GREEN", "BLUE"),
        ("MEM1", "MEM2"),
        ("PH-7", "PH-8"),
        ("J02.9", "J03.9"),
        ("20250113~LX", "20250112~LX"),
        ("99213:25", "99213"),
        ("***1:2", "***1"),
        ("*UN*2", "*UN*1"),
        ("11:B:1", "11:B:7"),
        (CLINIC, DOCTOR),
    ],
)
def test_a_claim_that_says_anything_else_is_another_claim(old: str, new: str) -> None:
    text = envelope(inside(claim()))
    changed = text.replace(old, new)

    assert changed != text
    assert parse(changed)[0].fingerprint != parse(text)[0].fingerprint


@pytest.mark.parametrize(
    ("old", "new", "number", "what"),
    [
        ("*200***", "*abc***", 12, "CLM02 is not an amount"),
        ("*200***", "****", 12, "CLM02 is not an amount"),
        ("*200***", "*1_0***", 12, "CLM02 is not an amount"),
        ("*200***", "*NaN***", 12, "CLM02 is not an amount"),
        ("*200***", "*2.005***", 12, "dollars and cents"),
        ("*200***", "*99999999999***", 12, "dollars and cents"),
        ("*120*UN", "*x*UN", 15, "SV102 is not an amount"),
        ("*UN*2*", "*UN*two*", 18, "SV104 is not a number"),
        ("CLM*A1*", "CLM**", 12, "has no number"),
        ("NM1*IL*1*GREEN*EMMA", "NM1*IL*1**", 12, "names no patient"),
        ("HL*", "XX*", 12, "before any HL"),
        ("SV1*", "SV2*", 15, "837I"),
        ("SV1*", "SV3*", 15, "837D"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_segment(
    old: str, new: str, number: int, what: str
) -> None:
    with pytest.raises(Unreadable, match=what) as refused:
        parse(envelope(inside(claim())).replace(old, new))

    assert refused.value.number == number


@pytest.mark.parametrize(
    ("old", "new", "number", "what"),
    [
        ("D8*20250113", "D8*20251313", 16, "DTP03 is not a date (CCYYMMDD)"),
        ("D8*20250113", "D8*2025-01-13", 16, "DTP03 is not a date (CCYYMMDD)"),
        ("-20250115", "-2025", 19, "DTP03 is not a date (CCYYMMDD)"),
        ("-20250115", "-99991231", 19, "DTP03 is 99991231, which stands for no end"),
        ("19800229", "19790229", 10, "DMG02 is not a date (CCYYMMDD)"),
        ("HI*ABK", "DTP*435*D8*0~HI*ABK", 13, "DTP03 is not a date (CCYYMMDD)"),
    ],
)
def test_a_date_that_is_none_is_left_empty_with_a_remark(
    old: str, new: str, number: int, what: str
) -> None:
    text = envelope(inside(claim())).replace(old, new)

    [(found, remarks)] = [
        (taken(each), part.remarks)
        for part in segment_reader.transactions(text, [])
        for each in claims_837.parse(part)
    ]

    assert remarks == [f"Segment {number}: {what}; it was left empty."]
    assert (found.claim_number, len(found.lines), found.filed_total) == ("A1", 2, Decimal(200))


def test_a_period_without_an_end_keeps_the_day_it_begins() -> None:
    text = envelope(inside(claim())).replace("-20250115", "-99991231")

    [found] = parse(text)

    assert (found.lines[1].date_from, found.lines[1].date_to) == (date(2025, 1, 14), None)
    assert found.dates == (date(2025, 1, 13), None)


def test_the_real_batches_hold_what_an_independent_count_found() -> None:
    files = [shared(f"x12/837P/837P_batch_{number:03}.txt") for number in range(1, 6)]
    found = [each for file in files for each in parse(segment_reader.decode(file.read_bytes()))]
    lines = [len(parse(segment_reader.decode(file.read_bytes()))) for file in files]

    assert lines == [50] * 5
    assert len({each.claim_number for each in found}) == 250
    assert sum(len(each.lines) for each in found) == 670
    assert sum(each.filed_total for each in found) == Decimal("87477.00")
    assert sum(bool(each.authorization_number) for each in found) == 30
    assert sum(sum(x.total for x in each.lines) != each.filed_total for each in found) == 55
    assert {each.place_of_service for each in found} == {"11"}
    assert min(each.dates for each in found)[0] == date(2025, 1, 13)
    assert max(each.dates for each in found)[1] == date(2025, 1, 24)
    assert all(each.patient.birth_date and each.rendering.npi for each in found)


def test_a_real_file_of_820_claims_says_only_two_different_things() -> None:
    found = parse(segment_reader.decode(shared("x12/837P/imsweb-many-claims.txt").read_bytes()))

    assert len(found) == 820
    assert len({each.fingerprint for each in found}) == 2
    assert found[0].diagnoses == ("8901", "87200", "5559")
