"""Open tasks whose message named a claim by the payer's number alone, once a charge has it.

The claim itself came in before them or after them; what tells which one is meant is a later answer
that names both our number and the payer's. A take-back (PLB) names no claim otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from lib import tasks
from lib.history_event_kinds import EventKind
from lib.intake.charges.replacement_claims import show_charges
from lib.intake.import_context import ImportContext
from lib.intake.matching import known_charges, task_claim_facts
from lib.intake.matching.claim_facts import TAKEBACK
from lib.intake.matching.claim_matcher import Outcome
from lib.intake.matching.claim_numbers import lookup_key
from lib.store.database import Connection
from lib.store.search_match import claim_shape


def link(con: Connection, segments: Mapping[str, int], source: ImportContext) -> list[int]:
    """Attach charges to the open tasks that name their claim first by one of these numbers (as
    `lookup_key` makes them), inside a transaction. Return which tasks found one.

    `segments`: where the file says the numbers.
    """
    if not segments:
        return []
    told_numbers = con.rows(
        """
        SELECT task.id, number_key, payer_numbers, coalesce(request_key, '')
        FROM task JOIN task_claim ON task_id = task.id
        WHERE task.practice_id = $practice_id AND is_open AND charge_id IS NULL
          AND (number_key IN (SELECT unnest($keys::VARCHAR[]))
               OR starts_with(coalesce(request_key, ''), $recoupment))
        ORDER BY task.id
        """,
        practice_id=source.practice.id,
        keys=list(segments),
        recoupment=TAKEBACK,
    )
    rows: dict[int, str] = {}
    for task_id, number_key, payers, request_key in told_numbers:
        # a take-back may name the claim by the first word of its reference
        others = map(lookup_key, payers) if request_key.startswith(TAKEBACK) else ()
        keys = [number_key, *others]
        if key := next((each for each in keys if each in segments), None):
            rows[task_id] = key
    if not rows:
        return []
    told = task_claim_facts.kept_facts(con, list(rows))
    charges = known_charges.charges(con, source.practice.id, told.values())
    charges.tell_apart(task_claim_facts.answers(con, told))
    held = {
        task_id: charge
        for task_id, facts in told.items()
        if (charge := charges.held(charges.match(facts).charge_id))
    }
    if not held:
        return []
    show_charges(con, held, now=source.now)
    unnamed = con.rows(
        "SELECT id FROM task WHERE id IN (SELECT unnest($ids::BIGINT[])) "
        "AND trim(claim_number, '0 ') = ''",
        ids=list(held),
    )
    for (task_id,) in unnamed:
        number = held[task_id].claim_number
        tasks.revise(con, task_id, now=source.now, claim_number=number,
                     claim_shape=claim_shape(number))  # fmt: skip
    con.execute(
        """
        UPDATE task_claim SET outcome = $outcome
        WHERE task_id IN (SELECT unnest($ids::BIGINT[]))
        """,
        outcome=Outcome.MATCHED.value,
        ids=list(held),
    )
    con.insert(
        "event",
        [
            source.event(
                EventKind.CLAIM_FOUND, segments[rows[task_id]], task_id=task_id,
                charge_id=charge.charge_id,
            )
            for task_id, charge in held.items()
        ],
    )  # fmt: skip
    return list(held)
