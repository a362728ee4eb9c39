"""What was pending at any moment of the past: by type, payer, person, age and due date."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lib.backlog.view import Table, View, ask, known, local_day, selection, tasks_text, weekdays
from lib.models import Selection
from lib.store.database import Connection, money

# Days since the request, both ends included.
AGES: dict[str, tuple[int, int | None]] = {
    "0–7 days": (0, 7),
    "8–30 days": (8, 30),
    "31–60 days": (31, 60),
    "61–90 days": (61, 90),
    "Over 90 days": (91, None),
}
SIDES = {"practice": "The practice", "biller": "The biller"}
DUE = {"overdue": "Overdue", "soon": "Due in the next 7 days", "later": "Later", "none": "No date"}
FILING = {
    "past": "Past the limit",
    "week": "0–7 days left",
    "month": "8–30 days left",
    "quarter": "31–90 days left",
    "more": "Over 90 days left",
    "unknown": "Limit not recorded",
}

_AGE_NAME = "CASE " + " ".join(
    f"WHEN age <= {high} THEN '{name}'" if high is not None else f"ELSE '{name}' END"
    for name, (_, high) in AGES.items()
)
_AGE_PLACE = "CASE " + " ".join(
    f"WHEN age <= {high} THEN {place}" if high is not None else f"ELSE {place} END"
    for place, (_, high) in enumerate(AGES.values())
)
_DUE_KEY = (
    "CASE WHEN due_on IS NULL THEN 'none' WHEN due_on < today THEN 'overdue' "
    "WHEN due_on <= today + 7 THEN 'soon' ELSE 'later' END"
)
_FILING_KEY = (
    "CASE WHEN days_left IS NULL THEN 'unknown' WHEN days_left < 0 THEN 'past' "
    "WHEN days_left <= 7 THEN 'week' WHEN days_left <= 30 THEN 'month' "
    "WHEN days_left <= 90 THEN 'quarter' ELSE 'more' END"
)


def standing(view: View) -> str:
    """Return the texts that end in `standing`: one row for each task that was pending at that
    moment.

    A task that was completed before and not touched since is skipped by its row; for the others the
    latest line of their history counts.
    """
    person = ""
    if view.unassigned:
        person = "\n      AND told.assignee_id IS NULL"
    elif view.person_id is not None:
        person = "\n      AND told.assignee_id = $of_person"
    today = "$of_today" if view.closes_day else local_day("$of_as_of")
    chosen = tasks_text(
        view,
        "task.created_at <= $of_as_of",
        "(task.completed_at IS NULL OR task.completed_at > $of_as_of)"
        if not view.closes_day
        else f"(task.completed_at IS NULL OR {local_day('task.completed_at')} > $of_today)",
    )
    return f"""chosen AS (
    SELECT task.id, task.practice_id, task.type, task.payer_id, task.payer_name, task.charge_id,
           task.claim_number, task.amount, task.due_on, task.date_of_service,
           coalesce(task.requested_on, {local_day("task.created_at")}) AS requested_on,
           CAST({today} AS DATE) AS today
    {chosen}
),
told AS (
    -- The last word of each task's history by then.
    SELECT event.task_id,
           arg_max(kind, event.id) FILTER (WHERE kind IN ('created', 'completed', 'reopened'))
               AS life,
           arg_max_null(assignee_id, event.id) FILTER (WHERE kind IN ('assigned', 'reopened'))
               AS assignee_id,
           arg_max(kind, event.id) FILTER (WHERE kind IN ('created', 'asked', 'answered',
               'reopened')) = 'asked' AS waits_for_biller,
           max(happened_at) AS last_at
    FROM event JOIN practice ON practice.id = event.practice_id
    WHERE event.task_id IN (SELECT id FROM chosen)
      AND kind IN ('created', 'assigned', 'asked', 'answered', 'completed', 'reopened')
      AND {known(view)}
    GROUP BY event.task_id
),
standing AS (
    SELECT chosen.*, told.assignee_id, told.last_at,
           CASE WHEN told.waits_for_biller THEN 'biller' ELSE 'practice' END AS side,
           today - chosen.requested_on AS age,
           chosen.date_of_service + payer.filing_days - today AS days_left
    FROM chosen
    JOIN told ON told.task_id = chosen.id
    LEFT JOIN payer ON payer.id = chosen.payer_id
    WHERE told.life <> 'completed'{person}
)"""


_HELD = """held AS (
    -- Each charge once, with what it came to then; a claim that is not held here by its request.
    SELECT sum(amount) AS dollars FROM (
        SELECT coalesce(
            (SELECT arg_min(was, changed_at) FROM charge_total
             WHERE charge_total.charge_id = one.charge_id AND changed_at > $of_as_of),
            (SELECT sum(total) FROM service_line WHERE service_line.charge_id = one.charge_id)
        ) AS amount
        FROM (SELECT DISTINCT charge_id FROM standing WHERE charge_id IS NOT NULL) AS one
        UNION ALL
        SELECT max(amount) FROM standing
        WHERE charge_id IS NULL
        GROUP BY practice_id, CASE WHEN claim_number = '' THEN CAST(id AS VARCHAR)
                                   ELSE 'claim ' || claim_number END
    )
)"""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a manager asks first."""

    tasks: int
    with_biller: int  # of them, waiting for the biller
    requested: Decimal  # US dollars, as each task asked for
    held: Decimal  # US dollars, each charge once, as it was then
    overdue: int
    overdue_dollars: Decimal  # US dollars requested
    due_soon: int  # in the next seven days
    oldest: int | None  # days


def summary(con: Connection, view: View) -> tuple[Summary, Table]:
    """Return what was pending at the view's moment, in one row."""
    table = ask(con, view, f"""
WITH {standing(view)},
{_HELD}
SELECT count(*) AS "Pending", count(*) FILTER (WHERE side = 'biller') AS "Waiting on biller",
       coalesce(sum(amount), 0) AS "Requested", coalesce((SELECT dollars FROM held), 0) AS "Held",
       count(*) FILTER (WHERE due_on < today) AS "Overdue",
       coalesce(sum(amount) FILTER (WHERE due_on < today), 0) AS "Overdue amount",
       count(*) FILTER (WHERE due_on BETWEEN today AND today + 7) AS "Due in 7 days",
       max(age) AS "Oldest, days"
FROM standing
""")  # fmt: skip
    row = table.rows[0]
    found = Summary(
        row[0], row[1], money(row[2]), money(row[3]), row[4], money(row[5]), row[6], row[7]
    )
    return found, table


def _by(con: Connection, view: View, columns: str, order: str, *, more: str = "") -> Table:
    join = " LEFT JOIN person ON person.id = standing.assignee_id" if "person" in columns else ""
    return ask(con, view, f"""
WITH {standing(view)}
SELECT {columns},
       count(*) FILTER (WHERE side = 'practice') AS "Waiting on practice",
       count(*) FILTER (WHERE side = 'biller') AS "Waiting on biller",
       count(*) AS "Tasks", coalesce(sum(amount), 0) AS "Requested"{more}
FROM standing{join}
GROUP BY ALL
ORDER BY {order}
""")  # fmt: skip


def by_type(con: Connection, view: View) -> Table:
    """Return pending tasks by type, as the type's stored word."""
    return _by(con, view, 'type AS "Type"', '"Type"')


def by_payer(con: Connection, view: View) -> Table:
    """Return pending tasks by payer, most dollars first."""
    return _by(con, view, 'payer_name AS "Payer"', '"Requested" DESC, "Payer"')


def by_assignee(con: Connection, view: View) -> Table:
    """Return pending tasks by who had them; those nobody had without a name."""
    return _by(
        con, view, 'assignee_id AS "Person", coalesce(person.name, \'\') AS "Name"',
        '"Name", "Person" NULLS FIRST', more=',\n       max(age) AS "Oldest, days"',
    )  # fmt: skip


def by_age(con: Connection, view: View) -> Table:
    """Return pending tasks by days since the request, youngest first."""
    return _by(con, view, f'{_AGE_NAME} AS "Age"', f"any_value({_AGE_PLACE})")


def by_due(con: Connection, view: View) -> Table:
    """Return pending tasks by when they are due, as keys of DUE."""
    return _by(
        con, view, f'{_DUE_KEY} AS "Due"', f"any_value(list_position({list(DUE)}, {_DUE_KEY}))"
    )


def by_filing(con: Connection, view: View) -> Table:
    """Return pending tasks by the days left until the payer takes no claim, as keys of FILING."""
    return _by(
        con,
        view,
        f'{_FILING_KEY} AS "Filing"',
        f"any_value(list_position({list(FILING)}, {_FILING_KEY}))",
    )


def waiting(con: Connection, view: View) -> Table:
    """Return, for each side, how long its pending tasks have waited since something happened."""
    return ask(con, view, f"""
WITH {standing(view)}
SELECT side AS "Waiting on", count(*) AS "Tasks", coalesce(sum(amount), 0) AS "Requested",
       quantile_disc(idle, 0.5) AS "P50, days", quantile_disc(idle, 0.85) AS "P85, days",
       max(idle) AS "Longest, days"
FROM (
    SELECT side, amount, today - {local_day("last_at")} AS idle
    FROM standing JOIN practice ON practice.id = standing.practice_id
)
GROUP BY side ORDER BY side DESC
""")  # fmt: skip


def oldest(con: Connection, view: View, count: int = 10) -> Table:
    """Return the tasks that have waited longest, without anything of a patient."""
    return ask(con, view, f"""
WITH {standing(view)}
SELECT standing.id AS "Task", type AS "Type", payer_name AS "Payer", age AS "Age, days",
       {weekdays("today")} - {weekdays("requested_on")} AS "Business days",
       due_on AS "Due", amount AS "Requested", side AS "Waiting on"
FROM standing
ORDER BY age DESC, standing.id LIMIT {int(count)}
""")  # fmt: skip


def among(
    view: View, *, age: str | None = None, side: str | None = None, due: str | None = None,
    filing: str | None = None,
) -> Selection:  # fmt: skip
    """Return the tasks that were pending at the view's moment, those of one bar where asked."""
    asked = {
        f"{_AGE_NAME} = $bar_age": age, "side = $bar_side": side,
        f"{_DUE_KEY} = $bar_due": due, f"{_FILING_KEY} = $bar_filing": filing,
    }  # fmt: skip
    conditions = " AND ".join([text for text, value in asked.items() if value] or ["true"])
    sql = f"WITH {standing(view)}\n    SELECT id FROM standing WHERE {conditions}"
    return selection(view, sql, bar_age=age, bar_side=side, bar_due=due, bar_filing=filing)
