"""What happened since a page was drawn, for pages that follow what others do.

Every change is an event of history, so the last event tells whether there is anything new.
"""

from __future__ import annotations

from lib import tasks
from lib.models import Person
from lib.store.database import Connection


def latest(con: Connection, *, actor: Person) -> int:
    """Return a number that grows with every event in the actor's practices; 0 if there is none.

    Ids of one practice grow in the order in which they are committed. Those of several need not:
    the last one of each counts.
    """
    practices = actor.practice_ids
    found: int = con.store.cached(
        ("latest", *practices),
        lambda: con.value(
            """
            SELECT coalesce(sum(last_id), 0)::BIGINT FROM (
                SELECT max(id) AS last_id FROM event
                WHERE list_contains($practices, practice_id) GROUP BY practice_id
            ) AS each_practice
            """,
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
        ("last of task", task_id), lambda: _read_last(con, task_id)
    )
    return found


def _read_last(con: Connection, task_id: int) -> tuple[int, int | None, str | None]:
    # Three plain look-ups: an OR of both, or a join, would read every event there is.
    charge_id = con.value("SELECT charge_id FROM task WHERE id = $id", id=task_id)
    last = con.value(
        """
        SELECT max(id) FROM (
            SELECT max(id) AS id FROM event WHERE task_id = $task_id
            UNION ALL
            SELECT max(id) FROM event WHERE charge_id = $charge_id
        ) AS either
        """,
        task_id=task_id,
        charge_id=charge_id,
    )
    row = con.row(
        """
        SELECT id, actor_id, (SELECT name FROM person WHERE person.id = actor_id) FROM event
        WHERE id = $id
        """,
        id=last,
    )
    return (row[0], row[1], row[2]) if row else (0, None, None)
