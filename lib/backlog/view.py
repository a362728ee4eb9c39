"""What a report looks at, and the texts of SQL that every number begins with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lib.backlog.days import Unit
from lib.models import Selection, TaskType
from lib.store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Whose tasks, known as of when, over which days, and which of them."""

    practice_ids: tuple[int, ...]
    as_of: datetime  # what happened later is not known
    today: date  # the day of `as_of`
    since: date
    until: date  # included; not after `today`
    closes_day: bool = False  # True: all of `today` by each practice's own clock, nothing later
    unit: Unit = Unit.WEEK
    types: tuple[TaskType, ...] = ()
    payer: str | None = None
    provider: str | None = None
    person_id: int | None = None  # who had the task at the time
    unassigned: bool = False
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None

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
    """One number or many, as they stand in the table below a chart."""

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


def local_day(moment: str, practice: str = "practice") -> str:
    """Return the SQL for the day on which a stored moment falls in the practice."""
    return f"CAST({moment} AT TIME ZONE 'UTC' AT TIME ZONE {practice}.timezone AS DATE)"


def within(moment: str, first: str = "$of_since", last: str = "$of_until") -> str:
    """Return the condition that a stored moment falls in these days of the practice.

    UTC is compared first, with a day to spare on either side: that needs no time zone, and skips
    whole blocks of rows.
    """
    return (
        f"{moment} >= CAST({first} AS TIMESTAMP) - INTERVAL '1 day'"
        f" AND {moment} < CAST({last} AS TIMESTAMP) + INTERVAL '2 days'"
        f" AND {local_day(moment)} BETWEEN {first} AND {last}"
    )


def weekdays(day: str) -> str:
    """Return the SQL for how many Mondays to Fridays there were up to a day, since 1900."""
    past = f"(({day}) - DATE '1900-01-01')"  # a Monday
    return f"({past} // 7 * 5 + least({past} % 7 + 1, 5))"


def tasks_text(view: View, *extra: str) -> str:
    """Return the FROM and WHERE of the view's tasks; their practice is joined."""
    conditions = ["task.practice_id = ANY($of_practices)", *_asked(view), *extra]
    return (
        "FROM task JOIN practice ON practice.id = task.practice_id\n    WHERE "
        + "\n      AND ".join(conditions)
    )


def known(view: View, event: str = "event") -> str:
    """Return the condition that something had happened by then."""
    text = f"{event}.happened_at <= $of_as_of"
    if view.closes_day:
        text += f" AND {local_day(f'{event}.happened_at')} <= $of_today"
    return text


def values(view: View) -> dict[str, Any]:
    """Return the values of every text that is made of a view."""
    return {
        "of_practices": list(view.practice_ids),
        "of_as_of": view.as_of,
        "of_today": view.today,
        "of_since": view.since,
        "of_until": view.until,
        "of_types": [kind.value for kind in view.types],
        "of_payer": view.payer,
        "of_provider": view.provider,
        "of_person": view.person_id,
        "of_amount_from": view.amount_from,
        "of_amount_to": view.amount_to,
    }


def ask(con: Connection, view: View, sql: str, **more: Any) -> Table:
    """Return what the text finds, and the text with its values in it."""
    asked = _used(sql, values(view) | more)
    names, rows = con.table(sql, **asked)
    return Table(names, tuple(rows), runnable(sql, asked))


def selection(view: View, sql: str, **more: Any) -> Selection:
    """Return a text that selects ids of tasks, with its values, for the list."""
    used = _used(sql, values(view) | more)
    frozen = ((n, tuple(v) if isinstance(v, list) else v) for n, v in sorted(used.items()))
    return Selection(sql, tuple(frozen))


def _used(sql: str, known_values: Mapping[str, Any]) -> dict[str, Any]:
    names = set(re.findall(r"\$(\w+)", sql))
    return {name: value for name, value in known_values.items() if name in names}


def runnable(sql: str, parameters: Mapping[str, Any]) -> str:
    """Return the text with its values as literals: it runs wherever the tables are."""
    text = re.sub(r"\$(\w+)", lambda found: literal(parameters[found[1]]), sql)
    return text.strip()


def literal(value: Any) -> str:
    """Return a value as SQL writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, str):  # the words of an enum too
        text = value.value if isinstance(value, StrEnum) else value
        return "'" + text.replace("'", "''") + "'"
    if isinstance(value, Sequence):
        return "[" + ", ".join(literal(each) for each in value) + "]"
    return _moment(value) if isinstance(value, date) else str(value)


def _moment(value: date) -> str:
    if isinstance(value, datetime):
        naive = value.astimezone(UTC).replace(tzinfo=None)
        return f"TIMESTAMP '{naive.isoformat(sep=' ')}'"
    return f"DATE '{value.isoformat()}'"
