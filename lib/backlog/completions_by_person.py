"""Who completed what, by name with the mix of types; nobody is ranked by count."""

from __future__ import annotations

from lib.backlog.report_scope import (
    Basis,
    Reader,
    Table,
    View,
    ask,
    events,
    known,
    ours,
    selection,
    tasks_text,
    within,
)
from lib.models import Selection, TaskType

DEFINITION = (
    "Completions in the period by who had the task then, with their mix of types: a coding "
    "question and a referral letter are not the same work, so there is no order by count. "
    "Reopened: those of these completions whose task was reopened by the day of the report."
)


def _done(view: View) -> Basis:
    """Return the relation `done`: one row for each completion in the period, with who had the task
    then."""
    person = ""
    if view.is_one_person:
        person = f"\n    WHERE assignee_id {'IS NULL' if view.unassigned else '= $of_person'}"
    about = "task.type, task.created_at"
    once = tasks_text(
        view, "task.id NOT IN (SELECT task_id FROM reopened)", known(view, "task.completed_at"),
        within(view, "task.completed_at"),
    )  # fmt: skip
    several = tasks_text(
        view, "task.id IN (SELECT task_id FROM reopened)", "event.kind = 'completed'", known(view),
        within(view, "event.happened_at"), beside="event",
    )  # fmt: skip
    return Basis("done", f"""reopened AS (
    -- unnest(list(…)) lets the planner take this side for the short one, which it is, and keep it.
    SELECT unnest(list(DISTINCT task_id)) AS task_id FROM event WHERE kind = 'reopened'
),
again AS (
    SELECT event.task_id, max(event.id) AS last_id FROM {events(view)}
    WHERE {ours(view, 'event')} AND kind = 'reopened' AND {known(view)}
    GROUP BY event.task_id
),
completion AS (
    -- A task that was completed once has that in its row; a reopened one has all in its history.
    SELECT task.id AS task_id, task.completed_by AS assignee_id, task.resolution, {about},
           task.completed_at, false AS came_back
    {once}
    UNION ALL
    SELECT task.id, event.assignee_id, event.resolution, {about}, event.happened_at,
           coalesce((SELECT last_id FROM again WHERE again.task_id = task.id) > event.id, false)
    {several}
),
done AS (
    SELECT task_id, assignee_id, resolution, type,
           epoch(completed_at - created_at) / 86400 AS days, came_back
    FROM completion{person}
)""")  # fmt: skip


def completions(con: Reader, view: View) -> Table:
    """Return, for each person by name, completions by type, how many came back, and median days."""
    kinds = ",\n       ".join(
        f"count(*) FILTER (WHERE type = '{kind.value}') AS \"{kind.label}\"" for kind in TaskType
    )
    return ask(con, view, f"""
SELECT assignee_id AS "Person", coalesce(person.name, '') AS "Name", count(*) AS "Completions",
       {kinds},
       count(*) FILTER (WHERE came_back) AS "Reopened",
       round(median(days), 1) AS "Median days here"
FROM done LEFT JOIN person ON person.id = done.assignee_id
GROUP BY assignee_id, person.name ORDER BY "Name", "Person"
""", basis=_done(view))  # fmt: skip


def resolutions(con: Reader, view: View) -> Table:
    """Return how the tasks completed in the period ended; '' where that was not recorded."""
    return ask(con, view, """
SELECT coalesce(resolution, '') AS "Resolution", count(*) AS "Completions"
FROM done GROUP BY 1 ORDER BY 2 DESC, 1
""", basis=_done(view))  # fmt: skip


def among(view: View, *, ended: str | None = None, came_back: bool = False) -> Selection:
    """Return the tasks of completions in the period: by how they ended, or that came back."""
    asked = ["coalesce(resolution, '') = $bar_ended"] if ended is not None else []
    asked += ["came_back"] if came_back else []
    text = f"WITH {_done(view).text}\n    SELECT task_id FROM done WHERE {' AND '.join(asked)}"
    return selection(view, text, bar_ended=ended)
