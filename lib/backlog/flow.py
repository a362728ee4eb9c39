"""What came in, was completed and was reopened over time, and what was pending after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from lib.backlog.calendar_periods import Unit
from lib.backlog.report_scope import (
    Basis,
    Reader,
    Table,
    View,
    ask,
    at_place,
    days_of,
    known,
    local_day,
    of_view,
    ours,
    selection,
    tasks_text,
    within,
)
from lib.backlog.times import mean_days
from lib.models import Selection

DEFINITION = (
    "Received: the day a request came in here. Completed and reopened: each time that happened. "
    "Pending: what was not completed at the end of the last day. So pending = pending before + "
    "received + reopened − completed, in every row, and nothing that happens today changes a day "
    "that is over."
)
ONE_PERSON = (
    "Of one person, or of nobody: pending = pending before + assigned + reopened − completed − "
    "handed on."
)

# Which events add tasks to the pending ones or take them away: of everybody, of one person, and of
# nobody (unassigned). Column -> kind of event, further condition. Each kind is scanned on its own,
# because DuckDB finds one value in a column of few values quickly.
_ALL = {
    "received": ("created", ""),
    "completed": ("completed", ""),
    "reopened": ("reopened", ""),
}
_PERSON = {
    "received": (
        "assigned",
        "assignee_id = $of_person AND was_assignee_id IS DISTINCT FROM $of_person",
    ),
    "completed": ("completed", "assignee_id = $of_person"),
    "reopened": ("reopened", "assignee_id = $of_person"),
    "left_over": (
        "assigned",
        "was_assignee_id = $of_person AND assignee_id IS DISTINCT FROM $of_person",
    ),
}
_NOBODY = {
    "received": ("created", ""),
    "given back": ("assigned", "old_value IS NOT NULL AND assignee_id IS NULL"),
    "completed": ("completed", "assignee_id IS NULL"),
    "reopened": ("reopened", "assignee_id IS NULL"),
    "left_over": ("assigned", "old_value IS NULL"),
}  # fmt: skip
_COLUMNS = ("received", "completed", "reopened", "left_over")


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, week or month."""

    begins_on: date
    ends_on: date  # the last day that is counted
    received: int
    completed: int
    reopened: int
    pending: int  # at the end of the last day
    is_unfinished: bool  # it goes on after the day of the report
    handed_on: int = 0  # of one person's tasks

    @property
    def came(self) -> int:
        """Return how many tasks were added to the pending ones."""
        return self.received + self.reopened

    @property
    def left(self) -> int:
        """Return how many pending tasks were completed or handed on."""
        return self.completed + self.handed_on


def _kinds(view: View) -> dict[str, tuple[str, str]]:
    if view.unassigned:
        return _NOBODY
    return _PERSON if view.person_id is not None else _ALL


def _texts(view: View, what: str) -> list[str]:
    """Return the conditions under which an event counts for a bar."""
    named = {"received": ("received", "given back")}.get(what, (what,))
    found = [_kinds(view)[each] for each in named if each in _kinds(view)]
    return [f"kind = '{kind}'" + (f" AND {more}" if more else "") for kind, more in found]


def _daily(view: View) -> Basis:
    """Return the relation `daily`: what happened on each local day, grouped by quarter hour
    first."""
    chosen = ""
    if view.is_filtered:
        chosen = f"""chosen AS (
    SELECT task.id, task.practice_id, task.came_at, task.completed_at, task.completed_by
    {tasks_text(view)}
),
"""
    scans = "\n    UNION ALL\n    ".join(
        scan
        for what in _COLUMNS
        for text in _texts(view, what)
        for scan in _scans(view, what, text)
    )
    joined = "" if view.zone else " JOIN practice ON practice.id = happened.practice_id"
    sums = ", ".join(
        f"coalesce(sum(count) FILTER (WHERE what = '{each}'), 0) AS {each}" for each in _COLUMNS
    )
    return Basis("daily", f"""{chosen}happened AS (
    -- Quarter hours first: time zones differ by whole ones, and there are few of them.
    {scans}
),
daily AS (
    SELECT {local_day(view, "quarter")} AS day, {sums}
    FROM happened{joined}
    GROUP BY 1
)""")  # fmt: skip


def _scans(view: View, what: str, text: str) -> list[str]:
    """Return the SELECTs that count a column of a bar by quarter hours.

    The row of a task says when it came in and was completed, `reopened_completion` which of its
    completions were ended by a reopening; who had it when is in history.
    """
    apart = "" if view.zone else "practice_id, "

    def scan(table: str, moment: str, where: str) -> str:
        theirs = "task_id IN (SELECT id FROM chosen)" if view.is_filtered else ours(view, table)
        if table == "task" and view.is_filtered:
            table, theirs = "chosen", "true"
        return (
            f"SELECT {apart}time_bucket(INTERVAL '15 minutes', {moment}) AS quarter, "
            f"'{what}' AS what, count(*) AS count\n"
            f"    FROM {table} WHERE {theirs}{where} AND {moment} <= $of_as_of\n    GROUP BY ALL"
        )

    kind, _, more = text.removeprefix("kind = ").partition(" AND ")
    also = f" AND {more.replace('assignee_id', 'completed_by')}" if more else ""
    if kind == "'created'":
        return [scan("task", "came_at", "")]
    if kind == "'reopened'":
        return [scan("reopened_completion", "reopened_at", also)]
    if kind == "'completed'":
        return [
            scan("task", "completed_at", also),
            scan("reopened_completion", "completed_at", also),
        ]
    return [scan("event", "happened_at", f" AND {text}")]


def _buckets(unit: Unit) -> str:
    return f"""bucket AS (
    SELECT greatest(CAST(begins AS DATE), $of_since) AS begins_on,
           least(CAST(begins + INTERVAL '1 {unit}' AS DATE) - 1, $of_until) AS ends_on,
           CAST(begins + INTERVAL '1 {unit}' AS DATE) - 1 > $of_today AS is_unfinished
    FROM generate_series(date_trunc('{unit}', CAST($of_since AS TIMESTAMP)),
                         CAST($of_until AS TIMESTAMP), INTERVAL '1 {unit}') AS series (begins)
)"""


def over_time(con: Reader, view: View) -> Table:
    """Return one row for each day, week or month of the period, oldest first, including empty
    ones."""
    more = ',\n       CAST({0} AS BIGINT) AS "Handed on"' if view.is_one_person else ""
    inside = "FILTER (WHERE day BETWEEN begins_on AND ends_on)"
    received = "Assigned" if view.person_id is not None else "Received"
    sql = f"""
SELECT begins_on AS "From", ends_on AS "Until",
       CAST(coalesce(sum(received) {inside}, 0) AS BIGINT) AS "{received}",
       CAST(coalesce(sum(completed) {inside}, 0) AS BIGINT) AS "Completed",
       CAST(coalesce(sum(reopened) {inside}, 0) AS BIGINT) AS "Reopened"{
        more.format(f"coalesce(sum(left_over) {inside}, 0)")
    },
       CAST(coalesce(sum(received + reopened - completed - left_over), 0) AS BIGINT) AS "Pending",
       is_unfinished AS "Unfinished"
FROM bucket LEFT JOIN daily ON daily.day <= bucket.ends_on
GROUP BY begins_on, ends_on, is_unfinished
ORDER BY begins_on
"""
    return ask(con, view, sql, basis=_daily(view), also=_buckets(view.unit))


def bars(table: Table) -> list[Bar]:
    """Return the rows of `over_time` as records."""
    received = "Received" if "Received" in table.names else "Assigned"
    return [
        Bar(
            row["From"], row["Until"], row[received], row["Completed"], row["Reopened"],
            row["Pending"], row["Unfinished"], row.get("Handed on", 0),
        )
        for row in table.dicts()
    ]  # fmt: skip


def cumulative(con: Reader, view: View) -> Table:
    """Return, for each day, week or month, what had come in and what was completed by its end."""
    sql = """
SELECT begins_on AS "From", ends_on AS "Until",
       CAST(coalesce(sum(received), 0) AS BIGINT) AS "Received so far",
       CAST(coalesce(sum(completed + left_over - reopened), 0) AS BIGINT) AS "Completed so far",
       is_unfinished AS "Unfinished"
FROM bucket LEFT JOIN daily ON daily.day <= bucket.ends_on
GROUP BY begins_on, ends_on, is_unfinished
ORDER BY begins_on
"""
    return ask(con, view, sql, basis=_daily(view), also=_buckets(view.unit))


ASKED_FOR = (
    "Tasks by the day the payer asked: the date of the remittance, acknowledgment or request "
    "itself; the day it came in where that was not recorded. What comes in late is added to the "
    "day it was asked for. A link that names a moment counts only what had come in by then."
)


def _asked(view: View) -> str:
    # Nothing is asked for after it came in: what came in before the period is passed over.
    first = "task.came_at >= CAST($of_since AS TIMESTAMP) - INTERVAL '1 day'"
    chosen = tasks_text(view, first, known(view, "task.came_at"))
    return f"""asked AS (
    SELECT task.id, coalesce(task.requested_on, {local_day(view, "task.created_at")}) AS day
    {chosen}
)"""


def asked_for(con: Reader, view: View) -> Table:
    """Return, for each day, week or month, how many tasks payers asked for in it."""
    return ask(con, view, """
SELECT begins_on AS "From", ends_on AS "Until", CAST(coalesce(sum(tasks), 0) AS BIGINT)
           AS "Asked for", is_unfinished AS "Unfinished"
FROM bucket LEFT JOIN daily ON daily.day BETWEEN bucket.begins_on AND bucket.ends_on
GROUP BY begins_on, ends_on, is_unfinished
ORDER BY begins_on
""", also=f"""{_asked(view)},
daily AS (
    SELECT day, count(*) AS tasks FROM asked GROUP BY day
),
{_buckets(view.unit)}""")  # fmt: skip


def asked_among(view: View, since: date, until: date) -> Selection:
    """Return the tasks known then that were asked for in these days."""
    text = f"WITH {_asked(replace(view, since=since, until=until))}"
    text += "\n    SELECT id FROM asked WHERE day BETWEEN $bar_since AND $bar_until"
    wanted = replace(view, since=since, until=until)
    return selection(wanted, text, **days_of(view, "bar", since, until))


def happened(view: View, what: str, since: date, until: date) -> Selection:
    """Return the tasks that were received, completed, reopened or handed on in these days."""
    kinds = " OR ".join(f"({text})" for text in _texts(view, what)) or "false"
    sql = f"""
    SELECT event.task_id FROM {at_place(view, "event")}
    WHERE {ours(view, "event")} AND ({kinds})
      AND {known(view)} AND {within(view, "event.happened_at", "bar")}{of_view(view)}"""
    return selection(view, sql, **days_of(view, "bar", since, until))


@dataclass(frozen=True, slots=True)
class LittlesLaw:
    """Average pending = completed a day × days from coming in to completion, where it is steady."""

    pending: float  # average over the days
    completed: float  # a day
    days: float | None  # what the law says a task takes
    measured: float | None  # what they took; not counted where a condition failed
    failed: tuple[str, ...]  # the conditions that do not hold

    @property
    def is_steady(self) -> bool:
        """Return True where every condition of the law holds."""
        return not self.failed


def littles_law(con: Reader, view: View) -> LittlesLaw:
    """Return what Little's law says of the whole days of the period, and whether it may.

    Source: J. D. C. Little, "A Proof for the Queuing Formula L = λW", Operations Research 9 (1961).
    """
    last = view.until if view.closes_day else min(view.until, view.today - timedelta(days=1))
    whole = replace(view, until=max(last, view.since), unit=Unit.DAY)
    days = bars(over_time(con, whole))
    count = len(days)
    received = sum(day.received + day.reopened for day in days)
    completed = sum(day.completed for day in days)
    pending = sum(day.pending for day in days) / count
    first, final = days[0].pending, days[-1].pending
    failed = []
    if count < 28:
        failed.append("fewer than 28 whole days")
    if completed < 30:
        failed.append("fewer than 30 completions")
    if abs(received - completed) > 0.1 * max(completed, 1):
        failed.append("received and completed differ by more than a tenth")
    if abs(final - first) > 0.25 * max(pending, 1):
        failed.append("pending changed by more than a quarter of its average")
    rate = completed / count
    return LittlesLaw(
        pending,
        rate,
        pending / rate if rate else None,
        None if failed else mean_days(con, view, until=whole.until),
        tuple(failed),
    )
