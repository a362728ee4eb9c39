"""An answer that comes again under other spellings of payer, number or patient is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lib.history_event_kinds import EventKind
from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_same_request import complete_all
from tests.test_transaction_reader import acknowledgment, document_request, patient
from tests.x12_texts import answer, claim, envelope, file_837, remittance


def denial(
    number: str = "AC-0012",
    payer: str = "PLAINS HEALTH",
    patient: str = "GREEN*EMMA",
    control: str = "PAYER1",
    paid_on: str = "20250210",
    more: str = "",
) -> bytes:
    said = answer(number, patient=patient, control=control)
    inside = remittance(said, payer=payer, paid_on=paid_on)
    return envelope([*inside, *filter(None, [more])], kind="835", version="005010X221A1").encode()


def rejection(number: str = "AC-0012", payer: str = "PLAINS HEALTH", who: str = "EMMA") -> bytes:
    said = acknowledgment(*patient(number, "STC*A7:562*20250121*U*200"))
    return said.replace(b"PLAINS HEALTH", payer.encode()).replace(b"EMMA", who.encode())


def request(number: str = "AC-0012", payer: str = "PLAINS HEALTH", who: str = "EMMA") -> bytes:
    said = document_request().replace(b"REF*EJ*A1", f"REF*EJ*{number}".encode())
    return said.replace(b"PLAINS HEALTH", payer.encode()).replace(b"EMMA", who.encode())


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "completed"])
@pytest.mark.parametrize("is_held", [True, False], ids=["with the claim", "without the claim"])
@pytest.mark.parametrize(
    ("made", "other"),
    [
        (denial, {"number": "ac0012"}),
        (denial, {"number": "AC-0-012"}),
        (denial, {"payer": "PLAINS HEALTH INC"}),
        (denial, {"patient": "GREEN*EMMA*ANN"}),
        (
            denial,
            {"patient": "GREEN*EMMA*ANN", "payer": "Plains Health, Inc.", "number": "ac 0012"},
        ),
        (rejection, {"number": "AC0012"}),
        (rejection, {"payer": "PLAINS HEALTH INC"}),
        (rejection, {"who": "EMMA ANN", "number": "ac0012"}),
        (request, {"number": "ac0012"}),
        (request, {"payer": "PLAINS HEALTH INC", "who": "EMMA ANN"}),
    ],
)
def test_an_answer_spelled_otherwise_is_nothing_new(
    con: Connection,
    cast: Cast,
    made: Callable[..., bytes],
    other: dict[str, str],
    *,
    is_held: bool,
    is_open: bool,
) -> None:
    if is_held:
        bring(con, cast, file_837(claim("AC-0012")))
    assert bring(con, cast, made()).tasks_new == 1
    if not is_open:
        complete_all(con)
    before = con.rows("SELECT id, title, codes, amount, due_on FROM task")

    again = bring(con, cast, made(**other))

    assert again.tasks_new == 0
    assert con.rows("SELECT id, title, codes, amount, due_on FROM task") == before
    told = "SELECT count(*) FROM event WHERE kind = $kind"
    assert con.value(told, kind=EventKind.ANSWERED_AGAIN) == 0


@pytest.mark.parametrize(
    "other",
    [
        {"number": "ac0012", "paid_on": "20250301"},
        {"number": "ac0012", "control": "PAYER2"},
        {"number": "ac0012", "patient": "GREEN*FAY"},
        {"number": "AC-0-013"},
        {"payer": "PEAK MUTUAL", "number": "ac0012"},
    ],
)
def test_another_answer_is_a_task_again(con: Connection, cast: Cast, other: dict[str, str]) -> None:
    bring(con, cast, denial())
    complete_all(con)

    assert bring(con, cast, denial(**other)).tasks_new == 1


def test_a_payment_spelled_otherwise_is_told_once(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("AC-0012")))
    bring(con, cast, denial())
    paid = [
        envelope(
            remittance(
                answer(number, status="1", paid="200", codes=()), paid_on="20250301", payer=payer
            ),
            kind="835",
            version="005010X221A1",
        ).encode()
        for number, payer in (("AC-0012", "PLAINS HEALTH"), ("ac0012", "PLAINS HEALTH INC"))
    ]
    bring(con, cast, paid[0])
    con.execute("UPDATE task SET proposal = NULL")

    bring(con, cast, paid[1])

    assert con.value("SELECT count(*) FROM task_answer") == 1
    assert con.value("SELECT proposal FROM task") is None
