"""Rows of a denial list about denials that a remittance said first, or says later."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from lib.history_event_kinds import EventKind
from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_same_request import complete_all
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import answer, claim, file_835, file_837

HEAD = "Claim Number,Patient,Date of Service,Billed Amount,Payer,Denial Code"
SAID = 'A1,"Green, Emma",01/13/2025,200.00,Plains Health'
TWO = ("CAS*CO*197*120", "CAS*CO*16*80", "LQ*HE*N290")


def listed(code: str = "CO-197", said: str = SAID, **more: str) -> bytes:
    head = ",".join([HEAD, *more])
    cells = ",".join(f'"{each}"' for each in (code, *more.values()))
    return f"{head}\n{said},{cells}\n".encode()


@pytest.mark.parametrize("is_held", [True, False], ids=["with the claim", "without the claim"])
@pytest.mark.parametrize(
    "row",
    [
        listed(), listed("197"), listed("CO-197, CO-45"), listed("16"), listed("N290"),
        listed("", **{"Claim Status": "Denied"}), listed(**{"Denial Date": "02/10/2025"}),
        listed(said='a-1,"GREEN, EMMA ANN",01/13/2025,200.00,"Plains Health, Inc."'),
        listed(**{"Denial Reason": "No authorization was obtained"}),
    ],
)  # fmt: skip
def test_a_row_about_a_denial_that_an_835_said_first_is_told_to_its_task(
    con: Connection, cast: Cast, row: bytes, *, is_held: bool
) -> None:
    if is_held:
        bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", codes=TWO)))
    before = con.rows("SELECT title, codes, amount, due_on, instructions, proposal FROM task")

    report = bring(con, cast, row, "denials.csv")
    known = bring(con, cast, row + b"\n", "again.csv")

    assert (report.tasks_new, known.tasks_new) == (0, 0)
    assert (
        con.rows("SELECT title, codes, amount, due_on, instructions, proposal FROM task") == before
    )
    told = con.rows("SELECT detail FROM event WHERE kind = $kind", kind=EventKind.ANSWERED_AGAIN)
    assert len(told) == 1
    assert told[0][0].startswith("A denial list names this denial")


def test_a_deadline_that_only_the_list_names_is_the_tasks_with_its_history(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_835(answer("A1")))

    bring(con, cast, listed(**{"Appeal Deadline": "05/01/2025"}))

    assert con.rows("SELECT due_on, due_rule, amount FROM task") == [
        (date(2025, 5, 1), "named in the table", Decimal(200))
    ]
    assert con.rows("SELECT new_value FROM event WHERE field = 'Due'") == [("05/01/2025",)]


def test_a_list_of_before_the_payment_takes_no_proposal_away(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1")))
    paid = answer("A1", status="1", paid="200", codes=())
    bring(con, cast, file_835(paid, paid_on="20250301", control="000000002"))

    bring(con, cast, listed())
    bring(con, cast, listed(**{"Denial Date": "02/10/2025"}))

    assert con.value("SELECT proposal IS NOT NULL FROM task")


@pytest.mark.parametrize(
    "row",
    [
        listed("CO-29"),
        listed(said='A1,"Green, Emma",01/20/2025,200.00,Plains Health'),
        listed(said='A1,"Green, Fay",01/13/2025,200.00,Plains Health'),
        listed(said='A1,"Green, Emma",01/13/2025,200.00,Peak Mutual'),
        listed(said='A1,"Green, Emma",,200.00,Plains Health'),
        listed(Title="Call the payer again"),
        listed(**{"Assigned To": "Ben"}),
    ],
    ids=["code", "day", "patient", "payer", "no day, no charge", "own words", "assigned"],
)
def test_a_row_about_something_else_is_a_task(con: Connection, cast: Cast, row: bytes) -> None:
    bring(con, cast, file_835(answer("A1")))

    assert bring(con, cast, row).tasks_new == 1


def test_a_rejection_is_not_what_a_list_says_is_denied(con: Connection, cast: Cast) -> None:
    bring(con, cast, acknowledgment(*patient("A1", "STC*A7:562*20250121*U*200")))

    assert bring(con, cast, listed("", **{"Claim Status": "Denied"})).tasks_new == 1


def test_after_its_task_was_completed_a_row_is_known_by_the_day_of_the_denial(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_835(answer("A1")))
    complete_all(con)

    known = bring(con, cast, listed(**{"Denial Date": "02/10/2025"}))
    later = bring(con, cast, listed(**{"Denial Date": "03/01/2025"}))

    assert (known.tasks_new, later.tasks_new) == (0, 1)
    assert con.rows("SELECT earlier_task_id FROM task ORDER BY id") == [(None,), (1,)]


@pytest.mark.parametrize("type_", ["", "Charge"])
def test_an_835_that_says_what_a_list_said_first_is_told_to_its_task(
    con: Connection, cast: Cast, type_: str
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, listed(**({"Type": type_} if type_ else {})))

    report = bring(con, cast, file_835(answer("A1")))
    other = bring(con, cast, listed("CO-29"))

    assert (report.tasks_new, other.tasks_new) == (0, 1)


@pytest.mark.parametrize(
    ("paid_on", "codes", "is_known"),
    [
        ("20250210", ("CAS*CO*197*200",), True),
        ("20250210", ("CAS*CO*197*200", "LQ*HE*N290"), True),
        ("20250301", ("CAS*CO*197*200",), False),
        ("20250210", ("CAS*CO*197*120", "CAS*CO*16*80"), False),
    ],
)
def test_an_835_that_says_what_a_completed_row_said_of_that_day_is_known(
    con: Connection, cast: Cast, paid_on: str, codes: tuple[str, ...], *, is_known: bool
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, listed(**{"Denial Date": "02/10/2025"}))
    complete_all(con)

    report = bring(con, cast, file_835(answer("A1", codes=codes), paid_on=paid_on))

    assert report.tasks_new == (not is_known)
    earlier = con.rows("SELECT earlier_task_id FROM task ORDER BY id")
    assert earlier == [(None,), *([] if is_known else [(1,)])]


@pytest.mark.parametrize(
    "other",
    [
        listed(said='A1,"Green, Emma B",01/13/2025,200.00,Plains Health'),
        file_835(answer("A1", patient="GREEN*EMMA*B", control="PAYER2"), paid_on="20250301"),
        acknowledgment(*[part.replace("GREEN*EMMA", "GREEN*EMMA*B") for part in patient(
            "A1", "STC*A7:562*20250321*U*200")]),
    ],
    ids=["row", "835", "277CA"],
)  # fmt: skip
def test_what_is_said_of_a_twin_joins_no_task_of_the_other_on_one_charge(
    con: Connection, cast: Cast, other: bytes
) -> None:
    """The charge names no middle name, so it could be either's."""
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", patient="GREEN*EMMA*A")))

    assert bring(con, cast, other).tasks_new == 1


def test_a_payment_of_a_twin_proposes_nothing_on_the_others_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", patient="GREEN*EMMA*A")))

    paid = answer("A1", patient="GREEN*EMMA*B", status="1", paid="200", codes=(), control="PAYER2")
    bring(con, cast, file_835(paid, paid_on="20250301"))

    assert con.value("SELECT proposal FROM task") is None
