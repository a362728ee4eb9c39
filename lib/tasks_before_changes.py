"""What a task asked before it was changed, and how it was completed before it was reopened: a past
day is counted by what was known then."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from lib.store.database import Connection


def keep_earlier(con: Connection, task_ids: Collection[int], *, now: datetime) -> None:
    """Store the tasks as they are, inside the transaction that changes them."""
    con.execute(
        """
        INSERT INTO task_before (practice_id, task_id, type, codes, amount, due_on, charge_id,
            payer_id, payer_name, provider_name, date_of_service, changed_at)
        SELECT practice_id, id, type, codes, amount, due_on, charge_id, payer_id, payer_name,
               provider_name, date_of_service, $now
        FROM task WHERE id IN (SELECT unnest($ids::BIGINT[])) ORDER BY id
        """,
        ids=list(task_ids),
        now=now,
    )


def keep_completion(con: Connection, task_id: int, *, now: datetime) -> bool:
    """Store the completion that a reopening is about to end, inside its transaction. Return whether
    somebody had started the task before, or only a completion did."""
    con.execute(
        """
        INSERT INTO reopened_completion (practice_id, task_id, completion_id, started_at,
            completed_at, completed_by, resolution, reopened_at)
        SELECT practice_id, id,
               (SELECT max(event.id) FROM event WHERE task_id = $task_id AND kind = 'completed'),
               coalesce(started_at, completed_at), completed_at, completed_by, resolution, $now
        FROM task WHERE id = $task_id
        """,
        task_id=task_id,
        now=now,
    )
    return bool(
        con.value(
            """
            SELECT count(*) FROM task
            WHERE id = $task_id
              AND (started_at NOT IN (
                      SELECT completed_at FROM reopened_completion WHERE task_id = $task_id)
                   OR started_at IN (
                      SELECT happened_at FROM event WHERE task_id = $task_id AND kind = 'started'))
            """,
            task_id=task_id,
        )
    )


def keep_filing_limit(con: Connection, payer_id: int, *, now: datetime) -> None:
    """Store how long a payer takes claims, inside the transaction that changes it."""
    con.execute(
        """
        INSERT INTO filing_limit_before (practice_id, payer_id, filing_days, changed_at)
        SELECT practice_id, id, filing_days, $now FROM payer WHERE id = $payer_id
        """,
        payer_id=payer_id,
        now=now,
    )
