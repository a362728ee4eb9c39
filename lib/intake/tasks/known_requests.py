"""Which requests and payer updates we had already, also by the keys that older stores used."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from lib.history_event_kinds import EventKind
from lib.intake.tasks import task_updates
from lib.store.database import Connection

if TYPE_CHECKING:
    from lib.intake.records import Request, Withdrawal


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

    An earlier key does not say which answer its request stands in, so its task must name the day.
    """
    owners: dict[str, list[Keyed]] = {}
    for each in said:
        for key in (each.key, *each.earlier_keys):
            owners.setdefault(key, []).append(each)
    found: dict[str, int] = {}
    for key, task_id, texts in con.rows(
        """
        SELECT request_key, id, instructions FROM task
        WHERE practice_id = $practice_id
          AND request_key IN (SELECT unnest($wanted::VARCHAR[]))
        UNION ALL
        SELECT answer_key, task_id, coalesce(string_agg(event.detail, ' '), '') FROM task_answer
        LEFT JOIN event USING (task_id)
        WHERE task_answer.practice_id = $practice_id
          AND answer_key IN (SELECT unnest($wanted::VARCHAR[]))
        GROUP BY answer_key, task_id
        ORDER BY 2
        """,
        practice_id=practice_id,
        wanted=list(owners),
    ):
        for each in owners[key]:
            if key == each.key or _names(texts, getattr(each, "asked_on", None)):
                found[each.key] = task_id
    return found


def _names(text: str, day: date | None) -> bool:
    return day is None or f"{day:%m/%d/%Y}" in text


class News(Enum):
    """What is new in a request that we already have."""

    NOTHING = auto()
    MOVED = auto()  # another due date, or other documents
    AGAIN = auto()  # it was withdrawn, and is asked for again


@dataclass(frozen=True, slots=True)
class _State:
    """What an open task shows of its request."""

    due_on: date | None
    codes: str
    document_label: str | None
    source: str
    is_open: bool


def news(con: Connection, request: Request, task_id: int, *, is_withdrawn: bool) -> News:
    """Return what is new in a request whose task we have.

    A state that was shown before is new only in a message that came after: by its own time, else
    if it is another message than those we know.
    """
    if not request.due_on and not is_withdrawn:
        return News.NOTHING
    [shown] = con.records(
        _State,
        "SELECT due_on, codes, document_label, source, is_open FROM task WHERE id = $id",
        id=task_id,
    )
    is_moved = _shows_otherwise(request, shown)
    if not is_moved and not is_withdrawn:
        return News.NOTHING
    told = con.rows(
        "SELECT state_key, message_key, said_at FROM request_state WHERE task_id = $id", id=task_id
    )
    if is_withdrawn and _follows_withdrawal(request, told, is_open=shown.is_open):
        return News.AGAIN
    return News.MOVED if is_moved and _is_later(request, told) else News.NOTHING


def _shows_otherwise(request: Request, shown: _State) -> bool:
    """Return True if the open task shows another due date, or other documents, than its request."""
    if not (request.due_on and shown.due_on and shown.is_open and shown.source == request.source):
        return False
    now = (request.due_on, request.codes, request.document_label)
    return now != (shown.due_on, shown.codes, shown.document_label)


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
        SELECT task_id FROM event
        WHERE task_id IN (SELECT unnest($ids::BIGINT[])) AND kind IN ($withdrawn, $again)
        GROUP BY task_id HAVING arg_max(kind, id) = $withdrawn
        """,
        ids=list(task_ids),
        withdrawn=EventKind.WITHDRAWN,
        again=EventKind.ASKED_AGAIN,
    )
    return {row[0] for row in rows}


def open_tasks(con: Connection, practice_id: int, keys: Collection[str]) -> dict[str, int]:
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
    rows = con.rows(
        "SELECT state_key, message_key, said_at FROM request_state WHERE task_id = $id", id=task_id
    )
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
