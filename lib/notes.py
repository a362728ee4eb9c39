"""What people write on a task: questions and comments, notes to and from the biller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lib import access, drafts, history, tasks
from lib.access import Verb
from lib.drafts import Form
from lib.errors import AlreadyCompleted, NoSuchTask, NothingWritten
from lib.history_event_kinds import EventKind
from lib.models import Channel, Note, Person, Status, Task, Turn
from lib.store import writer_scope
from lib.store.database import Connection, transaction
from lib.store.idempotency import FormSubmission, is_repeat


def notes(con: Connection, task_id: int, *, actor: Person) -> list[Note]:
    """Return everything written on one task of the actor's practices, oldest first."""
    return con.records(
        Note,
        """
        SELECT note.id, channel, text, person.name AS author, written_at
        FROM note JOIN person ON person.id = note.author_id
        WHERE task_id = $task_id AND list_contains($practices, note.practice_id)
        ORDER BY note.id
        """,
        task_id=task_id,
        practices=access.may_anywhere(actor, Verb.SEE_PATIENTS),
    )


def ask(
    con: Connection, task_id: int, text: str, *, token: str, drafts_sent: Sequence[str] = (),
    actor: Person, now: datetime,
) -> None:  # fmt: skip
    """Ask the biller a question. An unassigned task is assigned to whoever asks.

    `drafts_sent` are the drafts that end with it.
    """
    text = _written(text, "your question")
    with transaction(con, of=writer_scope.of_task(task_id)):
        drafts.end(con, task_id, form=Form.QUESTION, writers=drafts_sent, actor=actor)
        if is_repeat(con, FormSubmission(token, "ask", actor, (task_id, text)), now=now):
            return
        task = _pending(con, task_id, Verb.ASK, actor)
        _add(con, task, Channel.QUESTION, text, actor=actor, now=now)
        tasks.wait_on(con, task, Turn.BILLER, now=now)
        if task.assignee_id is None:
            tasks.give(con, task, to=actor.id, name=actor.name, actor=actor, now=now)


def comment(
    con: Connection, task_id: int, text: str, *, token: str, actor: Person, now: datetime
) -> None:
    """Add a comment for colleagues; whom the task waits on and who has it stay as they are."""
    text = _written(text, "your comment")
    with transaction(con, of=writer_scope.of_task(task_id)):
        if not is_repeat(con, FormSubmission(token, "comment", actor, (task_id, text)), now=now):
            add_comment(con, _pending(con, task_id, Verb.ASK, actor), text, actor=actor, now=now)


def answer(
    con: Connection, task_id: int, text: str, *, token: str, drafts_sent: Sequence[str] = (),
    actor: Person, now: datetime,
) -> None:  # fmt: skip
    """Answer as the biller; the task then waits on the practice again."""
    text = _written(text, "your answer")
    with transaction(con, of=writer_scope.of_task(task_id)):
        drafts.end(con, task_id, form=Form.ANSWER, writers=drafts_sent, actor=actor)
        if is_repeat(con, FormSubmission(token, "answer", actor, (task_id, text)), now=now):
            return
        task = _pending(con, task_id, Verb.ANSWER, actor)
        _add(con, task, Channel.QUESTION, text, actor=actor, now=now)
        tasks.wait_on(con, task, Turn.PRACTICE, now=now)


def write_from_biller(
    con: Connection, task_id: int, text: str, *, token: str, drafts_sent: Sequence[str] = (),
    actor: Person, now: datetime,
) -> None:  # fmt: skip
    """Add to the Notes from Biller, which the practice reads beside the charge."""
    text = _written(text, "the note")
    with transaction(con, of=writer_scope.of_task(task_id)):
        drafts.end(con, task_id, form=Form.BILLER, writers=drafts_sent, actor=actor)
        if is_repeat(con, FormSubmission(token, "note", actor, (task_id, text)), now=now):
            return
        task = tasks.get(con, task_id, actor=actor)
        access.require(actor, Verb.WRITE_AS_BILLER, task.practice_id, NoSuchTask())
        _add(con, task, Channel.FROM_BILLER, text, actor=actor, now=now)


def add_comment(con: Connection, task: Task, text: str, *, actor: Person, now: datetime) -> None:
    """Add a comment inside the caller's transaction; empty text adds nothing."""
    if text.strip():
        _add(
            con,
            task,
            Channel.QUESTION,
            text.strip(),
            kind=EventKind.COMMENTED,
            actor=actor,
            now=now,
        )


def add_to_biller(con: Connection, task: Task, text: str, *, actor: Person, now: datetime) -> None:
    """Add to the Notes to Biller inside the caller's transaction; empty text adds nothing."""
    if text.strip():
        _add(con, task, Channel.TO_BILLER, text.strip(), actor=actor, now=now)


def _written(text: str, what: str) -> str:
    text = text.strip()
    if not text:
        raise NothingWritten(what)
    return text


def _pending(con: Connection, task_id: int, verb: Verb, actor: Person) -> Task:
    task = tasks.get(con, task_id, actor=actor)
    access.require(actor, verb, task.practice_id, NoSuchTask())
    if task.status is Status.COMPLETED:
        raise AlreadyCompleted(task.completed_by)
    return task


_KINDS = {
    Channel.TO_BILLER: EventKind.NOTED_TO_BILLER,
    Channel.FROM_BILLER: EventKind.NOTED_FROM_BILLER,
}


def _add(
    con: Connection, task: Task, channel: Channel, text: str, *, kind: EventKind | None = None,
    actor: Person, now: datetime,
) -> None:  # fmt: skip
    con.execute(
        """
        INSERT INTO note (practice_id, task_id, channel, text, author_id, written_at)
        VALUES ($practice_id, $task_id, $channel, $text, $author_id, $now)
        """,
        practice_id=task.practice_id,
        task_id=task.id,
        channel=channel,
        text=text,
        author_id=actor.id,
        now=now,
    )
    is_biller = tasks.is_biller(actor, task.practice_id)
    asked = EventKind.ANSWERED if is_biller else EventKind.ASKED
    history.record(
        con,
        kind or _KINDS.get(channel, asked),
        practice_id=task.practice_id,
        task_id=task.id,
        actor_id=actor.id,
        now=now,
    )
