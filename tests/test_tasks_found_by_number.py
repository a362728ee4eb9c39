"""A task about a claim that its message names by the payer's number alone gets its charge once an
answer tells whose number that is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_answers_taken_back import CLAIM, NAME, said
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import file_835


def as_zero(answer: list[str]) -> list[str]:
    return [answer[0].replace("*A1*", "*0*"), *answer[1:]]


def denied() -> bytes:
    return file_835(as_zero(said("P1")))


def rejected() -> bytes:
    return acknowledgment(*patient("0", "STC*A3:21*20250121*U*200", "REF*1K*P1"))


def denied_later(number: str = "P1", reason: str = "CO*29", paid: int = 0) -> bytes:
    answer = said(number, paid, reason)
    return file_835(answer, control="000000002", paid_on="20250310")


@pytest.mark.parametrize("first", [denied, rejected])
@pytest.mark.parametrize("is_claim_first", [True, False])
@pytest.mark.parametrize("paid", [0, 120])
def test_a_later_answer_gives_the_waiting_task_its_charge(
    con: Connection, cast: Cast, first: Callable[[], bytes], is_claim_first: bool, paid: int
) -> None:
    early = [CLAIM, first()] if is_claim_first else [first(), CLAIM]
    for each in early:
        bring(con, cast, each)

    bring(con, cast, denied_later(paid=paid))

    charges = con.rows("SELECT charge_id, claim_number FROM task ORDER BY id")
    assert charges[0][0] == 1
    assert {row[0] for row in charges} == {1}


def test_a_task_under_another_number_goes_on_waiting(con: Connection, cast: Cast) -> None:
    for each in (denied(), CLAIM, denied_later("P2")):
        bring(con, cast, each)

    assert None in {row[0] for row in con.rows("SELECT charge_id FROM task")}


def test_a_task_of_another_patient_goes_on_waiting(con: Connection, cast: Cast) -> None:
    other = as_zero(said("P1", name=NAME.replace("GREEN*EMMA", "STONE*OTTO").replace("MEM1", "X9")))
    for each in (file_835(other), CLAIM, denied_later()):
        bring(con, cast, each)

    assert con.rows("SELECT charge_id FROM task ORDER BY id") == [(None,), (1,)]
