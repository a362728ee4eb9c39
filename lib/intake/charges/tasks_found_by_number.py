"""Open tasks whose message named a claim by the payer's number alone, once a charge has it.

The claim itself came in before them or after them; what tells which one is meant is a later answer
that names both our number and the payer's.
"""

from __future__ import annotations

from collections.abc import Mapping

from lib.history_event_kinds import EventKind
from lib.intake.charges.replacement_claims import show_charges
from lib.intake.import_context import ImportContext
from lib.intake.matching import known_charges, task_claim_facts
from lib.intake.matching.claim_facts import TAKEBACK
from lib.intake.matching.claim_matcher import Outcome
from lib.store.database import Connection


def link(con: Connection, segments: Mapping[str, int], source: ImportContext) -> list[int]:
    """Attach charges to the open tasks that name their claim first by one of these numbers (as
    `lookup_key` makes them), inside a transaction. Return which tasks found one.

    `segments`: where the file says the numbers.
    """
    if not segments:
        return []
    rows: dict[int, str] = dict(
        con.rows(
            """
            SELECT task.id, number_key FROM task JOIN task_claim ON task_id = task.id
            WHERE task.practice_id = $practice_id AND is_open AND charge_id IS NULL
              AND number_key IN (SELECT unnest($keys::VARCHAR[]))
              AND NOT starts_with(coalesce(request_key, ''), $recoupment)
            ORDER BY task.id
            """,
            practice_id=source.practice.id,
            keys=list(segments),
            recoupment=TAKEBACK,
        )
    )
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
