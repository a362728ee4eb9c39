"""What came in, was completed and was reopened, and what was pending after each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from lib.backlog.days import Unit
from lib.backlog.view import Table, View, ask, known, local_day, selection, tasks_text, within
from lib.models import Selection
from lib.store.database import Connection

DEFINITION = (
    "Received: the day a request came in here. Completed and reopened: each time that happened. "
    "Pending: what was not completed at the end of the last day. So pending = pending before + "
    "received + reopened − completed, in every row, and nothing that happens today changes a day "
    "that is over."
)
ONE_PERSON = (
    "Of one person: pending = pending before + assigned to them + reopened − completed − handed on."
)

# What an event does to the pile of everybody, or to that of one person or of nobody.
_ALL = {
    "received": "kind = 'created'",
    "completed": "kind = 'completed'",
    "reopened": "kind = 'reopened'",
}
_PERSON = {
    "received": "kind = 'assigned' AND assignee_id = $of_person "
    "AND was_assignee_id IS DISTINCT FROM $of_person",
    "completed": "kind = 'completed' AND assignee_id = $of_person",
    "reopened": "kind = 'reopened' AND assignee_id = $of_person",
    "left_over": "kind = 'assigned' AND was_assignee_id = $of_person "
    "AND assignee_id IS DISTINCT FROM $of_person",
}
_NOBODY = {
    "received": "(kind = 'created' OR kind = 'assigned' AND old_value IS NOT NULL "
    "AND assignee_id IS NULL)",
    "completed": "kind = 'completed' AND assignee_id IS NULL",
    "reopened": "kind = 'reopened' AND assignee_id IS NULL",
    "left_over": "kind = 'assigned' AND old_value IS NULL",
}


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


def _kinds(view: View) -> dict[str, str]:
    if view.unassigned:
        return _NOBODY
    return _PERSON if view.person_id is not None else _ALL


def _happened(view: View) -> str:
    """Return the texts of `happened` (by quarter hours) and `daily` (by the practice's days)."""
    kinds = {"left_over": "false"} | _kinds(view)
    sums = ",\n           ".join(
        f"count(*) FILTER (WHERE {text}) AS {name}" for name, text in kinds.items()
    )
    if view.is_filtered:
        chosen = f"chosen AS (\n    SELECT task.id\n    {tasks_text(view)}\n),\n"
        where = "event.task_id IN (SELECT id FROM chosen) AND"
    else:
        chosen, where = "", "event.practice_id = ANY($of_practices) AND"
    days = f"{local_day('quarter')}"
    names = ("received", "completed", "reopened", "left_over")
    return f"""{chosen}happened AS (
    -- Quarter hours first: time zones differ by whole ones, and there are few of them.
    SELECT event.practice_id, time_bucket(INTERVAL '15 minutes', happened_at) AS quarter,
           {sums}
    FROM event
    WHERE {where} kind IN ('created', 'assigned', 'completed', 'reopened')
      AND happened_at <= $of_as_of
    GROUP BY 1, 2
),
daily AS (
    SELECT {days} AS day, {", ".join(f"sum({n}) AS {n}" for n in names)}
    FROM happened JOIN practice ON practice.id = happened.practice_id
    GROUP BY 1
)"""


def _buckets(unit: Unit) -> str:
    return f"""bucket AS (
    SELECT greatest(CAST(begins AS DATE), $of_since) AS begins_on,
           least(CAST(begins + INTERVAL '1 {unit}' AS DATE) - 1, $of_until) AS ends_on,
           CAST(begins + INTERVAL '1 {unit}' AS DATE) - 1 > $of_today AS is_unfinished
    FROM generate_series(date_trunc('{unit}', CAST($of_since AS TIMESTAMP)),
                         CAST($of_until AS TIMESTAMP), INTERVAL '1 {unit}') AS series (begins)
)"""


def over_time(con: Connection, view: View) -> Table:
    """Return one row for each day, week or month of the period, oldest first, also where nothing
    happened."""
    more = ',\n       CAST({0} AS BIGINT) AS "Handed on"' if view.person_id is not None else ""
    inside = "FILTER (WHERE day BETWEEN begins_on AND ends_on)"
    received = "Assigned" if view.person_id is not None else "Received"
    sql = f"""
WITH {_happened(view)},
{_buckets(view.unit)}
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
    return ask(con, view, sql)


def bars(table: Table) -> list[Bar]:
    """Return the rows of `over_time` as records."""
    received = "Received" if "Received" in table.names else "Assigned"
    return [
        Bar(
            row["From"], row["Until"], row[received], row["Completed"], row["Reopened"],
            row["Pending"], row["Unfinished"],
        )
        for row in table.dicts()
    ]  # fmt: skip


def cumulative(con: Connection, view: View) -> Table:
    """Return one row for each day, week or month: what had come in and what had left by its end."""
    sql = f"""
WITH {_happened(view)},
{_buckets(view.unit)}
SELECT begins_on AS "From", ends_on AS "Until",
       CAST(coalesce(sum(received), 0) AS BIGINT) AS "Received so far",
       CAST(coalesce(sum(completed + left_over - reopened), 0) AS BIGINT) AS "Completed so far",
       is_unfinished AS "Unfinished"
FROM bucket LEFT JOIN daily ON daily.day <= bucket.ends_on
GROUP BY begins_on, ends_on, is_unfinished
ORDER BY begins_on
"""
    return ask(con, view, sql)


def happened(view: View, what: str, since: date, until: date) -> Selection:
    """Return the tasks that were received, completed, reopened or handed on in these days."""
    sql = f"""
    SELECT event.task_id FROM event JOIN practice ON practice.id = event.practice_id
    WHERE event.practice_id = ANY($of_practices) AND {_kinds(view)[what]}
      AND {known(view)} AND {within("event.happened_at", "$bar_since", "$bar_until")}"""
    return selection(view, sql, bar_since=since, bar_until=until)


@dataclass(frozen=True, slots=True)
class LittlesLaw:
    """Average pending = completed a day × days from coming in to completion, where it is steady."""

    pending: float  # average over the days
    completed: float  # a day
    days: float | None  # what the law says a task takes
    measured: float | None  # what they took
    failed: tuple[str, ...]  # the conditions that do not hold

    @property
    def is_steady(self) -> bool:
        """Return True where every condition of the law holds."""
        return not self.failed


def littles_law(con: Connection, view: View) -> LittlesLaw:
    """Return what Little's law says of the whole days of the period, and whether it may.

    Source: J. D. C. Little, "A Proof for the Queuing Formula L = λW", Operations Research 9 (1961).
    """
    from dataclasses import replace

    from lib.backlog.times import mean_days

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
        pending, rate, pending / rate if rate else None, mean_days(con, whole), tuple(failed)
    )
