"""What a task asked before it was changed: a past day is counted by what was known then."""

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
