"""The queue: finding tasks, reading one, making one by hand, completing and reopening."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lib import access, history
from lib.access import Verb
from lib.errors import (
    AlreadyCompleted,
    NoSuchCharge,
    NoSuchTask,
    NotCompleted,
    NothingWritten,
    NotYourTask,
    WrongInput,
)
from lib.models import Person, Role, Status, Task, TaskFilter, TaskPage, TaskRow, TaskType, Turn
from lib.store import search_terms
from lib.store.database import Connection, money, transaction
from lib.store.idempotency import FormSubmission, has_completed, is_repeat, keep_result, result
from lib.store.search_words import claim_shape

PAGE_SIZE = 50

# A filter that is not set is NULL. `is_open` says again what the statuses say, since DuckDB can
# skip whole row groups by it.
_CONDITION = """
    list_contains($practices, task.practice_id)
    AND ($is_open IS NULL OR task.is_open = $is_open)
    AND ($statuses IS NULL OR list_contains($statuses, task.status))
    AND ($types IS NULL OR list_contains($types, task.type))
    AND ($assignee_id IS NULL OR task.assignee_id = $assignee_id)
    AND (NOT $unassigned OR task.assignee_id IS NULL)
    AND ($payer IS NULL OR task.payer_name = $payer)
    AND ($provider IS NULL OR task.provider_name = $provider)
    AND ($created_from IS NULL OR task.created_at >= $created_from)
    AND ($created_before IS NULL OR task.created_at < $created_before)
    AND ($completed_from IS NULL OR task.completed_at >= $completed_from)
    AND ($completed_before IS NULL OR task.completed_at < $completed_before)
    AND ($pending_at IS NULL OR (task.created_at < $pending_at
         AND (task.completed_at IS NULL OR task.completed_at >= $pending_at)))
    AND ($amount_from IS NULL OR task.amount >= $amount_from)
    AND ($amount_to IS NULL OR task.amount <= $amount_to)
"""

CONDITION = _CONDITION + search_terms.CONDITION

# Ways to order the list, by the name of the column; the id makes every order total. A name that
# is not known is stored as an empty text.
ORDERS: dict[str, str] = {
    "title": "task.title",
    "type": "task.type",
    "patient": "nullif(task.patient_name, '')",
    "payer": "nullif(task.payer_name, '')",
    "service": "task.date_of_service",
    "amount": "task.amount",
    "age": "task.created_at",
    "due": "task.due_on",
    "status": "task.status",
    "assignee": "assignee.name",
    "completed": "task.completed_at",
}

# Everybody's name in one map costs half of what three joins do.
_TASK_COLUMNS = """
    task.id, task.practice_id, task.type, task.status, task.turn, task.title, task.instructions,
    task.charge_id, task.patient_id, task.payer_id, task.assignee_id,
    called[task.assignee_id] AS assignee_name, task.claim_number, task.patient_name,
    task.payer_name, task.provider_name, task.date_of_service, task.amount, task.due_on,
    task.due_rule, task.document_label, task.source, task.codes, task.created_at,
    called[task.created_by] AS created_by, task.started_at, task.completed_at,
    called[task.completed_by] AS completed_by, task.version
"""


def where(con: Connection, wanted: TaskFilter, actor: Person) -> tuple[str, dict[str, Any]]:
    """The condition and the values that let through what the filter wants and the actor may see.

    One fixed text over `task`; other modules that count tasks use it too.
    """
    practices = actor.practice_ids
    if wanted.practice_id is not None:
        practices = [p for p in practices if p == wanted.practice_id]
    open_ones = [status is not Status.COMPLETED for status in wanted.statuses]
    return CONDITION, {
        "practices": practices,
        "is_open": open_ones[0] if open_ones and len(set(open_ones)) == 1 else None,
        "statuses": None if _says_all(wanted.statuses) else list(wanted.statuses),
        "types": list(wanted.types) or None,
        "assignee_id": wanted.assignee_id,
        "unassigned": wanted.unassigned,
        "payer": wanted.payer,
        "provider": wanted.provider,
        "created_from": wanted.created_from,
        "created_before": wanted.created_before,
        "completed_from": wanted.completed_from,
        "completed_before": wanted.completed_before,
        "pending_at": wanted.pending_at,
        "amount_from": wanted.amount_from,
        "amount_to": wanted.amount_to,
        **search_terms.values(con, wanted.words),
    }


def _says_all(statuses: tuple[Status, ...]) -> bool:
    """True where `is_open` alone says what these statuses say."""
    return set(statuses) in (
        set(),
        {Status.OPEN, Status.IN_PROGRESS},
        {Status.COMPLETED},
        set(Status),
    )


def find(
    con: Connection,
    wanted: TaskFilter,
    *,
    actor: Person,
    order: str = "due",
    descending: bool = False,
    page: int = 1,
) -> TaskPage:
    """One page of fifty tasks of the actor's practices, with count and amount of all pages.

    `order` is a key of ORDERS; rows without the value come last either way.
    """
    condition, values = where(con, wanted, actor)
    direction = "DESC" if descending else "ASC"
    # Looking for words reads every text: once, for the page and for the sums. Without words a
    # second look costs less than keeping what the first one found.
    keeps = "MATERIALIZED" if wanted.words else "NOT MATERIALIZED"
    join = "LEFT JOIN person AS assignee ON assignee.id = task.assignee_id"
    count, amount, ids = con.rows(
        f"""
        WITH wanted AS {keeps} (
            SELECT task.id, task.amount, {ORDERS[order]} AS place
            FROM task {join if order == "assignee" else ""}
            WHERE {condition}
        )
        SELECT count(*), sum(amount), (
            SELECT list(id) FROM (
                SELECT id FROM wanted
                ORDER BY place {direction} NULLS LAST, id {direction}
                LIMIT $size OFFSET $start
            )
        )
        FROM wanted
        """,
        **values,
        size=PAGE_SIZE,
        start=(page - 1) * PAGE_SIZE,
    )[0]
    rows = con.records(
        TaskRow,
        f"""
        SELECT task.id, task.title, task.type, task.patient_name, task.payer_name,
               task.date_of_service, task.amount, task.created_at, task.completed_at,
               task.due_on, task.status, task.turn, assignee.name AS assignee_name
        FROM task {join}
        WHERE task.id IN (SELECT unnest($ids::BIGINT[]))
        ORDER BY list_position($ids::BIGINT[], task.id)
        """,
        ids=ids or [],
    )
    return TaskPage(tuple(rows), count, money(amount))


def counts(con: Connection, practice_ids: Sequence[int], *, actor: Person) -> dict[str, int]:
    """What the left menu counts in those of these practices that are the actor's: pending tasks
    as "all", "mine", "unassigned" and by type, and "completed" ones."""
    practices = [practice for practice in practice_ids if practice in actor.practice_ids]
    pending = con.rows(
        """
        SELECT type, count(*),
               count(*) FILTER (WHERE assignee_id = $person_id),
               count(*) FILTER (WHERE assignee_id IS NULL)
        FROM task
        WHERE list_contains($practices, practice_id) AND is_open
        GROUP BY type
        """,
        practices=practices,
        person_id=actor.id,
    )
    completed = con.value(
        "SELECT count(*) FROM task WHERE list_contains($practices, practice_id) AND NOT is_open",
        practices=practices,
    )
    return {
        "all": sum(row[1] for row in pending),
        "mine": sum(row[2] for row in pending),
        "unassigned": sum(row[3] for row in pending),
        **{kind.value: 0 for kind in TaskType},
        **{row[0]: row[1] for row in pending},
        "completed": completed,
    }


def get(con: Connection, task_id: int, *, actor: Person) -> Task:
    """One task. Raises NoSuchTask, for another practice's task too."""
    found = con.records(
        Task,
        f"""
        SELECT {_TASK_COLUMNS}
        FROM task, (SELECT map(list(id), list(name)) AS called FROM person)
        WHERE task.id = $task_id
        """,
        task_id=task_id,
    )
    if not found:
        raise NoSuchTask
    access.require(actor, Verb.SEE, found[0].practice_id, NoSuchTask())
    return found[0]


def require_seen(con: Connection, task_id: int, *, actor: Person) -> None:
    """Raise NoSuchTask where `get` would, for a fifth of its time."""
    practice_id = con.value("SELECT practice_id FROM task WHERE id = $id", id=task_id)
    access.require(actor, Verb.SEE, practice_id, NoSuchTask())


def create(
    con: Connection,
    *,
    practice_id: int,
    type: TaskType,  # noqa: A002
    title: str,
    instructions: str,
    charge_id: int | None = None,
    patient_id: int | None = None,
    document_label: str | None = None,
    due_on: date | None = None,
    token: str,
    actor: Person,
    now: datetime,
) -> int:
    """Make a task by hand, about a charge or a patient, and return its id.

    Raises NothingWritten without title or instructions, WrongInput without a charge or patient.
    """
    access.require(actor, Verb.CREATE_TASK, practice_id, NoSuchTask())
    title, instructions = title.strip(), instructions.strip()
    if not title:
        raise NothingWritten("what the task is about")
    if not instructions:
        raise NothingWritten("the instructions")
    if charge_id is None and patient_id is None:
        raise WrongInput("Choose the charge or the patient the task is about.")
    if type is not TaskType.DOCUMENTS and charge_id is None:
        raise WrongInput("Choose the charge: only a Documents task can do without one.")
    said = (practice_id, charge_id, patient_id, type, title, instructions, document_label, due_on)
    sent = FormSubmission(token, "create", actor, said)
    with transaction(con):
        if is_repeat(con, sent, now=now):
            return result(con, sent)
        about = _about(con, practice_id, charge_id, patient_id)
        rule = "named by the biller"
        if due_on is None:
            practice = next(m.practice for m in actor.memberships if m.practice.id == practice_id)
            today = now.astimezone(ZoneInfo(practice.timezone)).date()
            due_on = today + timedelta(days=practice.due_days)
            rule = f"{practice.due_days} days after the request, the practice's own rule"
        task_id = int(
            con.value(
                """
                INSERT INTO task (practice_id, type, status, is_open, turn, title, instructions,
                    charge_id, patient_id, payer_id, claim_number, patient_name, payer_name,
                    provider_name, date_of_service, amount, due_on, due_rule, document_label,
                    source, claim_shape, created_at, created_by)
                VALUES ($practice_id, $type, 'open', true, 'practice', $title, $instructions,
                    $charge_id, $patient_id, $payer_id, $claim_number, $patient_name, $payer_name,
                    $provider_name, $date_of_service, $amount, $due_on, $due_rule, $document_label,
                    'hand', $claim_shape, $now, $actor_id)
                RETURNING id
                """,
                practice_id=practice_id,
                type=type,
                title=title,
                instructions=instructions,
                due_on=due_on,
                due_rule=rule,
                document_label=document_label,
                claim_shape=claim_shape(about["claim_number"]),
                now=now,
                actor_id=actor.id,
                **about,
            )
        )
        search_terms.index(con, [task_id])
        history.record(
            con, "created", practice_id=practice_id, task_id=task_id, actor_id=actor.id, now=now
        )
        keep_result(con, sent, task_id)
        return task_id


def _about(
    con: Connection, practice_id: int, charge_id: int | None, patient_id: int | None
) -> dict[str, Any]:
    """What the list shows of the charge or patient a task is about."""
    names = (
        "charge_id", "patient_id", "payer_id", "claim_number", "patient_name", "payer_name",
        "provider_name", "date_of_service", "amount",
    )  # fmt: skip
    if charge_id is not None:
        found = con.row(
            """
            SELECT charge.id, charge.patient_id, charge.payer_id, charge.claim_number,
                   concat_ws(', ', nullif(patient.last_name, ''), nullif(patient.first_name, '')),
                   payer.name, coalesce(nullif(rendering_name, ''), billing_name),
                   charge.date_from,
                   (SELECT sum(total) FROM service_line WHERE charge_id = charge.id)
            FROM charge
            JOIN patient ON patient.id = charge.patient_id
            JOIN payer ON payer.id = charge.payer_id
            WHERE charge.id = $charge_id AND charge.practice_id = $practice_id
            """,
            charge_id=charge_id,
            practice_id=practice_id,
        )
        if not found:
            raise NoSuchCharge
        return dict(zip(names, found, strict=True))
    found = con.row(
        """
        SELECT NULL, id, NULL, '',
               concat_ws(', ', nullif(last_name, ''), nullif(first_name, '')), '', '', NULL, NULL
        FROM patient WHERE id = $patient_id AND practice_id = $practice_id
        """,
        patient_id=patient_id,
        practice_id=practice_id,
    )
    if not found:
        raise WrongInput("There is no such patient.")
    return dict(zip(names, found, strict=True))


def workable(con: Connection, task_id: int, *, actor: Person) -> Task:
    """The task as it is now, for the person who is about to complete or save it.

    Raises AlreadyCompleted, NotYourTask, NotAllowed or NoSuchTask.
    """
    task = get(con, task_id, actor=actor)
    access.require(actor, Verb.WORK, task.practice_id, NoSuchTask())
    if task.status is Status.COMPLETED:
        raise AlreadyCompleted(task.completed_by)
    if task.assignee_id != actor.id:
        raise NotYourTask(task.assignee_name)
    return task


def mark_completed(con: Connection, task: Task, *, actor: Person, now: datetime) -> None:
    """Set the task to completed inside the caller's transaction, with its history."""
    con.execute(
        """
        UPDATE task SET status = 'completed', is_open = false, turn = 'biller',
            started_at = coalesce(started_at, $now), completed_at = $now, completed_by = $actor_id,
            version = version + 1
        WHERE id = $task_id
        """,
        task_id=task.id,
        actor_id=actor.id,
        now=now,
    )
    con.execute("DELETE FROM draft WHERE task_id = $task_id", task_id=task.id)
    history.record(
        con,
        "completed",
        practice_id=task.practice_id,
        task_id=task.id,
        actor_id=actor.id,
        now=now,
        field="Status",
        old=task.status.label,
        new=Status.COMPLETED.label,
    )


def complete(
    con: Connection, task_id: int, *, note: str, token: str, actor: Person, now: datetime
) -> None:
    """Complete a task about a claim that is not held here; the note says what was done."""
    from lib import notes

    if not note.strip():
        raise NothingWritten("a note to the biller that says what was done")
    sent = FormSubmission(token, "complete", actor, (task_id, note))
    with transaction(con):
        if has_completed(con, sent, task_id, now=now):
            return
        task = workable(con, task_id, actor=actor)
        if task.charge_id is not None or task.type is TaskType.DOCUMENTS:
            raise WrongInput("Complete this task with its charge or document.")
        notes.add_to_biller(con, task, note, actor=actor, now=now)
        mark_completed(con, task, actor=actor, now=now)


def reopen(con: Connection, task_id: int, *, reason: str, actor: Person, now: datetime) -> None:
    """Put a completed task back in the queue of the person who completed it."""
    if not reason.strip():
        raise NothingWritten("why the task is reopened")
    with transaction(con):
        task = get(con, task_id, actor=actor)
        access.require(actor, Verb.REOPEN, task.practice_id, NoSuchTask())
        if task.status is not Status.COMPLETED:
            raise NotCompleted
        con.execute(
            """
            UPDATE task SET status = 'in_progress', is_open = true, turn = $turn,
                assignee_id = coalesce(completed_by, assignee_id), completed_at = NULL,
                completed_by = NULL, version = version + 1
            WHERE id = $task_id
            """,
            task_id=task_id,
            turn=Turn.PRACTICE,
        )
        _show_charge(con, task)
        history.record(
            con,
            "reopened",
            practice_id=task.practice_id,
            task_id=task_id,
            actor_id=actor.id,
            now=now,
            field="Status",
            old=Status.COMPLETED.label,
            new=Status.IN_PROGRESS.label,
            detail=reason.strip(),
        )


def _show_charge(con: Connection, task: Task) -> None:
    """Let a task that was completed show its charge as it is: only pending ones follow it."""
    if task.charge_id is None:
        return
    about = _about(con, task.practice_id, task.charge_id, None)
    con.execute(
        "UPDATE task SET provider_name = $provider, date_of_service = $day WHERE id = $task_id",
        task_id=task.id,
        provider=about["provider_name"],
        day=about["date_of_service"] or task.date_of_service,
    )
    search_terms.index(con, [task.id])


def is_biller(actor: Person, practice_id: int) -> bool:
    """True for somebody on the biller's side of that practice's queue."""
    return actor.role_in(practice_id) is Role.BILLER


def filter_choices(
    con: Connection, practice_ids: Sequence[int], *, actor: Person
) -> tuple[list[str], list[str]]:
    """The names of payers and of providers that tasks of these practices carry, in order."""
    practices = [practice for practice in practice_ids if practice in actor.practice_ids]
    payers = con.rows(
        "SELECT DISTINCT name FROM payer WHERE list_contains($practices, practice_id) ORDER BY 1",
        practices=practices,
    )
    providers = con.rows(
        """
        SELECT DISTINCT provider_name FROM task
        WHERE list_contains($practices, practice_id) AND provider_name <> '' ORDER BY 1
        """,
        practices=practices,
    )
    return [name for (name,) in payers], [name for (name,) in providers]
