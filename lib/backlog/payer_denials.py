"""What payers deny, for which reasons, and what they pay after all."""

from __future__ import annotations

from datetime import date

from lib.backlog.report_scope import (
    Reader,
    Table,
    View,
    ask,
    at_place,
    days_of,
    known,
    local_day,
    ours,
    selection,
    tasks_text,
    within,
)
from lib.models import Selection

DENIALS = (
    "Denied: nothing was paid on a charge above zero, and contract, patient's share and other "
    "payers do not explain all of it (status 4: whatever explains it), as for tasks. The rate is "
    "of answers dated in the period that decide a claim: no reversals, prices asked for, interest "
    "alone, claims in review or passed on undecided. Denied in part, not in the rate: something "
    "was paid, and some of the rest is denied or unexplained. Denied amount: what was charged. "
    "Overturned: denied claims (payer, number, day of service) for which the payer paid more than "
    "it recouped after their last denial in the period. Source: ASC X12 005010X221, RFI 1423, "
    "1885; Settings show the rules."
)
CAUSES = (
    "Tasks that came in in the period, by payer and by each code the payer gave; a task with two "
    "codes stands in two rows."
)


def denials(con: Reader, view: View) -> Table:
    """Return, for each payer, answers, denials, denial rate, denials in part, overturned claims and
    dollars recovered.

    What each answer decided was kept when it came in (lib/intake/charges/claim_payments.py).
    """
    payer = " AND payer_name = $of_payer" if view.payer else ""
    return ask(con, view, """
SELECT payer_name AS "Payer", answers AS "Claims answered", denied AS "Denied",
       round(100.0 * denied / answers, 1) AS "Denial rate, %", in_part AS "Denied in part",
       amount AS "Denied amount", coalesce(claims, 0) AS "Claims denied",
       coalesce(overturned, 0) AS "Overturned",
       round(100.0 * overturned / claims, 1) AS "Overturned, %",
       coalesce(recovered, 0) AS "Recovered"
FROM counted LEFT JOIN outcome USING (payer_name) ORDER BY "Denied" DESC, "Payer"
""", also=f"""answer AS (
    SELECT claim_answer.id, practice_id, payer_name, status, decision, is_denied_in_part, charged,
           paid - interest AS paid, claim_key AS claim,
           coalesce(nullif(stated_payer, ''), payer_name) AS stated,
           coalesce(answered_on, {local_day(view, "recorded_at")}) AS day
    FROM {at_place(view, "claim_answer")}
    WHERE {ours(view, "claim_answer")} AND {known(view, "recorded_at")}
),
asked AS (
    SELECT * FROM answer
    WHERE day BETWEEN $of_since AND $of_until AND status NOT IN ('23', '24')
      AND decision NOT IN ('reversed', 'pended', 'predetermined', 'interest'){payer}
),
counted AS (
    SELECT payer_name, count(*) AS answers, count(*) FILTER (WHERE decision = 'denied') AS denied,
           count(*) FILTER (WHERE is_denied_in_part) AS in_part,
           coalesce(sum(charged) FILTER (WHERE decision = 'denied'), 0) AS amount
    FROM asked GROUP BY payer_name
),
denial AS (
    -- Each denied claim once, by its last denial.
    SELECT practice_id, payer_name, claim, max(day) AS day,
           max({{'day': day, 'id': id}}) AS told,
           arg_max(stated, {{'day': day, 'id': id}}) AS stated
    FROM asked WHERE decision = 'denied' GROUP BY practice_id, payer_name, claim
),
paid_later AS (
    SELECT denial.practice_id, denial.payer_name, denial.claim, sum(answer.paid) AS paid
    FROM denial JOIN answer USING (practice_id, claim)
    WHERE (answer.payer_name = denial.payer_name OR answer.stated = denial.stated)
      AND answer.paid <> 0 AND answer.day >= denial.day
      AND {{'day': answer.day, 'id': answer.id}} > denial.told
    GROUP BY denial.practice_id, denial.payer_name, denial.claim
),
outcome AS (
    SELECT payer_name, count(*) AS claims, count(*) FILTER (WHERE paid > 0) AS overturned,
           sum(paid) FILTER (WHERE paid > 0) AS recovered
    FROM denial LEFT JOIN paid_later USING (practice_id, payer_name, claim) GROUP BY payer_name
)""")  # fmt: skip


def recovered_after_tasks(con: Reader, view: View) -> Table:
    """Return, in one row, what payers paid for claims after their task was completed."""
    return ask(con, view, """
SELECT count(DISTINCT {'practice': practice_id, 'claim': claim_number}) FILTER (WHERE paid > 0)
           AS "Claims paid after their task",
       coalesce(sum(paid), 0) AS "Paid"
FROM paid_then JOIN done USING (practice_id, claim_number)
WHERE answered_on > done_on
""", also=f"""paid_then AS (
    SELECT practice_id, claim_number, paid - interest AS paid, answered_on
    FROM {at_place(view, "claim_answer")}
    WHERE {ours(view, "claim_answer")} AND paid <> interest AND claim_number <> ''
      AND {known(view, "recorded_at")} AND answered_on BETWEEN $of_since AND $of_until
),
chosen AS (
    SELECT task.id, task.practice_id, task.claim_number, task.completed_at
    {tasks_text(view, "task.claim_number IN (SELECT claim_number FROM paid_then)")}
),
completion AS (
    SELECT practice_id, claim_number, completed_at FROM chosen
    UNION ALL
    SELECT chosen.practice_id, chosen.claim_number, reopened_completion.completed_at
    FROM reopened_completion JOIN chosen ON chosen.id = reopened_completion.task_id
),
done AS (
    SELECT practice_id, claim_number, min({local_day(view, "completed_at")}) AS done_on
    FROM {at_place(view, "completion")}
    WHERE {known(view, "completed_at")}
    GROUP BY practice_id, claim_number
)""")  # fmt: skip


def causes(con: Reader, view: View) -> Table:
    """Return, for each payer and code, how many tasks of the period carry it."""
    chosen = tasks_text(
        view, known(view, "task.came_at"), within(view, "task.came_at"), "task.codes <> ''"
    )
    return ask(con, view, """
SELECT payer_name AS "Payer", code AS "Code", CAST(sum(tasks) AS BIGINT) AS "Tasks",
       coalesce(sum(requested), 0) AS "Requested"
FROM coded WHERE code <> ''
GROUP BY payer_name, code ORDER BY "Tasks" DESC, "Requested" DESC, "Payer", "Code"
""", also=f"""alike AS (
    SELECT task.payer_name, task.codes, count(*) AS tasks, sum(task.amount) AS requested
    {chosen}
    GROUP BY task.payer_name, task.codes
),
coded AS (
    SELECT payer_name, tasks, requested,
           unnest(list_distinct([trim(each) FOR each IN string_split(codes, ',')])) AS code
    FROM alike
)""")  # fmt: skip


def caused(view: View, since: date, until: date, code: str) -> Selection:
    """Return the tasks that came in in these days with this code, for one cell of `causes`."""
    chosen = tasks_text(
        view, known(view, "task.came_at"), within(view, "task.came_at", "bar"),
        "list_contains([trim(each) FOR each IN string_split(task.codes, ',')], $bar_code)",
    )  # fmt: skip
    text = f"SELECT task.id {chosen}"
    return selection(view, text, bar_code=code, **days_of(view, "bar", since, until))
