"""Of a claim and its replacements the last written counts (BHT04, BHT05), whatever comes first."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_later_messages import of
from tests.test_task_charge_choice import change, written
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # many imports


def sent(day: str, *claims: list[str]) -> bytes:
    """Return a file of claims that was written on a day."""
    raw = file_837(*claims, control=f"0{day}")
    return raw.replace(b"BHT*0019*00*1*20250113", f"BHT*0019*00*{day}*{day}".encode())


def coded(code: str, lines: list[str]) -> list[str]:
    return [each.replace("J02.9", code) for each in lines]


ORIGINAL = sent("20250113", claim("A1"))
FIRST = sent("20250220", coded("J02.0", of(claim("A1", amount="150"), "7", "PAYER1")))
SECOND = sent("20250227", coded("J03.9", of(claim("A1", amount="180"), "7", "PAYER1")))
DENIED = file_835(answer("A1"))
THIRD = sent("20250301", coded("J04.0", of(claim("A1R", amount="170"), "7", "PAYER1")))


@pytest.mark.parametrize(
    "order", [*itertools.permutations([ORIGINAL, FIRST, SECOND, DENIED])], ids=lambda _: ""
)
def test_the_last_written_replacement_is_what_is_held_and_exported(
    con: Connection, cast: Cast, order: tuple[bytes, ...]
) -> None:
    for place, raw in enumerate(order):
        bring(con, cast, raw, f"{place}.txt")

    assert con.rows("SELECT filed_total, diagnoses FROM charge") == [
        (Decimal("180.00"), ["J039", "R509"])
    ]
    assert con.rows("SELECT charge_id FROM task") == [(1,)]
    change(con, cast, 1)
    text = written(con, cast)
    assert "CLM*A1*" in text
    assert "HI*ABK:J039*ABF:R509" in text
    assert "REF*F8*PAYER1" in text


@pytest.mark.parametrize(
    "order",
    [(ORIGINAL, DENIED, FIRST, THIRD), (ORIGINAL, DENIED, THIRD, FIRST)],
    ids=["in turn", "late"],
)
def test_an_answer_to_any_of_them_finds_the_charge(
    con: Connection, cast: Cast, order: tuple[bytes, ...]
) -> None:
    for place, raw in enumerate(order):
        bring(con, cast, raw, f"{place}.txt")

    for place, (number, amount) in enumerate([("A1", "200"), ("A1", "150"), ("A1R", "170")]):
        told = answer(number, amount=amount, control=f"P{place}", codes=(f"CAS*CO*{place + 3}*9",))
        bring(con, cast, file_835(told, control=f"00000002{place}"), f"{place}.835")

    assert con.rows("SELECT filed_total FROM charge WHERE number_key = 'a1r'") == [
        (Decimal("170.00"),)
    ]
    assert con.rows("SELECT DISTINCT charge_id, claim_number FROM claim_answer ORDER BY 2, 1") == [
        (con.value("SELECT id FROM charge WHERE number_key = 'a1r'"), "A1"),
        (con.value("SELECT id FROM charge WHERE number_key = 'a1r'"), "A1R"),
    ]


def test_an_older_replacement_is_history_and_says_so(con: Connection, cast: Cast) -> None:
    for place, raw in enumerate([ORIGINAL, SECOND]):
        bring(con, cast, raw, f"{place}.txt")

    report = bring(con, cast, FIRST, "c.txt")
    again = bring(con, cast, FIRST + b"\n", "d.txt")

    assert [each.charges_new for each in (report, again)] == [0, 0]
    assert "Held already: 1 claim." in report.warnings
    assert not any("Replaced" in each for each in report.warnings)
    assert con.value("SELECT count(*) FROM event WHERE kind = 'original arrived'") == 1
    assert con.value("SELECT count(*) FROM event WHERE kind = 'replaced'") == 1


def test_an_older_void_leaves_a_newer_replacement(con: Connection, cast: Cast) -> None:
    for place, raw in enumerate([ORIGINAL, SECOND, sent("20250220", of(claim("A1"), "8"))]):
        bring(con, cast, raw, f"{place}.txt")

    assert con.rows("SELECT is_voided, filed_total FROM charge") == [(False, Decimal("180.00"))]


def test_replacements_of_one_file_are_taken_as_they_were_written(
    con: Connection, cast: Cast
) -> None:
    both = b"".join([SECOND, FIRST])
    bring(con, cast, ORIGINAL, "a.txt")

    bring(con, cast, both, "b.txt")

    assert con.rows("SELECT filed_total FROM charge") == [(Decimal("180.00"),)]


OTHER = [each for each in claim("A1", amount="90") if not each.startswith("HI")]


@pytest.mark.parametrize(
    "other",
    [
        [each.replace("*120*", "*50*").replace("*80*", "*40*") for each in OTHER],
        [each.replace("99213:25", "99214").replace("*120*", "*10*") for each in OTHER],
        claim("A1", amount="90"),
    ],
)
@pytest.mark.parametrize("is_late", [True, False])
def test_a_claim_written_after_a_replacement_is_no_original_of_it(
    con: Connection, cast: Cast, other: list[str], is_late: bool
) -> None:
    held = sent("20250120", of(claim("A1"), "7", "P0"))
    files = [held, sent("20250210", other)]
    for place, raw in enumerate(files if is_late else reversed(files)):
        bring(con, cast, raw, f"{place}.txt")

    bring(con, cast, file_835(answer("A1", amount="90", codes=("CAS*CO*97*90",))), "c.835")

    assert con.value("SELECT count(*) FROM charge") == 2
    assert con.rows("SELECT filed_total FROM task JOIN charge ON charge.id = task.charge_id") == [
        (Decimal("90.00"),)
    ]
