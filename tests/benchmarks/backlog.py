"""DuckDB time of each Backlog page's numbers, beside the least possible statements.

BILLING_TASKS_DATA=folder python -m tests.benchmarks.backlog

A page counts its period and the one before it. The least possible statement reads once what every
number needs, the column of kinds and that of moments. Beside the time that passed stands the work
of all threads: half of it is what two cores need that do nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from lib import people
from lib.backlog import forecast, measures
from lib.backlog.measures import PAGES
from lib.backlog.report_scope import View
from lib.models import EarlierZone, TaskType
from lib.store import process_store
from lib.store.database import Connection

LEAST = {
    "count events": "SELECT count(*) FROM event WHERE kind IN ('created', 'completed')",
    "events a day": "SELECT CAST(happened_at AS DATE), count(*) FROM event "
    "WHERE kind IN ('created', 'completed', 'reopened') GROUP BY 1",
}
ROUNDS = 3


def main() -> None:
    """Print the median of a few rounds for each page, of all tasks and of some."""
    con = process_store.open_store(memory_limit="1GB").connection()
    now = datetime.now(UTC)
    held = people.practices(con)
    view = View(
        practice_ids=tuple(p.id for p in held), zone=held[0].timezone, as_of=now, today=now.date(),
        since=now.date() - timedelta(weeks=26), until=now.date(),
    )  # fmt: skip
    tasks, events = (con.value(f"SELECT count(*) FROM {name}") for name in ("task", "event"))
    print(f"{tasks:,} tasks, {events:,} events, 26 weeks and the 26 before")
    for name, sql in LEAST.items():
        print(f"{name:<28} {_took(partial(con.rows, sql))}")
    for title, asked in (
        ("all tasks", view), ("one type", replace(view, types=(TaskType.CODING,))),
        ("one person", replace(view, person_id=_somebody(con))),
        ("as of three months ago", _past(view)),
        ("time zone changed a month ago", _moved(view)),
    ):  # fmt: skip
        print(f"\n{title}")
        for page in PAGES:
            print(f"  {page:<26} {_took(partial(_page, con, page, asked))}")
    process_store.close_stores()


def _page(con: Connection, page: str, view: View) -> None:
    measures.counted(con, page, view)
    if page == "Forecast":
        forecast.past(con, view, 364)


def _past(view: View) -> View:
    day = view.today - timedelta(days=90)
    return replace(
        view, as_of=view.as_of - timedelta(days=88), today=day, until=day, closes_day=True,
        since=day - timedelta(weeks=26),
    )  # fmt: skip


def _moved(view: View) -> View:
    zone = EarlierZone(view.practice_ids[0], "America/New_York", view.as_of - timedelta(days=30))
    return replace(view, earlier_zones=(zone,))


def _somebody(con: Connection) -> Any:
    return con.value("SELECT max(assignee_id) FROM task")


def _took(run: Callable[[], object]) -> str:
    passed, worked = [], []
    for _ in range(ROUNDS):
        began, busy = time.perf_counter(), time.process_time()
        run()
        passed.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - busy) * 1000)
    return f"{median(passed):7.0f} ms, {median(worked):7.0f} ms of work"


if __name__ == "__main__":
    main()
