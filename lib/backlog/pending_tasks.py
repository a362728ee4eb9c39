"""What was pending at a moment, by whatever one asks: recomputed from history, for any day."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lib.backlog.report_scope import (
    Basis,
    Reader,
    Table,
    Together,
    View,
    ask,
    at_place,
    events,
    holidays_off,
    known,
    local_day,
    of_view,
    ours,
    reopened_completions,
    selection,
    tasks_text,
    weekdays,
)
from lib.models import Selection
from lib.store.database import money

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


def _standing(con: Reader, view: View, *facts: str) -> Basis:
    """Return `standing` with these facts and any others that the page needs."""
    more = con.facts if isinstance(con, Together) else ()
    return standing(view, *dict.fromkeys((*more, *facts)))


def standing(view: View, *facts: str) -> Basis:
    """Return the relation `standing`: one row for each task that was pending at the view's moment.

    `facts` adds columns that cost more to compute: "assignee" (who had the task) and "last_at"
    (when something last happened to it). A task's row says whether the completion that stands now
    had come by then, `reopened_completion` whether another one stood.
    """
    if not view.has_later_events:
        return _standing_now(view, facts)
    person = ""
    if view.is_one_person:
        facts = tuple(dict.fromkeys((*facts, "assignee")))
        who = "IS NULL" if view.unassigned else "= $of_person"
        person = f"\n      AND {_HAD} {who}"
    chosen = tasks_text(
        view,
        known(view, "task.came_at"),
        f"(task.completed_at IS NULL OR NOT ({known(view, 'task.completed_at')}))",
    )
    more = "".join(_FACTS[each].format(events=events(view), known=known(view)) for each in facts)
    columns = "".join(f", {_FACT_COLUMNS[each]}" for each in facts)
    joins = "".join(f"\n    LEFT JOIN {_FACT_TABLES[each]}" for each in facts)
    spoken = "\n    UNION ALL ".join(
        f"SELECT event.task_id, event.id, kind = 'asked' AS is_question FROM {events(view)}\n"
        f"    WHERE {ours(view, 'event')} AND kind = '{kind}' AND {known(view)}\n"
        "      AND event.task_id IN (SELECT task_id FROM told_by_history)"
        for kind in ("asked", "answered")
    )
    return Basis("standing", f"""chosen AS (
    SELECT task.id, task.practice_id, task.type, task.payer_id, task.payer_name, task.charge_id,
           task.claim_number, task.amount, task.due_on, task.date_of_service, task.assignee_id,
           task.turn, CAST({_today(view)} AS DATE) AS today,
           coalesce(task.requested_on, {local_day(view, "task.created_at")}) AS requested_on
    {chosen}
),
closed AS (
    -- Completed then, and reopened later.
    SELECT task_id FROM {reopened_completions(view)}
    WHERE {known(view, "completed_at")} AND NOT ({known(view, "reopened_at")})
),
told_by_history AS (
    -- The row of a task says whose move it is and who has it, unless something happened since.
    {_unsure(view)}
),
said AS (
    -- One kind at a time: a column of few words is searched for one quickly.
    {spoken}
    UNION ALL
    -- A completion ends a question too: it is not asked again by the reopening.
    SELECT task_id, completion_id, false FROM {reopened_completions(view)}
    WHERE {known(view, "reopened_at")}
),
asked AS (
    SELECT task_id FROM said GROUP BY task_id
    HAVING max(id) FILTER (WHERE is_question) > coalesce(max(id) FILTER (WHERE NOT is_question), 0)
),
filing AS (
    {_filing(view)}
){more},
standing AS (
    SELECT chosen.* EXCLUDE (assignee_id, turn),
           CASE WHEN asked.task_id IS NOT NULL THEN 'biller'
                WHEN chosen.id IN (SELECT task_id FROM told_by_history) THEN 'practice'
                ELSE chosen.turn END AS side,
           today - chosen.requested_on AS age,
           chosen.date_of_service + filing.days - today AS days_left{columns}
    FROM chosen
    LEFT JOIN asked ON asked.task_id = chosen.id
    LEFT JOIN filing ON filing.payer_id = chosen.payer_id{joins}
    WHERE chosen.id NOT IN (SELECT task_id FROM closed){person}
)""")  # fmt: skip


def _today(view: View) -> str:
    return "$of_today" if view.closes_day else local_day(view, "$of_as_of")


def _standing_now(view: View, facts: tuple[str, ...]) -> Basis:
    """Return `standing` where nothing happened since: the rows of the tasks say it all."""
    more = columns = join = ""
    if "last_at" in facts:
        more = _FACTS["last_at"].format(events=events(view), known=known(view))
        columns = ", touched.last_at"
        join = f"\n    LEFT JOIN {_FACT_TABLES['last_at']}"
    person = []
    if view.is_one_person:
        person = [f"task.assignee_id {'IS NULL' if view.unassigned else '= $of_person'}"]
    return Basis("standing", f"""chosen AS (
    SELECT task.id, task.practice_id, task.type, task.payer_id, task.payer_name, task.charge_id,
           task.claim_number, task.amount, task.due_on, task.date_of_service, task.assignee_id,
           task.turn AS side, CAST({_today(view)} AS DATE) AS today,
           coalesce(task.requested_on, {local_day(view, "task.created_at")}) AS requested_on
    {tasks_text(view, "task.is_open", *person)}
),
filing AS (
    {_filing(view)}
){more},
standing AS (
    SELECT chosen.*, today - chosen.requested_on AS age,
           chosen.date_of_service + filing.days - today AS days_left{columns}
    FROM chosen LEFT JOIN filing ON filing.payer_id = chosen.payer_id{join}
)""")  # fmt: skip


_FACTS = {
    "assignee": """,
had AS (
    SELECT event.task_id, arg_max_null(assignee_id, event.id) AS assignee_id FROM {events}
    WHERE event.task_id IN (SELECT task_id FROM told_by_history)
      AND kind IN ('assigned', 'reopened') AND {known}
    GROUP BY event.task_id
)""",
    "last_at": """,
touched AS (
    SELECT event.task_id, max(happened_at) AS last_at FROM {events}
    WHERE event.task_id IN (SELECT id FROM chosen) AND {known}
    GROUP BY event.task_id
)""",
}
_FACT_TABLES = {
    "assignee": "had ON had.task_id = chosen.id",
    "last_at": "touched ON touched.task_id = chosen.id",
}
_HAD = """CASE WHEN chosen.id IN (SELECT task_id FROM told_by_history)
                THEN had.assignee_id ELSE chosen.assignee_id END"""
_FACT_COLUMNS = {"assignee": f"{_HAD} AS assignee_id", "last_at": "touched.last_at"}


def _filing(view: View) -> str:
    """Return the SQL for each payer's filing limit at the view's moment."""
    if not view.is_changed_since:
        return "SELECT id AS payer_id, filing_days AS days FROM payer"
    limits = at_place(view, "filing_limit_before") if view.closes_day else "filing_limit_before"
    return f"""SELECT payer.id AS payer_id, CASE WHEN later.payer_id IS NULL
                                      THEN payer.filing_days ELSE later.days END AS days
    FROM payer LEFT JOIN (
        SELECT filing_limit_before.payer_id,
               arg_min_null(filing_days, filing_limit_before.id) AS days
        FROM {limits} WHERE NOT ({known(view, "filing_limit_before.changed_at")})
        GROUP BY filing_limit_before.payer_id
    ) AS later ON later.payer_id = payer.id"""


def _unsure(view: View) -> str:
    """Return the SQL for the pending tasks whose rows may show something that happened later."""
    if view.closes_day:
        return "SELECT id AS task_id FROM chosen"
    return f"""SELECT DISTINCT event.task_id FROM event
    WHERE NOT ({known(view)}) AND event.task_id IN (SELECT id FROM chosen)
      AND kind IN ('assigned', 'asked', 'answered', 'completed', 'reopened')"""


def _held(view: View) -> str:
    return f"""one AS (
    SELECT DISTINCT charge_id FROM standing WHERE charge_id IS NOT NULL
),
changed AS (
    -- What a charge came to before its first change after that moment.
    SELECT charge_id, arg_min(was, changed_at) AS dollars FROM {at_place(view, "charge_total")}
    WHERE charge_id IN (SELECT charge_id FROM one) AND NOT ({known(view, "changed_at")})
    GROUP BY charge_id
),
held AS (
    -- Each charge once, with what it came to then; a claim that is not held here by its request.
    SELECT sum(dollars) AS dollars FROM (
        SELECT dollars FROM changed
        UNION ALL
        SELECT sum(total) FROM service_line
        WHERE charge_id IN (SELECT charge_id FROM one)
          AND charge_id NOT IN (SELECT charge_id FROM changed)
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


def summary(con: Reader, view: View) -> Table:
    """Return what was pending at the view's moment, in one row."""
    return ask(con, view, """
SELECT count(*) AS "Pending", count(*) FILTER (WHERE side = 'biller') AS "Waiting on biller",
       coalesce(sum(amount), 0) AS "Requested", coalesce((SELECT dollars FROM held), 0) AS "Held",
       count(*) FILTER (WHERE due_on < today) AS "Overdue",
       coalesce(sum(amount) FILTER (WHERE due_on < today), 0) AS "Overdue amount",
       count(*) FILTER (WHERE due_on BETWEEN today AND today + 7) AS "Due in 7 days",
       max(age) AS "Oldest, days"
FROM standing
""", basis=_standing(con, view), also=_held(view))  # fmt: skip


def sums(table: Table) -> Summary:
    """Return the row of `summary` as a record."""
    row = table.rows[0]
    return Summary(
        row[0], row[1], money(row[2]), money(row[3]), row[4], money(row[5]), row[6], row[7]
    )


def _by(con: Reader, view: View, columns: str, order: str, *, more: str = "") -> Table:
    join = " LEFT JOIN person ON person.id = standing.assignee_id" if "person" in columns else ""
    return ask(con, view, f"""
SELECT {columns},
       count(*) FILTER (WHERE side = 'practice') AS "Waiting on practice",
       count(*) FILTER (WHERE side = 'biller') AS "Waiting on biller",
       count(*) AS "Tasks", coalesce(sum(amount), 0) AS "Requested"{more}
FROM standing{join}
GROUP BY ALL
ORDER BY {order}
""", basis=_standing(con, view, *(["assignee"] if join else [])))  # fmt: skip


def by_type(con: Reader, view: View) -> Table:
    """Return pending tasks by type, as the type's stored word."""
    return _by(con, view, 'type AS "Type"', '"Type"')


def by_payer(con: Reader, view: View) -> Table:
    """Return pending tasks by payer, most tasks first."""
    return _by(con, view, 'payer_name AS "Payer"', '"Tasks" DESC, "Requested" DESC, "Payer"')


def by_assignee(con: Reader, view: View) -> Table:
    """Return pending tasks by assignee at that time; unassigned ones have an empty name."""
    return _by(
        con, view, 'assignee_id AS "Person", coalesce(person.name, \'\') AS "Name"',
        '"Name", "Person" NULLS FIRST', more=',\n       max(age) AS "Oldest, days"',
    )  # fmt: skip


def by_age(con: Reader, view: View) -> Table:
    """Return pending tasks by days since the request, youngest first."""
    return _by(con, view, f'{_AGE_NAME} AS "Age"', f"any_value({_AGE_PLACE})")


def by_due(con: Reader, view: View) -> Table:
    """Return pending tasks by when they are due, as keys of DUE."""
    return _by(
        con, view, f'{_DUE_KEY} AS "Due"', f"any_value(list_position({list(DUE)}, {_DUE_KEY}))"
    )


def by_filing(con: Reader, view: View) -> Table:
    """Return pending tasks by the days left until the payer takes no claim, as keys of FILING."""
    place = f"any_value(list_position({list(FILING)}, {_FILING_KEY}))"
    return _by(con, view, f'{_FILING_KEY} AS "Filing"', place)


def waiting(con: Reader, view: View) -> Table:
    """Return, for each side, how long its pending tasks have waited since their last event."""
    return ask(con, view, f"""
SELECT side AS "Waiting on", count(*) AS "Tasks", coalesce(sum(amount), 0) AS "Requested",
       quantile_disc(idle, 0.5) AS "P50, days", quantile_disc(idle, 0.85) AS "P85, days",
       max(idle) AS "Longest, days"
FROM (
    SELECT side, amount, today - {local_day(view, "last_at")} AS idle
    FROM {at_place(view, "standing")}
)
GROUP BY side ORDER BY side DESC
""", basis=_standing(con, view, "last_at"))  # fmt: skip


def oldest(con: Reader, view: View, count: int = 10) -> Table:
    """Return the tasks that have waited longest, without anything of a patient."""
    return ask(con, view, f"""
SELECT standing.id AS "Task", type AS "Type", payer_name AS "Payer", age AS "Age, days",
       {weekdays("today")} - {weekdays("requested_on")}
           - {holidays_off(view, "standing.practice_id", "requested_on", "today")}
           AS "Business days",
       due_on AS "Due", amount AS "Requested", side AS "Waiting on"
FROM standing
ORDER BY age DESC, standing.id LIMIT {int(count)}
""", basis=_standing(con, view))  # fmt: skip


def among(
    view: View, *, age: str | None = None, side: str | None = None, due: str | None = None,
    filing: str | None = None, days: int | None = None, task: int | None = None,
) -> Selection:  # fmt: skip
    """Return the tasks that were pending at the view's moment, those of one bar where asked."""
    asked = {
        f"{_AGE_NAME} = $bar_age": age, "side = $bar_side": side,
        f"{_DUE_KEY} = $bar_due": due, f"{_FILING_KEY} = $bar_filing": filing,
        "age = $bar_days": days, "id = $bar_task": task,
    }  # fmt: skip
    conditions = " AND ".join([text for text, value in asked.items() if value is not None])
    sql = f"WITH {standing(view).text}\n    SELECT id FROM standing WHERE {conditions or 'true'}"
    return selection(
        view, sql, bar_age=age, bar_side=side, bar_due=due, bar_filing=filing, bar_days=days,
        bar_task=task,
    )  # fmt: skip


def gone(view: View) -> Selection:
    """Return the tasks that had come in and stood completed at the view's moment."""
    return selection(view, f"""
    SELECT event.task_id FROM {events(view)}
    WHERE {ours(view, 'event')}
      AND kind IN ('created', 'completed', 'reopened') AND {known(view)}{of_view(view)}
    GROUP BY event.task_id
    HAVING coalesce(max(event.id) FILTER (WHERE kind = 'completed'), 0)
        > max(event.id) FILTER (WHERE kind IN ('created', 'reopened'))""")  # fmt: skip
