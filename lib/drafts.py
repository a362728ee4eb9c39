"""What somebody has typed into Edit Charge and not saved: it survives a reload and a restart."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from lib import tasks
from lib.models import Person
from lib.store.database import Connection, transaction


def keep(
    con: Connection, task_id: int, content: dict[str, Any], *, actor: Person, now: datetime
) -> None:
    """Remember the form as it is typed; one draft a person and task."""
    with transaction(con, invalidates_cache=False):
        task = tasks.workable(con, task_id, actor=actor)
        con.execute(
            """
            INSERT INTO draft VALUES ($person_id, $task_id, $practice_id, $content, $now)
            ON CONFLICT DO UPDATE SET content = excluded.content, saved_at = excluded.saved_at
            """,
            person_id=actor.id,
            task_id=task_id,
            practice_id=task.practice_id,
            content=json.dumps(content),
            now=now,
        )


def find(con: Connection, task_id: int, *, actor: Person) -> dict[str, Any] | None:
    """What this person had typed, or None. Raises NoSuchTask for a task they may not see."""
    tasks.get(con, task_id, actor=actor)
    found = con.value(
        "SELECT content FROM draft WHERE person_id = $person_id AND task_id = $task_id",
        person_id=actor.id,
        task_id=task_id,
    )
    return None if found is None else dict(json.loads(found))


def drop(con: Connection, task_id: int, *, actor: Person) -> None:
    """Forget what this person had typed."""
    with transaction(con, invalidates_cache=False):
        con.execute(
            "DELETE FROM draft WHERE person_id = $person_id AND task_id = $task_id",
            person_id=actor.id,
            task_id=task_id,
        )
