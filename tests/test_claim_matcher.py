"""Number and facts: which charge a message is about, and when nobody can tell."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lib import tasks
from lib.intake import imports
from lib.intake.charges import task_charge_choice
from lib.intake.matching import claim_numbers, spelling_comparison
from lib.intake.matching.claim_facts import ClaimFacts
from lib.intake.matching.claim_matcher import Candidate, Filed, Outcome, match
from lib.store.database import Connection
from lib.store.migrations import SCHEMA
from lib.ui import charge_match_panel
from tests.conftest import NOON, Cast
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import answer, claim, claims, envelope, file_835, file_837

DAY, OTHER_DAY = date(2025, 1, 10), date(2025, 1, 17)
FILED = Filed(
    "ACCT-0007", "DOE, JANE", "XYZ123456", (DAY, DAY), (Decimal(150),), ("PRIMARY PLAN",), "P1", "P"
)
HELD = Candidate(1, (FILED,), birth_date=date(1980, 1, 1), payer_numbers=("ICN1",))
SAID = ClaimFacts(
    claim_numbers=("ACCT-0007",),
    payer_numbers=("ICN1",),
    patient_name="DOE, JANE",
    member_ids=("XYZ123456",),
    dates=(DAY, DAY),
    charged=Decimal("150.00"),
    payer_name="PRIMARY PLAN",
    payer_code="99999",
    payer_role="P",
)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"claim_numbers": ("acct-0007",)},
        {"claim_numbers": (" ACCT0007 ",)},
        {"claim_numbers": ("000ACCT-0007",)},
        {"claim_numbers": (), "payer_numbers": ("ICN1",)},
        {"claim_numbers": ("ICN1",)},  # the payer's own, where ours belongs
        {"patient_name": "Doe, Jane M"},
        {"patient_name": "Jane Doe"},
        {"patient_name": "JANE, DOE"},
        {"patient_name": "DOE-ROE, JANE"},
        {"patient_name": ""},
        {"member_ids": ()},
        {"member_ids": ("123456",)},
        {"member_ids": ("XYZ123456-01",)},
        {"dates": (None, None)},
        {"charged": None},
        {"charged": Decimal(100), "is_part": True},
        {"payer_name": "Primary Plan, Inc."},
        {"payer_name": "SOMEBODY ELSE", "payer_code": "P1"},
        {"payer_name": "", "payer_code": "77"},
        {"payer_role": ""},
        {"payer_numbers": ("ICN2",)},  # a payer numbers each answer anew
    ],
)
def test_a_message_that_nothing_contradicts_is_about_the_charge(changes: dict[str, Any]) -> None:
    assert match(replace(SAID, **changes), [HELD]).charge_id == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"claim_numbers": ("OTHER9",)},  # though the payer's number is this claim's
        {"patient_name": "BETA, BOB"},
        {"patient_name": "DOE, JOAN"},
        {"patient_name": "DOE, JANET", "member_ids": ("XYZ123456",)},
        {"patient_name": "DOE JR, JANE", "member_ids": ("ABC999999",)},
        {"member_ids": ("ABC999999",)},
        {"birth_date": date(2010, 1, 1)},
        {"dates": (OTHER_DAY, OTHER_DAY)},
        {"charged": Decimal("150.01")},
        {"charged": Decimal(151), "is_part": True},
        {"payer_name": "SECONDARY PLAN"},
        {"payer_name": "PRIMARY PLAN MEDICAID"},
        {"payer_role": "S"},
    ],
)
def test_one_fact_that_contradicts_leaves_the_choice_to_a_person(
    changes: dict[str, Any],
) -> None:
    found = match(replace(SAID, **changes), [HELD])

    assert (found.outcome, found.charge_id) == (Outcome.CONTRADICTED, None)
    assert found.compared[0].disagreements


@pytest.mark.parametrize(
    "changes",
    [
        {"claim_numbers": ("ACCT-00070000000",), "dates": (None, None)},  # cut by the payer
        {"claim_numbers": ("ACCT-00070000000",), "patient_name": ""},
        {"claim_numbers": ("000ACCT-0007",), "patient_name": "", "dates": (None, None)},
        {"claim_numbers": ("ICN1",), "patient_name": ""},
    ],
)
def test_what_says_too_little_and_contradicts_nothing_is_not_called_a_contradiction(
    changes: dict[str, Any],
) -> None:
    long = replace(FILED, claim_number="ACCT-0007000000012345")
    held = replace(HELD, filed=(long if "0000" in changes["claim_numbers"][0] else FILED,))

    found = match(replace(SAID, payer_numbers=(), **changes), [held])

    assert (found.outcome, found.charge_id) == (Outcome.UNPROVEN, None)
    assert not found.compared[0].disagreements


LOST = [
    ("LOPEZ, MARI?", "LOPEZ, MARIA"),  # or MARIO
    ("LOPEZ, JO?N", "LOPEZ, JOAN"),  # or JOHN
    ("LOPEZ, DANIEL\ufffd", "LOPEZ, DANIELA"),
    ("LOPEZ, MARI?", "LOPEZ, MARI"),
    ("LOPEZ, ANA MARI„", "LOPEZ, ANA MARIA"),
    ("LOPEZ, FRANCISC?", "LOPEZ, FRANCISCO"),
    ("MARI? LOPEZ", "LOPEZ, MARIA"),
    ("LOPEZ, ANA ?", "LOPEZ, ANA M"),
]


@pytest.mark.parametrize(("lost", "name"), [*LOST, *(pair[::-1] for pair in LOST)])
def test_a_first_name_that_lost_a_letter_proves_nobody_but_by_the_payers_own_number(
    lost: str, name: str
) -> None:
    held = replace(HELD, filed=(replace(FILED, patient_name=name),))
    said = replace(SAID, patient_name=lost)
    unknown = replace(said, payer_numbers=("ICN2",))

    found = match(unknown, [held])

    assert (found.outcome, found.charge_id) == (Outcome.UNPROVEN, None)
    assert [fact.name for fact in found.compared[0].doubts] == ["Patient"]
    assert match(said, [held]).charge_id == 1


@pytest.mark.parametrize(
    ("name", "member_id", "charge_id"),
    [("MU?OZ, ANA", "XYZ123456", 1), ("MU?OZ, ANA", "", None), ("MU?OZ, EVA", "XYZ123456", None),
     ("PE?A, ANA", "XYZ123456", None), ("ANA MU?OZ", "XYZ123456", None), ("???, ???", "", None),
     ("?????, ANA", "XYZ123456", None), ("MU?OZ, AN?", "XYZ123456", None)],
)  # fmt: skip
def test_a_last_name_that_lost_a_letter_needs_first_name_and_member_id(
    name: str, member_id: str, charge_id: int | None
) -> None:
    held = replace(HELD, filed=(replace(FILED, patient_name="MUNOZ, ANA"),), payer_numbers=())
    members = (member_id,) if member_id else ()

    assert match(replace(SAID, patient_name=name, member_ids=members), [held]).charge_id == (
        charge_id
    )


@pytest.mark.parametrize("name", ["LOPEZ, MARI?", "LOPEZ, ???", "???, JOS?", "???, ???"])
def test_a_name_that_was_filed_with_letters_lost_proves_nobody_either(name: str) -> None:
    held = replace(HELD, filed=(replace(FILED, patient_name=name),), payer_numbers=())

    assert match(replace(SAID, patient_name=name), [held]).charge_id is None


def test_of_two_who_may_have_lost_the_letter_nobody_is_chosen() -> None:
    both = [
        replace(HELD, charge_id=number, filed=(replace(FILED, patient_name=name),))
        for number, name in enumerate(("LOPEZ, MARIA", "LOPEZ, MARIO"), start=1)
    ]

    assert match(replace(SAID, patient_name="LOPEZ, MARI?"), both).charge_id is None


@pytest.mark.parametrize("name", ["MARI?", "MARI\ufffd", "MAR?A"])
def test_an_answer_whose_first_name_lost_a_letter_waits_for_a_person(
    con: Connection, cast: Cast, name: str
) -> None:
    bring(con, cast, file_837(claim()).replace(b"GREEN*EMMA", b"GREEN*MARIA"))
    said = file_835(answer(patient=f"GREEN*{name}"))

    seen = imports.preview(con, "r", said, actor=cast.ana, practice_id=cast.practice, now=NOON)
    bring(con, cast, said, "r.835")

    assert [task.why for task in seen.tasks] == [
        "The name can be another person's, too: choose the charge in the task"
    ]
    assert con.rows("SELECT charge_id, outcome FROM task JOIN task_claim ON task_id = id") == [
        (None, "unproven")
    ]
    task = tasks.get(con, 1, actor=cast.ana)
    [option] = task_charge_choice.basis(con, task).options
    assert "Can be another's, too: patient" in charge_match_panel.agreeing(option.comparison)


@pytest.mark.parametrize(
    ("held", "said", "is_found"),
    [
        ("PATRICK", "PAT", False), ("ALEXANDRA", "ALEX", False), ("CHRIS", "CHRISTOPHER", False),
        ("SAMANTHA", "SAM", False), ("STEPHEN", "STEVE", True), ("WILLIAM", "BILL", True),
        ("PHILLIP", "PHIL", True), ("KATHRYN", "KATHRYN", True),
    ],
)  # fmt: skip
def test_a_nickname_of_several_names_is_certain_only_with_the_birth_date(
    held: str, said: str, is_found: bool
) -> None:
    message = replace(SAID, patient_name=f"DOE, {said}", payer_numbers=())
    charge = [replace(HELD, filed=(replace(FILED, patient_name=f"DOE, {held}"),))]
    born = replace(message, birth_date=HELD.birth_date)

    assert (match(message, charge).charge_id is not None) is is_found
    assert match(born, charge).charge_id is not None


def test_a_number_without_its_day_is_said_alike_before_the_import_and_on_the_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("ACCT-0007000000012345")))
    said = [part for part in answer("ACCT-0007000000012") if not part.startswith("DTM")]

    report = bring(con, cast, file_835(said), "r.835")

    assert report.warnings == (
        "Not certain of the charge, since the file says too little (patient and day of service): "
        "1 task; choose the charge in the task.",
    )
    [(outcome, detail)] = con.rows(
        "SELECT outcome, detail FROM task_claim JOIN event USING (task_id) "
        "WHERE kind = 'charge not certain'"
    )
    assert (outcome, detail.startswith("Nothing contradicts")) == ("unproven", True)


@pytest.mark.parametrize(
    "filed",
    [
        {"patient_name": "ALPHA, AMY"},
        {"dates": (OTHER_DAY, OTHER_DAY)},
        {"totals": (Decimal(200),)},
        {"payer_names": ("SECONDARY PLAN",), "payer_role": "S", "payer_code": "S1"},
        {"payer_role": "S"},
        {"claim_number": "acct7"},
        {"dates": (date(2025, 1, 1), date(2025, 1, 31))},
    ],
)
def test_of_two_charges_the_one_that_agrees_more_exactly_is_meant(
    filed: dict[str, Any],
) -> None:
    other = Candidate(2, (replace(FILED, **filed),))

    for candidates in ([HELD, other], [other, HELD]):
        assert match(replace(SAID, payer_numbers=()), candidates).charge_id == 1


def test_two_charges_that_agree_alike_are_left_to_a_person() -> None:
    found = match(replace(SAID, payer_numbers=()), [HELD, replace(HELD, charge_id=2)])

    assert (found.outcome, len(found.compared)) == (Outcome.SEVERAL, 2)


def test_one_that_agrees_more_in_one_fact_and_less_in_another_is_not_taken() -> None:
    exact_day = Candidate(1, (replace(FILED, claim_number="ACCT7"),))
    exact_number = Candidate(
        2, (replace(FILED, claim_number="ACCT-7", dates=(date(2025, 1, 3), DAY)),)
    )

    found = match(replace(SAID, claim_numbers=("ACCT-7",), payer_numbers=()),
                  [exact_day, exact_number])  # fmt: skip

    assert found.outcome is Outcome.SEVERAL


def test_a_number_that_was_rewritten_or_cut_needs_facts_that_agree() -> None:
    alone = ClaimFacts(claim_numbers=("ACCT7",))
    long = replace(FILED, claim_number="VISIT-20250110-000012345")
    cut = replace(SAID, claim_numbers=("VISIT-20250110-0000",), payer_numbers=())

    named = replace(SAID, claim_numbers=("acct-0007",), payer_numbers=())
    assert match(named, [HELD]).charge_id == 1
    assert match(alone, [HELD]).charge_id is None
    assert match(cut, [Candidate(1, (long,))]).charge_id == 1
    assert match(replace(cut, dates=(None, None)), [Candidate(1, (long,))]).charge_id is None
    assert match(replace(cut, patient_name=""), [Candidate(1, (long,))]).charge_id is None


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ("2025-0114-78", "2025011478"), ("2025011478", "2025-0114-78"), ("12-3", "00123"),
        ("G7/1 12", "g7112"), ("VISIT-20250110-0001-77", "VISIT202501100001"),
        ("2025-0110-0001-77-3", "0002025-0110-0001-773".replace("-", "")[:16]),
    ],
)  # fmt: skip
def test_a_number_that_lost_or_got_separators_needs_patient_day_and_amount(
    held: str, said: str
) -> None:
    charge = replace(HELD, filed=(replace(FILED, claim_number=held),), payer_numbers=())
    told = replace(SAID, claim_numbers=(said,), payer_numbers=())

    assert match(told, [charge]).charge_id == charge.charge_id
    for lost in (
        {"patient_name": ""}, {"patient_name": told.patient_name.partition(",")[0]},
        {"dates": (None, None)}, {"charged": None},
        {"charged": Decimal(50), "is_part": True},
    ):  # fmt: skip
        found = match(replace(told, birth_date=None, **lost), [charge])
        assert (found.charge_id, found.outcome) == (None, Outcome.UNPROVEN), lost


@pytest.mark.parametrize(
    ("held", "said"),
    [("12-3", "1-23"), ("12-3", "12-3-0"), ("1-23-4", "12-3-4"), ("501-2", "5013")],
)
def test_a_number_whose_digits_are_separated_otherwise_is_another(held: str, said: str) -> None:
    charge = replace(HELD, filed=(replace(FILED, claim_number=held),), payer_numbers=())

    found = match(replace(SAID, claim_numbers=(said,), payer_numbers=()), [charge])

    assert found.outcome is Outcome.CONTRADICTED


@pytest.mark.parametrize(
    "numbers",
    [("12-3", "1-23"), ("VISIT-20250110-0001", "VISIT2025-0110-0001"),
     ("VISIT-20250110-0001", "VISIT202501100001-7")],
)  # fmt: skip
def test_of_several_numbers_that_are_one_without_separators_a_person_chooses(
    numbers: tuple[str, ...],
) -> None:
    charges = [
        Candidate(id_, (replace(FILED, claim_number=number),))
        for id_, number in enumerate(numbers, start=1)
    ]
    plain = numbers[0].replace("-", "")

    told = replace(SAID, claim_numbers=(plain,), payer_numbers=())
    assert match(told, charges).outcome is Outcome.SEVERAL
    assert match(replace(told, claim_numbers=numbers[:1]), charges).charge_id == 1


@pytest.mark.parametrize(
    ("stated", "is_enough"),
    [
        ({}, False), ({"charged": SAID.charged}, False), ({"payer_name": SAID.payer_name}, False),
        ({"patient_name": SAID.patient_name}, True), ({"dates": SAID.dates}, True),
        ({"member_ids": SAID.member_ids}, True),
    ],
)  # fmt: skip
def test_a_number_alone_says_too_little(stated: dict[str, Any], is_enough: bool) -> None:
    said = ClaimFacts(claim_numbers=SAID.claim_numbers, **stated)
    found = match(said, [HELD])

    assert found.outcome is (Outcome.MATCHED if is_enough else Outcome.UNPROVEN)


def test_a_payer_that_the_claim_names_as_another_one_is_not_its_payer() -> None:
    claim_ = Candidate(
        1, (replace(FILED, payer_names=("BLUE CROSS OHIO",), payer_code="B1"),),
        other_payers=("BLUE CROSS", "B2"),
    )  # fmt: skip

    assert match(replace(SAID, payer_name="BLUE CROSS"), [claim_]).charge_id is None
    assert match(replace(SAID, payer_name="Blue Cross Ohio"), [claim_]).charge_id == 1


def test_what_a_charge_was_before_still_finds_it() -> None:
    before = replace(FILED, claim_number="OLD1", totals=(Decimal(120),), member_id="ABC999999")
    charge = replace(HELD, filed=(FILED, before))
    said = replace(SAID, claim_numbers=("OLD1",), charged=Decimal(120), member_ids=("ABC999999",))

    assert match(said, [charge]).charge_id == 1


@pytest.mark.parametrize(
    ("one", "other", "same_member", "is_same"),
    [
        ("O'BRIEN, PAT", "OBRIEN, PAT", False, True),
        ("GARCÍA LÓPEZ, EVA", "GARCIA, EVA", False, True),
        ("JOHNSON, AL", "JONSON, AL", False, True),
        ("DOE, ROB", "DOE, ROBERT", False, True),
        ("DOE, J", "DOE, JANE", True, True),
        ("DOE, J", "DOE, JANE", False, False),
        ("DOE, JOHN", "DOE, JOAN", True, False),
        ("DOE, DAN", "DOE, DANA", True, False),
        ("DOE JR, AL", "DOE SR, AL", True, False),
        ("LEE, MARY ANN", "LEE, MARY JANE", True, False),
        ("DOE", "DOE, JANE", False, True),
        ("ST. JOHN, AMY", "SAINT JOHN, AMY", False, True),
        ("DOE, MR TOM", "DOE MD, TOM", False, True),
        ("DR, TOM", "DR, TIM", False, False),
        ("DOE, CHRISTOPHER", "DOE, CHRISTOPHE", False, True),
        ("HYPHENATEDNAME-OTHERLONG, ANN", "HYPHENATEDNAME-OTHERLO, ANN", False, True),
        ("DOE, CHRISTIN", "DOE, CHRISTINA", True, False),
        ("GREEN, BABYBOY A", "GREEN, BABYBOY B", True, False),
        ("GREEN, BABY BOY 1", "GREEN, BABY BOY 2", True, False),
        ("GREEN, BABYBOY", "GREEN, BABYBOY B", True, True),
        ("DOE, JOHN A", "DOE, JOHN BRIAN", True, False),
        ("DOE, JOHN A", "DOE, JOHN ALAN", False, True),
        ("DOE, JUAN CARLOS", "DOE, JUAN C", False, True),
        ("LEE, MARYANN B", "LEE, MARY ANN", False, True),
        ("GARCIA, JUAN", "GARCIA, JUANITA", True, False),
        ("DOE, PAUL", "DOE, PAULINE", True, False),
        ("DOE, ANN", "DOE, ANNABELLE", True, False),
        ("DIAZ, JOSE", "DIAZ, JOSEFINA", True, False),
        ("DIAZ, PEPE", "DIAZ, JOSÉ", False, True),
        ("DOE, BILL", "DOE, WILLIAM", False, True),
        ("DOE, LIZ", "DOE, BETH", True, False),
        ("DOE, PATRICK", "DOE, PATRICIA", True, False),
        ("GARCIA, MARISA", "GARCIA, MARINA", True, False),
        ("GARCIA, MARIAN", "GARCIA, MARINA", True, False),
        ("GARCIA, MARIANA", "GARCIA, MARINA", True, False),
        ("DOE, MICHEAL", "DOE, MICHAEL", True, True),
        ("DOE, PHILIP", "DOE, PHILLIP", True, True),
    ],
)
def test_spellings_of_one_person_agree_and_those_of_a_family_do_not(
    one: str, other: str, same_member: bool, is_same: bool
) -> None:
    assert spelling_comparison.could_be_person(one, other, same_member=same_member) is is_same
    assert spelling_comparison.could_be_person(other, one, same_member=same_member) is is_same


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("BCBS of Texas", "Blue Cross Blue Shield of Texas", True),
        ("UHC", "UnitedHealthcare", True),
        ("UHC Community Plan", "UNITED HEALTHCARE COMMUNITY PLAN", True),
        ("BCBS", "Blue Cross Blue Shield Medicare Advantage", False),
        ("UHC", "Aetna", False),
        ("UHC", "United", True),
        ("UHC", "United Concordia", False),
        ("United Healthcare", "United of Omaha", False),
        ("United Health Care Dental", "UHC", False),
        ("Unitd Healthcare", "UnitedHealthcare", True),
        ("BlueCross BlueShield Texas", "Blue Cross and Blue Shield of Texas", True),
        ("BCBSTX", "Aetna", False),
        ("Blue Cross of California", "BlueShield of California", False),
        ("COMMUNITY HEALTH PLAN", "UNITEDHEALTHCARE COMMUNITY PLAN", False),
        ("COMMUNITY HEALTH PLAN", "Community Health Plan, Inc.", True),
        ("COMMUNITY HEALTH PLAN", "COMMUNITY CARE", False),
        ("HEALTH PARTNERS", "PRIORITY PARTNERS", False),
        ("HEALTH PARTNERS", "HEALTHPARTNERS", True),
        ("HEALTH FIRST", "FIRST HEALTH", False),
        ("HEALTH PLAN OF NEVADA", "MOLINA NEVADA", False),
        ("MEDICARE", "AETNA MEDICARE", False),
        ("MEDICARE", "NORIDIAN MEDICARE PART B", True),
        ("MOLINA", "MOLINA HEALTHCARE OF TEXAS", True),
    ],
)
def test_usual_abbreviations_of_payers_are_their_names(one: str, other: str, is_same: bool) -> None:
    assert spelling_comparison.could_be_payer(one, other) is is_same
    assert spelling_comparison.could_be_payer(other, one) is is_same


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("W12345678-01", "W12345678-02", False),
        ("W1234567801", "W1234567810", False),
        ("123456789A", "123456789B", False),
        ("W12345678-01", "W12345678-1", True),
        ("W12345678-01", "W12345678", True),
        ("W12345678", "W12354678", True),
    ],
)
def test_the_end_of_a_member_id_can_tell_a_dependent(one: str, other: str, is_same: bool) -> None:
    assert spelling_comparison.could_be_member(one, other) is is_same
    assert spelling_comparison.could_be_member(other, one) is is_same


@pytest.mark.parametrize(
    "names",
    [
        ("United Healthcare", "UnitedHealthcare", "United Health Care Insurance Company",
         "United Health", "UnitedHealth Group", "UHC", "UNITED HEALTHCARE INSURANCE CO"),
        ("BCBS", "Blue Cross Blue Shield", "BlueCross BlueShield", "Blue Cross & Blue Shield Plan"),
    ],
)  # fmt: skip
def test_every_usual_spelling_of_a_payer_agrees_with_each_other(names: tuple[str, ...]) -> None:
    pairs = list(itertools.product(names, repeat=2))

    assert [pair for pair in pairs if not spelling_comparison.could_be_payer(*pair)] == []


@pytest.mark.duckdb  # the text of a migration of its time
def test_the_key_of_a_number_is_the_same_in_python_and_in_the_store(con: Connection) -> None:
    numbers = [
        "A-1", "000123", "0", "---", " x 9 ", "VISIT-2025/01", "É7", "a_b.C", "00-0", "12-3",
        "1--2 3", "0-12", "G7-1-12", "1-A-2", "A-B-C", "-7-", "٣-1", "",
    ]  # fmt: skip
    grouped, plain = (
        text[text.index("number_key = coalesce(") + 13 : text.index("\nWHERE")]
        for text in (
            (SCHEMA / name).read_text(encoding="utf-8")
            for name in ("250_number_groups.sql", "290_number_lookup.sql")
        )
    )

    rows = con.rows(
        f"""
        SELECT claim_number, grouped, {plain.replace("number_key", "grouped")} FROM (
            SELECT claim_number, {grouped} AS grouped
            FROM (SELECT unnest($numbers::VARCHAR[]) AS claim_number))
        """,
        numbers=numbers,
    )

    assert [row[1:] for row in rows] == [
        (claim_numbers.grouped_key(number), claim_numbers.lookup_key(number)) for number, *_ in rows
    ]


def to(payer: str, role: str, number: str = "C1") -> bytes:
    """Return a claim filed to a payer in its role, in a file of its own."""
    before = [
        "HL*2*1*22*0", f"SBR*{role}*18*******CI", "NM1*IL*1*GREEN*EMMA****MI*MEM1",
        f"NM1*PR*2*{payer}*****PI*{role}1",
    ]  # fmt: skip
    return envelope(claims(claim(number), before=before)).encode()


def from_payer(payer: str, *, status: str = "4", control: str = "1", icn: str = "ICN9") -> bytes:
    raw = file_835(answer("C1", status=status, control=icn), control=f"00000000{control}")
    return raw.replace(b"N1*PR*PLAINS HEALTH", f"N1*PR*{payer}".encode())


@pytest.mark.parametrize(
    "order", [("FIRST PLAN", "SECOND MUTUAL"), ("SECOND MUTUAL", "FIRST PLAN")]
)
def test_each_payers_denial_is_about_the_claim_filed_to_it(
    con: Connection, cast: Cast, order: tuple[str, str]
) -> None:
    for payer in order:
        bring(con, cast, to(payer, "P" if payer.startswith("FIRST") else "S"))
    bring(con, cast, from_payer("SECOND MUTUAL", control="2", icn="ICN2"))
    bring(con, cast, from_payer("FIRST PLAN", control="3", icn="ICN1"))

    assert con.rows(
        "SELECT payer.name, payer_claim_number FROM task JOIN charge ON charge.id = charge_id "
        "JOIN payer ON payer.id = charge.payer_id ORDER BY task.id"
    ) == [("SECOND MUTUAL", "ICN2"), ("FIRST PLAN", "ICN1")]


def test_a_denial_of_a_payer_whose_claim_is_not_held_has_no_charge(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, to("SECOND MUTUAL", "S"))

    report = bring(con, cast, from_payer("FIRST PLAN"))

    assert con.rows("SELECT charge_id, payer_name FROM task") == [(None, "FIRST PLAN")]
    assert any("Contradicted by the charges" in said for said in report.warnings)


@pytest.mark.parametrize(
    ("status", "paid_before", "role"),
    [("1", "0", "P"), ("1", "100", "S"), ("2", "100", "S"), ("19", "100", "S")],
)
def test_a_first_payer_that_names_what_another_paid_is_a_later_one(
    con: Connection, cast: Cast, status: str, paid_before: str, role: str | None
) -> None:
    bring(con, cast, to("FIRST PLAN", "P"))
    bring(con, cast, to("FIRST PLAN", "S"))
    before = f"CAS*OA*23*{paid_before}~CAS*CO*29*".encode()

    bring(con, cast, from_payer("FIRST PLAN", status=status).replace(b"CAS*CO*197*", before))

    assert (
        con.value("SELECT payer_role FROM task LEFT JOIN charge ON charge.id = charge_id") == role
    )


@pytest.mark.parametrize(("role", "outcome"), [("P", "contradicted"), ("T", "matched")])
def test_an_answer_that_names_what_another_paid_is_no_first_payers(
    con: Connection, cast: Cast, role: str, outcome: str
) -> None:
    bring(con, cast, to("FIRST PLAN", role))

    raw = from_payer("FIRST PLAN", status="1")
    bring(con, cast, raw.replace(b"CAS*CO*197*", b"CAS*OA*23*100~CAS*CO*29*"))

    assert con.value("SELECT outcome FROM task_claim") == outcome


def test_two_claims_to_one_payer_are_told_apart_by_its_order(con: Connection, cast: Cast) -> None:
    bring(con, cast, to("FIRST PLAN", "P"))
    bring(con, cast, to("FIRST PLAN", "S"))
    unpaid = from_payer("FIRST PLAN", status="2")

    bring(con, cast, unpaid)

    assert con.rows("SELECT payer_role FROM charge ORDER BY id") == [("P",), ("S",)]
    assert con.value("SELECT payer_role FROM task JOIN charge ON charge.id = charge_id") == "S"


def test_a_replacement_for_another_visit_of_the_number_is_that_visits(
    con: Connection, cast: Cast
) -> None:
    def on(day: str, *, frequency: str = "1", amount: str = "200") -> list[str]:
        said = [each.replace("20250113", day) for each in claim("A1", amount=amount)]
        return [
            each.replace("11:B:1", f"11:B:{frequency}").replace("20250114-20250115", f"{day}-{day}")
            for each in said
        ]

    bring(con, cast, file_837(on("20250113"), on("20250120")))

    bring(con, cast, file_837(on("20250113", frequency="7", amount="250"), control="000000002"))

    assert con.rows("SELECT date_from, filed_total FROM charge ORDER BY id") == [
        (date(2025, 1, 13), Decimal(250)), (date(2025, 1, 20), Decimal(200)),
    ]  # fmt: skip


def test_a_replacement_of_another_patient_is_a_charge_of_its_own_and_is_said(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    raw = file_837([each.replace("11:B:1", "11:B:7") for each in claim("A1")])

    report = bring(con, cast, raw.replace(b"GREEN*EMMA", b"BROWN*BOB"))

    assert report.charges_new == 1
    assert any("Replace or void a claim that cannot be told" in said for said in report.warnings)
    assert con.value("SELECT filed_total FROM charge WHERE id = 1") == Decimal(200)


def test_an_answer_to_what_was_filed_before_an_edit_still_finds_the_charge(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    con.execute(
        "INSERT INTO earlier_claim (practice_id, charge_id, claim_number, number_key, patient_id, "
        "payer_id, payer_role, member_id, date_from, date_to, filed_total, ended_at) "
        "SELECT practice_id, id, claim_number, number_key, patient_id, payer_id, payer_role, "
        "member_id, date_from, date_to, filed_total, created_at FROM charge"
    )
    con.execute("UPDATE charge SET date_from = DATE '2025-02-01', date_to = DATE '2025-02-01'")

    bring(con, cast, file_835(answer("A1")))

    assert con.value("SELECT charge_id FROM task") == 1


@pytest.mark.parametrize("trace", ["TRACE77", "trace-77"])
def test_the_clearinghouses_number_finds_the_charge(
    con: Connection, cast: Cast, trace: str
) -> None:
    bring(con, cast, file_837(claim("A1", extra=["REF*D9*TRACE77"])))
    raw = acknowledgment(
        *patient("0", "STC*A7:562*20250121*U*200", f"REF*D9*{trace}"),
    )

    bring(con, cast, raw)

    assert con.value("SELECT charge_id FROM task") == 1


def named(middle: str, suffix: str) -> bytes:
    """Return a claim of John Green with these NM105 and NM107."""
    return file_837(claim("A1")).replace(
        b"GREEN*EMMA****MI*MEM1", f"GREEN*JOHN*{middle}**{suffix}*MI*MEM1".encode()
    )


@pytest.mark.parametrize(
    ("held", "said", "is_found"),
    [
        (("", "IV"), ("", "V"), False),
        (("", "I"), ("", "II"), False),
        (("", "JR"), ("", "I"), False),
        (("A", "V"), ("A", "VI"), False),
        (("", "V"), ("", "V"), True),
        (("", "V"), ("", ""), True),
        (("V", ""), ("VICTOR", ""), True),
        (("V", ""), ("VICTOR", "V"), True),
    ],
)
def test_a_suffix_is_no_middle_initial(
    con: Connection, cast: Cast, held: tuple[str, str], said: tuple[str, str], *, is_found: bool
) -> None:
    bring(con, cast, named(*held), "a.837")
    bring(con, cast, file_835(answer("A1", patient="GREEN*JOHN*{}**{}*MI*MEM1".format(*said))))
    assert con.value("SELECT charge_id FROM task") == (1 if is_found else None)
    shown = " ".join(["GREEN, JOHN", *filter(None, said)])
    assert is_found or con.value("SELECT patient_name FROM task") == shown


@pytest.mark.parametrize("stored", ["V", "5TH"])
def test_a_claim_of_a_suffix_sent_again_is_held_whoever_stored_it(
    con: Connection, cast: Cast, stored: str
) -> None:
    bring(con, cast, named("", "V"), "a.837")
    con.execute("UPDATE charge SET patient_more = $m, fingerprint = 'of another time'", m=stored)
    again = bring(con, cast, named("", "V").replace(b"000000001", b"000000002"), "b.837")
    assert again.charges_new == 0
