"""A counter-entry that comes once its take-back has a task is told to that task."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lib.intake import imports
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.test_cases_decisions import plb, wants
from tests.test_import import bring
from tests.x12_texts import answer, claim, envelope, file_835, file_837, remittance

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # many imports


def later(*entries: str, number: int = 2) -> bytes:
    """Return a later remittance with these entries."""
    return plb(*entries, trace=f"TRACE{number}", control=f"00000000{number}")


def alone(entry: str) -> bytes:
    """Return a remittance that answers no claim and has this entry."""
    inside = [*remittance(), f"PLB*1234567893*20251231*{entry}"]
    return envelope(inside, kind="835", version="005010X221A1").encode()


def test_a_counter_entry_that_comes_later_proposes_to_complete_the_open_task(
    con: Connection, cast: Cast
) -> None:
    wants(con, cast, "takebacks")
    bring(con, cast, plb("WO:I9*100"))
    raw = later("WO:I9*-100")
    seen = imports.preview(con, "a.txt", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)

    report = bring(con, cast, raw)
    bring(con, cast, raw + b"\n")

    assert seen == report
    assert any(
        "Settled by a counter-entry (PLB): the recoupment of 1" in s for s in report.warnings
    )
    assert con.rows("SELECT status, amount, proposal FROM task") == [
        (
            "open",
            Decimal(100),
            "PLAINS HEALTH settled 100.00 US dollars of what it recouped on 02/10/2025 by a "
            "counter-entry (WO, trace number TRACE2). Complete the task?",
        )
    ]
    assert con.value("SELECT count(*) FROM event WHERE kind = 'proposed to complete'") == 1


def test_a_part_that_is_settled_later_lowers_the_amount_and_the_rest_proposes(
    con: Connection, cast: Cast
) -> None:
    wants(con, cast, "takebacks")
    bring(con, cast, plb("WO:I9*100"))

    bring(con, cast, later("72:I9*-40"))
    first = con.row("SELECT amount, proposal FROM task")
    bring(con, cast, later("72:I9*-60", number=3))

    assert first == (Decimal(60), None)
    assert con.value("SELECT proposal IS NOT NULL FROM task")
    assert con.rows("SELECT old_value, new_value FROM event WHERE field = 'Amount'") == [
        ("100.00", "60.00")
    ]


@pytest.mark.parametrize(
    ("entry", "is_found"),
    [
        ("WO:PAYER1*100", True),
        ("FB:payer-1*100", False),  # carries a balance forward, and takes back nothing
        ("WO:PAYER0001 987654321*100", False),
        ("WO:payer1*100", True),
        ("WO:PAYER2*100", False),
    ],
)
def test_a_takeback_finds_the_claim_that_the_payers_number_names(
    con: Connection, cast: Cast, entry: str, *, is_found: bool
) -> None:
    wants(con, cast, "takebacks")
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", status="1", paid="200", codes=())))

    bring(con, cast, later(entry))

    found = con.rows("SELECT claim_number, patient_name FROM task WHERE source = '835'")
    assert found == ([("A1", "GREEN, EMMA")] if is_found else found[:1])
    assert is_found or found in ([], [("", "")])


@pytest.mark.parametrize(
    ("entry", "is_found"),
    [
        ("WO:PAYER1*100", True), ("WO:payer-1*100", False), ("72:payer1*100", True),
        ("WO:PAYER0001 987654321*100", True), ("WO:PAYER2*100", False), ("FB:PAYER1*100", False),
    ],
)  # fmt: skip
def test_a_takeback_that_came_before_the_remittance_finds_its_claim_once_that_gives_the_number(
    con: Connection, cast: Cast, entry: str, *, is_found: bool
) -> None:
    wants(con, cast, "takebacks")
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, alone(entry))

    paid = answer("A1", status="1", paid="200", codes=())
    if "0001" in entry:
        paid = [part.replace("PAYER1", "PAYER0001") for part in paid]
    bring(con, cast, file_835(paid))
    bring(con, cast, file_835(answer("A1"), paid_on="20250303"))

    found = con.rows("SELECT claim_number, charge_id FROM task WHERE codes IN ('WO', '72')")
    assert found == ([("A1", 1)] if is_found else found[:1])
    assert is_found or found in ([], [("", None)])
    assert con.value("SELECT count(*) FROM task WHERE codes = 'CO-197'") == 1


def test_a_takeback_finds_no_claim_by_a_number_that_two_claims_or_another_payer_have(
    con: Connection, cast: Cast
) -> None:
    wants(con, cast, "takebacks")
    bring(con, cast, file_837(claim("A1"), claim("A2")))
    bring(con, cast, alone("WO:PAYER1*100"))
    bring(con, cast, alone("WO:PAYER5*100").replace(b"PLAINS HEALTH", b"PEAK MUTUAL"))

    said = [answer(number, status="1", paid="200", codes=()) for number in ("A1", "A2")]
    bring(con, cast, file_835(*said))
    other = answer("A1", status="1", paid="200", codes=(), control="PAYER5")
    bring(con, cast, file_835(other, paid_on="20250304"))

    assert con.rows("SELECT charge_id FROM task WHERE codes = 'WO'") == [(None,), (None,)]


def test_a_takeback_that_has_its_claim_is_settled_by_no_payment_and_takes_no_denial(
    con: Connection, cast: Cast
) -> None:
    wants(con, cast, "takebacks")
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", status="1", paid="200", codes=())))
    bring(con, cast, later("WO:PAYER1*100"))

    paid = answer("A1", status="1", paid="190", codes=("CAS*CO*45*10",))
    bring(con, cast, file_835(paid, paid_on="20250301"))
    bring(con, cast, file_835(answer("A1"), paid_on="20250303"))

    assert con.rows("SELECT codes, amount, proposal FROM task ORDER BY id") == [
        ("WO", Decimal(100), None), ("CO-197", Decimal(200), None),
    ]  # fmt: skip


def test_of_several_takebacks_the_oldest_is_settled_first(con: Connection, cast: Cast) -> None:
    wants(con, cast, "takebacks")
    bring(con, cast, plb("WO:I9*100"))
    bring(con, cast, later("WO:I9*50"))

    bring(con, cast, later("WO:I9*-120", number=3))

    assert con.rows("SELECT amount, proposal IS NOT NULL FROM task ORDER BY id") == [
        (Decimal(100), True),
        (Decimal(30), False),
    ]


@pytest.mark.parametrize(
    "entries",
    [
        ("WO:I8*-100",),  # of another reference
        ("L6:I9*-100",),  # interest
        ("WO:I9*-100*WO:I9*100",),  # moved on to the next payment
        ("WO:I9*100",),
    ],
)
def test_what_settles_nothing_of_it_leaves_the_task_alone(
    con: Connection, cast: Cast, entries: tuple[str, ...]
) -> None:
    wants(con, cast, "takebacks")
    bring(con, cast, plb("WO:I9*100"))

    bring(con, cast, later(*entries))

    assert con.row("SELECT amount, proposal FROM task ORDER BY id") == (Decimal(100), None)


def test_a_counter_entry_in_the_next_remittance_of_one_file_is_told_too(
    con: Connection, cast: Cast
) -> None:
    wants(con, cast, "takebacks")

    bring(con, cast, plb("WO:I9*100*WO:I7*5") + later("WO:I9*-100"))

    assert con.rows("SELECT amount, proposal IS NOT NULL FROM task ORDER BY id") == [
        (Decimal(100), True),
        (Decimal(5), False),
    ]


def test_a_completed_task_is_told_nothing(con: Connection, cast: Cast) -> None:
    wants(con, cast, "takebacks")
    bring(con, cast, plb("WO:I9*100"))
    con.execute("UPDATE task SET status = 'completed', is_open = false")

    bring(con, cast, later("WO:I9*-100"))

    assert con.rows("SELECT count(*), count(proposal) FROM task") == [(1, 0)]


@pytest.mark.parametrize("entries", [["WO:X1*50"] * 2, ["WO*50"] * 2, ["WO:X1*50"] * 3])
def test_an_entry_that_appears_twice_in_a_remittance_is_two_tasks(
    con: Connection, cast: Cast, entries: list[str]
) -> None:
    wants(con, cast, "takebacks")

    report = bring(con, cast, plb(*entries))
    again = bring(con, cast, plb(*entries) + b"\n")

    assert con.rows("SELECT amount FROM task") == [(Decimal(50),)] * len(entries)
    assert (report.tasks_new, again.tasks_new) == (len(entries), 0)


@pytest.mark.parametrize(
    ("first", "then", "rest"),
    [
        ("WO:I9*50", ("72:I9*-80",), "30.00"),
        ("WO:I9*50", ("72:I9*-60", "WO:I9*-40"), "50.00"),
        ("L6:I7*5", ("WO:I9*50", "72:I9*-80"), "30.00"),
        ("WO:I9*50", ("72:I9*-50",), ""),
        ("L6:I7*5", ("FB:I9*-80",), ""),  # moved to the next payment
        ("WO:I9*50", ("FB:I8*-80",), ""),
    ],
)
def test_what_a_counter_entry_settles_beyond_the_takeback_is_said(
    con: Connection, cast: Cast, first: str, then: tuple[str, ...], rest: str
) -> None:
    wants(con, cast, "takebacks")
    bring(con, cast, plb(first))

    report = bring(con, cast, later(*then))

    said = [each for each in report.summary if each.startswith("Counter-entries")]
    assert said == (
        [f"Counter-entries (PLB) come to {rest} US dollars more than was recouped: ask the payer "
         "what the rest is for."] if rest else []
    )  # fmt: skip
