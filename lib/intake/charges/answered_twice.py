"""Claim numbers that one file answers twice on one day under two of the payer's numbers, in two of
the parts in which it is imported: two claims, of which nobody can say which one is held.

Within one part `Charges.tell_apart` sees it before either takes the charge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from lib import tasks
from lib.history_event_kinds import EventKind
from lib.intake.charges import learned_numbers
from lib.intake.charges.later_matching_charges import tell_not_certain
from lib.intake.import_context import ImportContext
from lib.intake.matching import known_charges, task_claim_facts
from lib.intake.matching.claim_facts import ClaimFacts, is_numbered_otherwise, is_of_own_claim
from lib.intake.matching.claim_matcher import Outcome
from lib.intake.matching.known_charges import Charges
from lib.store import search_index
from lib.store.database import Connection

WHY = (
    "A later answer of the same file names this claim number on the same day under another of the "
    "payer's numbers: the file answers two claims, so choose the charge if it is the one meant."
)
Told = tuple[ClaimFacts, date | None]  # an answer, and its day
Answer = tuple[int, str, date | None]  # charge, payer's number, and day


def doubt(
    con: Connection,
    answers: Iterable[Told],
    charges: Charges,
    source: ImportContext,
    seen: dict[Answer, None],
) -> int:
    """Let none of these answers take a charge that an earlier part of the file answered under
    another number, and take it from the task made there. Return how many tasks lost it; inside a
    transaction. `seen` keeps what was found so from one part of the file to the next.
    """
    by_charge: dict[int, list[Told]] = defaultdict(list)
    for facts, day in answers:
        if facts.payer_numbers and (charge_id := charges.match(facts).charge_id) is not None:
            by_charge[charge_id].append((facts, day))
    lost = []
    told = [*_answered(con, by_charge, source), *_acknowledged(con, by_charge, source), *seen]
    for charge_id, number, day in told:
        earlier = ClaimFacts(payer_numbers=(number,))
        rivals = [
            facts
            for facts, told_on in by_charge.get(charge_id, ())
            if told_on == day and is_numbered_otherwise(earlier, facts)
        ]
        if rivals:
            seen[charge_id, number, day] = None
        charges.share(rivals)
        if rivals and not _is_known(con, charge_id, number, source):
            lost += _let_choose(con, charge_id, earlier, charges, source)
    search_index.index(con, lost)
    return len(lost)


def _answered(con: Connection, charge_ids: Iterable[int], source: ImportContext) -> list[Answer]:
    """Return what earlier parts of the file answered about these charges, but for reversals and
    denials of duplicates: charge, payer's number, and day."""
    ids = list(charge_ids)
    return [
        (row[0], row[1], row[2])
        for row in (
            con.rows(
                """
                SELECT DISTINCT charge_id, payer_claim_number, answered_on FROM claim_answer
                WHERE intake_file_id = $file_id AND charge_id IN (SELECT unnest($ids::BIGINT[]))
                  AND payer_claim_number <> '' AND charged > 0 AND status <> '22'
                  AND (paid <> 0 OR EXISTS (
                      SELECT 1 FROM claim_answer_code AS said
                      WHERE said.claim_answer_id = claim_answer.id AND kind = 'adjustment'
                        AND code NOT IN ('18', '85', '225', 'B13')))
                ORDER BY charge_id, payer_claim_number
                """,
                file_id=source.file_id,
                ids=ids,
            )
            if ids
            else ()
        )
    ]


def _acknowledged(
    con: Connection, charge_ids: Iterable[int], source: ImportContext
) -> list[Answer]:
    """Return the same of the acknowledgments (277CA) from which the file made tasks."""
    ids = list(charge_ids)
    if not ids:
        return []
    rows = con.rows(
        """
        SELECT charge_id, payer_numbers, asked_on, source, coalesce(request_key, ''), codes
        FROM task JOIN task_claim ON task_id = task.id
        WHERE intake_file_id = $file_id AND charge_id IN (SELECT unnest($ids::BIGINT[]))
          AND source = '277CA'
        ORDER BY task.id
        """,
        file_id=source.file_id,
        ids=ids,
    )
    return [
        (charge_id, number, day)
        for charge_id, numbers, day, *said in rows
        if is_of_own_claim(*said)
        for number in numbers
    ]


def _is_known(con: Connection, charge_id: int, number: str, source: ImportContext) -> bool:
    """Return True if the charge had this number of the payer's before the file came in."""
    return bool(
        con.value(
            """
            SELECT count(*) FROM charge_number
            WHERE charge_id = $id AND kind = 'payer' AND number = $number AND recorded_at < $now
            """,
            id=charge_id,
            number=number,
            now=source.now,
        )
    )


def _let_choose(
    con: Connection,
    charge_id: int,
    earlier: ClaimFacts,
    charges: Charges,
    source: ImportContext,
) -> list[int]:
    """Take the charge from the tasks that an answer under this number made, with their history."""
    learned_numbers.forget(con, charge_id, earlier)
    made = con.rows(
        """
        SELECT task.id, segment_number FROM task JOIN task_claim ON task_id = task.id
        WHERE intake_file_id = $file_id AND charge_id = $id AND is_open
          AND list_contains(payer_numbers, $number)
        """,
        file_id=source.file_id,
        id=charge_id,
        number=earlier.payer_numbers[0],
    )
    held, candidate = charges.pair(charge_id)
    told = task_claim_facts.kept_facts(con, [task_id for task_id, _ in made])
    for task_id, segment_number in made:
        tasks.unlink_charge(
            con, task_id, patient_id=held.patient_id, payer_id=held.payer_id, provider="",
            day=told[task_id].dates[0], now=source.now,
        )  # fmt: skip
        event = source.event(EventKind.CHARGE_NOT_CERTAIN, segment_number, task_id=task_id)
        line = known_charges.line(held, candidate)
        tell_not_certain(con, task_id, Outcome.UNPROVEN, event, line, WHY)
    return [task_id for task_id, _ in made]
