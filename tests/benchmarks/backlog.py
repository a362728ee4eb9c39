"""DuckDB time of each Backlog page's numbers, beside the least possible statement.

BILLING_TASKS_DATA=folder python -m tests.benchmarks.backlog
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from lib import people
from lib.backlog.numbers import NUMBERS
from lib.backlog.view import View
from lib.store import process

PAGES = {
    "overview": ("summary", "flow", "pending_by_type", "pending_by_filing_limit"),
    "flow": ("flow", "cumulative_flow", "lead_and_cycle_time", "first_response",
             "handoffs_and_reopens"),
    "aging": ("pending_by_age", "pending_by_due_date", "pending_by_filing_limit",
              "pending_by_type", "pending_by_payer", "oldest"),
    "causes": ("causes", "denials_by_payer", "recovered_after_tasks"),
    "people": ("pending_by_person", "completions_by_person", "resolutions"),
    "waiting": ("waiting", "time_on_each_side"),
}  # fmt: skip
LEAST = {
    "count events": "SELECT count(*) FROM event WHERE kind IN ('created', 'completed')",
    "events a day": "SELECT CAST(happened_at AS DATE), count(*) FROM event "
    "WHERE kind IN ('created', 'completed', 'reopened') GROUP BY 1",
}
ROUNDS = 5


def main() -> None:
    """Print the median of a few rounds for each number, and the sum of each page."""
    con = process.open_store(memory_limit="2GB").connection()
    now = datetime.now(UTC)
    view = View(
        practice_ids=tuple(p.id for p in people.practices(con)), as_of=now, today=now.date(),
        since=now.date() - timedelta(weeks=26), until=now.date(),
    )  # fmt: skip
    for name, sql in LEAST.items():
        print(f"{name:<28} {_median(lambda sql=sql: con.rows(sql)):7.0f} ms")
    for page, names in PAGES.items():
        took = {name: _median(lambda name=name: NUMBERS[name].table(con, view)) for name in names}
        print(f"\n{page:<28} {sum(took.values()):7.0f} ms")
        for name, each in took.items():
            print(f"  {name:<26} {each:7.0f} ms")
    process.close_stores()


def _median(run: object) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run()  # type: ignore[operator]
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[ROUNDS // 2]


if __name__ == "__main__":
    main()
