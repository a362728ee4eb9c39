"""Who works on a task: assigning it, starting it."""

from __future__ import annotations

from datetime import datetime

from lib import access, history, people, tasks
from lib.access import Verb
from lib.errors import AlreadyAssigned, AlreadyCompleted, AssignmentChanged, NoSuchTask, WrongInput
from lib.models import Person, Status, Task
from lib.store.database import Connection, transaction


def assign(
    con: Connection, task_id: int, *, to: int, seen: int | None, actor: Person, now: datetime
) -> None:
    """Give the task to person `to`, where its assignee is still `seen`, as the actor saw it.

    Raises AssignmentChanged where somebody was quicker, WrongInput for one who cannot take it.
    """
    with transaction(con):
        task = tasks.get(con, task_id, actor=actor)
        access.require(actor, Verb.ASSIGN, task.practice_id, NoSuchTask())
        if task.status is Status.COMPLETED:
            raise AlreadyCompleted(task.completed_by)
        if task.assignee_id != seen:
            raise AssignmentChanged(task.assignee_name)
        taker = next((c for c in people.colleagues(con, task.practice_id) if c.id == to), None)
        if taker is None:
            raise WrongInput("Choose somebody of this practice who works on tasks.")
        give(con, task, to=taker.id, name=taker.name, actor=actor, now=now)


def start(con: Connection, task_id: int, *, actor: Person, now: datetime) -> None:
    """Take the task and begin: exactly one of several people who press Start gets it.

    Starting one's own started task again changes nothing.
    Raises AlreadyAssigned, naming who has it, or AlreadyCompleted.
    """
    with transaction(con):
        task = tasks.get(con, task_id, actor=actor)
        access.require(actor, Verb.WORK, task.practice_id, NoSuchTask())
        if task.status is Status.COMPLETED:
            raise AlreadyCompleted(task.completed_by)
        if task.assignee_id not in (None, actor.id):
            raise AlreadyAssigned(task.assignee_name or "Somebody")
        if task.assignee_id is None:
            give(con, task, to=actor.id, name=actor.name, actor=actor, now=now)
        if task.status is Status.OPEN:
            con.execute(
                """
                UPDATE task SET status = 'in_progress', started_at = coalesce(started_at, $now),
                    version = version + 1
                WHERE id = $task_id
                """,
                task_id=task_id,
                now=now,
            )
            history.record(
                con,
                "started",
                practice_id=task.practice_id,
                task_id=task_id,
                actor_id=actor.id,
                now=now,
                field="Status",
                old=Status.OPEN.label,
                new=Status.IN_PROGRESS.label,
            )


def give(con: Connection, task: Task, *, to: int, name: str, actor: Person, now: datetime) -> None:
    """Set the assignee inside the caller's transaction, with its history."""
    if task.assignee_id == to:
        return
    con.execute(
        "UPDATE task SET assignee_id = $to, version = version + 1 WHERE id = $task_id",
        to=to,
        task_id=task.id,
    )
    history.record(
        con,
        "assigned",
        practice_id=task.practice_id,
        task_id=task.id,
        actor_id=actor.id,
        now=now,
        field="Assignee",
        old=task.assignee_name,
        new=name,
    )
