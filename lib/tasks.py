"""One task: reading it, making one by hand, and every change of its row.

Nothing else writes to the table of tasks. The changes below the verbs run inside the caller's
transaction, with their history, and keep what the search knows up to date. Each returns the id:
DuckDB then writes the row anew, of which it else keeps 256 KB until no import is open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from lib import access, history, us_formats
from lib.access import Verb
from lib.errors import (
    AlreadyCompleted,
    NoSuchCharge,
    NoSuchTask,
    NothingWritten,
    NotYourTask,
    WrongInput,
)
from lib.history_event_kinds import EventKind
from lib.models import Person, Resolution, Role, Status, Task, TaskType, Turn
from lib.store import search_index, writer_scope
from lib.store.database import Connection, Value, transaction
from lib.store.idempotency import FormSubmission, is_repeat, keep_result, result
from lib.store.search_match import claim_shape
from lib.tasks_before_changes import first_start, keep_completion, keep_earlier

SHOWN_OF_CHARGE = (("charge_id", "BIGINT"), ("patient_id", "BIGINT"), ("payer_id", "BIGINT"),
    ("patient_name", "VARCHAR"), ("payer_name", "VARCHAR"), ("provider_name", "VARCHAR"),
    ("date_of_service", "DATE"))  # fmt: skip
FARTHEST_DUE = timedelta(days=366)  # what is typed beyond it is a wrong year

# People by their ids: a second statement for their names costs a third of what three joins do.
_TASK_COLUMNS = """
    task.id, task.practice_id, task.type, task.status, task.turn, task.title, task.instructions,
    task.charge_id, task.patient_id, task.payer_id, task.assignee_id,
    NULL AS assignee_name, task.claim_number, task.patient_name,
    task.payer_name, task.provider_name, task.date_of_service, task.amount, task.due_on,
    task.due_rule, task.document_label, task.source, task.codes, task.created_at,
    CAST(task.created_by AS VARCHAR) AS created_by, task.started_at, task.completed_at,
    CAST(task.completed_by AS VARCHAR) AS completed_by, task.version, task.requested_on,
    task.resolution, task.is_answered
"""


def get(con: Connection, task_id: int, *, actor: Person) -> Task:
    """Return one task. Raise NoSuchTask, for another practice's task too."""
    found = con.records(
        Task, f"SELECT {_TASK_COLUMNS} FROM task WHERE task.id = $task_id", task_id=task_id
    )
    if not found:
        raise NoSuchTask
    access.require(actor, Verb.SEE_PATIENTS, found[0].practice_id, NoSuchTask())
    return _named(con, found[0])


def _named(con: Connection, task: Task) -> Task:
    """Return the task with the names of its people instead of their ids."""
    people = (task.assignee_id, task.created_by, task.completed_by)
    assignee, creator, completer = (int(by) if by else None for by in people)
    names: dict[int | None, str] = dict(
        con.rows(
            "SELECT id, name FROM person WHERE id IN ($assignee, $creator, $completer)",
            assignee=assignee, creator=creator, completer=completer,
        )
    )  # fmt: skip
    return replace(task, assignee_name=names.get(assignee), created_by=names.get(creator),
                   completed_by=names.get(completer))  # fmt: skip


def require_seen(con: Connection, task_id: int, *, actor: Person) -> None:
    """Raise NoSuchTask where `get` would, for a fifth of its time."""
    practice_id = con.value("SELECT practice_id FROM task WHERE id = $id", id=task_id)
    access.require(actor, Verb.SEE_PATIENTS, practice_id, NoSuchTask())


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

    Raises NothingWritten without title or instructions, WrongInput without a charge or patient and
    for a due date of another year.
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
    with transaction(con, of=writer_scope.of_practice(practice_id)):
        if is_repeat(con, sent, now=now):
            return result(con, sent)
        about = subject_of(con, practice_id, charge_id, patient_id)
        rule = "named by the biller"
        practice = next(m.practice for m in actor.memberships if m.practice.id == practice_id)
        today = now.astimezone(ZoneInfo(practice.timezone)).date()
        if due_on is not None and abs(due_on - today) > FARTHEST_DUE:
            raise WrongInput(
                f"Check the due date: {us_formats.day(due_on)} is more than a year away."
            )
        if due_on is None:
            due_on = today + timedelta(days=practice.due_days)
            rule = f"{practice.due_days} days after the request, the practice's own rule"
        [task_id] = con.next_ids("task", 1)
        con.execute(
            """
            INSERT INTO task (id, practice_id, type, status, is_open, turn, title, instructions,
                charge_id, patient_id, payer_id, claim_number, patient_name, payer_name,
                provider_name, date_of_service, amount, due_on, due_rule, document_label,
                source, claim_shape, requested_on, created_at, came_at, created_by)
            VALUES ($id, $practice_id, $type, 'open', true, 'practice', $title, $instructions,
                $charge_id, $patient_id, $payer_id, $claim_number, $patient_name, $payer_name,
                $provider_name, $date_of_service, $amount, $due_on, $due_rule, $document_label,
                'hand', $claim_shape, $today, $now, $now, $actor_id)
            """,
            id=task_id,
            practice_id=practice_id,
            type=type,
            title=title,
            instructions=instructions,
            due_on=due_on,
            due_rule=rule,
            document_label=document_label,
            claim_shape=claim_shape(about["claim_number"]),
            today=today,
            now=now,
            actor_id=actor.id,
            **about,
        )
        search_index.index(con, [task_id])
        history.record(
            con,
            EventKind.CREATED,
            practice_id=practice_id,
            task_id=task_id,
            actor_id=actor.id,
            now=now,
        )
        keep_result(con, sent, task_id)
        return task_id


def subject_of(
    con: Connection, practice_id: int, charge_id: int | None, patient_id: int | None
) -> dict[str, Any]:
    """Return what the list shows of the charge or patient a task is about."""
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
    """Return the task as it is now, for the person who is about to complete or save it.

    Raises AlreadyCompleted, NotYourTask, NotAllowed or NoSuchTask.
    """
    task = get(con, task_id, actor=actor)
    access.require(actor, Verb.WORK, task.practice_id, NoSuchTask())
    if task.status is Status.COMPLETED:
        raise AlreadyCompleted(task.completed_by)
    if task.assignee_id != actor.id:
        raise NotYourTask(task.assignee_name)
    return task


def give(
    con: Connection, task: Task, *, to: int, name: str, detail: str | None = None, actor: Person,
    now: datetime,
) -> None:  # fmt: skip
    """Set the assignee, unless the task is already theirs."""
    if task.assignee_id == to:
        return
    con.execute(
        """
        UPDATE task SET assignee_id = $to, taken_up_at = coalesce(taken_up_at, $now),
            version = version + 1
        WHERE id = $task_id RETURNING id
        """,
        to=to,
        task_id=task.id,
        now=now,
    )
    history.record_assignee(con, task, name, actor, now, detail)


def give_back(con: Connection, task: Task, *, actor: Person, now: datetime) -> None:
    """Unassign the task and open it again."""
    if task.assignee_id is None:
        return
    con.execute(
        """
        UPDATE task SET assignee_id = NULL, status = 'open',
            taken_up_at = coalesce(taken_up_at, $now), version = version + 1
        WHERE id = $task_id RETURNING id
        """,
        task_id=task.id,
        now=now,
    )
    history.record_assignee(con, task, None, actor, now)
    if task.status is Status.IN_PROGRESS:
        history.record_status(con, EventKind.GIVEN_BACK, task, Status.OPEN, actor, now)


def mark_not_started(
    con: Connection, task: Task, *, assignee_id: int | None, started_at: datetime | None,
    is_answered: bool, actor: Person, now: datetime,
) -> None:  # fmt: skip
    """Put a started task back as it was: open, with whoever had it, and `started_at` then."""
    con.execute(
        """
        UPDATE task SET status = 'open', assignee_id = $assignee_id, version = version + 1,
            is_answered = $is_answered, started_at = $started_at
        WHERE id = $task_id RETURNING id
        """,
        task_id=task.id,
        assignee_id=assignee_id,
        is_answered=is_answered,
        started_at=started_at,
    )
    history.record_status(con, EventKind.START_UNDONE, task, Status.OPEN, actor, now)
    if assignee_id != task.assignee_id:
        name = con.value("SELECT name FROM person WHERE id = $id", id=assignee_id)
        history.record_assignee(con, task, name, actor, now)


def mark_started(con: Connection, task: Task, *, actor: Person, now: datetime) -> None:
    """Set an open task to in progress; the first start is the one that is remembered."""
    if task.status is not Status.OPEN:
        return
    con.execute(
        """
        UPDATE task SET status = 'in_progress', started_at = coalesce(started_at, $now),
            taken_up_at = coalesce(taken_up_at, $now), version = version + 1
        WHERE id = $task_id RETURNING id
        """,
        task_id=task.id,
        now=now,
    )
    history.record_status(con, EventKind.STARTED, task, Status.IN_PROGRESS, actor, now)


def mark_completed(
    con: Connection, task: Task, *, resolution: Resolution, actor: Person, now: datetime
) -> None:
    """Set the task to completed, as it ended; what was typed about it and not saved goes."""
    con.execute(
        """
        UPDATE task SET status = 'completed', is_open = false, turn = 'biller', is_answered = false,
            started_at = coalesce(started_at, (
                SELECT completed_at FROM reopened_completion
                WHERE task_id = $task_id ORDER BY completion_id LIMIT 1
            ), $now), completed_at = $now, completed_by = $actor_id,
            resolution = $resolution, version = version + 1
        WHERE id = $task_id RETURNING id
        """,
        task_id=task.id,
        actor_id=actor.id,
        resolution=resolution,
        now=now,
    )
    # Only the forms that completed it: what a colleague typed before the task was taken over, and
    # questions not sent yet, are still theirs.
    con.execute(
        """
        DELETE FROM draft
        WHERE task_id = $task_id AND person_id = $actor_id AND form IN ('charge', 'note')
        """,
        task_id=task.id,
        actor_id=actor.id,
    )
    history.record_status(
        con, EventKind.COMPLETED, task, Status.COMPLETED, actor, now, resolution=resolution
    )


def mark_reopened(
    con: Connection, task: Task, *, reason: str, actor: Person, now: datetime
) -> None:
    """Give a completed task back to whoever completed it, showing its charge as it now is."""
    keep_completion(con, task.id, now=now)
    con.execute(
        """
        UPDATE task SET status = 'in_progress', is_open = true, turn = 'practice',
            assignee_id = coalesce(completed_by, assignee_id), completed_at = NULL,
            completed_by = NULL, resolution = NULL, version = version + 1,
            started_at = $started_at
        WHERE id = $task_id RETURNING id
        """,
        task_id=task.id,
        started_at=first_start(con, task.id),
    )
    if task.charge_id is not None:
        about = subject_of(con, task.practice_id, task.charge_id, None)
        keep_earlier(con, [task.id], now=now)
        con.execute(
            """
            UPDATE task SET provider_name = $provider, date_of_service = $day,
                payer_id = $payer_id, payer_name = $payer
            WHERE id = $task_id RETURNING id
            """,
            task_id=task.id,
            payer_id=about["payer_id"],
            payer=about["payer_name"],
            provider=about["provider_name"],
            day=about["date_of_service"] or task.date_of_service,
        )
        search_index.index(con, [task.id])
    history.record_status(con, EventKind.REOPENED, task, Status.IN_PROGRESS, actor, now, reason)


def wait_on(con: Connection, task: Task, side: Turn, *, now: datetime) -> None:
    """Set whose turn it is: the biller's by a question, the practice's by the answer to it."""
    con.execute(
        """
        UPDATE task SET turn = $side, is_answered = ($side = 'practice'), version = version + 1,
            taken_up_at = CASE WHEN $side = 'biller' THEN coalesce(taken_up_at, $now)
                               ELSE taken_up_at END
        WHERE id = $task_id RETURNING id
        """,
        side=side,
        task_id=task.id,
        now=now,
    )


def take_up_answer(con: Connection, task: Task) -> None:
    """Let the task no longer stand as answered: the practice acts on it."""
    if task.is_answered:
        con.execute(
            "UPDATE task SET is_answered = false, version = version + 1 WHERE id = $task_id "
            "RETURNING id",
            task_id=task.id,
        )


def suggest_completion(con: Connection, task_id: int, sentence: str, *, now: datetime) -> None:
    """Let the open task say what suggests that it can be completed."""
    con.execute(
        """
        UPDATE task SET proposal = $sentence, proposal_at = $now, version = version + 1
        WHERE id = $task_id AND proposal IS DISTINCT FROM $sentence RETURNING id
        """,
        sentence=sentence,
        now=now,
        task_id=task_id,
    )


def withdraw_suggestion(con: Connection, task_id: int) -> None:
    """Take away what suggested that the task can be completed, if anything did."""
    con.execute(
        """
        UPDATE task SET proposal = NULL, proposal_at = NULL, version = version + 1
        WHERE id = $task_id AND proposal IS NOT NULL RETURNING id
        """,
        task_id=task_id,
    )


def add_rows(con: Connection, rows: Sequence[Mapping[str, Value]]) -> None:
    """Insert tasks that a file brings, each with its id, and index their search terms."""
    con.insert("task", rows)
    search_index.index(con, [row["id"] for row in rows])


def link_charges(con: Connection, shown: Mapping[int, Mapping[str, Value]], *,
                 now: datetime) -> None:  # fmt: skip
    """Let tasks, by id, be about charges, and show them: the columns of SHOWN_OF_CHARGE; their days
    of service where the charges have one."""
    keep_earlier(con, list(shown), now=now)
    told = ", ".join(f"unnest(${name}::{type_}[]) AS {name}" for name, type_ in SHOWN_OF_CHARGE)
    changed = (f"{name} = coalesce(now.{name}, task.{name})" for name, _ in SHOWN_OF_CHARGE)
    con.execute(
        f"""
        UPDATE task SET {", ".join(changed)}, version = version + 1
        FROM (SELECT unnest($ids::BIGINT[]) AS id, {told}) AS now WHERE task.id = now.id
        RETURNING task.id
        """,
        ids=list(shown),
        **{name: [each[name] for each in shown.values()] for name, _ in SHOWN_OF_CHARGE},
    )
    search_index.index(con, list(shown))


def unlink_charge(
    con: Connection, task_id: int, *, patient_id: int | None, payer_id: int | None, provider: str,
    day: date | None, now: datetime,
) -> None:  # fmt: skip
    """Let a task be about no charge until somebody chooses one, and show what is certain."""
    _show(con, [task_id], now=now, charge_id=None, patient_id=patient_id, payer_id=payer_id,
          provider_name=provider, date_of_service=day)  # fmt: skip


def revise_request(
    con: Connection, task_id: int, *, type: str, title: str, instructions: str, codes: str,  # noqa: A002
    due_on: date | None, due_rule: str, label: str | None, amount: Decimal | None,
    asked_on: date | None, now: datetime,
) -> None:  # fmt: skip
    """Let the open task say all that is asked now, and by when.

    The day it was first asked for stays: a request that is changed has waited since then.
    """
    _show(con, [task_id], now=now, type=type, title=title, instructions=instructions, codes=codes,
          due_on=due_on, due_rule=due_rule, document_label=label, amount=amount,
          asked_on=asked_on)  # fmt: skip


def revise(con: Connection, task_id: int, *, now: datetime, **shown: Value) -> None:
    """Let the task show what a message says now: the columns named in `shown`."""
    _show(con, [task_id], now=now, **shown)


def follow_charge(con: Connection, charge_id: int, *, now: datetime, **shown: Value) -> None:
    """Let the pending tasks about a charge show it as it now is: the columns named in `shown`."""
    differs = " OR ".join(f"{column} IS DISTINCT FROM ${column}" for column in shown)
    found = con.rows(
        f"SELECT id FROM task WHERE charge_id = $charge_id AND is_open AND ({differs}) ORDER BY id",
        charge_id=charge_id,
        **shown,
    )
    if found:
        _show(con, [task_id for (task_id,) in found], now=now, **shown)


def _show(con: Connection, ids: Sequence[int], *, now: datetime, **shown: Value) -> None:
    """Write these columns of tasks, after keeping what they said before."""
    keep_earlier(con, ids, now=now)
    assignments = ", ".join(f"{column} = ${column}" for column in shown)
    con.execute(
        f"""
        UPDATE task SET {assignments}, version = version + 1
        WHERE id IN (SELECT unnest($ids::BIGINT[])) RETURNING id
        """,
        ids=ids,
        **shown,
    )
    search_index.index(con, ids)


def is_biller(actor: Person, practice_id: int) -> bool:
    """Return True for somebody on the biller's side of that practice's queue."""
    return actor.role_in(practice_id) is Role.BILLER
