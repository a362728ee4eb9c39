"""Who completed what, by name with the mix of types; nobody is ranked by count."""

from __future__ import annotations

from lib.backlog.report_scope import (
    Basis,
    Reader,
    Table,
    View,
    ask,
    known,
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
    stands = tasks_text(view, known(view, "task.completed_at"), within(view, "task.completed_at"))
    ended = tasks_text(
        view, known(view, "reopened_completion.completed_at"),
        within(view, "reopened_completion.completed_at"), beside="reopened_completion",
    )  # fmt: skip
    return Basis("done", f"""completion AS (
    -- The row of a task tells of the completion that stands; those before it were reopened.
    SELECT task.id AS task_id, task.completed_by AS assignee_id, task.resolution, {about},
           task.completed_at, false AS came_back
    {stands}
    UNION ALL
    SELECT task.id, reopened_completion.completed_by, reopened_completion.resolution, {about},
           reopened_completion.completed_at, {known(view, "reopened_completion.reopened_at")}
    {ended}
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
