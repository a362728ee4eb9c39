"""A transaction that runs for seconds or minutes, beside those who write: they come first.

It reads everything as it was when it began, holds nobody's write back but while it is committed,
and comes out as if all of it had been done in the moment it began. Whatever others wrote meanwhile
comes after it, and must not rest on what it changed; otherwise it is rolled back and begun anew.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from itertools import count
from typing import TypeVar

from lib.errors import NotCertain, StoreClosing
from lib.store import interruption
from lib.store.database import Connection, GivesWay, transaction
from lib.store.open_long_transaction import LongTransaction

MANY = 10_000  # lines of history, by which it is known to have written many rows
ATTEMPTS = 5  # after so many that gave way, it holds the others back
SOON = 0.01  # seconds between two looks whether it can be committed
TURN = 0.0001  # seconds after which Python lets other threads on while it runs; else 0.005

Result = TypeVar("Result")

_LAST = """
    SELECT (SELECT coalesce(max(id), 0) FROM event), (SELECT coalesce(max(id), 0) FROM task),
           (SELECT coalesce(max(id), 0) FROM charge)
"""


def requires(con: Connection, holds: Callable[[Connection], bool]) -> None:
    """Let the open long transaction be committed only if `holds` returns True for a connection that
    reads what is committed then. One that keeps the others out needs no such condition."""
    if con.long is not None:
        con.long.holds.append(holds)


def kept(
    con: Connection,
    attempt: Callable[[], Result],
    *,
    doing: str,
    waits: Callable[[str], None] = lambda _: None,
    around: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Result:
    """Return what `attempt` returns, and keep all that it writes or, if it fails, nothing.

    One runs at a time; `waits` is called with what is waited for. `attempt` is called again after
    it had to give way, and at last in a plain transaction. `around` is entered once, when it is
    this one's turn and no transaction is open yet. `doing` as in `transaction`.
    """
    with con.store.importing(doing, waits), around():
        for _ in range(ATTEMPTS):
            with suppress(GivesWay):
                with _beside(con, doing) as long:
                    result = attempt()
                if long.lines >= MANY:
                    con.store.note_many_rows()
                return result
        with transaction(con, doing=doing):
            return attempt()


class _Rehearsed(Exception):
    """A rehearsal is over: nothing of it is kept."""


def rehearse(
    con: Connection,
    attempt: Callable[[], Result],
    *,
    doing: str,
    waits: Callable[[str], None] = lambda _: None,
) -> Result:
    """Return what `attempt` returns, and keep nothing of what it writes; else as `kept`."""
    with con.store.importing(doing, waits):
        for times in count(1):
            con.rehearsed_ids = Counter()
            is_last = times > ATTEMPTS
            try:
                with (
                    transaction(con, invalidates_cache=False, doing=doing)
                    if is_last
                    else _beside(con, doing)
                ):
                    result = attempt()
                    raise _Rehearsed
            except _Rehearsed:
                return result
            except GivesWay:
                continue
            finally:
                con.rehearsed_ids = None
    raise AssertionError


@contextmanager
def _beside(con: Connection, doing: str) -> Iterator[LongTransaction]:
    """Commit all of the block or none of it, and let others write while it runs.

    Raises GivesWay where the block has to be run again.
    """
    store = con.store
    with store.writing():  # so that it sees every transaction whole
        if store.is_closing:
            raise StoreClosing
        store.check()
        con.begin_beside()
        try:
            row = con.row(_LAST)
            assert row
            con.long = LongTransaction(*row)
        except BaseException:
            con.end(is_kept=False)
            raise
        con.is_writing = True
        store.long = con.long
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        try:
            yield con.long
            with _others_kept_out(con, doing) as now:
                store.check()
                if not all(holds(now) for holds in con.long.holds):
                    raise GivesWay
                _put_history_last(con, now, con.long)
                con.require_whole()
                with interruption.committing():
                    con.end(is_kept=True)
                    con.keep()
                    store.note_long_commit()
        except NotCertain:  # what was written beside the database may be needed
            raise
        except BaseException:
            con.long = None
            con.end(is_kept=False)
            con.take_back()
            raise
    finally:
        sys.setswitchinterval(before)
        con.is_writing = False
        con.keep()
        con.long = store.long = None


@contextmanager
def _others_kept_out(con: Connection, doing: str) -> Iterator[Connection]:
    """Keep every other writer out; yield a connection that reads what is committed."""
    store, long, me = con.store, con.long, threading.get_ident()
    assert long is not None
    while not store.write_lock.acquire(timeout=SOON):
        _go_if_asked(con)
    try:
        _go_if_asked(con)
        with store.as_committed(lambda: _go_if_asked(con)) as now:
            store.writers[me], long.is_ending = doing, True
            yield now
    finally:
        store.writers.pop(me, None)
        store.write_lock.release()


def _go_if_asked(con: Connection) -> None:
    """Raise what ends the transaction where the writer waits for its end, or the store closes."""
    if con.store.is_closing:
        raise StoreClosing
    if con.is_in_the_way():
        raise GivesWay


def _put_history_last(con: Connection, now: Connection, long: LongTransaction) -> None:
    """Let the ids of history go on after those that were given here, which are above all others.

    Whoever goes on after the last line they saw (the record's chain, pages that look for changes)
    would miss lines that turn up before it. Nobody else writes history now.
    """
    if not long.lines:
        return
    last: int = now.value("SELECT coalesce(max(id), 0) FROM event")
    by = max(last + 1 - long.first_line, 0)
    if by:  # others wrote more lines than were left to them
        con.execute(
            "UPDATE event SET id = id + $by WHERE id >= $first", by=by, first=long.first_line
        )
    con.pass_ids("event", long.first_line + long.lines - 1 + by)
