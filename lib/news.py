"""What happened since a page was drawn, for pages that follow what others do.

Every change is an event of history, so the last event tells whether there is anything new.
"""

from __future__ import annotations

from lib import tasks
from lib.models import Person
from lib.store.database import Connection


def latest(con: Connection, *, actor: Person) -> int:
    """Return the id of the last event in the actor's practices; 0 if there is none."""
    practices = actor.practice_ids
    found: int = con.store.cached(
        ("latest", *practices),
        lambda: con.value(
            "SELECT coalesce(max(id), 0) FROM event WHERE list_contains($practices, practice_id)",
            practices=practices,
        ),
    )
    return found


def latest_of_task(con: Connection, task_id: int, *, actor: Person) -> int:
    """Return the id of the last event of a task or its charge. Raises NoSuchTask."""
    tasks.require_seen(con, task_id, actor=actor)
    return _last(con, task_id)[0]


def who_changed(con: Connection, task_id: int, *, seen: int, actor: Person) -> str:
    """Return a sentence that says who changed a task or its charge last, if that was after the
    event `seen`; else an empty string. Raises NoSuchTask."""
    tasks.require_seen(con, task_id, actor=actor)
    event_id, person_id, name = _last(con, task_id)
    if event_id <= seen:
        return ""
    if person_id == actor.id:
        return "You changed this task in another tab."
    return f"{name or 'A file that came in'} changed this task."


def _last(con: Connection, task_id: int) -> tuple[int, int | None, str | None]:
    """Return the last event of a task or its charge: its id, and who did it."""
    found: tuple[int, int | None, str | None] = con.store.cached(
        ("last of task", task_id),
        lambda: (
            con.row(
                """
                SELECT event.id, event.actor_id, person.name
                FROM event LEFT JOIN person ON person.id = event.actor_id
                WHERE event.task_id = $task_id
                   OR event.charge_id = (SELECT charge_id FROM task WHERE id = $task_id)
                ORDER BY event.id DESC LIMIT 1
                """,
                task_id=task_id,
            )
            or (0, None, None)
        ),
    )
    return found
