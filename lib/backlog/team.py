"""Who completes what: people side by side with the mix of what they did, never ranked by count."""

from __future__ import annotations

from lib.backlog.report_scope import (
    Basis,
    Reader,
    Table,
    View,
    ask,
    at_place,
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
    "Reopened: of these completions, those after which the task came back by the day of the report."
)


def _done(view: View) -> Basis:
    """Return `done`: a row a completion in the period, by whoever had the task then."""
    person = ""
    if view.is_one_person:
        who = "IS NULL" if view.unassigned else "= $of_person"
        person = f" AND event.assignee_id {who}"
    return Basis("done", f"""chosen AS (
    SELECT task.id, task.type, task.created_at
    {tasks_text(view, "task.created_at <= $of_as_of")}
),
again AS (
    SELECT event.task_id, max(event.id) AS last_id FROM {events(view)}
    WHERE {ours(view, 'event')} AND kind = 'reopened' AND {known(view)}
    GROUP BY event.task_id
),
done AS (
    SELECT event.task_id, event.assignee_id, event.resolution, chosen.type,
           epoch(happened_at - chosen.created_at) / 86400 AS days,
           coalesce(again.last_id > event.id, false) AS came_back
    FROM {at_place(view, "event")} JOIN chosen ON chosen.id = event.task_id
    LEFT JOIN again ON again.task_id = event.task_id
    WHERE kind = 'completed' AND {known(view)}
      AND {within(view, "happened_at")}{person}
)""")  # fmt: skip


def completions(con: Reader, view: View) -> Table:
    """Return a row a person, by name: completions by type, reopened ones, and the median days."""
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
