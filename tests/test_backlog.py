"""Every figure of the Backlog page is counted once more, plainly, and against the list."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lib import backlog, people, queue
from lib.models import Person, Role, Status, TaskFilter, TaskType
from lib.store.database import Connection
from lib.ui import filters, session
from tests.conftest import NOON, Cast
from tests.given import add_tasks

CHICAGO = ZoneInfo("America/Chicago")
SANTIAGO = ZoneInfo("America/Santiago")  # its clocks change at midnight
ALL = TaskFilter(statuses=tuple(Status))


def random_tasks(cast: Cast, today: date, zone: ZoneInfo, days: int) -> list[dict[str, Any]]:
    """Tasks of the last `days` days, many of them at the very edges of local days."""
    chance = random.Random(int(today.strftime("%Y%m%d")))
    edges = (timedelta(0), timedelta(microseconds=-1), timedelta(hours=1), timedelta(hours=23.5))

    def moment(earliest: date, latest: date) -> datetime:
        day = earliest + timedelta(days=chance.randint(0, (latest - earliest).days))
        begin = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        return begin + chance.choice([*edges, timedelta(minutes=chance.randrange(1440))])

    rows = []
    for _ in range(300):
        first = today - timedelta(days=days)
        created = moment(first, today)
        row: dict[str, Any] = {
            "created_at": created,
            "type": chance.choice(list(TaskType)),
            "assignee_id": chance.choice([None, cast.ana.id, cast.ben.id]),
            "payer_name": chance.choice(["Aim", "Zed"]),
            "amount": chance.choice([None, Decimal(chance.randrange(100000)) / 100]),
        }
        if row["assignee_id"] and chance.random() < 0.6:
            completed = moment(created.astimezone(zone).date(), today)
            row |= {"status": Status.COMPLETED, "completed_at": max(created, completed)}
        rows.append(row)
    return rows


@pytest.mark.parametrize("zone", [CHICAGO, SANTIAGO], ids=lambda zone: zone.key)
@pytest.mark.parametrize(
    "today",
    [
        date(2025, 3, 12),  # after the clocks of Chicago went forward
        date(2025, 11, 2),  # a Sunday, the day they went back
        date(2025, 4, 7),  # a Monday, after those of Santiago went back
        date(2025, 9, 10),  # and after they went forward
    ],
    ids=str,
)
def test_weeks_are_what_a_plain_count_by_local_days_says(
    con: Connection, cast: Cast, zone: ZoneInfo, today: date
) -> None:
    rows = random_tasks(cast, today, zone, days=60)
    rows = [row for row in rows if row["created_at"].astimezone(zone).date() <= today]
    add_tasks(con, cast.practice, rows)
    arrived = [row["created_at"].astimezone(zone).date() for row in rows]
    completed = [
        row["completed_at"].astimezone(zone).date() for row in rows if "completed_at" in row
    ]

    found = backlog.weeks(con, ALL, actor=cast.ana, today=today, zone=zone, count=5)

    monday = today - timedelta(days=today.weekday())
    expected = []
    for back in (4, 3, 2, 1, 0):
        begin = monday - timedelta(days=7 * back)
        end = min(begin + timedelta(days=6), today)
        expected.append(
            backlog.Week(
                begin,
                end,
                sum(begin <= day <= end for day in arrived),
                sum(begin <= day <= end for day in completed),
                sum(day <= end for day in arrived) - sum(day <= end for day in completed),
            )
        )
    assert found == expected
    assert all(week.arrived for week in found)


def test_a_practice_without_tasks_has_weeks_of_nothing(con: Connection, cast: Cast) -> None:
    add_tasks(con, cast.other_practice, [{}])

    found = backlog.weeks(con, ALL, actor=cast.ana, today=date(2025, 3, 5), zone=CHICAGO, count=2)

    assert found == [
        backlog.Week(date(2025, 2, 24), date(2025, 3, 2), 0, 0, 0),
        backlog.Week(date(2025, 3, 3), date(2025, 3, 5), 0, 0, 0),
    ]


def test_two_people_of_one_name_have_a_bar_each_and_each_opens_its_own_tasks(
    con: Connection, cast: Cast
) -> None:
    other = people.add_person(
        con, "Ben", "other@example.com", {cast.practice: Role.STAFF}, is_sample=True, now=NOON
    )
    add_tasks(con, cast.practice, [{"assignee_id": id_} for id_ in (cast.ben.id, other, other)])
    colleagues = people.colleagues(con, cast.practice)
    names = people.display_names(colleagues)

    found = backlog.by_assignee(con, ALL, actor=cast.ana)

    assert [(share.person_id, share.count) for share in found] == [(other, 2), (cast.ben.id, 1)]
    for share in found:
        says = {**NOTHING, "assignee": names[share.person_id or 0]}
        wanted, _ = filters.read(says, filters.Desk(cast.ana, colleagues, no_choices))
        assert queue.find(con, wanted, actor=cast.ana).count == share.count


def no_choices(_: Person) -> tuple[list[str], list[str]]:
    return [], []


NOTHING: dict[str, str | None] = dict.fromkeys((*filters.KEYS, *filters.DAY_KEYS))
VIEWS: list[dict[str, str | None]] = [
    {},
    {"status": "Completed"},
    {"type": "Coding", "status": "Pending and completed"},
    {"assignee": "Me", "from": "100"},
    {"assignee": "Unassigned", "payer": "Aim"},
    {"age": "8–30 days", "status": "Pending and completed"},
    {"age": "Over 90 days"},
    {"q": "diagnosis", "to": "500", "age": "31–60 days"},
]


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_a_click_on_a_bar_opens_exactly_the_tasks_it_counted(
    con: Connection, cast: Cast, view: dict[str, str | None]
) -> None:
    today, zone = session.today(cast.ana), session.zone(cast.ana)
    add_tasks(con, cast.practice, random_tasks(cast, today, zone, days=120))
    colleagues = people.colleagues(con, cast.practice)
    says = {**NOTHING, **view}

    def listed(**bar: str | None) -> int:
        """What the list says it holds after a click that set these parameters."""
        wanted, problems = filters.read(
            {**says, **bar}, filters.Desk(cast.ana, colleagues, no_choices)
        )
        assert problems == []
        return queue.find(con, wanted, actor=cast.ana).count

    wanted, _ = filters.read(says, filters.Desk(cast.ana, colleagues, no_choices))
    everything = filters.with_statuses(wanted, tuple(Status))
    weeks = backlog.weeks(con, everything, actor=cast.ana, today=today, zone=zone, count=13)
    for week in weeks:
        days = week.begins_on.isoformat(), week.ends_on.isoformat()
        assert listed(status=None, pending_on=days[1]) == week.pending
        assert listed(status=None, created_since=days[0], created_until=days[1]) == week.arrived
        assert (
            listed(status=None, completed_since=days[0], completed_until=days[1]) == week.completed
        )

    types = backlog.by_type(con, wanted, actor=cast.ana)
    assert {share.name: share.count for share in types} == {
        kind.value: count for kind in TaskType if (count := _of_type(listed, says, kind))
    }
    for share in backlog.by_assignee(con, wanted, actor=cast.ana):
        name = "Me" if share.name == "Ana" else share.name or "Unassigned"
        assert listed(assignee=name) == share.count
    for share in backlog.by_age(
        con, wanted, actor=cast.ana, today=today, zone=zone, ages=filters.AGES
    ):
        if view.get("age") in (None, share.name):
            assert listed(age=share.name) == share.count
        else:
            assert share.count == 0


def _of_type(listed: Any, says: dict[str, str | None], kind: TaskType) -> int:
    return int(listed(type=kind.label)) if says["type"] in (None, kind.label) else 0


def test_shares_are_what_a_plain_count_says(con: Connection, cast: Cast) -> None:
    today, zone = date(2025, 3, 12), CHICAGO
    rows = random_tasks(cast, today, zone, days=120)
    rows = [row for row in rows if row["created_at"].astimezone(zone).date() <= today]
    add_tasks(con, cast.practice, rows)

    def sums(names: Sequence[str]) -> dict[str, tuple[int, Decimal]]:
        amounts = dict.fromkeys(names, Decimal("0.00"))
        for name, row in zip(names, rows, strict=True):
            amounts[name] += row["amount"] or 0
        return {name: (count, amounts[name]) for name, count in Counter(names).items()}

    def told(shares: Sequence[backlog.Bar]) -> dict[str, tuple[int, Decimal]]:
        return {share.name: (share.count, share.amount) for share in shares}

    assert told(backlog.by_type(con, ALL, actor=cast.ana)) == sums(
        [row["type"].value for row in rows]
    )
    people_names = {None: "", cast.ana.id: "Ana", cast.ben.id: "Ben"}
    by_assignee = backlog.by_assignee(con, ALL, actor=cast.ana)
    assert told(by_assignee) == sums([people_names[row["assignee_id"]] for row in rows])
    counts = [share.count for share in by_assignee]
    assert counts == sorted(counts, reverse=True)

    ages = [(today - row["created_at"].astimezone(zone).date()).days for row in rows]
    assert told(
        backlog.by_age(con, ALL, actor=cast.ana, today=today, zone=zone, ages=filters.AGES)
    ) == sums(
        [
            next(name for name, (low, high) in filters.AGES.items() if low <= age <= (high or 999))
            for age in ages
        ]
    )


def test_another_practice_counts_nothing_of_it(con: Connection, cast: Cast) -> None:
    add_tasks(con, cast.practice, random_tasks(cast, date(2025, 3, 12), CHICAGO, days=30))

    assert backlog.by_type(con, ALL, actor=cast.carla) == []
    assert backlog.by_assignee(con, ALL, actor=cast.carla) == []
    weeks = backlog.weeks(
        con, ALL, actor=cast.carla, today=date(2025, 3, 12), zone=CHICAGO, count=3
    )
    assert [(week.arrived, week.completed, week.pending) for week in weeks] == [(0, 0, 0)] * 3
