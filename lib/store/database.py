"""The store as verbs see it, whichever database keeps it: connections, transactions, the cache.

The databases stand in rooms of their own (`lib/store/duckdb`).
"""

from __future__ import annotations

import threading
import typing
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import TypeVar

from lib.errors import NotCertain, StoreClosing
from lib.store import file_places, interruption
from lib.store.open_long_transaction import LongTransaction
from lib.store.values import Value, readers_of, utc
from lib.store.writer_scope import WHOLE, WriterScope

__all__ = ["Connection", "GivesWay", "Store", "Value", "money", "transaction", "utc"]

MAX_CACHED = 400  # the largest entry, a page of the list, is about 50 KB
OFTEN = 0.2  # seconds between two looks whether another import has ended
HISTORY = "event"  # the table of its lines
REHEARSED = 1 << 60  # ids of a rehearsal begin here, so that it uses none up

Record = TypeVar("Record")


class WriteLock(typing.Protocol):
    """What keeps all other writers of a process out."""

    def acquire(self, *, timeout: float = -1) -> bool:
        """Wait for it, at most `timeout` seconds if that is not negative."""

    def release(self) -> None:
        """Let the next one in."""

    def __enter__(self) -> object:
        """Wait for it."""

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None,
        trace: TracebackType | None, /,
    ) -> None:  # fmt: skip
        """Let the next one in."""


class GivesWay(Exception):
    """A long transaction has to be rolled back and begun anew, for somebody who writes."""


class Connection(ABC):
    """One thread's access to the store. Every SELECT is read to its end, so none keeps a
    transaction open."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.is_writing = False
        self.scope = WHOLE  # whose rows the open transaction writes
        self.invalidates_cache = True  # what the open transaction writes may be cached
        self.rehearsed_ids: Counter[str] | None = None  # by table, while a rehearsal runs
        self.long: LongTransaction | None = None  # the one that is open here
        self._undo: list[Callable[[], None]] = []

    def rows(self, sql: str, /, **parameters: Value) -> list[tuple[Value, ...]]:
        """Return all rows of one statement; times come back naive, in UTC."""
        return self.read(sql, parameters)[1]

    def table(
        self, sql: str, /, **parameters: Value
    ) -> tuple[tuple[str, ...], list[tuple[Value, ...]]]:
        """Return the names of the columns of one statement, and all its rows."""
        names, rows = self.read(sql, parameters)
        return tuple(names), rows

    def row(self, sql: str, /, **parameters: Value) -> tuple[Value, ...] | None:
        """Return the first row of one statement, or None."""
        found = self.rows(sql, **parameters)
        return found[0] if found else None

    def value(self, sql: str, /, **parameters: Value) -> Value:
        """Return the first column of the first row, or None."""
        found = self.row(sql, **parameters)
        return found[0] if found else None

    def execute(self, sql: str, /, **parameters: Value) -> None:
        """Run one statement and discard its rows."""
        self.rows(sql, **parameters)

    def records(self, record: type[Record], sql: str, /, **parameters: Value) -> list[Record]:
        """Return the rows as frozen records; each column bears the name of a field of the
        record."""
        names, rows = self.read(sql, parameters)
        readers = readers_of(typing.cast(Hashable, record))
        makers = [readers.get(name) for name in names]
        return [
            record(
                **{
                    name: make(value) if make and value is not None else value
                    for name, make, value in zip(names, makers, row, strict=True)
                }
            )
            for row in rows
        ]

    def next_ids(self, table: str, count: int) -> list[int]:
        """Return `count` new ids for rows of `table`, in ascending order."""
        if self.rehearsed_ids is not None:
            first = REHEARSED + self.rehearsed_ids[table]
            self.rehearsed_ids[table] += count
            return list(range(first, first + count))
        sql = f"SELECT nextval('{table}_id') FROM generate_series(1, $count)"
        return sorted(row[0] for row in self.rows(sql, count=count))

    def line_id(self) -> int | None:
        """Return the id for a line of history where a long transaction gives it its own; else
        None, and the table has the next one."""
        return self.long.line_ids(1)[0] if self.long is not None else None

    def pass_ids(self, table: str, last: int) -> None:
        """Let the ids of `table` go on above `last`."""
        [reached] = self.next_ids(table, 1)
        if reached < last:
            sql = f"SELECT max(nextval('{table}_id')) FROM generate_series(1, $count)"
            self.execute(sql, count=last - reached)

    def insert(self, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Insert many rows at once, all with the same columns; far faster than one statement a
        row. Raise ValueError for a number that its column would round."""
        if not rows:
            return
        if self.long is not None and table == HISTORY:
            ids = self.long.line_ids(len(rows))
            rows = [{"id": id_, **row} for id_, row in zip(ids, rows, strict=True)]
        self.put(table, rows)

    @abstractmethod
    def read(
        self, sql: str, parameters: Mapping[str, Value]
    ) -> tuple[list[str], list[tuple[Value, ...]]]:
        """Run one statement. Return the column names and all rows."""

    @abstractmethod
    def put(self, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Do what `insert` promises, with one row or more. Only `insert` calls this."""

    @abstractmethod
    def begin(self) -> None:
        """Begin a transaction. Only `transaction` calls this."""

    @abstractmethod
    def begin_beside(self) -> None:
        """Begin a transaction that reads everything as it is now, and holds no other writer back.
        Only `long_transaction` calls this."""

    @abstractmethod
    def require_whole(self) -> None:
        """Raise what keeps the open transaction from being committed. Only `transaction` calls
        this."""

    @abstractmethod
    def end(self, *, is_kept: bool) -> None:
        """Commit or roll back. Raise NotCertain where nobody can tell whether it was committed."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection; the store stays open."""

    @property
    def is_alone(self) -> bool:
        """Return True if nobody else can write anything while the open transaction runs."""
        return self.store.is_in_file or self.scope == WHOLE

    def is_in_the_way(self) -> bool:
        """Return True if a writer waits for what the open long transaction has changed."""
        return self.long is not None and self.long.must_go.is_set()

    def if_rolled_back(self, undo: Callable[[], None]) -> None:
        """Call `undo` if the open transaction is rolled back, so that a file goes when its row
        does."""
        self._undo.append(undo)

    def take_back(self) -> None:
        """Undo what the open transaction did beside the database. Only `transaction` and its long
        sister call this."""
        while self._undo:
            self._undo.pop()()

    def keep(self) -> None:
        """Forget how to undo it. Only `transaction` and its long sister call this."""
        self._undo.clear()


class Store(ABC):
    """Everything that is kept: a database, and a folder of the files that it names."""

    is_in_file = True  # in DuckDB's file; what needs DuckDB's own SQL is refused elsewhere

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = file_places.of(folder)
        self.write_lock: WriteLock = threading.RLock()
        self.writers: dict[int, str] = {}  # by thread, what it is writing, to tell those who wait
        self.long: LongTransaction | None = None  # the one that is open; one is at a time
        self._import_lock = threading.Lock()
        self._importing = ""  # what holds that lock, to tell those who wait
        self.revision = 0  # grows with every commit; what was cached under an earlier one is stale
        self.opening = 0  # grows whenever the database had to be reopened
        self.is_damaged = False  # something read was not what had been written
        self.is_closing = False
        # When sessions were used last, naive and in UTC, where that could not be written.
        self.unwritten_uses: dict[str, datetime] = {}
        self._room = threading.Lock()
        self._remembered: tuple[int, dict[Hashable, Value]] = (0, {})

    @abstractmethod
    def connection(self) -> Connection:
        """Return a new connection, for one thread."""

    @abstractmethod
    def at_one_moment(self) -> AbstractContextManager[Connection]:
        """Yield a connection that reads everything as it is now, while others write."""

    @abstractmethod
    def check(self) -> None:
        """Raise StoreMoved where what was opened is gone or has been replaced."""

    def require_writing(self) -> None:  # noqa: B027 where a file can be read, commits say the rest
        """Raise StoreStopped where the database can be read and not be written."""

    @abstractmethod
    def look_after(self) -> None:
        """Do `check`, and mend what can be mended; called every second."""

    @abstractmethod
    def note_commit(self, *, invalidates_cache: bool) -> None:
        """Take note of a commit. Only `transaction` calls this."""

    @abstractmethod
    def note_long_commit(self) -> None:
        """Take note of the commit of a long transaction. Only `long_transaction` calls this."""

    @abstractmethod
    def as_committed(self, look: Callable[[], None]) -> AbstractContextManager[Connection]:
        """Yield a connection that reads what is committed, and keep the writers of other processes
        out; whoever calls holds the write lock. `look` is called often while they still write."""

    def note_many_rows(self) -> None:
        """Do what the database has to do, after many rows were written at once, before it answers
        as quickly as it can; nobody waits for it."""
        return

    @abstractmethod
    def sizes(self) -> dict[str, int]:
        """Return the bytes of each part of the database that has a size."""

    @abstractmethod
    def close(self) -> None:
        """Close the database and release the folder; closing twice changes nothing."""

    @property
    def is_written(self) -> bool:
        """Return True while a transaction is open, so that optional writes can skip waiting for
        it."""
        return bool(self.writers)

    def scope_of(self, con: Connection, of: WriterScope) -> WriterScope:  # noqa: ARG002
        """Return what a writer of that scope has to wait for: here every other one."""
        return WHOLE

    def wait_for_writer(self, seconds: float) -> str:
        """Wait up to `seconds` for the writer. Return what it is still writing, or an empty
        string."""
        if self.write_lock.acquire(timeout=seconds):
            self.write_lock.release()
            return ""
        return next(iter(self.writers.values()), "")

    @contextmanager
    def writing(self, scope: WriterScope = WHOLE) -> Iterator[None]:  # noqa: ARG002
        """Keep other writers of this process out while the block runs."""
        with self.write_lock:
            yield

    @contextmanager
    def importing(
        self, doing: str, waits: Callable[[str], None] = lambda _: None
    ) -> Iterator[None]:
        """Keep other long transactions out while the block runs. `waits` is called often while
        another one runs, with what that is."""
        while not self._import_lock.acquire(timeout=OFTEN):
            if self.is_closing:
                raise StoreClosing
            waits(self._importing)
        self._importing = doing
        try:
            yield
        finally:
            self._importing = ""
            self._import_lock.release()

    def wait_for_import(self, seconds: float) -> str:
        """Wait up to `seconds` for the long transaction that runs. Return what it still does, or an
        empty text."""
        if self._import_lock.acquire(timeout=seconds):
            self._import_lock.release()
            return ""
        return self._importing

    def is_waited_for(self) -> bool:
        """Return True in the thread of a long transaction whose end the writer waits for."""
        long = self.long
        return long is not None and long.thread == threading.get_ident() and long.must_go.is_set()

    def make_way(self, seconds: float = float("inf")) -> bool:
        """Have the long transaction that is open rolled back, for whoever holds the write lock.
        Return False if it is still open after `seconds`."""
        long, until = self.long, monotonic() + seconds
        if long is not None:
            long.must_go.set()
        while long is not None and self.long is long:
            if monotonic() > until:
                return False
            sleep(0.002)
        return True

    def cached(self, key: Hashable, read: Callable[[], Value]) -> Value:
        """Return what `read` returned, cached until the next commit; None is never cached.

        All threads get the same object, so nobody may change it.
        """
        if self.long is not None and self.long.thread == threading.get_ident():
            return read()  # what only that transaction sees
        revision, known = self._remembered
        if revision != self.revision:
            known = {}
            self._remembered = (self.revision, known)
        found = known.get(key)
        if found is None:
            found = read()
            if found is not None:
                with self._room:
                    if len(known) >= MAX_CACHED:
                        known.pop(next(iter(known)))
                    known[key] = found
        return found

    def leads(self, what: str) -> bool:  # noqa: ARG002 - this process has the store alone
        """Return True if, of all processes that share the store, this is the one that does `what`;
        it stays that until it ends."""
        return True

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other writer out while the block runs."""
        with self.writing():
            if self.writers:
                raise RuntimeError("a transaction is open: it would be left out")
            yield


@contextmanager
def transaction(
    con: Connection,
    *,
    of: WriterScope = WHOLE,
    invalidates_cache: bool = True,
    doing: str = "another change",
) -> Iterator[None]:
    """Commit all of the block or none of it. One writer of a scope runs at a time.

    The block writes nothing that is not `of` that scope, and decides by nothing that others could
    write meanwhile. Rolls back on BaseException too, since Streamlit may stop the page in the
    middle of a run. Pass `invalidates_cache=False` when nothing is written that `Store.cached` may
    hold. `doing` tells those who wait what is being written, in words that anybody may read.
    """
    store, me = con.store, threading.get_ident()
    if me in store.writers:
        raise RuntimeError("a transaction is already open: only public verbs open one")
    scope = store.scope_of(con, of)
    with store.writing(scope):
        if store.is_closing:
            raise StoreClosing
        store.check()
        store.writers[me], con.scope = doing, scope
        con.invalidates_cache = invalidates_cache
        try:
            con.begin()
            try:
                yield
                con.require_whole()
                store.check()
            except BaseException:
                con.end(is_kept=False)
                raise
            with interruption.committing():
                con.end(is_kept=True)
                con.keep()
                store.note_commit(invalidates_cache=invalidates_cache)
        except NotCertain:  # what was written beside the database may be needed
            raise
        except BaseException:
            con.take_back()
            raise
        finally:
            con.is_writing, con.scope = False, WHOLE
            del store.writers[me]
            con.keep()


def money(value: Decimal | None) -> Decimal:
    """Return US dollars with two decimals; None is 0.00."""
    return (value or Decimal(0)).quantize(Decimal("0.01"))
