"""Every cell of every Backlog table opens the list with exactly the tasks that it counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from lib import queue, tasks
from lib.backlog import measures, report_url
from lib.backlog.measures import NUMBERS, PAGES
from lib.models import Practice, TaskPage
from lib.people import colleagues
from lib.store import backlog_copy
from lib.store.database import Connection, transaction
from lib.ui import filters
from lib.ui.filters import DAY_KEYS, KEYS, Desk
from lib.ui.report_links import CELLS, Part, Row
from tests.conftest import Cast
from tests.histories import CHICAGO, World, live, world
from tests.test_backlog import SPRING
from tests.test_import import bring
from tests.x12_texts import answer, file_835

pytestmark = pytest.mark.slow  # every cell of every report is opened
NOW = datetime(2025, 3, 25, 23, 40, tzinfo=UTC)
# Cells that count tasks; the others are of as many as the column says that stands here.
COUNTS = {
    "Asked for", "Pending", "Waiting on practice", "Waiting on biller", "Tasks", "Overdue",
    "Due in 7 days",
    "Came in", "Taken up", "Handed over at least once", "Reopened at least once",
    "Received so far", "Completed so far", "Completed tasks",
}  # fmt: skip
OF = {
    "lead_and_cycle_time": "Completed tasks", "lead_time": "Completed tasks",
    "first_response": "Taken up", "time_on_each_side": "Tasks", "waiting": "Tasks",
    "pending_by_type": "Tasks", "pending_by_payer": "Tasks", "pending_by_person": "Tasks",
    "pending_by_age": "Tasks", "pending_by_due_date": "Tasks", "pending_by_filing_limit": "Tasks",
}  # fmt: skip
REPEATED = "Received so far"  # a person receives again what is given back and assigned once more
DOLLARS = {"Requested", "Overdue amount"}


@pytest.fixture
def lived(con: Connection, cast: Cast) -> Iterator[World]:
    where = world(con, cast, seed=11)
    live(where, SPRING - timedelta(days=75), SPRING, 140)
    with transaction(con):  # corrected on the last day: past bars ask what tasks are since then
        for number, task_id in enumerate(where.con.rows("SELECT id FROM task ORDER BY id")):
            if number % 3 == 0:
                amount = Decimal(400 if number % 2 else 20)
                tasks.revise(con, task_id[0], amount=amount, now=NOW - timedelta(hours=3))
    denied = answer("N-1001", codes=("CAS*CO*16*100*1*45*20",))
    bring(con, cast, file_835(denied, paid_on="20250320"))
    yield where
    backlog_copy.end(con.store)


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    "says",
    [
        {"since": "2025-02-26", "until": "2025-03-25"},
        {"since": "2025-02-26", "until": "2025-03-25", "practice": "Northside Clinic"},
        {"since": "2025-02-20", "until": "2025-03-18", "as_of": "2025-03-18T15:20:00-05:00"},
        {"since": "2025-02-20", "until": "2025-03-18", "as_of": "2025-03-18",
         "type": "Coding"},
        {"since": "2025-02-26", "until": "2025-03-25", "from": "100"},
        {"since": "2025-02-20", "until": "2025-03-18", "as_of": "2025-03-18", "from": "100"},
        {"since": "2025-02-26", "until": "2025-03-25", "assignee": "Gus"},
        {"since": "2025-02-26", "until": "2025-03-25", "assignee": "Unassigned"},
    ],
    ids=[
        "all", "one practice", "a past moment", "a past day, one type", "large amounts",
        "large amounts of a past day", "one person", "nobody",
    ],
)  # fmt: skip
def test_every_cell_opens_the_tasks_it_counted(lived: World, says: dict[str, str]) -> None:
    opens_what_it_counted(lived, says)


@pytest.mark.parametrize("store", ["postgres"], indirect=True)
def test_so_it_does_where_a_copy_is_counted_in(lived: World) -> None:
    opens_what_it_counted(lived, {"since": "2025-02-20", "until": "2025-03-18",
                                  "as_of": "2025-03-18T15:20:00-05:00"})  # fmt: skip


def opens_what_it_counted(lived: World, says: dict[str, str]) -> None:
    people = list({c.id: c for p in lived.practices for c in colleagues(lived.con, p)}.values())
    desk = Desk(lived.gus, people, lambda _: ([], []))
    report = report_url.read(says, lived.gus, people, NOW)
    before = measures.earlier(report.view)
    opened = 0
    lists: Lists = {}
    for page in PAGES:
        counting = backlog_copy.of(lived.con.store, now=NOW).store.connection()
        found = measures.counted(counting, page, report.view)
        on = None if report.is_now else says["as_of"]
        parts = (
            Part(report.view, found.now, on, on, is_before=False),
            Part(before, found.before, before.today.isoformat(), on, is_before=True),
        )
        for part in parts:
            for name in set(part.tables) & set(CELLS):
                for row in part.tables[name].dicts():
                    for column in part.tables[name].names:
                        opened += _opens(lived, desk, says, part, name, row, column, lists)
    assert opened > 60


Lists = dict[tuple[tuple[str, str | None], ...], TaskPage]


def _opens(
    where: World, desk: Desk, says: dict[str, str], part: Part, name: str, row: Row, column: str,
    lists: Lists,
) -> bool:  # fmt: skip
    value = row[column]
    wanted = CELLS[name](part, row, column) if value and column != "Person" else None
    if wanted is None:
        return False
    had_by = {"had_by": "none" if part.view.unassigned else str(part.view.person_id)}
    asked: dict[str, str | None] = {**dict.fromkeys((*KEYS, *DAY_KEYS)), **says}
    asked |= (had_by if part.view.is_one_person else {}) | wanted
    if not any(asked[key] for key in report_url.MOMENT_KEYS):
        asked["had_by"] = "anybody"
    key = tuple(sorted(asked.items()))
    if key not in lists:
        listed, problems = filters.read(asked, desk)
        assert problems == []
        [(_, counted)] = report_url.selections(asked, where.gus, NOW)
        selection = backlog_copy.resolved(where.con.store, counted, now=NOW)
        lists[key] = queue.find(where.con, replace(listed, selection=selection), actor=where.gus)
    page = lists[key]
    told = (name, column, value, part.label, wanted)
    if column in DOLLARS:
        assert page.amount == value, told
    elif name == "oldest":
        assert page.count == 1, told
    elif column in COUNTS and not (column == REPEATED and part.view.is_one_person):
        assert page.count == value, told
    elif name in OF:
        assert page.count == row[OF[name]], told
    elif isinstance(value, int) and name not in {"summary", "handoffs_and_reopens"}:
        # What is completed, or given to one person, twice counts twice and is listed once.
        assert max(value / 3, 1) <= page.count <= value, told
    else:
        assert page.count > 0, told
    return True


@pytest.mark.parametrize("minute", [25, 85], ids=["the first 1:25", "the second 1:25"])
def test_a_link_to_numbers_means_the_same_moment_next_month(minute: int) -> None:
    """Also in the hour that comes twice, and after the practice has another zone."""
    moment = datetime(2025, 11, 2, 6, 0, 0, 123_456, tzinfo=UTC) + timedelta(minutes=minute)
    text = report_url.address_of(moment, ZoneInfo(CHICAGO))

    for zone in (CHICAGO, "America/Denver"):
        at, day, closes_day, is_now = report_url.moment(
            {"as_of": text}, Practice(1, "N", zone, 30), moment + timedelta(days=30)
        )
        assert timedelta(0) < at - moment < timedelta(milliseconds=2)
        assert (day.day, closes_day, is_now) == (2, False, False)
    assert text.startswith("2025-11-02T01:25:00.124")


@pytest.mark.duckdb
def test_numbers_counted_together_are_those_counted_alone(lived: World) -> None:
    people = list({c.id: c for p in lived.practices for c in colleagues(lived.con, p)}.values())
    for says in ({}, {"practice": "Northside Clinic", "type": "Coding"}, {"assignee": "Gus"}):
        view = report_url.read(says, lived.gus, people, NOW).view
        before = measures.earlier(view)
        for page in PAGES:
            found = measures.counted(lived.con, page, view)
            for told, asked in ((found.now, view), (found.before, before)):
                for name, table in told.items():
                    alone = NUMBERS[name].table(lived.con, asked)
                    assert (table.names, table.rows) == (alone.names, alone.rows), (page, name)
    left = lived.con.rows("SELECT table_name FROM duckdb_tables() WHERE temporary")
    assert left == []
