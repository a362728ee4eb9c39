"""Which requests and payer updates we had already, also by the keys that older stores used."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lib.history_event_kinds import EventKind
from lib.intake.matching.claim_numbers import is_same
from lib.intake.matching.spelling_comparison import could_be_payer, could_be_person
from lib.intake.records import BATCH, OF, Sent, Withdrawal
from lib.intake.tasks import task_updates
from lib.store.database import Connection

if TYPE_CHECKING:
    from lib.intake.import_context import ImportContext
    from lib.intake.records import Request


class Keyed(Protocol):
    """Something a message says that has a key by which it is recognized."""

    @property
    def key(self) -> str:
        """Return the key of this request or update."""

    @property
    def earlier_keys(self) -> tuple[str, ...]:
        """Return the keys under which older stores keep it."""


def find(con: Connection, practice_id: int, said: Sequence[Keyed]) -> dict[str, int]:
    """Return by key the task of each of these that we had already.

    An earlier key says less than a key of now: its task must be of the same day and patient too.
    """
    owners: dict[str, list[Keyed]] = {}
    for each in said:
        for key in (each.key, *each.earlier_keys):
            owners.setdefault(key, []).append(each)
    found: dict[str, int] = {}
    for key, *row in con.rows(
        """
        WITH held AS (
            SELECT request_key AS key, id, instructions AS texts FROM task
            WHERE practice_id = $practice_id
              AND request_key IN (SELECT unnest($wanted::VARCHAR[]))
            UNION ALL
            SELECT answer_key, task_id, coalesce(string_agg(event.detail, ' '), '')
            FROM task_answer LEFT JOIN event USING (task_id)
            WHERE task_answer.practice_id = $practice_id
              AND answer_key IN (SELECT unnest($wanted::VARCHAR[]))
            GROUP BY answer_key, task_id
        )
        SELECT key, held.id, texts, asked_on,
               coalesce(nullif(task_claim.patient_name, ''), task.patient_name),
               task.date_of_service,
               coalesce(nullif(task_claim.payer_name, ''), task.payer_name)
        FROM held JOIN task ON task.id = held.id
        LEFT JOIN task_claim ON task_claim.task_id = held.id
        ORDER BY held.id
        """,
        practice_id=practice_id,
        wanted=list(owners),
    ):
        held = _Known(*row)
        for each in owners[key]:
            if key == each.key or held.is_about(key, each):
                found[each.key] = held.task_id
    return _of_same_thread(con, practice_id, said) | found


def _of_same_thread(con: Connection, practice_id: int, said: Sequence[Keyed]) -> dict[str, int]:
    """Return by key the newest task with each request's number whose claim and payer are the same
    in whatever spelling, and that says nothing else of the patient and the day of service: a later
    state may say more or less of them."""
    threads: dict[str, list[Keyed]] = {}
    for each in said:
        if thread := getattr(each, "thread", ""):
            threads.setdefault(thread, []).append(each)
    found = {}
    for thread, tasks in _by_thread(con, practice_id, threads, is_open=None).items():
        for held, key, _ in tasks:
            for each in threads[thread]:
                if _is_of_thread(each, thread, key, held.payer_name) and held.is_about(key, each):
                    found[each.key] = held.task_id
    return found


def _is_of_thread(said: Keyed, thread: str, key: str, payer_name: str) -> bool:
    """Return True if a request and the task with this key name one claim and one payer."""
    payer, claim = _whose(said.key, thread)
    held_payer, held_claim = _whose(key, thread)
    name: str = getattr(said, "payer_name", "")
    return is_same(claim, held_claim) and (
        payer == held_payer or "" in {payer, held_payer} or could_be_payer(name, payer_name)
    )


def _whose(key: str, thread: str) -> tuple[str, str]:
    """Return payer and claim as the key of a request spells them."""
    whose = key.removeprefix(f"{thread}|").partition(AGAIN)[0].partition(OF)[0]
    payer, _, claim = whose.rpartition("|")
    return payer, claim


class _Known(NamedTuple):
    """A task that has the key of a request or of an answer."""

    task_id: int
    texts: str
    asked_on: date | None
    patient_name: str
    date_of_service: date | None
    payer_name: str = ""

    def is_about(self, key: str, said: Keyed | Withdrawal) -> bool:
        """Return True if the task is of the day and the patient of a request or update that has
        this earlier key. Keys of table rows never said which day they stand for, nor whose payer's
        they are, as those of batches did not; those of FHIR Tasks mean the day of service."""
        day: date | None = getattr(said, "asked_on", None)
        is_day = (
            day in {None, self.asked_on}
            or key.startswith("TABLE|")
            or f"{day:%m/%d/%Y}" in self.texts
        )
        if key.startswith("FHIR|"):
            is_day = getattr(said, "date_of_service", None) in {None, self.date_of_service}
            is_day = is_day or self.date_of_service is None
        patient: str = getattr(said, "patient_name", "")
        is_stated = patient and self.patient_name
        names_no_payer = key.startswith(("TABLE|", BATCH))
        payer: str = getattr(said, "payer_name", "") if names_no_payer else ""
        if payer and self.payer_name and not could_be_payer(payer, self.payer_name):
            return False
        return is_day and (
            not is_stated or could_be_person(patient, self.patient_name, same_member=True)
        )


AGAIN = "|again|"  # in the key of a request that is asked for again after its task was completed


class News(Enum):
    """What is new in a request that we already have."""

    NOTHING = auto()
    MOVED = auto()  # another due date, or other documents
    AGAIN = auto()  # it was withdrawn or its task completed, and it is asked for again


@dataclass(frozen=True, slots=True)
class _State:
    """What a task shows of its request."""

    due_on: date | None
    codes: str
    document_label: str | None
    title: str
    instructions: str
    source: str
    is_open: bool


def news(con: Connection, request: Request, task_id: int, *, is_withdrawn: bool) -> News:
    """Return what is new in a request whose task we have.

    A state that was shown before is new only in a message that came after: by its own time, else
    if it is another message than those we know. What is new in the request of a completed task is
    asked for again.
    """
    if not (request.due_on or request.sent.message or is_withdrawn):
        return News.NOTHING
    [shown] = con.records(
        _State,
        """
        SELECT due_on, codes, document_label, title, coalesce(instructions, '') AS instructions,
               source, is_open
        FROM task WHERE id = $id
        """,
        id=task_id,
    )
    is_moved = _shows_otherwise(request, shown)
    if not is_moved and not is_withdrawn:
        return News.NOTHING
    told = _told(con, task_id)
    if is_withdrawn and _follows_withdrawal(request, told, is_open=shown.is_open):
        return News.AGAIN
    if not is_moved or not _is_later(request, told):
        return News.NOTHING
    return News.MOVED if shown.is_open else News.AGAIN


def _told(con: Connection, task_id: int) -> list[Told]:
    """Return the states of a request that its task and the earlier tasks about it were told."""
    rows = con.rows(
        """
        WITH RECURSIVE line AS (
            SELECT $id::BIGINT AS id
            UNION
            SELECT earlier_task_id FROM task JOIN line ON task.id = line.id
            WHERE earlier_task_id IS NOT NULL
        )
        SELECT state_key, message_key, said_at FROM request_state
        WHERE task_id IN (SELECT id FROM line)
        """,
        id=task_id,
    )
    return [(state, message, at) for state, message, at in rows]


def _shows_otherwise(request: Request, shown: _State) -> bool:
    """Return True if the task shows another due date, or other documents, than its request.

    Of a completed task our own words do not count: another release may have written them.
    """
    if shown.source != request.source:
        return False
    if request.due_on and request.due_on != shown.due_on:
        return True
    if not request.sent.message and not request.due_on:
        return False
    if request.codes != shown.codes or any(
        name not in shown.instructions for name in request.names
    ):
        return True
    now = (request.title, request.document_label, request.instructions)
    is_alone = task_updates.BEFORE not in shown.instructions
    words = shown.instructions if is_alone else request.instructions
    return shown.is_open and now != (shown.title, shown.document_label, words)


def _is_later(request: Request, told: Sequence[Told]) -> bool:
    """Return True if nothing that was told before came after this state."""
    sent = request.sent
    latest = max((at for _, _, at in told), default="")
    if sent.at and latest and sent.at < latest:
        return False
    of_state = [message for state, message, _ in told if state == task_updates.state_key(request)]
    if not of_state:
        return True
    if sent.at and latest and sent.at != latest:
        return sent.at > latest
    return bool(sent.message) and all(of_state) and sent.message not in of_state


def _follows_withdrawal(request: Request, told: Sequence[Told], *, is_open: bool) -> bool:
    """Return True if a withdrawn request is asked for again. Without times the order of arrival
    counts where the task is open; a completed one needs a message that we do not know."""
    sent = request.sent
    latest = max((at for _, _, at in told), default="")
    if sent.at and latest and sent.at != latest:
        return sent.at > latest
    return is_open or all(sent.message != message for _, message, _ in told)


Told = tuple[str, str, str]  # state, message, and when it was sent


def withdrawn(con: Connection, task_ids: Collection[int]) -> set[int]:
    """Return which of these tasks heard last that their request is withdrawn."""
    if not task_ids:
        return set()
    rows = con.rows(
        """
        SELECT task_id FROM (
            SELECT DISTINCT ON (task_id) task_id, kind FROM event
            WHERE task_id IN (SELECT unnest($ids::BIGINT[])) AND kind IN ($withdrawn, $again)
            ORDER BY task_id, id DESC
        ) AS last
        WHERE kind = $withdrawn
        """,
        ids=list(task_ids),
        withdrawn=EventKind.WITHDRAWN,
        again=EventKind.ASKED_AGAIN,
    )
    return {row[0] for row in rows}


def to_withdraw(
    con: Connection, practice_id: int, told: Sequence[Withdrawal]
) -> tuple[list[tuple[int, Withdrawal]], int]:
    """Return the open task of each request that is withdrawn, also of one that was asked for again;
    and how many withdrawals could mean several, which are told to none.

    A message that names no claim or no payer means the one open request with its number.
    """
    several = 0
    exact = _open_tasks(con, practice_id, {each.request_key for each in told})
    rest = [each for each in told if each.request_key not in exact]
    found = [(exact[each.request_key], each) for each in told if each.request_key in exact]
    numbered = _by_thread(con, practice_id, {each.thread for each in rest}, is_open=True)
    by_id = _open_by_id(con, practice_id, {each.also_key for each in rest if each.also_key})
    for each in rest:
        alike = [
            held
            for held, key, payer in numbered.get(each.thread, by_id.get(each.also_key, []))
            if is_about(each, key, payer) and held.is_about(key, each)
        ]
        found += [(held.task_id, each) for held in alike if len(alike) == 1]
        several += len(alike) > 1
    return found, several


def is_about(told: Withdrawal, request_key: str, payer_name: str) -> bool:
    """Return True if the withdrawal means the request with this key: it names the same number, and
    neither another claim nor another payer."""
    payer, claim = _whose(request_key, told.thread)
    return (not told.claim or is_same(claim, told.claim)) and (
        not told.payer or payer == told.payer or could_be_payer(told.payer_name, payer_name)
    )


def is_of_same_patient(told: Withdrawal, request: Request) -> bool:
    """Return True unless the withdrawal names another patient or another day of service."""
    held = _Known(0, "", None, request.patient_name, request.date_of_service)
    return held.is_about(request.key, told)


def overtaken(
    con: Connection,
    practice_id: int,
    requests: Collection[Request],
) -> set[str]:
    """Return the keys of requests that their payer withdrew after it sent them: a later state came
    in first."""
    dated = [each for each in requests if each.thread and each.sent.at]
    if not dated:
        return set()
    stored = con.rows(
        """
        SELECT thread, payer, claim, payer_name, said_at FROM withdrawn_request
        WHERE practice_id = $practice_id AND thread IN (SELECT unnest($threads::VARCHAR[]))
        """,
        practice_id=practice_id,
        threads=list({each.thread for each in dated}),
    )
    over = [
        Withdrawal(thread, payer, claim, "", "", 0, name, Sent(at=at))
        for thread, payer, claim, name, at in stored
    ]
    by_thread: dict[str, list[Withdrawal]] = {}
    for each in over:
        by_thread.setdefault(each.thread, []).append(each)
    return {
        each.key
        for each in dated
        if any(
            one.sent.at > each.sent.at
            and is_about(one, each.key, each.payer_name)
            and is_of_same_patient(one, each)
            for one in by_thread.get(each.thread, ())
        )
    }


def keep(con: Connection, told: Collection[Withdrawal], source: ImportContext) -> None:
    """Insert withdrawals that say when they were sent, inside a transaction: an older state of the
    request may still come in."""
    con.insert(
        "withdrawn_request",
        [
            {
                "practice_id": source.practice.id,
                "thread": each.thread,
                "payer": each.payer,
                "payer_name": each.payer_name,
                "claim": each.claim,
                "said_at": each.sent.at,
                "intake_file_id": source.file_id,
                "segment_number": each.segment_number,
                "recorded_at": source.now,
            }
            for each in told
            if each.sent.at
        ],
    )


def _by_thread(
    con: Connection, practice_id: int, threads: Collection[str], *, is_open: bool | None
) -> dict[str, list[tuple[_Known, str, str]]]:
    """Return the tasks whose request has one of these numbers, with its key and payer, the newest
    last; `is_open` is None for all."""
    if not threads:
        return {}
    found: dict[str, list[tuple[_Known, str, str]]] = {}
    for thread, key, shown, *row in con.rows(
        """
        SELECT wanted.thread, request_key, coalesce(task.payer_name, ''), task.id, '', asked_on,
               coalesce(nullif(task_claim.patient_name, ''), task.patient_name),
               task.date_of_service,
               coalesce(nullif(task_claim.payer_name, ''), task.payer_name)
        FROM task JOIN (SELECT unnest($threads::VARCHAR[]) AS thread) AS wanted
          ON starts_with(request_key, wanted.thread || '|')
        LEFT JOIN task_claim ON task_claim.task_id = task.id
        WHERE task.practice_id = $practice_id AND source = 'FHIR'
          AND ($is_open IS NULL OR is_open = $is_open)
        ORDER BY task.id
        """,
        practice_id=practice_id,
        threads=list(threads),
        is_open=is_open,
    ):
        found.setdefault(thread, []).append((_Known(*row), key, shown))
    return found


def _open_by_id(
    con: Connection, practice_id: int, keys: Collection[str]
) -> dict[str, list[tuple[_Known, str, str]]]:
    """Return the open tasks whose request has one of these other numbers, with key and payer."""
    if not keys:
        return {}
    found: dict[str, list[tuple[_Known, str, str]]] = {}
    for also_key, key, payer, *row in con.rows(
        """
        SELECT answer_key, request_key, coalesce(payer_name, ''), task.id, '', asked_on,
               patient_name, date_of_service
        FROM task_answer JOIN task ON task.id = task_answer.task_id
        WHERE task_answer.practice_id = $practice_id AND is_open AND source = 'FHIR'
          AND answer_key IN (SELECT unnest($keys::VARCHAR[]))
        ORDER BY task.id
        """,
        practice_id=practice_id,
        keys=list(keys),
    ):
        found.setdefault(also_key, []).append((_Known(*row), key, payer))
    return found


def _open_tasks(con: Connection, practice_id: int, keys: Collection[str]) -> dict[str, int]:
    """Return by key the open task of each request, also of one that was asked for again."""
    if not keys:
        return {}
    rows = con.rows(
        """
        WITH wanted AS (SELECT unnest($keys::VARCHAR[]) AS key),
        named AS (
            SELECT request_key AS key, id FROM task WHERE practice_id = $practice_id
            UNION ALL
            SELECT answer_key, task_id FROM task_answer WHERE practice_id = $practice_id
        )
        SELECT key, max(id) FROM named
        WHERE key IN (SELECT key FROM wanted) AND id IN (SELECT id FROM task WHERE is_open)
        GROUP BY key ORDER BY 2
        """,
        practice_id=practice_id,
        keys=list(keys),
    )
    return dict(rows)


def is_open(con: Connection, task_id: int) -> bool:
    """Return True if the task is not completed."""
    return bool(con.value("SELECT is_open FROM task WHERE id = $id", id=task_id))


def is_withdrawal_news(con: Connection, told: Withdrawal, task_id: int) -> bool:
    """Return True if the open task has not heard of this withdrawal, and nothing that it heard came
    after it."""
    rows = _told(con, task_id)
    latest = max((at for _, _, at in rows), default="")
    if told.sent.at and latest and told.sent.at < latest:
        return False
    if not withdrawn(con, [task_id]):
        is_told = (told.key, told.sent.message) in {(state, message) for state, message, _ in rows}
        return not is_told or told.sent.at in {"", latest}
    return not con.value(
        "SELECT count(*) FROM task_answer WHERE task_id = $id AND answer_key = $key",
        id=task_id,
        key=told.key,
    )
