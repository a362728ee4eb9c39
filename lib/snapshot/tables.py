"""What of the store goes into a copy, column by column: what is not listed here stays. Pure.

No names of people, birth dates, member ids, claim numbers, addresses, titles, instructions or
notes. Ids are pseudonyms under a key of the store: the same in every copy, and nothing outside.
Dates of service are the first of their month. Tables and columns are called as in the store, so
that `lib.backlog` counts a copy as it counts the store.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the copy and what it means."""

    name: str
    sql: str
    meaning: str


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table of the copy: what it holds and how it is read from the store."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    source: str  # FROM …, with the practices as $practices

    @property
    def sql(self) -> str:
        """Return the SELECT that reads the table."""
        parts = ",\n       ".join(f"{column.sql} AS {column.name}" for column in self.columns)
        return f"SELECT {parts}\n{self.source}"


def pseudonym(kind: str, column: str) -> str:
    """Return the SQL for the pseudonym of an id; NULL stays NULL."""
    return (
        f"CASE WHEN {column} IS NOT NULL THEN CAST('0x' || "
        f"left(sha256($key || ':{kind}:' || {column}), 15) AS BIGINT) END"
    )


def name_pseudonym(kind: str, practice: str, column: str) -> str:
    """Return the SQL for the pseudonym of a text; empty stays empty."""
    return (
        f"CASE WHEN {column} = '' THEN '' ELSE '{kind} ' || "
        f"left(sha256($key || ':{kind}:' || {practice} || ':' || {column}), 12) END"
    )


# A code as payers give them: CO-16, N290, A3:116:85, 11506-3; anything longer is somebody's text.
_CODES = r"^[A-Za-z0-9:.-]{1,12}(, [A-Za-z0-9:.-]{1,12})*$"


def codes(column: str) -> str:
    """Return the SQL for a column of payers' codes; empty where it holds any other text."""
    return f"CASE WHEN regexp_matches({column}, '{_CODES}') THEN {column} ELSE '' END"


def _payer(name: str, practice: str) -> str:
    """Return the SQL for a payer's name; empty where it contains the name of a patient."""
    return f"""CASE WHEN EXISTS (
           SELECT 1 FROM patient WHERE patient.practice_id = {practice}
             AND patient.last_name <> ''
             AND strpos(lower({name}), lower(patient.last_name)) > 0
             AND strpos(lower({name}), lower(patient.first_name)) > 0)
       THEN '' ELSE {name} END"""


# Only what the practice's list of payers says: what stands in a task may be anybody's text.
_KNOWN_PAYER = f"""coalesce((
           SELECT {_payer("payer.name", "payer.practice_id")} FROM payer
           WHERE payer.practice_id = {{0}}.practice_id AND payer.name = {{0}}.payer_name
           LIMIT 1), '')"""

_PROVIDER_AND_SERVICE = (
    Column("provider_name", name_pseudonym("Provider", "practice_id", "provider_name"), "a code"),
    Column(
        "date_of_service",
        "CAST(date_trunc('month', date_of_service) AS DATE)",
        "the first of the month of service",
    ),
)

TABLES = (
    CopiedTable("practice", "A practice.", (
        Column("id", pseudonym("practice", "id"), "pseudonym"),
        Column("name", "'Practice ' || row_number() OVER (ORDER BY id)", "a number, not its name"),
        Column("timezone", "timezone", "the zone in which its days are counted"),
    ), "FROM practice WHERE id = ANY($practices)"),
    CopiedTable("earlier_zone", "In which zone a practice counted its days before.", (
        Column("practice_id", pseudonym("practice", "practice_id"), "whose days"),
        Column("timezone", "timezone", "the zone"),
        Column("until", "until", "what happened from then on is counted in the next zone, UTC"),
    ), "FROM earlier_zone WHERE practice_id = ANY($practices)"),
    CopiedTable("holiday", "A day on which a practice is closed.", (
        Column("practice_id", pseudonym("practice", "practice_id"), "whose day"),
        Column("day", "day", "the day"),
        Column("written_at", "written_at", "when it was written down, UTC; NULL: not recorded"),
        Column("removed_at", "removed_at", "when it was taken away again, UTC"),
    ), "FROM holiday WHERE practice_id = ANY($practices)"),
    CopiedTable("person", "Somebody who works in a practice.", (
        Column("id", pseudonym("person", "person.id"), "pseudonym"),
        Column("name", "'Person ' || left(sha256($key || ':name:' || person.id), 6)", "a code"),
        Column("role", "min(role)", "manager, staff, biller or analyst"),
    ), "FROM person JOIN membership ON person_id = person.id "
       "WHERE practice_id = ANY($practices) GROUP BY person.id"),
    CopiedTable("payer", "A payer of a practice.", (
        Column("id", pseudonym("payer", "id"), "pseudonym"),
        Column("practice_id", pseudonym("practice", "practice_id"), "whose payer"),
        Column("name", _payer("name", "practice_id"), "the company's name"),
        Column("filing_days", "filing_days", "days after the service within which it takes claims"),
        Column("filing_source", "filing_source", "where that is written"),
        Column("filing_verified_on", "filing_verified_on", "when somebody looked there"),
    ), "FROM payer WHERE practice_id = ANY($practices)"),
    CopiedTable("task", "What a payer or the biller asked of the practice.", (
        Column("id", pseudonym("task", "id"), "pseudonym"),
        Column("practice_id", pseudonym("practice", "practice_id"), "whose task"),
        Column("type", "type", "what is asked for"),
        Column("status", "status", "open, in_progress or completed, when the copy was made"),
        Column("is_open", "is_open", "not completed"),
        Column("turn", "turn", "who has to do the next thing: practice or biller"),
        Column("charge_id", pseudonym("charge", "charge_id"), "the charge it is about"),
        Column("payer_id", pseudonym("payer", "payer_id"), "the payer"),
        Column("assignee_id", pseudonym("person", "assignee_id"), "who has it"),
        Column("claim_number", name_pseudonym("Claim", "practice_id", "claim_number"), "a code"),
        Column("payer_name", _KNOWN_PAYER.format("task"), "the payer's name"),
        *_PROVIDER_AND_SERVICE,
        Column("amount", "amount", "US dollars that the task asked for"),
        Column("due_on", "due_on", "when the answer is due"),
        Column("document_label", "document_label", "the kind of document requested"),
        Column("source", "source", "835, 277CA, 277RFAI, FHIR, CSV, XLSX or hand"),
        Column("codes", codes("codes"), "the payer's codes"),
        Column("requested_on", "requested_on", "the asker's own date; NULL: not recorded"),
        Column("created_at", "created_at", "when it was made, here or in the system before, UTC"),
        Column("came_at", "came_at", "when it came in here, UTC"),
        Column("taken_up_at", "taken_up_at", "when somebody first took it up, UTC"),
        Column("created_by", pseudonym("person", "created_by"), "who made it; NULL: a file"),
        Column("started_at", "started_at", "when it was first started, UTC"),
        Column("completed_at", "completed_at", "when it was completed, UTC"),
        Column("completed_by", pseudonym("person", "completed_by"), "who completed it"),
        Column("resolution", "resolution", "how it ended; NULL: not recorded"),
    ), "FROM task WHERE practice_id = ANY($practices)"),
    CopiedTable("event", "What happened to tasks, in the order of ids.", (
        Column("id", "id", "ascending with time"),
        Column("practice_id", pseudonym("practice", "practice_id"), "whose task"),
        Column("task_id", pseudonym("task", "task_id"), "the task"),
        Column("kind", "kind", "created, assigned, started, asked, answered, completed …"),
        Column("old_value", "CASE WHEN old_value IS NULL THEN NULL ELSE 'somebody' END",
               "of assigned: NULL where nobody had it before"),
        Column("actor_id", pseudonym("person", "actor_id"), "who did it; NULL: a file"),
        Column("assignee_id", pseudonym("person", "assignee_id"), "who had the task then"),
        Column("was_assignee_id", pseudonym("person", "was_assignee_id"),
               "of assigned: who had it before"),
        Column("resolution", "resolution", "of completed: how it ended"),
        Column("happened_at", "happened_at", "UTC"),
    ), "FROM event WHERE practice_id = ANY($practices) AND task_id IS NOT NULL ORDER BY id"),
    CopiedTable("reopened_completion", "A completion that a reopening ended.", (
        Column("practice_id", pseudonym("practice", "practice_id"), "whose task"),
        Column("task_id", pseudonym("task", "task_id"), "the task"),
        Column("completion_id", "completion_id", "its event"),
        Column("started_at", "started_at", "when the task was first started by then, UTC"),
        Column("completed_at", "completed_at", "when it was completed, UTC"),
        Column("completed_by", pseudonym("person", "completed_by"), "who completed it"),
        Column("resolution", "resolution", "how it ended; NULL: not recorded"),
        Column("reopened_at", "reopened_at", "when it was reopened, UTC"),
    ), "FROM reopened_completion WHERE practice_id = ANY($practices) ORDER BY completion_id"),
    CopiedTable("task_before", "What a task asked before each change, in the order of ids.", (
        Column("id", "id", "ascending with time"),
        Column("practice_id", pseudonym("practice", "practice_id"), "whose task"),
        Column("task_id", pseudonym("task", "task_id"), "the task"),
        Column("type", "type", "what was asked for"),
        Column("codes", codes("codes"), "the payer's codes"),
        Column("amount", "amount", "US dollars that the task asked for"),
        Column("due_on", "due_on", "when the answer was due"),
        Column("charge_id", pseudonym("charge", "charge_id"), "the charge it was about"),
        Column("payer_id", pseudonym("payer", "payer_id"), "the payer"),
        Column("payer_name", _KNOWN_PAYER.format("task_before"), "the payer's name"),
        *_PROVIDER_AND_SERVICE,
        Column("changed_at", "changed_at", "until when it asked that, UTC"),
    ), "FROM task_before WHERE practice_id = ANY($practices) ORDER BY id"),
    CopiedTable("filing_limit_before", "How long a payer took claims before each change.", (
        Column("id", "id", "ascending with time"),
        Column("practice_id", pseudonym("practice", "practice_id"), "whose payer"),
        Column("payer_id", pseudonym("payer", "payer_id"), "the payer"),
        Column("filing_days", "filing_days", "days after the service; NULL: not recorded"),
        Column("changed_at", "changed_at", "until when that was so, UTC"),
    ), "FROM filing_limit_before WHERE practice_id = ANY($practices) ORDER BY id"),
    CopiedTable("charge", "A claim as the practice files it.", (
        Column("id", pseudonym("charge", "id"), "pseudonym"),
        Column("practice_id", pseudonym("practice", "practice_id"), "whose charge"),
        Column("payer_id", pseudonym("payer", "payer_id"), "the payer"),
        Column("provider_name", name_pseudonym("Provider", "practice_id", "rendering_name"),
               "a code"),
        Column("service_month", "CAST(date_trunc('month', date_from) AS DATE)",
               "the first of the month of service"),
        Column("filed_total", "filed_total", "US dollars as filed"),
        Column("is_edited", "is_edited", "somebody saved it here"),
        Column("is_voided", "is_voided", "a later claim voided it"),
    ), "FROM charge WHERE practice_id = ANY($practices)"),
    CopiedTable("service_line", "What a charge comes to, line by line.", (
        Column("charge_id", pseudonym("charge", "charge_id"), "the charge"),
        Column("position", "position", "1, 2, 3 …"),
        Column("total", "total", "US dollars"),
    ), "FROM service_line WHERE practice_id = ANY($practices)"),
    CopiedTable("charge_total", "What a charge came to before it was changed.", (
        Column("charge_id", pseudonym("charge", "charge_id"), "the charge"),
        Column("practice_id", pseudonym("practice", "practice_id"), "whose charge"),
        Column("was", "was", "US dollars before"),
        Column("became", "became", "US dollars after"),
        Column("changed_at", "changed_at", "UTC"),
    ), "FROM charge_total WHERE practice_id = ANY($practices)"),
    CopiedTable("claim_answer", "What a payer answered to a claim (835, one CLP each).", (
        Column("id", "id", "ascending with time"),
        Column("practice_id", pseudonym("practice", "practice_id"), "whose claim"),
        Column("charge_id", pseudonym("charge", "charge_id"), "the charge, where it is held"),
        Column("payer_name", _KNOWN_PAYER.format("claim_answer"), "the payer's name"),
        Column("claim_number", name_pseudonym("Claim", "practice_id", "claim_number"), "a code"),
        Column("payer_claim_number",
               name_pseudonym("Claim", "practice_id", "payer_claim_number"), "a code"),
        Column("claim_key", name_pseudonym("Claim", "practice_id", "claim_key"),
               "a code: the same for all answers to one number and day of service"),
        Column("stated_payer", name_pseudonym("Payer", "practice_id", "coalesce(stated_payer, '')"),
               "a code: the payer's name as the answer writes it"),
        Column("status", "status", "CLP02, as the payer wrote it"),
        Column("decision", "decision",
               "what was decided, by what was paid and why: denied, paid, reversed, pended, "
               "forwarded, predetermined, capitated, encounter, interest, other_payer, "
               "unreasoned, nothing_due"),
        Column("is_denied_in_part", "is_denied_in_part",
               "something was paid, and some of the rest is denied or not explained"),
        Column("charged", "charged", "US dollars, CLP03"),
        Column("paid", "paid", "US dollars, CLP04"),
        Column("interest", "interest", "US dollars of it that are interest"),
        Column("patient_responsibility", "patient_responsibility", "US dollars, CLP05"),
        Column("answered_on", "answered_on", "the day of the remittance"),
        Column("recorded_at", "recorded_at", "when it came in, UTC"),
    ), "FROM claim_answer WHERE practice_id = ANY($practices)"),
    CopiedTable("claim_answer_code", "Why: adjustment and remark codes of an answer.", (
        Column("claim_answer_id", "claim_answer_id", "the answer"),
        Column("kind", "kind", "adjustment or remark"),
        Column("group_code", codes("group_code"), "CO, PR, OA or PI"),
        Column("code", codes("code"), "CARC or RARC"),
        Column("amount", "amount", "US dollars, of an adjustment"),
    ), "FROM claim_answer_code WHERE practice_id = ANY($practices)"),
)  # fmt: skip

VIEWS = {
    "task_state": (
        "Each task's states over time: from when to when (NULL: still) it was pending, with whom, "
        "and for which side it waited.",
        """
SELECT task_id, practice_id, happened_at AS since,
       lead(happened_at) OVER (PARTITION BY task_id ORDER BY id) AS until,
       last_value(CASE WHEN kind IN ('created', 'completed', 'reopened') THEN kind END IGNORE NULLS)
           OVER before <> 'completed' AS is_pending,
       nullif(last_value(CASE WHEN kind IN ('assigned', 'reopened')
           THEN coalesce(assignee_id, 0) END IGNORE NULLS) OVER before, 0) AS assignee_id,
       CASE WHEN last_value(CASE WHEN kind IN ('created', 'asked', 'answered', 'reopened')
           THEN kind END IGNORE NULLS) OVER before = 'asked' THEN 'biller' ELSE 'practice' END
           AS waits_for
FROM event
WHERE kind IN ('created', 'assigned', 'asked', 'answered', 'completed', 'reopened')
WINDOW before AS (PARTITION BY task_id ORDER BY id ROWS UNBOUNDED PRECEDING)
""",
    ),
    "completion": (
        "Each completion with its task and the days since the request.",
        """
SELECT event.id, event.task_id, event.practice_id, task.type, task.payer_name,
       event.assignee_id, event.happened_at AS completed_at, event.resolution,
       CAST(event.happened_at AS DATE) - coalesce(task.requested_on, CAST(task.created_at AS DATE))
           AS lead_days
FROM event JOIN task ON task.id = event.task_id WHERE kind = 'completed'
""",
    ),
}


def dictionary() -> list[tuple[str, str, str]]:
    """Return (table, column, meaning) of all that a copy holds; a table's own line first."""
    lines = []
    for table in TABLES:
        lines.append((table.name, "", table.meaning))
        lines += [(table.name, column.name, column.meaning) for column in table.columns]
    return [*lines, *((name, "", meaning) for name, (meaning, _) in VIEWS.items())]
