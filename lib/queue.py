"""The list of tasks: which ones, in which order, how many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lib import patient_masking, task_filter_sql
from lib.access import Verb, may_anywhere
from lib.models import (
    Person,
    Status,
    TaskFilter,
    TaskPage,
    TaskRow,
    TaskType,
)
from lib.store import search_index
from lib.store.database import Connection, money

PAGE_SIZE = 50

# What each field of TaskFilter lets through while it is set; a field that is not set is NULL and
# lets everything through. Statuses and words stand below, since each takes more than one value.
FILTERS: dict[str, str] = {
    "types": "list_contains($types, task.type)",
    "assignee_id": "task.assignee_id = $assignee_id",
    "unassigned": "task.assignee_id IS NULL",
    "turn": "task.turn = $turn",
    "answered": "task.is_answered",
    "payer": "task.payer_name = $payer",
    "provider": "task.provider_name = $provider",
    "created_from": "task.created_at >= $created_from",
    "created_before": "task.created_at < $created_before",
    "completed_from": "task.completed_at >= $completed_from",
    "completed_before": "task.completed_at < $completed_before",
    "pending_at": """task.created_at < $pending_at
                     AND (task.completed_at IS NULL OR task.completed_at >= $pending_at)""",
    "amount_from": "task.amount >= $amount_from",
    "amount_to": "task.amount <= $amount_to",
}

# `is_open` says again what the statuses say, since DuckDB can skip whole row groups by it.
_CONDITION = """
    list_contains($practices, task.practice_id)
    AND ($is_open IS NULL OR task.is_open = $is_open)
    AND ($statuses IS NULL OR list_contains($statuses, task.status))
""" + "".join(f"    AND (${name} IS NULL OR ({sql}))\n" for name, sql in FILTERS.items())

CONDITION = _CONDITION + search_index.CONDITION

# Ways to order the list, by the name of the column; the id makes every order total. A name that
# is not known is stored as an empty text.
ORDERS: dict[str, str] = {
    "title": "task.title",
    "type": "task.type",
    "patient": "nullif(task.patient_name, '')",
    "payer": "nullif(task.payer_name, '')",
    "service": "task.date_of_service",
    "amount": "task.amount",
    "age": "coalesce(CAST(task.requested_on AS TIMESTAMP), task.created_at)",
    "due": "task.due_on",
    "status": "task.status",
    "assignee": "assignee.name",
    "completed": "task.completed_at",
    "practice": "(SELECT name FROM practice WHERE id = task.practice_id)",
}
OF_PATIENT = ("title", "patient", "service")  # orders by what tells of a patient


def where(con: Connection, wanted: TaskFilter, actor: Person) -> tuple[str, dict[str, Any]]:
    """Return the condition and the values that let through what the filter wants and the actor may
    see.

    One fixed text over `task`; other modules that count tasks use it too.
    """
    # Whoever sees no patient cannot look for one by name either.
    practices = may_anywhere(actor, Verb.SEE_PATIENTS) if wanted.words else actor.practice_ids
    if wanted.practice_id is not None:
        practices = [p for p in practices if p == wanted.practice_id]
    more, values = task_filter_sql.asked(wanted)
    open_ones = [status is not Status.COMPLETED for status in wanted.statuses]
    return CONDITION + more, values | {
        "practices": practices,
        "is_open": open_ones[0] if open_ones and len(set(open_ones)) == 1 else None,
        "statuses": None if _says_all(wanted.statuses) else list(wanted.statuses),
        **{name: _parameter(getattr(wanted, name)) for name in FILTERS},
        **search_index.values(con, wanted.words),
    }


def _parameter(value: object) -> object:
    """Return a filter's field as a query takes it: None where it is not set."""
    return list(value) or None if isinstance(value, tuple) else None if value is False else value


def _says_all(statuses: tuple[Status, ...]) -> bool:
    """Return True where `is_open` alone says what these statuses say."""
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
    size: int = PAGE_SIZE,
) -> TaskPage:
    """Return one page of `size` tasks of the actor's practices, with count and amount of all
    pages.

    `order` is a key of ORDERS; rows without the value come last either way.
    """
    condition, values = where(con, wanted, actor)
    direction = "DESC" if descending else "ASC"
    # Looking for words reads every text: once, for the page and for the sums. Without words a
    # second look costs less than keeping what the first one found.
    keeps = "MATERIALIZED" if wanted.words else "NOT MATERIALIZED"
    join = "LEFT JOIN person AS assignee ON assignee.id = task.assignee_id"
    dollars, known = task_filter_sql.amount(wanted)
    place = dollars if order == "amount" else ORDERS[order]
    if order in OF_PATIENT:  # an order says something too
        values["seen"] = may_anywhere(actor, Verb.SEE_PATIENTS)
        place = f"CASE WHEN list_contains($seen, task.practice_id) THEN {place} END"
    count, amount, ids = con.rows(
        f"""
        WITH wanted AS {keeps} (
            SELECT task.id, {dollars} AS amount, {place} AS place
            FROM task {join if order == "assignee" else ""}
            WHERE {condition}
        )
        SELECT count(*), sum(amount), (
            SELECT array_agg(id) FROM (
                SELECT id FROM wanted
                ORDER BY place {direction} NULLS LAST, id {direction}
                LIMIT $size OFFSET $start
            ) AS page
        )
        FROM wanted
        """,
        **values,
        size=size,
        start=(page - 1) * size,
    )[0]
    rows = con.records(
        TaskRow,
        f"""
        SELECT task.id, task.title, task.type, task.patient_name, task.payer_name,
               task.date_of_service, {dollars} AS amount, task.created_at, task.completed_at,
               task.due_on, task.status, task.turn, assignee.name AS assignee_name,
               task.requested_on, task.practice_id, practice.name AS practice_name,
               task.is_answered
        FROM task {join} JOIN practice ON practice.id = task.practice_id
        WHERE task.id IN (SELECT unnest($ids::BIGINT[]))
        ORDER BY array_position($ids::BIGINT[], task.id)
        """,
        **known,
        ids=ids or [],
    )
    return TaskPage(
        tuple(patient_masking.task_row(row, actor) for row in rows), count, money(amount)
    )


def next_after(
    con: Connection, wanted: TaskFilter, task_id: int, *, actor: Person, order: str,
    descending: bool,
) -> int | None:  # fmt: skip
    """Return the task that comes after this one in the order of the list, whether or not the filter
    lets this one through; None after the last.

    Work on a task often takes it out of the view: a started one is nobody's no longer.
    """
    condition, values = where(con, wanted, actor)
    direction, beyond = ("DESC", "<") if descending else ("ASC", ">")
    join = "LEFT JOIN person AS assignee ON assignee.id = task.assignee_id"
    found: int | None = con.value(
        f"""
        WITH here AS (SELECT {ORDERS[order]} AS place FROM task {join} WHERE task.id = $here)
        SELECT task.id
        FROM task {join if order == "assignee" else ""}, here
        WHERE {condition}
          AND (({ORDERS[order]} {beyond} here.place)
               OR ({ORDERS[order]} IS NOT DISTINCT FROM here.place AND task.id {beyond} $here)
               OR ({ORDERS[order]} IS NULL AND here.place IS NOT NULL))
        ORDER BY {ORDERS[order]} {direction} NULLS LAST, task.id {direction}
        LIMIT 1
        """,
        **values,
        here=task_id,
    )
    return found


def counts(con: Connection, practice_ids: Sequence[int], *, actor: Person) -> dict[str, int]:
    """Count what the left menu shows, in those of these practices that are the actor's: pending
    tasks as "all", "mine", "unassigned", "waiting" on the biller, "answered" and by type, and
    "completed" ones."""
    practices = [practice for practice in practice_ids if practice in actor.practice_ids]
    pending = con.rows(
        """
        SELECT type, count(*),
               count(*) FILTER (WHERE assignee_id = $person_id),
               count(*) FILTER (WHERE assignee_id IS NULL),
               count(*) FILTER (WHERE turn = 'biller'),
               count(*) FILTER (WHERE is_answered)
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
        "waiting": sum(row[4] for row in pending),
        "answered": sum(row[5] for row in pending),
        **{kind.value: 0 for kind in TaskType},
        **{row[0]: row[1] for row in pending},
        "completed": completed,
    }


def filter_choices(
    con: Connection, practice_ids: Sequence[int], *, actor: Person
) -> tuple[list[str], list[str]]:
    """Return the names of payers and of providers that tasks of these practices carry, in order."""
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
