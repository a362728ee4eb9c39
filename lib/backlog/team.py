"""Who completes what: people side by side with the mix of what they did, never ranked by count."""

from __future__ import annotations

from lib.backlog.view import Table, View, ask, known, tasks_text, within
from lib.models import TaskType
from lib.store.database import Connection

DEFINITION = (
    "Completions in the period by who had the task then, with their mix of types: a coding "
    "question and a referral letter are not the same work, so there is no order by count. "
    "Reopened: of these completions, those after which the task came back by the day of the report."
)


def completions(con: Connection, view: View) -> Table:
    """Return a row a person, by name: completions by type, reopened ones, and the median days."""
    person = " AND event.assignee_id = $of_person" if view.person_id is not None else ""
    kinds = ",\n       ".join(
        f"count(*) FILTER (WHERE type = '{kind.value}') AS \"{kind.label}\"" for kind in TaskType
    )
    return ask(con, view, f"""
WITH chosen AS (
    SELECT task.id, task.type, task.created_at
    {tasks_text(view, "task.created_at <= $of_as_of")}
),
done AS (
    SELECT event.assignee_id, chosen.type,
           epoch(happened_at - chosen.created_at) / 86400 AS days,
           EXISTS (
               SELECT 1 FROM event AS later
               WHERE later.task_id = event.task_id AND later.kind = 'reopened'
                 AND later.id > event.id AND {known(view, "later")}
           ) AS came_back
    FROM event JOIN chosen ON chosen.id = event.task_id
    JOIN practice ON practice.id = event.practice_id
    WHERE kind = 'completed' AND {known(view)}
      AND {within("happened_at")}{person}
)
SELECT assignee_id AS "Person", coalesce(person.name, '') AS "Name", count(*) AS "Completions",
       {kinds},
       count(*) FILTER (WHERE came_back) AS "Reopened",
       round(median(days), 1) AS "Median days here"
FROM done LEFT JOIN person ON person.id = done.assignee_id
GROUP BY assignee_id, person.name ORDER BY "Name", "Person"
""")  # fmt: skip


def resolutions(con: Connection, view: View) -> Table:
    """Return how the tasks completed in the period ended; '' where that was not recorded."""
    return ask(con, view, f"""
WITH chosen AS (
    SELECT task.id {tasks_text(view, "task.created_at <= $of_as_of")}
)
SELECT coalesce(resolution, '') AS "Resolution", count(*) AS "Completions"
FROM event JOIN practice ON practice.id = event.practice_id
WHERE event.task_id IN (SELECT id FROM chosen) AND kind = 'completed' AND {known(view)}
  AND {within("happened_at")}
GROUP BY 1 ORDER BY 2 DESC, 1
""")  # fmt: skip
