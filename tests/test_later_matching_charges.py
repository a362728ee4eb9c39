"""A task whose message fits a charge that came later as well lets a person choose."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest

from lib import drafts, workflow
from lib.intake import imports
from lib.intake.charges import task_charge_choice
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.test_import import bring
from tests.test_task_charge_choice import change, visit
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import answer, claim, file_835, file_837

FIRST, SECOND = "20250113", "20250120"


def undated(number: str = "A1") -> bytes:
    """Return a denial that names no day of service."""
    return file_835([each for each in answer(number) if not each.startswith("DTM")])


def later_visit(con: Connection, cast: Cast, body: list[str], day: str = SECOND) -> tuple[str, ...]:
    """Import a claim of a later visit; return the warnings."""
    return tuple(
        bring(con, cast, file_837(visit(body, day), control="000000009"), "later.837").warnings
    )


def charge_and_outcome(con: Connection) -> list[tuple[int | None, str]]:
    return con.rows(
        "SELECT charge_id, outcome FROM task JOIN task_claim ON task_id = task.id ORDER BY task.id"
    )


@pytest.mark.parametrize(
    ("number", "raw"),
    [
        ("A1", undated()),
        ("A1", acknowledgment(*patient("A1", "STC*A7:116*20250121*U*200")).replace(
            b"DTP*472*D8*20250113~", b"")),
        ("ABCDEFGHIJKLMNOPQRST", undated("ABCDEFGHIJKLMNOPQRST")),
    ],
)  # fmt: skip
def test_a_later_visit_that_fits_as_well_opens_the_choice_again(
    con: Connection, cast: Cast, number: str, raw: bytes
) -> None:
    bring(con, cast, file_837(visit(claim(number), FIRST)))
    bring(con, cast, raw)
    assert charge_and_outcome(con) == [(1, "matched")]

    warnings = later_visit(con, cast, claim(number))

    assert charge_and_outcome(con) == [(None, "several")]
    assert any("as well as the one chosen before: 1 open task" in said for said in warnings)
    [(old, detail)] = con.rows(
        "SELECT old_value, detail FROM event WHERE kind = 'charge not certain'"
    )
    assert old.startswith("01/13/2025 · GREEN, EMMA")
    assert "A further charge agrees" in detail
    assert con.value("SELECT payer_claim_number FROM charge WHERE id = 1") is None
    assert con.value("SELECT date_of_service FROM task") is None


def test_a_claim_of_the_same_day_that_fits_as_well_opens_the_choice_again(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(visit(claim("A1"), FIRST)))
    bring(con, cast, file_835(answer("A1")))

    body = [each.replace("87880", "87804") for each in claim("A1")]
    later_visit(con, cast, body, FIRST)

    assert charge_and_outcome(con) == [(None, "several")]
    assert con.value("SELECT date_of_service FROM task") == date(2025, 1, 13)


def test_the_choice_that_opened_again_is_made_like_any_other(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(visit(claim("A1"), FIRST)))
    bring(con, cast, undated())
    later_visit(con, cast, claim("A1"))

    task_charge_choice.choose(con, 1, 2, seen=None, token="t", actor=cast.ana, now=NOON)
    later_visit(con, cast, claim("A1"), "20250127")

    assert con.rows("SELECT charge_id FROM task") == [(2,)]


@pytest.mark.parametrize("number", ["A" * 40_000, "AB-" * 13_000, "ACCT" + "0123456789" * 4_000])
def test_a_number_longer_than_any_claims_is_compared_as_a_whole(
    con: Connection, cast: Cast, number: str
) -> None:
    started = time.process_time()
    bring(con, cast, undated(number[:-10]), "cut.835")
    bring(con, cast, file_837(visit(claim(number), FIRST)))
    bring(con, cast, undated(number))
    assert time.process_time() - started < 5
    assert charge_and_outcome(con) == [(None, "not found"), (1, "matched")]

    later_visit(con, cast, claim(number))
    assert charge_and_outcome(con) == [(None, "not found"), (None, "several")]


@pytest.mark.parametrize(
    ("dated", "body", "day"),
    [
        (True, claim("A1"), SECOND),  # the denial names the first day
        (False, claim("A1", amount="210"), SECOND),
        (False, claim("A2"), SECOND),
    ],
)
def test_a_later_claim_that_fits_less_changes_nothing(
    con: Connection, cast: Cast, *, dated: bool, body: list[str], day: str
) -> None:
    bring(con, cast, file_837(visit(claim("A1"), FIRST)))
    bring(con, cast, file_835(answer("A1")) if dated else undated())

    later_visit(con, cast, body, day)

    assert charge_and_outcome(con) == [(1, "matched")]


@pytest.mark.parametrize("is_saved", [False, True])
def test_a_charge_that_somebody_edited_stays(
    con: Connection, cast: Cast, *, is_saved: bool
) -> None:
    bring(con, cast, file_837(visit(claim("A1"), FIRST)))
    bring(con, cast, undated())
    if is_saved:
        change(con, cast, 1)
        workflow.reopen(con, 1, reason="Again.", actor=cast.ana, now=NOON)
    else:
        workflow.start(con, 1, actor=cast.ben, now=NOON)
        drafts.keep(con, 1, {"member_id": "2"}, actor=cast.ben, now=NOON)
    assert con.value("SELECT is_open FROM task")

    later_visit(con, cast, claim("A1"))

    assert charge_and_outcome(con) == [(1, "matched")]


def test_a_payers_number_that_another_message_proved_still_tells_the_charge(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(visit(claim("A1"), FIRST)))
    paid = file_835(answer("A1", status="1", paid="200", codes=()), paid_on="20250201")
    earlier = NOON - timedelta(days=1)
    imports.apply(con, "p.835", paid, actor=cast.ana, practice_id=cast.practice, now=earlier)
    bring(con, cast, undated())

    later_visit(con, cast, claim("A1"))

    assert charge_and_outcome(con) == [(1, "matched")]
