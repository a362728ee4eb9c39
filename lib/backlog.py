"""What analysts count: every figure is recomputed from tasks and their moments, none is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from lib import queue
from lib.models import Person, TaskFilter
from lib.store.database import Connection, money


@dataclass(frozen=True, slots=True)
class Week:
    """One week of the backlog, Monday to Sunday by the practice's calendar."""

    begins_on: date
    ends_on: date  # the last day that is counted: today in the running week
    arrived: int
    completed: int
    pending: int  # at the end of the last day


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: how many tasks, and their amount in US dollars."""

    name: str
    count: int
    amount: Decimal
    person_id: int | None = None  # of an assignee


WEEKS_SQL = f"""
WITH mine AS (SELECT created_at, completed_at FROM task WHERE {queue.CONDITION}),
moment AS (
    SELECT created_at AS at_time, 1 AS arrived, 0 AS completed FROM mine
    UNION ALL
    SELECT completed_at, 0, 1 FROM mine WHERE completed_at IS NOT NULL
),
placed AS (
    SELECT len(list_filter($edges, lambda e: e <= at_time)) AS week, arrived, completed
    FROM moment WHERE at_time >= $first AND at_time < $last
)
SELECT week, sum(arrived), sum(completed) FROM placed GROUP BY week
UNION ALL
SELECT 0, sum(arrived), sum(completed) FROM moment WHERE at_time < $first
"""

TYPE_SQL = f"""
SELECT task.type, count(*), sum(task.amount)
FROM task WHERE {queue.CONDITION}
GROUP BY task.type ORDER BY task.type
"""

ASSIGNEE_SQL = f"""
SELECT coalesce(person.name, ''), count(*), sum(task.amount), person.id
FROM task LEFT JOIN person ON person.id = task.assignee_id WHERE {queue.CONDITION}
GROUP BY person.id, person.name ORDER BY 2 DESC, 1, 4
"""

AGE_SQL = f"""
SELECT CAST(len(list_filter($starts, lambda s: task.created_at < s)) AS VARCHAR), count(*),
       sum(task.amount)
FROM task WHERE {queue.CONDITION}
GROUP BY 1 ORDER BY 1
"""


def weeks(
    con: Connection, wanted: TaskFilter, *, actor: Person, today: date, zone: ZoneInfo, count: int
) -> list[Week]:
    """The last `count` weeks, oldest first: what arrived, was completed, and was pending.

    A task counts as completed in the week of its last completion; one that was reopened has been
    pending all along. The same definition gives the list behind each bar.
    """
    monday = today - timedelta(days=today.weekday())
    begins = [monday - timedelta(weeks=n) for n in range(count - 1, -1, -1)]
    rows = con.rows(
        WEEKS_SQL,
        **queue.where(con, wanted, actor)[1],
        edges=[midnight(day, zone) for day in begins],
        first=midnight(begins[0], zone),
        last=midnight(today + timedelta(days=1), zone),
    )
    per_week = {row[0]: (int(row[1] or 0), int(row[2] or 0)) for row in rows}
    arrived, completed = per_week.get(0, (0, 0))
    pending = arrived - completed
    found = []
    for place, begin in enumerate(begins, 1):
        arrived, completed = per_week.get(place, (0, 0))
        pending += arrived - completed
        end = min(begin + timedelta(days=6), today)
        found.append(Week(begin, end, arrived, completed, pending))
    return found


def by_type(con: Connection, wanted: TaskFilter, *, actor: Person) -> list[Bar]:
    """Tasks by type, as the type's stored word."""
    return _shares(con.rows(TYPE_SQL, **queue.where(con, wanted, actor)[1]))


def by_assignee(con: Connection, wanted: TaskFilter, *, actor: Person) -> list[Bar]:
    """Tasks by assignee, most first; unassigned ones under an empty name."""
    rows = con.rows(ASSIGNEE_SQL, **queue.where(con, wanted, actor)[1])
    return [Bar(name, count, money(amount), person_id) for name, count, amount, person_id in rows]


def by_age(
    con: Connection,
    wanted: TaskFilter,
    *,
    actor: Person,
    today: date,
    zone: ZoneInfo,
    ages: dict[str, tuple[int, int | None]],
) -> list[Bar]:
    """Tasks by days since they arrived; `ages` names each range of days, both ends included,
    youngest first and without a gap."""
    starts = [midnight(today - timedelta(days=low - 1), zone) for low, _ in ages.values()]
    shares = _shares(con.rows(AGE_SQL, **queue.where(con, wanted, actor)[1], starts=starts))
    found = {int(share.name): share for share in shares}
    nothing = Bar("", 0, Decimal("0.00"))
    return [
        Bar(name, found.get(place, nothing).count, found.get(place, nothing).amount)
        for place, name in enumerate(ages, 1)
    ]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment a day begins in that zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _shares(rows: list[tuple[str, int, Decimal | None]]) -> list[Bar]:
    return [Bar(name, count, money(amount)) for name, count, amount in rows]
