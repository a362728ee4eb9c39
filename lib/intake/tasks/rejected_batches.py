"""Batches that acknowledgments (277CA) reject: which open task is about the same one, and what it
learns of the only claim in it.

A batch is known by the number under which it was sent (TRN*2 of its receiver, which is BHT03 of the
837; 005010X214 2200B). Where that tells nothing, as 0 does, a batch that is rejected again is
another one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from lib import tasks
from lib.intake.charges.replacement_claims import show_charges
from lib.intake.import_context import ImportContext
from lib.intake.matching import task_claim_facts
from lib.intake.matching.claim_matcher import Match
from lib.intake.matching.claim_numbers import is_same
from lib.intake.matching.known_charges import Charges
from lib.intake.matching.spelling_comparison import could_be_payer
from lib.intake.records import BATCH, RejectedBatch, Request
from lib.store.database import Connection
from lib.store.search_match import claim_shape


@dataclass(frozen=True, slots=True)
class _Told:
    """What one message says of a rejected batch."""

    batch: RejectedBatch
    payer_name: str
    amount: Decimal | None  # US dollars
    claim_number: str  # of its only claim, if it is named

    def could_be(self, other: _Told) -> bool:
        """Return True if both are about one batch, as far as they say. What only one of two
        providers sent is the whole batch where both state one amount."""
        is_one_level = self.batch.sent_by == other.batch.sent_by
        amounts = [each for each in (self.amount, other.amount) if each is not None]
        is_amount = len(amounts) == 2 and amounts[0] == amounts[1]
        claims = [each for each in (self.claim_number, other.claim_number) if each]
        payers = [each for each in (self.payer_name, other.payer_name) if each]
        return (
            is_same(self.batch.number, other.batch.number)
            and (is_amount or (is_one_level and len(amounts) < 2))
            and (len(claims) < 2 or is_same(*claims))
            and (len(payers) < 2 or could_be_payer(*payers))
        )


class _Held(NamedTuple):
    """A task about a rejected batch."""

    task_id: int
    is_open: bool
    asked_on: date | None
    told: _Told


def _told(request: Request) -> _Told | None:
    if request.batch is None:
        return None
    return _Told(request.batch, request.payer_name, request.amount, request.claim_number)


class RejectedBatches:
    """The tasks about rejected batches, those of the file that is being read too."""

    def __init__(self, con: Connection, practice_id: int, requests: Iterable[Request]) -> None:
        wanted = [each for each in requests if each.batch]
        self._held = _held(con, practice_id) if wanted else []
        self._made: list[tuple[_Told, Request]] = []

    def joined(self, request: Request) -> Request:
        """Return the request as news for the newest open task about its batch, if there is one."""
        if not (told := _told(request)):
            return request
        for held in self._held:
            if held.is_open and held.told.could_be(told):
                day, last = request.asked_on, held.asked_on
                is_overtaken = bool(day and last and day < last)
                return replace(
                    request, joins=held.task_id, history=_again(request, is_overtaken),
                    is_history=is_overtaken, is_overtaken=is_overtaken,
                )  # fmt: skip
        return request

    def first(self, request: Request) -> Request | None:
        """Return the request of this file that makes the task about its batch."""
        if told := _told(request):
            return next((made for one, made in self._made if one.could_be(told)), None)
        return None

    def add(self, request: Request) -> None:
        """Add a request that makes a task."""
        if told := _told(request):
            self._made.append((told, request))

    def completed(self, request: Request) -> int | None:
        """Return the newest completed task about its batch."""
        told = _told(request)
        return next(
            (each.task_id for each in self._held
             if told and not each.is_open and each.told.could_be(told)), None,
        )  # fmt: skip


def _again(request: Request, is_overtaken: bool) -> str:
    when = f" on {request.asked_on:%m/%d/%Y}" if request.asked_on else ""
    said = f"Rejected {'also' if is_overtaken else 'again'}{when}."
    return f"{said} {request.history or request.instructions}"


def again(request: Request) -> Request:
    """Return a batch that one file rejects twice as news for the task that the first one makes."""
    return replace(request, history=_again(request, is_overtaken=False))


def _held(con: Connection, practice_id: int) -> list[_Held]:
    """Return the tasks about rejected batches, the newest first."""
    rows = con.rows(
        """
        SELECT task.id, is_open, asked_on, key, payer_name, amount, claim_number
        FROM (
            SELECT id AS task_id, request_key AS key FROM task
            WHERE practice_id = $practice_id AND source = '277CA'
              AND starts_with(request_key, $batch)
            UNION
            SELECT task_id, answer_key FROM task_answer
            WHERE practice_id = $practice_id AND starts_with(answer_key, $batch)
        ) AS told
        JOIN task ON task.id = told.task_id
        ORDER BY task.id DESC, key
        """,
        practice_id=practice_id,
        batch=BATCH,
    )
    return [
        _Held(task_id, is_open, asked_on, _Told(batch, payer, amount, claim_number or ""))
        for task_id, is_open, asked_on, key, payer, amount, claim_number in rows
        if (batch := RejectedBatch.of_key(key))
    ]


def name_claim(
    con: Connection, task_id: int, request: Request, match: Match, charges: Charges,
    source: ImportContext,
) -> None:  # fmt: skip
    """Let an open task about a batch that named no claim be about the only claim in it, inside a
    transaction."""
    if not (request.batch and request.claim_number):
        return
    is_named = con.value(
        "SELECT charge_id IS NOT NULL OR claim_number <> '' FROM task WHERE id = $id", id=task_id
    )
    if is_named:
        return
    con.execute("DELETE FROM task_claim WHERE task_id = $id", id=task_id)
    row = task_claim_facts.row_of(task_id, source.practice.id, request.about, match.outcome)
    con.insert("task_claim", [row])
    tasks.revise(
        con, task_id, now=source.now, claim_number=request.claim_number,
        claim_shape=claim_shape(request.claim_number), patient_name=request.patient_name,
        date_of_service=request.date_of_service,
    )  # fmt: skip
    if charge := charges.held(match.charge_id):
        show_charges(con, {task_id: charge}, now=source.now)
