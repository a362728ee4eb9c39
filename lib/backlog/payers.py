"""What payers refuse, why, and what comes of it."""

from __future__ import annotations

from datetime import date

from lib.backlog.view import Table, View, ask, known, local_day, selection, tasks_text, within
from lib.models import Selection
from lib.store.database import Connection

DENIALS = (
    "Denial rate: claims answered with status 4 (CLP02) among all claims answered in the period. "
    "Overturned: denied claims for which the payer paid something later. Source: ASC X12 "
    "005010X221, claim status code."
)
CAUSES = (
    "Tasks that came in in the period, by payer and by each code the payer gave; a task with two "
    "codes stands in two rows."
)


def denials(con: Connection, view: View) -> Table:
    """Return a row a payer: answers, denials, denial rate, what was overturned and recovered."""
    payer = " AND payer_name = $of_payer" if view.payer else ""
    return ask(con, view, f"""
WITH answer AS (
    SELECT claim_answer.*,
           coalesce(answered_on, {local_day("recorded_at")}) AS day,
           practice_id || '|' || coalesce(nullif(claim_number, ''), payer_claim_number) AS claim
    FROM claim_answer JOIN practice ON practice.id = claim_answer.practice_id
    WHERE practice_id = ANY($of_practices) AND recorded_at <= $of_as_of{payer}
),
asked AS (
    SELECT payer_name, claim, status, charged,
           (SELECT sum(later.paid) FROM answer AS later
            WHERE later.claim = answer.claim AND later.paid > 0 AND later.day >= answer.day
              AND later.id > answer.id) AS recovered
    FROM answer WHERE day BETWEEN $of_since AND $of_until AND status <> '22'
)
SELECT payer_name AS "Payer", count(*) AS "Claims answered",
       count(*) FILTER (WHERE status = '4') AS "Denied",
       round(100.0 * count(*) FILTER (WHERE status = '4') / count(*), 1) AS "Denial rate, %",
       coalesce(sum(charged) FILTER (WHERE status = '4'), 0) AS "Denied amount",
       count(*) FILTER (WHERE status = '4' AND recovered > 0) AS "Overturned",
       round(100.0 * count(*) FILTER (WHERE status = '4' AND recovered > 0)
             / nullif(count(*) FILTER (WHERE status = '4'), 0), 1) AS "Overturned, %",
       coalesce(sum(recovered) FILTER (WHERE status = '4'), 0) AS "Recovered"
FROM asked GROUP BY payer_name ORDER BY "Denied" DESC, "Payer"
""")  # fmt: skip


def recovered_after_tasks(con: Connection, view: View) -> Table:
    """Return in one row what payers paid for claims after their task was completed."""
    return ask(con, view, f"""
WITH chosen AS (
    SELECT task.id, task.practice_id, task.claim_number, practice.timezone
    {tasks_text(view, "task.claim_number <> ''")}
),
done AS (
    SELECT chosen.practice_id, chosen.claim_number, min({local_day("happened_at")}) AS done_on
    FROM event JOIN chosen ON chosen.id = event.task_id
    JOIN practice ON practice.id = event.practice_id
    WHERE kind = 'completed' AND {known(view)}
    GROUP BY chosen.practice_id, chosen.claim_number
)
SELECT count(DISTINCT done.claim_number) AS "Claims paid after their task",
       coalesce(sum(paid), 0) AS "Paid"
FROM claim_answer JOIN done
  ON done.practice_id = claim_answer.practice_id AND done.claim_number = claim_answer.claim_number
WHERE paid > 0 AND recorded_at <= $of_as_of AND answered_on > done_on
  AND answered_on BETWEEN $of_since AND $of_until
""")  # fmt: skip


def _came_in(view: View) -> str:
    return f"""came AS (
    SELECT DISTINCT event.task_id
    FROM event JOIN practice ON practice.id = event.practice_id
    WHERE kind = 'created' AND event.practice_id = ANY($of_practices) AND {known(view)}
      AND {within("event.happened_at")}
),
chosen AS (
    SELECT task.id, task.type, task.payer_name, task.codes, task.amount
    {tasks_text(view, "task.codes <> ''", "task.id IN (SELECT task_id FROM came)")}
)"""


def causes(con: Connection, view: View) -> Table:
    """Return a row a payer and code: how many tasks that came in in the period carry it."""
    return ask(con, view, f"""
WITH {_came_in(view)},
coded AS (
    SELECT DISTINCT id, payer_name, trim(code) AS code, amount
    FROM chosen, unnest(string_split(codes, ',')) AS each (code)
    WHERE trim(code) <> ''
)
SELECT payer_name AS "Payer", code AS "Code", count(*) AS "Tasks",
       coalesce(sum(amount), 0) AS "Requested"
FROM coded GROUP BY payer_name, code ORDER BY "Tasks" DESC, "Requested" DESC, "Payer", "Code"
""")  # fmt: skip


def caused(view: View, since: date, until: date) -> Selection:
    """Return the tasks that came in in these days, for one cell of `causes`."""
    sql = f"""
    SELECT event.task_id FROM event JOIN practice ON practice.id = event.practice_id
    WHERE event.practice_id = ANY($of_practices) AND kind = 'created' AND {known(view)}
      AND {within("event.happened_at", "$bar_since", "$bar_until")}"""
    return selection(view, sql, bar_since=since, bar_until=until)
