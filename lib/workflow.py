"""A task's life: assigned, started, completed, reopened."""

from __future__ import annotations

from datetime import datetime

from lib import access, notes, people, tasks
from lib.access import Verb
from lib.errors import (
    AlreadyAssigned,
    AlreadyCompleted,
    AssignmentChanged,
    NoSuchTask,
    NotCompleted,
    NothingWritten,
    WrongInput,
)
from lib.models import Person, Status, TaskType
from lib.store.database import Connection, transaction
from lib.store.idempotency import FormSubmission, has_completed


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
        tasks.give(con, task, to=taker.id, name=taker.name, actor=actor, now=now)


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
            tasks.give(con, task, to=actor.id, name=actor.name, actor=actor, now=now)
        if task.status is Status.OPEN:
            tasks.mark_started(con, task, actor=actor, now=now)


def complete(
    con: Connection, task_id: int, *, note: str, token: str, actor: Person, now: datetime
) -> None:
    """Complete a task about a claim that is not held here; the note says what was done."""
    if not note.strip():
        raise NothingWritten("a note to the biller that says what was done")
    sent = FormSubmission(token, "complete", actor, (task_id, note))
    with transaction(con):
        if has_completed(con, sent, task_id, now=now):
            return
        task = tasks.workable(con, task_id, actor=actor)
        if task.charge_id is not None or task.type is TaskType.DOCUMENTS:
            raise WrongInput("Complete this task with its charge or document.")
        notes.add_to_biller(con, task, note, actor=actor, now=now)
        tasks.mark_completed(con, task, actor=actor, now=now)


def reopen(con: Connection, task_id: int, *, reason: str, actor: Person, now: datetime) -> None:
    """Put a completed task back in the queue of the person who completed it."""
    if not reason.strip():
        raise NothingWritten("why the task is reopened")
    with transaction(con):
        task = tasks.get(con, task_id, actor=actor)
        access.require(actor, Verb.REOPEN, task.practice_id, NoSuchTask())
        if task.status is not Status.COMPLETED:
            raise NotCompleted
        tasks.mark_reopened(con, task, reason=reason.strip(), actor=actor, now=now)
