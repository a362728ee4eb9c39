"""Charges that come in after a task chose its own, and agree with its message as well.

Whichever claim comes in first, the same is certain in the end: what several charges fit, a person
chooses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from lib import tasks
from lib.history_event_kinds import EventKind
from lib.intake.charges import learned_numbers
from lib.intake.charges.new_charges import NewClaim
from lib.intake.import_context import ImportContext
from lib.intake.matching import claim_matcher, known_charges, task_claim_facts
from lib.intake.matching.claim_facts import ClaimFacts
from lib.intake.matching.claim_matcher import Candidate, Match, Outcome
from lib.intake.matching.claim_numbers import lookup_keys
from lib.intake.matching.known_charges import Charges
from lib.store import search_index
from lib.store.database import Connection, Value

WHY = "A further charge agrees with what the file says: choose the one that is meant."


def doubt(
    con: Connection,
    new: Sequence[NewClaim],
    source: ImportContext,
    linked: Collection[int] = (),
) -> int:
    """Take the charge from open tasks whose message could mean one of these new charges as well.
    Return how many now wait for a person's choice; inside a transaction. Tasks that were `linked`
    just now were compared with all charges.

    A charge that somebody chose, edited or began to edit for the task stays.
    """
    chosen = _chosen(con, source.practice.id, new)
    for task_id in linked:
        chosen.pop(task_id, None)
    if not chosen:
        return 0
    told = task_claim_facts.kept_facts(con, list(chosen))
    charges = known_charges.charges(con, source.practice.id, told.values())
    learned = _learned(con, told)
    doubted = []
    for task_id, facts in told.items():
        charge_id = chosen[task_id]
        match = _match(facts, charges, charge_id, learned.get(task_id, ()))
        if match.charge_id == charge_id or not match.agreeing:
            continue
        _let_choose(con, task_id, charge_id, facts, match, charges, source)
        doubted.append(task_id)
    search_index.index(con, doubted)
    return len(doubted)


def _chosen(con: Connection, practice_id: int, new: Sequence[NewClaim]) -> dict[int, int]:
    """Return the open tasks that could mean these claims, with the charge the matcher chose."""
    return dict(
        con.rows(
            """
            SELECT task.id, task.charge_id
            FROM task_claim JOIN task ON task.id = task_claim.task_id
            WHERE task_claim.practice_id = $practice_id AND is_open AND outcome = $matched
              AND task_claim.number_key IN (SELECT unnest($keys::VARCHAR[]))
              AND charge_id NOT IN (SELECT id FROM charge WHERE is_edited)
              AND task.id NOT IN (SELECT task_id FROM charge_choice)
              AND task.id NOT IN (SELECT task_id FROM draft WHERE form = 'charge')
            ORDER BY task.id
            """,
            practice_id=practice_id,
            matched=Outcome.MATCHED.value,
            keys=list(keys(new)),
        )
    )


def keys(new: Sequence[NewClaim]) -> set[str]:
    """Return the lookup keys of every number of these claims, and of what payers could have made of
    it by cutting off its end."""
    return {
        key
        for each in new
        for number in (each.claim.claim_number, each.claim.original, each.claim.trace_number)
        if number
        for key in lookup_keys(number)
    }


def _learned(con: Connection, told: Iterable[int]) -> dict[int, list[str]]:
    """Return the numbers that the charges of these tasks have only from the tasks' own messages:
    they say nothing about which charge is meant."""
    found: dict[int, list[str]] = {}
    for task_id, number in con.rows(
        """
        SELECT task.id, number
        FROM task
        JOIN charge_number ON charge_number.charge_id = task.charge_id AND kind <> 'claim'
        LEFT JOIN intake_file ON intake_file.id = task.intake_file_id
        WHERE task.id IN (SELECT unnest($ids::BIGINT[]))
        GROUP BY task.id, number
        HAVING NOT bool_or(is_proven AND recorded_at IS DISTINCT FROM imported_at)
        """,
        ids=list(told),
    ):
        found.setdefault(task_id, []).append(number)
    return found


def _match(facts: ClaimFacts, charges: Charges, charge_id: int, learned: Sequence[str]) -> Match:
    """Match a task's message anew, without what its charge learned from it."""

    def as_before(candidate: Candidate) -> Candidate:
        if candidate.charge_id != charge_id:
            return candidate
        payers = tuple(each for each in candidate.payer_numbers if each not in learned)
        traces = tuple(each for each in candidate.trace_numbers if each not in learned)
        return replace(candidate, payer_numbers=payers, trace_numbers=traces)

    return claim_matcher.match(facts, map(as_before, charges.likely(facts)))


def _let_choose(
    con: Connection,
    task_id: int,
    charge_id: int,
    facts: ClaimFacts,
    match: Match,
    charges: Charges,
    source: ImportContext,
) -> None:
    """Take a task's charge away, with its history, and keep of it only what all charges that agree
    share."""
    before, candidate = charges.pair(charge_id)
    rivals = [each.candidate.charge_id for each in match.compared if each.agrees]
    held = [charges.pair(each)[0] for each in rivals]
    new_id = max(each for each in rivals if each != charge_id)
    tasks.unlink_charge(
        con,
        task_id,
        patient_id=before.patient_id if len({each.patient_id for each in held}) == 1 else None,
        payer_id=before.payer_id if len({each.payer_id for each in held}) == 1 else None,
        provider=before.provider_name if len({each.provider_name for each in held}) == 1 else "",
        day=facts.dates[0],
        now=source.now,
    )
    learned_numbers.forget(con, charge_id, facts)
    number = con.value("SELECT segment_number FROM charge WHERE id = $id", id=new_id)
    event = source.event(EventKind.CHARGE_NOT_CERTAIN, number, task_id=task_id, charge_id=new_id)
    line = known_charges.line(before, candidate)
    tell_not_certain(con, task_id, Outcome.SEVERAL, event, line, WHY)


def tell_not_certain(
    con: Connection, task_id: int, outcome: Outcome, event: Mapping[str, Value], line: str, why: str
) -> None:
    """Write that a task no longer has the charge `line`, and why, inside the caller's transaction;
    nothing suggests completing it any more."""
    tasks.withdraw_suggestion(con, task_id)
    con.execute(
        "UPDATE task_claim SET outcome = $outcome WHERE task_id = $task_id",
        outcome=outcome.value,
        task_id=task_id,
    )
    detail = f"{why} {event['detail']}."
    told = {"field": "Charge", "old_value": line, "new_value": None, "detail": detail}
    con.insert("event", [{**event, **told}])
