"""How long tasks take: from the request, from the first start, on each side, and again."""

from __future__ import annotations

from lib.backlog.view import Table, View, ask, known, local_day, tasks_text, weekdays, within
from lib.store.database import Connection

LEAD = (
    "Lead time: days from the request to the last completion. Cycle time: from the first start to "
    "the last completion. Business days are Mondays to Fridays. P85: 85 of 100 took no longer. Of "
    "tasks whose last completion is in the period and that were not reopened since."
)
RESPONSE = (
    "First response: hours from coming in to the first time somebody took, started or asked about "
    "the task. Of tasks that came in in the period and had a response."
)


def completed(view: View) -> str:
    """Return the texts that end in `done`: tasks that stood completed at the view's moment, by a
    completion in the period, with their days."""
    person = ""
    if view.person_id is not None:
        person = " AND assignee_id = $of_person"
    elif view.unassigned:
        person = " AND assignee_id IS NULL"
    return f"""candidate AS (
    -- Who was completed in the period, by the clock in UTC and a day more on either side.
    SELECT DISTINCT task_id FROM event
    WHERE kind = 'completed' AND practice_id = ANY($of_practices)
      AND happened_at >= CAST($of_since AS TIMESTAMP) - INTERVAL '1 day'
      AND happened_at < CAST($of_until AS TIMESTAMP) + INTERVAL '2 days'
),
chosen AS (
    SELECT task.id, task.practice_id, task.type, task.payer_name, task.created_at,
           task.requested_on, practice.timezone
    {tasks_text(view, "task.id IN (SELECT task_id FROM candidate)")}
),
told AS (
    SELECT event.task_id,
           arg_max(kind, event.id) FILTER (WHERE kind IN ('completed', 'reopened')) AS life,
           arg_max(assignee_id, event.id) FILTER (WHERE kind = 'completed') AS assignee_id,
           max(happened_at) FILTER (WHERE kind = 'completed') AS completed_at,
           min(happened_at) FILTER (WHERE kind = 'started') AS started_at,
           count(*) FILTER (WHERE kind = 'assigned' AND was_assignee_id IS NOT NULL) AS handoffs,
           count(*) FILTER (WHERE kind = 'reopened') AS reopened
    FROM event JOIN practice ON practice.id = event.practice_id
    WHERE event.task_id IN (SELECT task_id FROM candidate)
      AND kind IN ('assigned', 'started', 'completed', 'reopened') AND {known(view)}
    GROUP BY event.task_id
),
dated AS (
    SELECT chosen.id, chosen.type, chosen.payer_name, told.*,
           coalesce(chosen.requested_on, {local_day("chosen.created_at", "chosen")}) AS asked_on,
           {local_day("told.completed_at", "chosen")} AS done_on,
           {local_day("told.started_at", "chosen")} AS begun_on,
           epoch(told.completed_at - chosen.created_at) / 86400 AS here_days
    FROM chosen JOIN told ON told.task_id = chosen.id
    WHERE told.life = 'completed'
),
done AS (
    SELECT *, done_on - asked_on AS lead_days,
           {weekdays("done_on")} - {weekdays("asked_on")} AS lead_business,
           epoch(completed_at - started_at) / 86400 AS cycle_days,
           {weekdays("done_on")} - {weekdays("begun_on")} AS cycle_business
    FROM dated
    WHERE done_on BETWEEN $of_since AND $of_until{person}
)"""


def _quantiles(column: str, name: str, *, digits: int = 0) -> str:
    parts = []
    for percent in (50, 85, 95):
        value = f"quantile_disc({column}, {percent / 100})"
        parts.append(
            f'round({value}, {digits}) AS "{name} P{percent}"'
            if digits
            else f'{value} AS "{name} P{percent}"'
        )
    return ", ".join(parts)


def lead_and_cycle(con: Connection, view: View) -> Table:
    """Return a row a type, and one of all: P50, P85 and P95 in calendar and business days."""
    return ask(con, view, f"""
WITH {completed(view)}
SELECT coalesce(type, 'All') AS "Type", count(*) AS "Completed tasks",
       {_quantiles("lead_days", "Lead, days")},
       {_quantiles("lead_business", "Lead, business days")},
       {_quantiles("cycle_days", "Cycle, days", digits=1)},
       {_quantiles("cycle_business", "Cycle, business days")}
FROM done
GROUP BY GROUPING SETS ((type), ())
ORDER BY type NULLS FIRST
""")  # fmt: skip


def handoffs_and_reopens(con: Connection, view: View) -> Table:
    """Return in one row how often completed tasks changed hands, and came back."""
    sql = f"""
WITH {completed(view)}
SELECT count(*) AS "Completed tasks",
       round(avg(handoffs), 2) AS "Handoffs a task",
       count(*) FILTER (WHERE handoffs > 0) AS "Handed over at least once",
       count(*) FILTER (WHERE reopened > 0) AS "Reopened at least once",
       round(100.0 * count(*) FILTER (WHERE reopened > 0) / nullif(count(*), 0), 1)
           AS "Reopened, %"
FROM done
"""
    return ask(con, view, sql)


def mean_days(con: Connection, view: View) -> float | None:
    """Return the average days from coming in here to the last completion."""
    table = ask(con, view, f"WITH {completed(view)}\nSELECT avg(here_days) AS d FROM done")
    value = table.rows[0][0]
    return float(value) if value is not None else None


def p85_lead(con: Connection, view: View) -> int | None:
    """Return the days within which 85 of 100 tasks were completed since the request."""
    sql = f"WITH {completed(view)}\nSELECT quantile_disc(lead_days, 0.85) AS d FROM done"
    value = ask(con, view, sql).rows[0][0]
    return int(value) if value is not None else None


def first_response(con: Connection, view: View) -> Table:
    """Return in one row how soon somebody took up what came in."""
    sql = f"""
WITH came AS (
    SELECT event.task_id, happened_at AS came_at
    FROM event JOIN practice ON practice.id = event.practice_id
    WHERE kind = 'created' AND event.practice_id = ANY($of_practices) AND {known(view)}
      AND {within("event.happened_at")}
),
chosen AS (
    SELECT task.id
    {tasks_text(view, "task.id IN (SELECT task_id FROM came)")}
),
taken AS (
    SELECT event.task_id, min(happened_at) AS taken_at
    FROM event JOIN practice ON practice.id = event.practice_id
    WHERE event.task_id IN (SELECT id FROM chosen)
      AND kind IN ('assigned', 'started', 'asked') AND {known(view)}
    GROUP BY event.task_id
),
told AS (
    SELECT came.came_at, taken.taken_at
    FROM chosen JOIN came ON came.task_id = chosen.id
    LEFT JOIN taken ON taken.task_id = chosen.id
)
SELECT count(*) AS "Came in", count(taken_at) AS "Taken up",
       {_quantiles("epoch(taken_at - came_at) / 3600", "Hours", digits=1)}
FROM told
"""
    return ask(con, view, sql)


def on_each_side(con: Connection, view: View) -> Table:
    """Return, of tasks completed in the period, how many days they waited for each side."""
    return ask(con, view, f"""
WITH {completed(view)},
told_in_order AS (
    SELECT event.task_id, kind, happened_at,
           lead(happened_at) OVER (PARTITION BY event.task_id ORDER BY event.id) AS next_at
    FROM event JOIN practice ON practice.id = event.practice_id
    WHERE event.task_id IN (SELECT task_id FROM done)
      AND kind IN ('created', 'asked', 'answered', 'completed', 'reopened') AND {known(view)}
),
waited AS (
    SELECT task_id,
           coalesce(sum(epoch(next_at - happened_at)) FILTER (WHERE kind = 'asked'), 0) / 86400
               AS biller_days,
           coalesce(sum(epoch(next_at - happened_at))
               FILTER (WHERE kind IN ('created', 'answered', 'reopened')), 0) / 86400
               AS practice_days
    FROM told_in_order GROUP BY task_id
),
sides AS (
    SELECT 'practice' AS side, practice_days AS days FROM waited
    UNION ALL SELECT 'biller', biller_days FROM waited WHERE biller_days > 0
)
SELECT side AS "Waited on", count(*) AS "Tasks", {_quantiles("days", "Days", digits=1)}
FROM sides GROUP BY side ORDER BY side DESC
""")  # fmt: skip
