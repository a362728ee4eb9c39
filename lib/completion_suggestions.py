"""What a payer's later answer suggests: completing a task that nobody needs to work on any more."""

from __future__ import annotations

from datetime import datetime

from lib import access, history, tasks
from lib.access import Verb
from lib.errors import NoSuchTask, NothingProposed, NotYourTask
from lib.history_event_kinds import EventKind
from lib.models import Person, Resolution, Status, Suggestion, Task
from lib.store import writer_scope
from lib.store.database import Connection, transaction
from lib.store.idempotency import FormSubmission, has_completed, is_repeat


def of_task(con: Connection, task: Task) -> Suggestion | None:
    """Return the suggestion for a pending task, or None. The caller has read the task."""
    if task.status is Status.COMPLETED:
        return None
    found = con.records(
        Suggestion,
        """
        SELECT proposal AS sentence, proposal_at AS made_at FROM task
        WHERE id = $task_id AND proposal IS NOT NULL
        """,
        task_id=task.id,
    )
    return found[0] if found else None


def news(suggestion: Suggestion) -> str:
    """Return what the payer said, without the question to whoever has the task."""
    return suggestion.sentence.removesuffix("Complete the task?").rstrip()


def accept(
    con: Connection, task_id: int, *, seen: Suggestion, token: str, actor: Person, now: datetime
) -> None:
    """Complete the task as suggested, for its assignee; an unassigned task is assigned to whoever
    accepts.

    `seen` is the suggestion that was read. Raises NothingProposed, also if it is another one by
    now, NotYourTask, AlreadyCompleted, NotAllowed or NoSuchTask.
    """
    with transaction(con, of=writer_scope.of_task(task_id)):
        if has_completed(
            con, FormSubmission(token, "accept proposal", actor, (task_id,)), task_id, now=now
        ):
            return
        task, proposal = _proposed(con, task_id, seen, actor)
        tasks.give(con, task, to=actor.id, name=actor.name, actor=actor, now=now)
        _end(con, task, EventKind.SUGGESTION_ACCEPTED, proposal, actor, now)
        tasks.mark_completed(con, task, resolution=Resolution.ANSWERED, actor=actor, now=now)


def dismiss(
    con: Connection, task_id: int, *, seen: Suggestion, token: str, actor: Person, now: datetime
) -> None:
    """Leave the task as it is; the suggestion is gone, its history stays. Raises what `accept`
    raises."""
    with transaction(con, of=writer_scope.of_task(task_id)):
        is_known = is_repeat(
            con, FormSubmission(token, "decline proposal", actor, (task_id,)), now=now
        )
        if is_known and of_task(con, tasks.get(con, task_id, actor=actor)) is None:
            return
        task, proposal = _proposed(con, task_id, seen, actor)
        _end(con, task, EventKind.SUGGESTION_DISMISSED, proposal, actor, now)


def _proposed(
    con: Connection, task_id: int, seen: Suggestion, actor: Person
) -> tuple[Task, Suggestion]:
    task = tasks.get(con, task_id, actor=actor)
    access.require(actor, Verb.WORK, task.practice_id, NoSuchTask())
    if task.assignee_id not in (None, actor.id):
        raise NotYourTask(task.assignee_name)
    proposal = of_task(con, task)
    if proposal is None or proposal != seen:
        raise NothingProposed
    return task, proposal


def _end(
    con: Connection, task: Task, kind: EventKind, proposal: Suggestion, actor: Person, now: datetime
) -> None:
    tasks.withdraw_suggestion(con, task.id)
    history.record(
        con,
        kind,
        practice_id=task.practice_id,
        task_id=task.id,
        actor_id=actor.id,
        now=now,
        detail=proposal.sentence,
    )
