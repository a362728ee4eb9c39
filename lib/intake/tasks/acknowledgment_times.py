"""When the acknowledgments (277CA) that a task was told were written: the later one counts, of two
that say the same day too. Inner steps of an import."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from lib.intake.import_context import ImportContext
from lib.store.database import Connection

REJECTED, ACCEPTED = "277CA|rejected", "277CA|accepted"


def keep(
    con: Connection, told: Iterable[tuple[int, str]], kind: str, source: ImportContext
) -> None:
    """Store for tasks, by id, when their acknowledgments of this kind were written (ISO 8601), if
    they say so."""
    con.insert(
        "request_state",
        [
            {
                "practice_id": source.practice.id,
                "task_id": task_id,
                "state_key": kind,
                "message_key": "",
                "said_at": at,
            }
            for task_id, at in told
            if at
        ],
    )


def latest(con: Connection, task_ids: Collection[int], kind: str) -> dict[int, str]:
    """Return when the last acknowledgment of this kind that each of these tasks was told was
    written."""
    if not task_ids:
        return {}
    return dict(
        con.rows(
            """
            SELECT task_id, max(said_at) FROM request_state
            WHERE task_id IN (SELECT unnest($ids::BIGINT[])) AND state_key = $kind
            GROUP BY task_id
            """,
            ids=list(task_ids),
            kind=kind,
        )
    )
