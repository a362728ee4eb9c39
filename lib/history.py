"""The append-only story of every task, charge and document."""

from __future__ import annotations

from datetime import datetime

from lib import access
from lib.access import Verb
from lib.history_event_kinds import EventKind
from lib.models import Event, Person, Resolution, Status, Task
from lib.store.database import Connection


def record(
    con: Connection,
    kind: EventKind,
    *,
    practice_id: int,
    actor_id: int | None,
    now: datetime,
    task_id: int | None = None,
    charge_id: int | None = None,
    document_id: int | None = None,
    field: str | None = None,
    old: str | None = None,
    new: str | None = None,
    detail: str | None = None,
    was_assignee_id: int | None = None,
    resolution: str | None = None,
) -> None:
    """Insert one line of history inside the caller's transaction, after the change it tells of.

    Who has the task then is kept with it, so that the past needs no guess. `was_assignee_id` is
    who had it before, of an "assigned" line; `resolution` belongs to a "completed" one.
    """
    con.execute(
        """
        INSERT INTO event (id, practice_id, task_id, charge_id, document_id, kind, field,
                           old_value, new_value, detail, actor_id, happened_at, assignee_id,
                           was_assignee_id, resolution)
        VALUES (coalesce($id, nextval('event_id')), $practice_id, $task_id, $charge_id,
                $document_id, $kind, $field, $old, $new, $detail, $actor_id, $now,
                (SELECT assignee_id FROM task WHERE id = $task_id), $was_assignee_id, $resolution)
        """,
        id=con.line_id(),
        practice_id=practice_id,
        task_id=task_id,
        charge_id=charge_id,
        document_id=document_id,
        kind=kind,
        field=field,
        old=old,
        new=new,
        detail=detail,
        actor_id=actor_id,
        now=now,
        was_assignee_id=was_assignee_id,
        resolution=resolution,
    )


def record_assignee(
    con: Connection, task: Task, name: str | None, actor: Person, now: datetime,
    detail: str | None = None,
) -> None:  # fmt: skip
    """Record whom the task is assigned to now."""
    record(
        con,
        EventKind.ASSIGNED,
        practice_id=task.practice_id,
        task_id=task.id,
        actor_id=actor.id,
        now=now,
        field="Assignee",
        old=task.assignee_name,
        new=name,
        detail=detail,
        was_assignee_id=task.assignee_id,
    )


def record_status(
    con: Connection, kind: EventKind, task: Task, status: Status, actor: Person, now: datetime,
    detail: str | None = None, resolution: Resolution | None = None,
) -> None:  # fmt: skip
    """Record the state the task is in now."""
    record(
        con,
        kind,
        practice_id=task.practice_id,
        task_id=task.id,
        actor_id=actor.id,
        now=now,
        field="Status",
        old=task.status.label,
        new=status.label,
        detail=detail,
        resolution=resolution,
    )


def of_task(con: Connection, task_id: int, *, actor: Person) -> list[Event]:
    """Return the history of one task of the actor's practices, newest first."""
    return con.records(
        Event,
        """
        SELECT kind, field, old_value AS old, new_value AS new, detail,
               person.name AS actor, happened_at
        FROM event LEFT JOIN person ON person.id = event.actor_id
        WHERE task_id = $task_id AND list_contains($practices, event.practice_id)
        ORDER BY event.id DESC
        """,
        task_id=task_id,
        practices=access.may_anywhere(actor, Verb.SEE_PATIENTS),
    )
