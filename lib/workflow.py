"""A task's life: assigned, started, completed, reopened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lib import access, drafts, notes, people, tasks
from lib.access import Verb
from lib.drafts import Form
from lib.errors import (
    AlreadyAssigned,
    AlreadyCompleted,
    AssignmentChanged,
    NoSuchTask,
    NotCompleted,
    NothingWritten,
    StartNotUndone,
    WrongInput,
)
from lib.models import Person, Resolution, Status, Task, TaskType
from lib.store import writer_scope
from lib.store.database import Connection, transaction
from lib.store.idempotency import FormSubmission, has_completed
from lib.tasks_before_changes import first_start


def assign(
    con: Connection, task_id: int, *, to: int | None, seen: int | None, comment: str = "",
    drafts_sent: Sequence[str] = (), actor: Person, now: datetime,
) -> None:  # fmt: skip
    """Assign the task to person `to`, or to nobody, if its assignee is still `seen`, with the
    comment typed beside it.

    An unassigned task is open again. `drafts_sent` are the drafts that end with it. Raises
    AssignmentChanged if somebody was quicker, WrongInput for a person who cannot take the task.
    """
    with transaction(con, of=writer_scope.of_task(task_id)):
        task = tasks.get(con, task_id, actor=actor)
        access.require(actor, Verb.ASSIGN, task.practice_id, NoSuchTask())
        if task.status is Status.COMPLETED:
            raise AlreadyCompleted(task.completed_by)
        if task.assignee_id != seen:
            raise AssignmentChanged(task.assignee_name)
        taker = next((c for c in people.takers(con, task.practice_id) if c.id == to), None)
        if to is not None and taker is None:
            raise WrongInput("Choose somebody of this practice who works on tasks.")
        if taker:
            tasks.give(con, task, to=taker.id, name=taker.name, actor=actor, now=now)
        else:
            tasks.give_back(con, task, actor=actor, now=now)
        notes.add_comment(con, task, comment, actor=actor, now=now)
        drafts.end(con, task_id, form=Form.QUESTION, writers=drafts_sent, actor=actor)


def start(con: Connection, task_id: int, *, actor: Person, now: datetime) -> None:
    """Assign the task to the actor and start it: exactly one of several people who press Start gets
    it.

    Starting one's own started task again changes nothing. Raises AlreadyAssigned, naming who has
    it, or AlreadyCompleted.
    """
    with transaction(con, of=writer_scope.of_task(task_id)):
        task = _workable(con, task_id, actor)
        if task.assignee_id not in (None, actor.id):
            raise AlreadyAssigned(task.assignee_name or "Somebody")
        if task.assignee_id is None:
            tasks.give(con, task, to=actor.id, name=actor.name, actor=actor, now=now)
        tasks.mark_started(con, task, actor=actor, now=now)
        tasks.take_up_answer(con, task)


def take_over(
    con: Connection, task_id: int, *, seen: int | None, seen_started: bool = False, actor: Person,
    now: datetime,
) -> None:  # fmt: skip
    """Take a task from its assignee, and start it where they have not.

    `seen_started` says whether they were seen to work on it. Raises AssignmentChanged if its
    assignee is no longer `seen`, AlreadyAssigned if they have started it meanwhile.
    """
    with transaction(con, of=writer_scope.of_task(task_id)):
        task = _workable(con, task_id, actor)
        if task.assignee_id not in (seen, actor.id):
            raise AssignmentChanged(task.assignee_name)
        is_others = task.status is Status.IN_PROGRESS and task.assignee_id != actor.id
        if is_others and not seen_started:
            raise AlreadyAssigned(task.assignee_name or "Somebody")
        tasks.give(
            con, task, to=actor.id, name=actor.name, detail="Taken over", actor=actor, now=now
        )
        tasks.mark_started(con, task, actor=actor, now=now)
        tasks.take_up_answer(con, task)


def undo_start(con: Connection, task_id: int, *, actor: Person, now: datetime) -> None:
    """Put a started task back as it was, if nothing was done on it since.

    Raises StartNotUndone if its history or a draft shows that something was.
    """
    with transaction(con, of=writer_scope.of_task(task_id)):
        task = _workable(con, task_id, actor)
        before = _before_start(con, task, actor)
        if before is None:
            raise StartNotUndone
        tasks.mark_not_started(
            con, task, assignee_id=before.assignee_id,
            started_at=first_start(con, task_id, before=before.start_id),
            is_answered=before.is_answered, actor=actor, now=now,
        )  # fmt: skip


def can_undo_start(con: Connection, task: Task, *, actor: Person) -> bool:
    """Return True if the actor started the task and nothing was done on it since."""
    return _before_start(con, task, actor) is not None


@dataclass(frozen=True, slots=True)
class _Before:
    start_id: int  # the start's line of history
    assignee_id: int | None
    is_answered: bool


def _before_start(con: Connection, task: Task, actor: Person) -> _Before | None:
    """Return who had the task before the actor started it; None if the start cannot be undone."""
    if task.assignee_id != actor.id or task.status is not Status.IN_PROGRESS:
        return None
    story = con.rows(
        """
        SELECT kind, actor_id, happened_at, was_assignee_id, id FROM event
        WHERE task_id = $task_id ORDER BY id DESC LIMIT 3
        """,
        task_id=task.id,
    )
    typed = con.value(
        """
        SELECT count(*) FROM draft
        WHERE task_id = $task_id AND person_id = $actor_id AND form IN ('charge', 'note')
        """,
        task_id=task.id,
        actor_id=actor.id,
    )
    if typed or not story or story[0][:2] != ("started", actor.id):
        return None
    start_id = story[0][4]
    is_given = bool(story[1:]) and story[1][:3] == ("assigned", *story[0][1:3])
    is_answered = [row[0] for row in story[1 + is_given :][:1]] == ["answered"]
    if not is_given:
        return _Before(start_id, actor.id, is_answered)
    had = [c.id for c in people.takers(con, task.practice_id) if c.id == story[1][3]]
    return _Before(start_id, had[0] if had else None, is_answered)


def _workable(con: Connection, task_id: int, actor: Person) -> Task:
    task = tasks.get(con, task_id, actor=actor)
    access.require(actor, Verb.WORK, task.practice_id, NoSuchTask())
    if task.status is Status.COMPLETED:
        raise AlreadyCompleted(task.completed_by)
    return task


def complete(
    con: Connection,
    task_id: int,
    *,
    note: str,
    resolution: Resolution = Resolution.ANSWERED,
    token: str,
    actor: Person,
    now: datetime,
) -> None:
    """Complete a task whose claim we do not have; the note says what was done."""
    if not note.strip():
        raise NothingWritten("a note to the biller that says what was done")
    sent = FormSubmission(token, "complete", actor, (task_id, note))
    with transaction(con, of=writer_scope.of_task(task_id)):
        if has_completed(con, sent, task_id, now=now):
            return
        task = tasks.workable(con, task_id, actor=actor)
        if task.charge_id is not None or task.type is TaskType.DOCUMENTS:
            raise WrongInput("Complete this task with its charge or document.")
        notes.add_to_biller(con, task, note, actor=actor, now=now)
        tasks.mark_completed(con, task, resolution=resolution, actor=actor, now=now)


def reopen(con: Connection, task_id: int, *, reason: str, actor: Person, now: datetime) -> None:
    """Reopen a completed task and assign it to the person who completed it."""
    if not reason.strip():
        raise NothingWritten("why the task is reopened")
    with transaction(con, of=writer_scope.of_task(task_id)):
        drafts.end(con, task_id, form=Form.REASON, actor=actor)
        task = tasks.get(con, task_id, actor=actor)
        access.require(actor, Verb.REOPEN, task.practice_id, NoSuchTask())
        if task.status is not Status.COMPLETED:
            raise NotCompleted
        tasks.mark_reopened(con, task, reason=reason.strip(), actor=actor, now=now)
