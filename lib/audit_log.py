"""The record of who saw and did what: append-only, each line chained to the one before.

Changes of tasks, charges, documents and settings have their own lines in `event`
(`lib/history.py`); a line of kind "changes" puts those written since the last one into the chain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal
from weakref import WeakKeyDictionary

from lib.errors import (
    BillingError,
    NoSuchCharge,
    NoSuchDocument,
    NoSuchFile,
    NoSuchPractice,
    NoSuchTask,
    NotAllowed,
)
from lib.models import Person
from lib.store import writer_scope
from lib.store.database import Connection, Store, Value, transaction


class Activity(StrEnum):
    """What a line of the record is about; the value is what is stored."""

    SAW_TASK = "saw task"
    SAW_CHARGE = "saw charge"
    SAW_DOCUMENT = "saw document"
    SAW_SOURCE = "saw source"
    PRINTED_TASK = "printed task"
    PRINTED_LIST = "printed list"
    COPIED = "copied"
    EXPORTED = "exported"
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    SIGN_IN_REFUSED = "sign-in refused"
    REFUSED = "refused"
    INVITED = "invited"
    LINK_MADE = "link made"
    LINK_MAILED = "link mailed"
    CREDENTIAL_SET = "credential set"
    ROLE_CHANGED = "role changed"
    JOINED = "joined"
    LEFT = "left"
    AWAY = "away"
    DEACTIVATED = "deactivated"
    REACTIVATED = "reactivated"
    PRACTICE_CHANGED = "practice changed"
    CHANGES = "changes"
    REMOVED = "removed"
    RESTORED = "restored"

    @property
    def label(self) -> str:
        """Return what the line says happened."""
        return _LABELS[self]


_LABELS = {
    Activity.SAW_TASK: "Saw the task",
    Activity.SAW_CHARGE: "Saw the charge",
    Activity.SAW_DOCUMENT: "Opened the document",
    Activity.SAW_SOURCE: "Opened the source file",
    Activity.PRINTED_TASK: "Printed the task",
    Activity.PRINTED_LIST: "Printed the list",
    Activity.COPIED: "Took a copy without patients",
    Activity.EXPORTED: "Took a file",
    Activity.SIGNED_IN: "Signed in",
    Activity.SIGNED_OUT: "Signed out",
    Activity.SIGN_IN_REFUSED: "Sign-in refused",
    Activity.REFUSED: "Access refused",
    Activity.INVITED: "Invited",
    Activity.LINK_MADE: "One-time link made",
    Activity.LINK_MAILED: "One-time link e-mailed",
    Activity.CREDENTIAL_SET: "Way to sign in changed",
    Activity.ROLE_CHANGED: "Role changed",
    Activity.JOINED: "Accepted the invitation",
    Activity.LEFT: "Removed from the practice",
    Activity.AWAY: "Away",
    Activity.DEACTIVATED: "Deactivated",
    Activity.REACTIVATED: "Reactivated",
    Activity.PRACTICE_CHANGED: "Practice changed",
    Activity.CHANGES: "Changes sealed",
    Activity.REMOVED: "Older lines removed",
    Activity.RESTORED: "Backup restored",
}
SAW_AGAIN = timedelta(minutes=15)  # looking again within this time is the same look
A_MOMENT = 0.05  # seconds that a look waits for who writes, which nearly all of them end in
_MANY_AT_ONCE = 20  # lines, which are written together
_MANY = 20_000  # looks that are remembered, so that they are written once
COLUMNS = (
    "id", "happened_at", "kind", "actor_id", "practice_id", "person_id", "task_id", "charge_id",
    "document_id", "patient_id", "detail", "last_event_id", "events_hash",
)  # fmt: skip
REFUSALS = (
    NotAllowed, NoSuchTask, NoSuchCharge, NoSuchDocument, NoSuchPractice, NoSuchFile,
)  # fmt: skip
START = "0" * 64  # what the first line is chained to

# What one line says of an event, in SQL; NULL and the empty text stay apart.
_EVENT_COLUMNS = (
    "id", "practice_id", "task_id", "charge_id", "document_id", "kind", "field", "old_value",
    "new_value", "detail", "actor_id", "happened_at", "assignee_id", "was_assignee_id",
    "resolution",
)  # fmt: skip
EVENT_HASH = "sha256(concat({}))".format(
    ", ".join(f"coalesce('=' || {name}::VARCHAR, '-'), chr(31)" for name in _EVENT_COLUMNS)
)
_LEAST_SEALED, _MOST_SEALS = 10_000, 100  # events by one line, and lines at once
_READ_AT_ONCE = 100_000  # events; part of how `history_hash` is defined


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is about to be written."""

    kind: Activity
    now: datetime
    actor_id: int | None = None
    practice_id: int | None = None
    person_id: int | None = None
    task_id: int | None = None
    charge_id: int | None = None
    document_id: int | None = None
    patient_id: int | None = None
    detail: str = ""
    last_event_id: int | None = None
    events_hash: str | None = None


@dataclass(slots=True)
class _Head:
    """The last line of a store's record."""

    opening: int  # of the database, which may have lost a commit when it was opened again
    id: int
    hash: str
    last_event_id: int


@dataclass(slots=True)
class _Record:
    """What is known of a store's record while it is open."""

    head: _Head | None = None
    seen: dict[tuple[Value, ...], datetime] = field(default_factory=dict)
    waiting: list[Line] = field(default_factory=list)  # looks while something long is written


_RECORDS: WeakKeyDictionary[Store, _Record] = WeakKeyDictionary()


def write(con: Connection, *lines: Line) -> None:
    """Append lines inside the caller's transaction, after the looks that still wait and, where
    nobody else can be changing anything, the changes that are not in the chain yet."""
    if con.is_alone:
        seal(con, now=lines[0].now)
    _append(con, lines)


def seal(con: Connection, *, now: datetime) -> int:
    """Append, inside the caller's transaction, the looks that still wait and the changes that are
    not in the chain yet. Return the id of the last event that is.

    Raises RuntimeError where somebody else could be about to write a change with a smaller id,
    which would be left out of the chain.
    """
    if not con.is_alone:
        raise RuntimeError("the record is sealed by whoever writes the whole store")
    known = _of(con)
    waiting = tuple(known.waiting)

    def take_back() -> None:
        known.head = None
        known.waiting[:0] = waiting

    con.if_rolled_back(take_back)
    del known.waiting[: len(waiting)]
    _append(con, (*waiting, *_seals(con, now)))
    return _head(con).last_event_id


def record(con: Connection, *lines: Line) -> None:
    """Append lines in a transaction of their own, which keeps nobody from changing anything."""
    with transaction(con, of=writer_scope.RECORD, invalidates_cache=False):
        write(con, *lines)


def saw(
    con: Connection,
    kind: Activity,
    *,
    practice_id: int | None,
    actor: Person,
    now: datetime,
    task_id: int | None = None,
    charge_id: int | None = None,
    document_id: int | None = None,
    patient_id: int | None = None,
    detail: str = "",
) -> None:
    """Append that somebody saw something, once in SAW_AGAIN for each person and thing.

    It is on disk before anything is shown, unless something is being written for longer than
    A_MOMENT: then it is written right after that.
    """
    known = _of(con)
    what = (actor.id, kind, task_id, charge_id, document_id, patient_id, detail)
    before = known.seen.get(what)
    if before is not None and timedelta() <= now - before < SAW_AGAIN:
        return
    line = Line(
        kind, now, actor.id, practice_id, None, task_id, charge_id, document_id, patient_id, detail
    )
    if _is_written_long(con):
        known.waiting.append(line)
    else:
        record(con, line)
    if len(known.seen) >= _MANY:
        known.seen.clear()
    known.seen[what] = now


def saw_source(
    con: Connection, of: Literal["task", "charge"], id_: int, *, actor: Person, now: datetime
) -> None:
    """Append that somebody saw the message a task or charge came from."""
    row = con.row(f"SELECT practice_id, patient_id FROM {of} WHERE id = $id", id=id_)
    if row:
        saw(
            con, Activity.SAW_SOURCE, practice_id=row[0], actor=actor, now=now,
            task_id=id_ if of == "task" else None, charge_id=id_ if of == "charge" else None,
            patient_id=row[1],
        )  # fmt: skip


def refused(
    con: Connection, problem: BillingError, *, actor: Person, now: datetime, what: str
) -> None:
    """Append that somebody was refused what belongs to others or what their role may not see;
    `what` names it by its id. Other problems are no refusals, and leave no line."""
    if isinstance(problem, REFUSALS):
        said = f"{what}: {type(problem).__name__}"
        saw(con, Activity.REFUSED, practice_id=None, actor=actor, now=now, detail=said)


def settle(con: Connection, *, now: datetime) -> None:
    """Write the looks that wait, and put new changes into the chain; called every few seconds, and
    where looks still wait when the process ends."""
    known = _of(con)
    if _is_written_long(con):
        return
    unsealed = con.value(
        "SELECT count(*) FROM event WHERE id > $last", last=_head(con).last_event_id
    )
    if known.waiting or unsealed:
        with transaction(con, invalidates_cache=False):
            seal(con, now=now)


def looks_that_wait(store: Store) -> int:
    """Return how many looks of this process are not written yet."""
    known = _RECORDS.get(store)
    return len(known.waiting) if known else 0


def _is_written_long(con: Connection) -> bool:
    """Return True if somebody writes and goes on for more than a moment."""
    return con.store.is_written and (con.is_writing or bool(con.store.wait_for_writer(A_MOMENT)))


def hash_of(before: str, values: Sequence[Value]) -> str:
    """Return the hash of a line: of the hash before it and its values in the order of COLUMNS."""
    plain = [
        value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        if isinstance(value, datetime) and value.tzinfo
        else value.isoformat(timespec="microseconds")
        if isinstance(value, datetime)
        else value
        for value in values
    ]
    return hashlib.sha256(json.dumps([before, *plain]).encode()).hexdigest()


def events_hash(con: Connection, after: int, until: int) -> tuple[int, str]:
    """Return how many events have an id above `after` and up to `until`, and their hash."""
    count, hash_ = con.rows(
        f"""
        SELECT count(*), coalesce(sha256(string_agg({EVENT_HASH}, '' ORDER BY id)), '')
        FROM event WHERE id > $after AND id <= $until
        """,
        after=after,
        until=until,
    )[0]
    return int(count), str(hash_)


def history_hash(con: Connection, until: int) -> str:
    """Return the hash of the whole history up to the event `until`."""
    whole = hashlib.sha256()
    for after in range(0, until, _READ_AT_ONCE):
        whole.update(events_hash(con, after, min(after + _READ_AT_ONCE, until))[1].encode())
    return whole.hexdigest()


def _of(con: Connection) -> _Record:
    return _RECORDS.setdefault(con.store, _Record())


def _head(con: Connection) -> _Head:
    known = _of(con)
    is_known = known.head is not None and known.head.opening == con.store.opening
    if not is_known or not con.store.is_in_file:  # other processes append to it as well
        found = con.row(
            """
            SELECT id, hash, (SELECT coalesce(max(last_event_id), 0) FROM activity)
            FROM activity ORDER BY id DESC LIMIT 1
            """
        )
        id_, hash_, last_event_id = found or (0, START, 0)
        head = _Head(con.store.opening, int(id_), str(hash_), int(last_event_id))
        if not con.is_writing:  # a writer may be ahead of it by now, and its head has to stay
            return head
        known.head = head
    assert known.head is not None
    return known.head


def _seals(con: Connection, now: datetime) -> list[Line]:
    """Return the lines that put into the chain what changed since the last such line."""
    last = _head(con).last_event_id
    found = con.rows("SELECT id FROM event WHERE id > $last ORDER BY id", last=last)
    step = max(_LEAST_SEALED, len(found) // _MOST_SEALS)
    lines = []
    for begin in range(0, len(found), step):
        until = int(found[min(begin + step, len(found)) - 1][0])
        count, hash_ = events_hash(con, last, until)
        said = f"{count} changes, {last + 1} to {until}"
        lines.append(
            Line(Activity.CHANGES, now, detail=said, last_event_id=until, events_hash=hash_)
        )
        last = until
    return lines


def _append(con: Connection, lines: Sequence[Line]) -> None:
    if not lines:
        return
    if not con.is_alone and con.scope != writer_scope.RECORD:
        raise RuntimeError("two could append to the record at once")
    head, rows = _head(con), []
    for line in lines:
        values: dict[str, Value] = {
            "id": head.id + 1,
            "happened_at": line.now,
            **{name: getattr(line, name) for name in COLUMNS[2:]},
        }
        hash_ = hash_of(head.hash, [values[name] for name in COLUMNS])
        rows.append({**values, "hash": hash_})
        last = line.last_event_id or head.last_event_id
        head = _Head(con.store.opening, head.id + 1, hash_, last)
    if len(rows) > _MANY_AT_ONCE:
        con.insert("activity", rows)
    else:
        for row in rows:
            con.execute(
                """
                INSERT INTO activity
                VALUES ($id, $happened_at, $kind, $actor_id, $practice_id, $person_id, $task_id,
                        $charge_id, $document_id, $patient_id, $detail, $last_event_id,
                        $events_hash, $hash)
                """,
                **row,
            )
    _of(con).head = head
