"""What a task asked before it was changed, how it was completed before it was reopened, and when it
was first started: a past day is counted by what was known then."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from lib.store.database import Connection, utc


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


def keep_completion(con: Connection, task_id: int, *, now: datetime) -> None:
    """Store the completion that a reopening is about to end, inside its transaction."""
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


def first_start(con: Connection, task_id: int, *, before: int | None = None) -> datetime | None:
    """Return when the task was first started by somebody who did not undo it; with `before`, of
    what stands before that line of its history. None if nobody did.

    The first is the one that was written first: two starts can be of one moment, and of several the
    first can have a later time, where a clock steps back.
    """
    found = con.value(
        """
        SELECT happened_at FROM (
            SELECT id, kind, happened_at, lead(kind) OVER (ORDER BY id) AS next_kind
            FROM event
            WHERE task_id = $task_id AND kind IN ('started', 'start undone')
              AND ($before IS NULL OR id < $before)
        ) AS story
        WHERE kind = 'started' AND next_kind IS DISTINCT FROM 'start undone'
        ORDER BY id LIMIT 1
        """,
        task_id=task_id,
        before=before,
    )
    return utc(found) if found else None


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
