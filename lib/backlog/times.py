"""How long tasks take: from the request, from the first start, on each side, and again."""

from __future__ import annotations

from datetime import date

from lib.backlog.report_scope import (
    Basis,
    Reader,
    Table,
    View,
    ask,
    at_place,
    events,
    holidays_off,
    known,
    local_day,
    ours,
    reopened_completions,
    selection,
    tasks_text,
    weekdays,
    within,
)
from lib.models import Selection

LEAD = (
    "Lead time: days from the request to the last completion. Cycle time: from the first start to "
    "the last completion; what was not started before, its first completion starts. Business days "
    "are Mondays to Fridays that are no holidays of the practice. P85: 85 of 100 took no longer. "
    "Of tasks whose last completion is in the period and that were not reopened since."
)
RESPONSE = (
    "First response: hours from coming in to the first time somebody took, started or asked about "
    "the task. Of tasks that came in in the period and had a response."
)


def completed(view: View) -> Basis:
    """Return the relation `done`: tasks completed in the period and not reopened by the view's
    moment, with how many days they took.

    The row of a task tells of the completion that stands now; `reopened_completion` of one that
    stood then.
    """
    person = ""
    if view.is_one_person:
        person = f"\n    WHERE assignee_id {'IS NULL' if view.unassigned else '= $of_person'}"
    about = "task.id, task.practice_id, task.type, task.created_at, task.requested_on"
    stands = tasks_text(view, known(view, "task.completed_at"), within(view, "task.completed_at"))
    stood = tasks_text(
        view, known(view, "reopened_completion.completed_at"),
        within(view, "reopened_completion.completed_at"),
        f"NOT ({known(view, 'reopened_completion.reopened_at')})", beside="reopened_completion",
    )  # fmt: skip
    done_on = local_day(view, "completed_at")
    return Basis("done", f"""dated AS (
    SELECT {about}, task.completed_at, task.started_at, task.completed_by AS assignee_id
    {stands}
    UNION ALL
    SELECT {about}, reopened_completion.completed_at, reopened_completion.started_at,
           reopened_completion.completed_by
    {stood}
),
done AS (
    SELECT dated.id AS task_id, dated.practice_id, dated.type, {done_on} AS done_on,
           coalesce(requested_on, {local_day(view, "dated.created_at")}) AS asked_on,
           done_on - asked_on AS lead_days, completed_at, started_at,
           epoch(completed_at - dated.created_at) / 86400 AS here_days
    FROM {at_place(view, "dated")}{person}
)""")  # fmt: skip


PERCENTS = (50, 85, 95)


def _quantiles(column: str) -> str:
    """Return SQL for the list of a column's PERCENTS; together they cost no more than one."""
    return f"quantile_disc({column}, [{', '.join(str(each / 100) for each in PERCENTS)}])"


def _apart(column: str, name: str, *, digits: int = 0) -> str:
    """Return SQL that selects each item of such a list under its own name."""
    value = f"round({column}[{{place}}], {digits})" if digits else f"{column}[{{place}}]"
    return ", ".join(
        f'{value.format(place=place)} AS "{name} P{percent}"'
        for place, percent in enumerate(PERCENTS, 1)
    )


# Durations in days: column of `timed` -> name in the table, SQL type.
_MEASURES = {
    "lead_days": ("Lead, days", "BIGINT"),
    "lead_business": ("Lead, business days", "BIGINT"),
    "cycle_days": ("Cycle, days", "DOUBLE"),
    "cycle_business": ("Cycle, business days", "BIGINT"),
}


def _business(days: str) -> str:
    """Return SQL for how many of so many days are Mondays to Fridays, the last of them being
    `last_weekday` (0: Monday)."""
    last = (
        "(DATE '2400-01-03' + CAST(last_weekday AS INTEGER))"  # a Monday, and so many days after it
    )
    return f"{weekdays(last)} - {weekdays(f'{last} - CAST({days} AS INTEGER)')}"


def lead_and_cycle(con: Reader, view: View) -> Table:
    """Return a row a type, and one of all: P50, P85 and P95 in calendar and business days."""
    columns = ",\n       ".join(
        f"CAST(min(days) FILTER (WHERE what = '{what}' AND 100 * upto >= {percent} * total)"
        f' AS {kind}) AS "{name} P{percent}"'
        for what, (name, kind) in _MEASURES.items()
        for percent in PERCENTS
    )
    measured = "\n    UNION ALL ".join(
        f"SELECT type, '{what}' AS what, CAST({what} AS DOUBLE) AS days, sum(tasks) AS tasks\n"
        f"    FROM timed WHERE {what} IS NOT NULL GROUP BY ALL"
        for what in _MEASURES
    )
    return ask(con, view, f"""
SELECT coalesce(type, 'All') AS "Type",
       CAST(max(total) FILTER (WHERE what = 'lead_days') AS BIGINT) AS "Completed tasks",
       {columns}
FROM ranked GROUP BY type ORDER BY type NULLS FIRST
""", basis=completed(view), also=f"""dates AS (
    -- Tasks of the same dates are counted first, since there are few different ones.
    SELECT type, practice_id, asked_on, {local_day(view, "started_at")} AS begun_on, done_on,
           round(epoch(completed_at - started_at) / 86400, 1) AS cycle_days, count(*) AS tasks
    FROM {at_place(view, "done")}
    GROUP BY ALL
),
alike AS (
    -- Business days follow from the number of days, the weekday of the last and the holidays.
    SELECT type, done_on - asked_on AS lead_days, cycle_days, done_on - begun_on AS cycle_dates,
           {holidays_off(view, "dates.practice_id", "asked_on", "done_on")} AS lead_off,
           {holidays_off(view, "dates.practice_id", "begun_on", "done_on")} AS cycle_off,
           (done_on - DATE '1900-01-01') % 7 AS last_weekday,
           sum(tasks) AS tasks
    FROM dates
    GROUP BY ALL
),
timed AS (
    SELECT type, lead_days, cycle_days, tasks, {_business("lead_days")} - lead_off AS lead_business,
           {_business("cycle_dates")} - cycle_off AS cycle_business
    FROM alike
),
measured AS (
    {measured}
),
ranked AS (
    SELECT type, what, days, sum(tasks) OVER (PARTITION BY type, what ORDER BY days) AS upto,
           sum(tasks) OVER (PARTITION BY type, what) AS total
    FROM (FROM measured UNION ALL SELECT NULL, what, days, tasks FROM measured
          UNION ALL SELECT NULL, 'lead_days', NULL, 0)
)""")  # fmt: skip


def handoffs_and_reopens(con: Reader, view: View) -> Table:
    """Return, in one row, how often completed tasks changed hands or were reopened."""
    came_back = _came_back(view)
    return ask(con, view, f"""
SELECT count(*) AS "Completed tasks",
       round(coalesce((SELECT sum(handoffs) FROM handed), 0) / nullif(count(*), 0), 2)
           AS "Handoffs a task",
       (SELECT count(*) FROM handed) AS "Handed over at least once",
       count(*) FILTER (WHERE {came_back}) AS "Reopened at least once",
       round(100.0 * count(*) FILTER (WHERE {came_back}) / nullif(count(*), 0), 1)
           AS "Reopened, %"
FROM done
""", basis=completed(view), also=_handed(view))  # fmt: skip


def _came_back(view: View) -> str:
    return (
        f"task_id IN (SELECT task_id FROM {reopened_completions(view)} "
        f"WHERE {known(view, 'reopened_at')})"
    )


def _handed(view: View) -> str:
    return f"""handed AS (
    SELECT event.task_id, count(*) AS handoffs FROM {events(view)}
    WHERE {ours(view, "event")} AND kind = 'assigned' AND was_assignee_id IS NOT NULL
      AND assignee_id IS NOT NULL
      AND {known(view)} AND event.task_id IN (SELECT task_id FROM done)
    GROUP BY event.task_id
)"""


def mean_days(con: Reader, view: View, *, until: date) -> float | None:
    """Return the average days from coming in here to the last completion, on these days of the
    period."""
    sql = "SELECT avg(here_days) AS days FROM done WHERE done_on <= $last"
    value = ask(con, view, sql, basis=completed(view), last=until).rows[0][0]
    return float(value) if value is not None else None


def p85_lead(con: Reader, view: View) -> Table:
    """Return, in one row, the P85 lead time in days."""
    sql = """
SELECT count(*) AS "Completed tasks", quantile_disc(lead_days, 0.85) AS "Lead, days P85" FROM done
"""
    return ask(con, view, sql, basis=completed(view))


def first_response(con: Reader, view: View) -> Table:
    """Return, in one row, how soon somebody took up the tasks that came in."""
    return ask(con, view, f"""
SELECT came AS "Came in", taken AS "Taken up", {_apart("hours", "Hours", digits=1)}
FROM counted
""", also=f"""{_taken_up(view)},
counted AS (
    SELECT count(*) AS came, count(taken_at) AS taken,
           {_quantiles("epoch(taken_at - came_at) / 3600")} AS hours
    FROM came
)""")  # fmt: skip


def _taken_up(view: View) -> str:
    text = tasks_text(view, known(view, "task.came_at"), within(view, "task.came_at"))
    return f"""came AS (
    SELECT task.id AS task_id, task.came_at,
           CASE WHEN {known(view, "task.taken_up_at")} THEN task.taken_up_at END AS taken_at
    {text}
)"""


def taken_up(view: View) -> Selection:
    """Return the tasks that came in in the period and were taken up."""
    text = f"WITH {_taken_up(view)} SELECT task_id FROM came WHERE taken_at IS NOT NULL"
    return selection(view, text)


def on_each_side(con: Reader, view: View) -> Table:
    """Return, of tasks completed in the period, how many days they waited for each side."""
    return ask(con, view, f"""
SELECT side AS "Waited on", tasks AS "Tasks", {_apart("days", "Days", digits=1)}
FROM counted ORDER BY side DESC
""", basis=completed(view), also=f"""{_waited(view)},
sides AS (
    SELECT 'practice' AS side, practice_days AS days FROM waited
    UNION ALL SELECT 'biller', biller_days FROM waited WHERE biller_days > 0
),
counted AS (
    SELECT side, count(*) AS tasks, {_quantiles("days")} AS days FROM sides GROUP BY side
)""")  # fmt: skip


def _waited(view: View) -> str:
    ended = f"{reopened_completions(view)}\n    WHERE {known(view, 'reopened_at')}"
    said = (
        "SELECT event.task_id, event.id, kind, happened_at FROM {events}\n"
        "    WHERE {ours} AND kind = '{kind}' AND {known}\n"
        "      AND event.task_id IN (SELECT task_id FROM {of})"
    )
    asked, answered = (
        said.format(
            events=events(view), ours=ours(view, "event"), kind=kind, known=known(view), of=of
        )
        for kind, of in (("asked", "done"), ("answered", "questioned"))
    )
    return f"""question AS (
    {asked}
),
questioned AS (
    -- By way of a list, which is taken for short, as it is: else the long side would be kept.
    SELECT unnest(list(DISTINCT task_id)) AS task_id FROM question
),
told AS (
    FROM question
    UNION ALL {answered}
    UNION ALL SELECT task_id, completion_id, 'completed', completed_at FROM {ended}
      AND task_id IN (SELECT task_id FROM questioned)
    UNION ALL SELECT task_id, NULL, 'completed', completed_at FROM done
    WHERE task_id IN (SELECT task_id FROM questioned)
),
told_in_order AS (
    SELECT task_id, kind, happened_at,
           lead(happened_at) OVER (PARTITION BY task_id ORDER BY id NULLS LAST) AS next_at
    FROM told
),
asked AS (
    SELECT task_id, sum(epoch(next_at - happened_at)) / 86400 AS biller_days
    FROM told_in_order WHERE kind = 'asked' GROUP BY task_id
),
closed AS (
    SELECT task_id, sum(epoch(reopened_at - completed_at)) / 86400 AS closed_days
    FROM {ended} GROUP BY task_id
),
waited AS (
    SELECT done.task_id, coalesce(biller_days, 0) AS biller_days,
           here_days - coalesce(biller_days, 0) - coalesce(closed_days, 0) AS practice_days
    FROM done LEFT JOIN asked ON asked.task_id = done.task_id
    LEFT JOIN closed ON closed.task_id = done.task_id
)"""


# Which of the completed tasks a cell counts -> the SQL that selects them.
_DONE = {
    "all": "SELECT task_id FROM done",
    "handed over": "SELECT task_id FROM handed",
    "reopened": "SELECT task_id FROM done WHERE {came_back}",
    "asked": "SELECT task_id FROM waited WHERE biller_days > 0",
}
DONE = tuple(_DONE)


def among(view: View, which: str) -> Selection:
    """Return the tasks completed in the period and not reopened since; `which` is one of DONE."""
    texts = {"asked": _waited, "handed over": _handed}
    also = f",\n{texts[which](view)}" if which in texts else ""
    chosen = _DONE[which].format(came_back=_came_back(view))
    return selection(view, f"WITH {completed(view).text}{also}\n    {chosen}")
