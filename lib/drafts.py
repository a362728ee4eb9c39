"""What somebody has typed and not sent. It survives another task, a reload and a restart.

Each open form keeps a draft of its own, so that two tabs of one person never share one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lib import access, tasks
from lib.access import Verb
from lib.errors import AlreadyCompleted, NoSuchTask, NotAllowed, NotYourTask
from lib.models import Person, Status, Task
from lib.store import writer_scope
from lib.store.database import Connection, transaction, utc


class Form(StrEnum):
    """The forms of a task whose content is kept as it is typed."""

    CHARGE = "charge"  # Edit Charge, with its note to the biller
    NOTE = "note"  # the note that completes a task without a charge
    QUESTION = "question"  # a question, or the comment that goes with an assignment
    ANSWER = "answer"
    BILLER = "biller"  # a note from the biller
    REASON = "reason"  # why a task is reopened
    DOCUMENT = "document"  # what is said of a file that is about to be added to a task
    NEW_TASK = "new task"  # a task that is written by hand


NO_TASK = 0  # stands for the task in the draft of one that is not made yet


_OF_WORK = (Form.CHARGE, Form.NOTE)  # kept for whoever works on the task, or did


@dataclass(frozen=True, slots=True)
class Draft:
    """A form as it was typed; `writer` is the open form that saved it."""

    writer: str
    content: dict[str, Any]
    saved_at: datetime  # UTC


def keep(
    con: Connection, task_id: int, content: dict[str, Any], *, form: Form = Form.CHARGE,
    writer: str = "first", seen: Draft | None = None, actor: Person, now: datetime,
) -> None:  # fmt: skip
    """Save the form as it is typed, as the draft of `writer`.

    `seen` is the draft the form was filled from, which this one replaces, unless somebody has typed
    more into it meanwhile (another tab of the same person); then both are kept. Raises NotYourTask
    if the charge was never this person's to edit.
    """
    with transaction(con, of=writer_scope.of_person(actor.id), invalidates_cache=False):
        practice_id = _practice_of(con, task_id, form, actor)
        if seen and seen.writer != writer:
            _take_over(con, task_id, form, seen, actor)
        # An upsert would do, but DuckDB keeps 200 KB of each while a long transaction is open.
        end(con, task_id, form=form, writers=[writer], actor=actor)
        con.execute(
            """
            INSERT INTO draft (person_id, task_id, practice_id, form, writer, content, saved_at)
            VALUES ($person_id, $task_id, $practice_id, $form, $writer, $content, $now)
            """,
            person_id=actor.id,
            task_id=task_id,
            practice_id=practice_id,
            form=form,
            writer=writer,
            content=json.dumps(content),
            now=now,
        )


def kept(con: Connection, task_id: int, *, form: Form = Form.CHARGE, actor: Person) -> list[Draft]:
    """Return everything this person has typed into that form and not sent, the newest first.

    Raises NoSuchTask for a task they may not see.
    """
    if task_id != NO_TASK:
        tasks.require_seen(con, task_id, actor=actor)
    rows = con.rows(
        """
        SELECT writer, content, saved_at FROM draft
        WHERE person_id = $person_id AND task_id = $task_id AND form = $form
        ORDER BY saved_at DESC, writer
        """,
        person_id=actor.id,
        task_id=task_id,
        form=form,
    )
    return [Draft(writer, dict(json.loads(text)), utc(at)) for writer, text, at in rows]


def find(
    con: Connection, task_id: int, *, form: Form = Form.CHARGE, actor: Person
) -> dict[str, Any] | None:
    """Return what this person typed last into that form, or None."""
    found = kept(con, task_id, form=form, actor=actor)
    return found[0].content if found else None


def drop(
    con: Connection, task_id: int, *, form: Form = Form.CHARGE,
    writers: Sequence[str] | None = None, actor: Person,
) -> None:  # fmt: skip
    """Delete what this person typed into that form: the drafts of `writers`, or all of them."""
    with transaction(con, of=writer_scope.of_person(actor.id), invalidates_cache=False):
        end(con, task_id, form=form, writers=writers, actor=actor)


def end(
    con: Connection, task_id: int, *, form: Form, writers: Sequence[str] | None = None,
    actor: Person,
) -> None:  # fmt: skip
    """Delete drafts that were sent or typed anew, inside the caller's transaction."""
    con.execute(
        """
        DELETE FROM draft
        WHERE person_id = $person_id AND task_id = $task_id AND form = $form
          AND ($writers IS NULL OR writer = ANY($writers))
        """,
        person_id=actor.id,
        task_id=task_id,
        form=form,
        writers=None if writers is None else list(writers),
    )


def _take_over(con: Connection, task_id: int, form: Form, seen: Draft, actor: Person) -> None:
    con.execute(
        """
        DELETE FROM draft
        WHERE person_id = $person_id AND task_id = $task_id AND form = $form
          AND writer = $writer AND content = $content
        """,
        person_id=actor.id,
        task_id=task_id,
        form=form,
        writer=seen.writer,
        content=json.dumps(seen.content),
    )


def _practice_of(con: Connection, task_id: int, form: Form, actor: Person) -> int:
    """Return the practice a draft belongs to, for somebody who may type it."""
    if task_id == NO_TASK:
        practices = access.may_anywhere(actor, Verb.CREATE_TASK)
        if not practices:
            raise NotAllowed("create tasks")
        return practices[0]
    task = tasks.get(con, task_id, actor=actor)
    if form in _OF_WORK:
        _require_work(con, task, actor)
    return task.practice_id


def _require_work(con: Connection, task: Task, actor: Person) -> None:
    """Raise NotYourTask unless the actor works on the task, or did until somebody took it over:
    that must not lose what they typed last."""
    access.require(actor, Verb.WORK, task.practice_id, NoSuchTask())
    if task.assignee_id == actor.id and task.status is not Status.COMPLETED:
        return
    began = con.value(
        """
        SELECT max(happened_at) FROM event
        WHERE task_id = $task_id AND actor_id = $actor_id AND kind = 'started'
        """,
        task_id=task.id,
        actor_id=actor.id,
    )
    ended = con.value(
        """
        SELECT max(happened_at) FROM event
        WHERE task_id = $task_id AND actor_id = $actor_id AND kind = 'completed'
        """,
        task_id=task.id,
        actor_id=actor.id,
    )
    if task.status is Status.COMPLETED and (began is None or ended is not None):
        raise AlreadyCompleted(task.completed_by)
    if began is None:
        raise NotYourTask(task.assignee_name)
