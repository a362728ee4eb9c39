"""What a report covers, and the SQL that its numbers share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol, Self
from zoneinfo import ZoneInfo

from lib.backlog.calendar_periods import Unit, begins, hours_of_one_day, midnight
from lib.backlog.sql_literals import runnable
from lib.models import EarlierZone, Selection, TaskType


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a report covers: practices, the as-of moment, the period and the filters."""

    practice_ids: tuple[int, ...]
    as_of: datetime  # what happened later is not known
    today: date  # the day of `as_of`
    since: date
    until: date  # included; not after `today`
    zone: str | None = None  # of all the practices, where one clock tells their days
    earlier_zones: tuple[EarlierZone, ...] = ()  # of that clock, or of each; the first one first
    zones: tuple[str, ...] = ()  # of several clocks: all zones they are or were in, where known
    closes_day: bool = False  # True: all of `today` by each practice's own clock, nothing later
    unit: Unit = Unit.WEEK
    types: tuple[TaskType, ...] = ()
    payer: str | None = None
    provider: str | None = None
    person_id: int | None = None  # who had the task at the time
    unassigned: bool = False
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    is_changed_since: bool = True  # False: no task or filing limit was changed after `as_of`
    has_later_events: bool = True  # False: nothing happened after `as_of`
    has_holidays: bool = True  # False: none of the practices has written down any
    holidays_as_of: datetime | None = None  # of a period before: the moment of the whole report
    # Whose moment says what tasks are (payer, type, amount …), where that is another one: a chart
    # over time with filters asks it once for all its days.
    values_at: View | None = None

    @property
    def is_one_person(self) -> bool:
        """Return True where one person's tasks are asked for."""
        return self.unassigned or self.person_id is not None

    @property
    def is_filtered(self) -> bool:
        """Return True where not every task of the practices is looked at."""
        return bool(_asked(self))


@dataclass(frozen=True, slots=True)
class Table:
    """The rows behind one number, as the table below its chart shows them."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    sql: str  # gives the same rows on a copy of the store

    def dicts(self) -> list[dict[str, Any]]:
        """Return the rows by the names of the columns."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]

    def column(self, name: str) -> list[Any]:
        """Return the values of one column, in the order of the rows."""
        place = self.names.index(name)
        return [row[place] for row in self.rows]


_FILTERS = {
    "types": "task.type = ANY($of_types)",
    "payer": "task.payer_name = $of_payer",
    "provider": "task.provider_name = $of_provider",
    "amount_from": "task.amount >= $of_amount_from",
    "amount_to": "task.amount <= $of_amount_to",
}


def _asked(view: View) -> list[str]:
    return [text for name, text in _FILTERS.items() if getattr(view, name) not in (None, ())]


def local_day(view: View, moment: str, practice: str = "practice") -> str:
    """Return the SQL for the day on which a stored moment falls in the practice."""
    day = _day_in_its_zone(view, moment, practice)
    zones = view.zones
    if view.zone:
        zones = (view.zone, *(each.timezone for each in view.earlier_zones))
    if not zones:
        return day
    first, last = hours_of_one_day(zones)
    return (
        f"CASE WHEN hour({moment}) BETWEEN {first} AND {last} THEN CAST({moment} AS DATE) "
        f"ELSE {day} END"
    )


def _day_in_its_zone(view: View, moment: str, practice: str) -> str:
    def day(zone: str) -> str:
        return f"CAST({moment} AT TIME ZONE 'UTC' AT TIME ZONE {zone} AS DATE)"

    present = day("$of_zone" if view.zone else f"{practice}.timezone")
    if not view.earlier_zones:
        return present
    cases = ""
    for place in range(len(view.earlier_zones)):
        whose = "" if view.zone else f"{practice}.id = $was_practice_{place} AND "
        cases += f"WHEN {whose}{moment} < $was_until_{place} THEN {day(f'$was_zone_{place}')} "
    return f"CASE {cases}ELSE {present} END"


def within(view: View, moment: str, days: str = "of") -> str:
    """Return the condition that a stored moment falls in these days: of the view, or of a bar.

    With one clock that is two comparisons. With several the clock in UTC decides wherever it can:
    time zones matter only within a day of either end.
    """
    if view.zone:
        return f"{moment} >= ${days}_begins AND {moment} < ${days}_ends"
    begin, end = f"CAST(${days}_since AS TIMESTAMP)", f"CAST(${days}_until AS TIMESTAMP)"
    return (
        f"{moment} >= {begin} - INTERVAL '1 day' AND {moment} < {end} + INTERVAL '2 days'"
        f" AND ({moment} BETWEEN {begin} + INTERVAL '1 day' AND {end}"
        f" OR {local_day(view, moment)} BETWEEN ${days}_since AND ${days}_until)"
    )


def days_of(view: View, name: str, since: date, until: date) -> dict[str, Any]:
    """Return the values of `within` for these days."""
    found: dict[str, Any] = {f"{name}_since": since, f"{name}_until": until}
    if view.zone:
        found[f"{name}_begins"] = begins(since, view.zone, view.earlier_zones)
        found[f"{name}_ends"] = _end(view, until, view.zone)
    return found


def weekdays(day: str) -> str:
    """Return the SQL for how many Mondays to Fridays there were up to a day, since 1900."""
    past = f"(({day}) - DATE '1900-01-01')"  # a Monday
    return f"({past} // 7 * 5 + least({past} % 7 + 1, 5))"


def holidays_off(view: View, practice: str, after: str, until: str) -> str:
    """Return the SQL for how many Mondays to Fridays after one day and up to another are holidays
    of a practice."""
    if not view.has_holidays:
        return "0"
    return (
        f"(SELECT count(*) FROM holiday WHERE holiday.practice_id = {practice} AND "
        f"holiday.day > {after} AND holiday.day <= {until} AND isodow(holiday.day) < 6 AND "
        "(written_at IS NULL OR written_at <= $of_calendar) AND "
        "(removed_at IS NULL OR removed_at > $of_calendar))"
    )


_EAST = "Pacific/Kiritimati"  # where a day is over before it is anywhere else


def calendar_moment(view: View) -> datetime:
    """Return the moment whose list of holidays counts: that of the report, the end of its day where
    it closes one."""
    if view.holidays_as_of:
        return view.holidays_as_of
    if not view.closes_day:
        return view.as_of
    if view.zone:
        return _end(view, view.today, view.zone) - timedelta(microseconds=1)
    return midnight(view.today + timedelta(days=1), ZoneInfo(_EAST)) - timedelta(microseconds=1)


def _end(view: View, day: date, zone: str) -> datetime:
    return begins(day + timedelta(days=1), zone, view.earlier_zones)


def ours(view: View, table: str) -> str:
    """Return the condition that a row is of the practices that are asked for."""
    if len(view.practice_ids) == 1:
        return f"{table}.practice_id = $of_practice"
    return f"{table}.practice_id = ANY($of_practices)"


def at_place(view: View, table: str) -> str:
    """Return the table, joined with `practice` if the practices' time zones differ."""
    return table if view.zone else f"{table} JOIN practice ON practice.id = {table}.practice_id"


_DAYS_APART = timedelta(days=3)  # more than lies between the ends of one day in any two zones
# Columns of a task that never change or whose changes are events, and those whose earlier values
# are in `task_before`.
_FIXED = ("id", "practice_id", "claim_number", "requested_on", "created_at", "came_at",
          "taken_up_at", "started_at", "completed_at", "completed_by", "resolution", "assignee_id",
          "turn", "is_open")  # fmt: skip
_CHANGING = ("type", "codes", "amount", "due_on", "charge_id", "payer_id", "payer_name",
             "provider_name", "date_of_service")  # fmt: skip


def tasks_text(view: View, *extra: str, beside: str = "") -> str:
    """Return the FROM and WHERE of the view's tasks, with their values at the view's moment.

    `beside` names a relation to join them with, by its `task_id`.
    """
    conditions = [ours(view, "task"), *_asked(view), *extra]
    on = f" ON task.id = {beside}.task_id" if beside else ""
    place = "" if view.zone else " JOIN practice ON practice.id = task.practice_id"
    tasks = f"FROM {beside + ' JOIN ' if beside else ''}{_tasks_then(view)}{on}{place}"
    return f"{tasks}\n    WHERE " + "\n      AND ".join(conditions)


def as_known(con: Reader, view: View) -> View:
    """Return the view, marked as needing no earlier values, no history of pending tasks or no
    holidays where nothing was changed or happened since, or there are none."""
    _, [(changed_at, events, holidays)] = con.table(
        """
        SELECT (
            SELECT max(changed_at) FROM (
                SELECT changed_at FROM task_before
                UNION ALL SELECT changed_at FROM filing_limit_before
            )
        ), (SELECT count(*) FROM event WHERE happened_at > $moment),
           (SELECT count(*) FROM holiday WHERE practice_id = ANY($practices))
        """,
        practices=list(view.practice_ids),
        moment=view.as_of - _DAYS_APART if view.closes_day else view.as_of,
    )
    moment = (view.as_of - _DAYS_APART).replace(tzinfo=None)
    return replace(
        view,
        is_changed_since=changed_at is not None and changed_at >= moment,
        has_later_events=events > 0,
        has_holidays=holidays > 0,
    )


def _tasks_then(view: View) -> str:
    if not view.is_changed_since:
        return "task"
    fixed = ", ".join(f"task.{each}" for each in _FIXED)
    now, then = (", ".join(f"{table}.{each}" for each in _CHANGING) for table in ("task", "was"))
    return f"""(
        SELECT {fixed},
               {now}
        FROM task WHERE task.id NOT IN (SELECT task_id FROM {changed_later(view)})
        UNION ALL
        -- What was changed later is taken as it was before the first such change.
        SELECT {fixed},
               {then}
        FROM task JOIN task_before AS was ON was.task_id = task.id
        WHERE was.id IN (SELECT first_id FROM {changed_later(view)})
    ) AS task"""


def changed_later(view: View) -> str:
    """Return a relation of the tasks changed after the view's moment, each with the id of its first
    row in `task_before` after that moment: the row that says what the task was then."""
    then, name = (view.values_at, "told") if view.values_at else (view, "of")
    return f"""(
            SELECT task_before.task_id, min(task_before.id) AS first_id
            FROM {at_place(then, "task_before") if then.closes_day else "task_before"}
            WHERE NOT ({known(then, "task_before.changed_at", name)}) GROUP BY task_before.task_id
        )"""


def known(view: View, moment: str = "event.happened_at", name: str = "of") -> str:
    """Return the condition that `moment` is not after the view's, whose parameters begin with
    `name`. The query has to join `practice` if the view closes a day in several time zones."""
    if not view.closes_day:
        return f"{moment} <= ${name}_as_of"
    if view.zone:
        return f"{moment} < ${name}_closes"
    return (
        f"{moment} <= ${name}_as_of"
        f" AND ({moment} < CAST(${name}_today AS TIMESTAMP) - INTERVAL '1 day'"
        f" OR {local_day(view, moment)} <= ${name}_today)"
    )


def events(view: View) -> str:
    """Return the table of events, joined with `practice` if `known` needs its time zone."""
    return at_place(view, "event") if view.closes_day else "event"


def reopened_completions(view: View) -> str:
    """Return the table of completions that were ended by a reopening, joined with `practice` if
    `known` needs its time zone."""
    return at_place(view, "reopened_completion") if view.closes_day else "reopened_completion"


def values(view: View) -> dict[str, Any]:
    """Return the parameters of any SQL that is built from a view."""
    zones: dict[str, Any] = {}
    for place, each in enumerate(view.earlier_zones):
        zones |= {
            f"was_practice_{place}": each.practice_id, f"was_until_{place}": each.until,
            f"was_zone_{place}": each.timezone,
        }  # fmt: skip
    told = _moment(view.values_at, "told") if view.values_at else {}
    return {
        **zones,
        **told,
        **_moment(view, "of"),
        "of_practices": list(view.practice_ids),
        "of_practice": view.practice_ids[0] if view.practice_ids else None,
        "of_zone": view.zone,
        **days_of(view, "of", view.since, view.until),
        "of_types": [kind.value for kind in view.types],
        "of_payer": view.payer,
        "of_provider": view.provider,
        "of_person": view.person_id,
        "of_amount_from": view.amount_from,
        "of_amount_to": view.amount_to,
        "of_calendar": calendar_moment(view),
    }


def _moment(view: View, name: str) -> dict[str, Any]:
    """Return the values of `known`."""
    return {
        f"{name}_as_of": view.as_of,
        f"{name}_today": view.today,
        f"{name}_closes": _end(view, view.today, view.zone) if view.zone else None,
    }


class Reader(Protocol):
    """Where SQL is run: the store, a copy of it, or either of them through `Together`."""

    def table(
        self, sql: str, /, **parameters: Any
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Return the names of the columns of one statement, and all its rows."""


@dataclass(frozen=True, slots=True)
class Basis:
    """A relation that several numbers start from: its name, and the CTEs that define it."""

    name: str
    text: str


class Together:
    """Computes the numbers of a page together, and each relation in `shared` only once.

    A context manager: the temporary tables it makes are dropped when it ends. `shared` names the
    relations worth a temporary table because several numbers start from them; any other is cheaper
    to read again. `facts` lists the extra columns of `standing` that some number of the page needs.
    """

    def __init__(
        self, con: Reader, *, shared: tuple[str, ...], facts: tuple[str, ...] = ()
    ) -> None:
        self._con = con
        self._shared = shared
        self.facts = facts
        self._kept: dict[str, str] = {}  # a basis with its values -> the table that holds it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        for name in self._kept.values():
            self._con.table(f"DROP TABLE IF EXISTS {name}")

    def table(
        self, sql: str, /, **parameters: Any
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Return the names of the columns of one statement, and all its rows."""
        return self._con.table(sql, **parameters)

    def shares(self, basis: Basis) -> bool:
        """Return True where more than one number begins with it."""
        return basis.name in self._shared

    def holding(self, basis: Basis, known: Mapping[str, Any]) -> str:
        """Return the name of a table with the rows of a basis, for this block."""
        used = _used(basis.text, known)
        key = f"{basis.name} {runnable(basis.text, used)}"
        if key not in self._kept:
            name = f"together_{len(self._kept)}"
            self._kept[key] = name
            self._con.table(
                f"CREATE OR REPLACE TEMP TABLE {name} AS WITH {basis.text}\nFROM {basis.name}",
                **used,
            )
        return self._kept[key]


def ask(
    con: Reader, view: View, sql: str, *, basis: Basis | None = None, also: str = "", **more: Any
) -> Table:
    """Run a SELECT and return its rows, with the SQL as it can be pasted: values as literals.

    `sql` selects from `basis` and from the CTEs in `also`.
    """
    known_values = values(view) | more
    text = _with(basis.text if basis else "", also, sql)
    asked = _used(text, known_values)
    if basis and isinstance(con, Together) and con.shares(basis):
        held = con.holding(basis, known_values)
        short = _with(f"{basis.name} AS (FROM {held})", also, sql)
        names, rows = con.table(short, **_used(short, known_values))
    else:
        names, rows = con.table(text, **asked)
    return Table(tuple(names), tuple(rows), runnable(text, asked))


def _with(*parts: str) -> str:
    *relations, select = (part.strip() for part in parts)
    told = ",\n".join(part for part in relations if part)
    return f"WITH {told}\n{select}" if told else select


def selection(view: View, sql: str, **more: Any) -> Selection:
    """Return SQL that selects ids of tasks, with its parameters, for the task list."""
    amount = f"""CASE WHEN task.id IN (SELECT task_id FROM {changed_later(view)})
        THEN (SELECT was.amount FROM task_before AS was JOIN {changed_later(view)} AS later
              ON later.first_id = was.id WHERE was.task_id = task.id)
        ELSE task.amount END"""
    used = _used(f"{sql} {amount}", values(view) | more)
    frozen = ((n, tuple(v) if isinstance(v, list) else v) for n, v in sorted(used.items()))
    return Selection(sql, tuple(frozen), amount)


def of_view(view: View) -> str:
    """Return the condition that an event's task passes the view's filters."""
    if not view.is_filtered:
        return ""
    return f"\n      AND event.task_id IN (SELECT task.id {tasks_text(view)})"


def _used(sql: str, known_values: Mapping[str, Any]) -> dict[str, Any]:
    names = set(re.findall(r"\$(\w+)", sql))
    return {name: value for name, value in known_values.items() if name in names}
