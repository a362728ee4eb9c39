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
from time import sleep
from typing import TypeVar

from lib.errors import NotCertain, StoreClosing
from lib.store import file_places
from lib.store.values import Value, readers_of, utc

__all__ = ["Connection", "Store", "Value", "money", "rehearse", "transaction", "utc"]

MAX_CACHED = 400  # the largest entry, a page of the list, is about 50 KB
GIVES_WAY = 5  # times that a rehearsal begins anew for those who wait, before they wait for it
REHEARSED = 1 << 60  # ids of a rehearsal begin here, so that it uses none up

Record = TypeVar("Record")
Result = TypeVar("Result")


class Connection(ABC):
    """One thread's access to the store. Every SELECT is read to its end, so none keeps a
    transaction open."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.is_writing = False
        self.invalidates_cache = True  # what the open transaction writes may be cached
        self.rehearsed_ids: Counter[str] | None = None  # by table, while a rehearsal runs

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

    @abstractmethod
    def read(
        self, sql: str, parameters: Mapping[str, Value]
    ) -> tuple[list[str], list[tuple[Value, ...]]]:
        """Run one statement. Return the column names and all rows."""

    @abstractmethod
    def insert(self, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Insert many rows at once, all with the same columns; far faster than one statement a
        row. Raise ValueError for a number that its column would round."""

    @abstractmethod
    def begin(self) -> None:
        """Begin a transaction. Only `transaction` calls this."""

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


class Store(ABC):
    """Everything that is kept: a database, and a folder of the files that it names."""

    is_in_file = True  # in DuckDB's file; what needs DuckDB's own SQL is refused elsewhere

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = file_places.of(folder)
        self.write_lock = threading.RLock()
        self.waiting = 0  # threads that wait for the lock
        self.depth = 0  # of the open transaction
        self.doing = ""  # what is being written, to tell those who wait
        self.revision = 0  # grows with every commit; what was cached under an earlier one is stale
        self.opening = 0  # grows whenever the database had to be reopened
        self.is_damaged = False  # something read was not what had been written
        self.is_closing = False
        # When sessions were used last, naive and in UTC, where that could not be written.
        self.unwritten_uses: dict[str, datetime] = {}
        self._undo: list[Callable[[], None]] = []
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

    @abstractmethod
    def look_after(self) -> None:
        """Do `check`, and mend what can be mended; called every second."""

    @abstractmethod
    def note_commit(self, *, invalidates_cache: bool) -> None:
        """Take note of a commit. Only `transaction` calls this."""

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
        return bool(self.depth)

    def wait_for_writer(self, seconds: float) -> str:
        """Wait up to `seconds` for the writer. Return what it is still writing, or an empty
        string."""
        with self._waits():
            is_free = self.write_lock.acquire(timeout=seconds)
        if is_free:
            self.write_lock.release()
            return ""
        return self.doing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock while the block runs."""
        with self._waits():
            self.write_lock.acquire()
        try:
            yield
        finally:
            self.write_lock.release()

    @contextmanager
    def _waits(self) -> Iterator[None]:
        """Count this thread among those that wait for the lock."""
        with self._room:
            self.waiting += 1
        try:
            yield
        finally:
            with self._room:
                self.waiting -= 1

    def cached(self, key: Hashable, read: Callable[[], Value]) -> Value:
        """Return what `read` returned, cached until the next commit; None is never cached.

        All threads get the same object, so nobody may change it.
        """
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

    def if_rolled_back(self, undo: Callable[[], None]) -> None:
        """Call `undo` if the open transaction is rolled back, so that a file goes when its row
        does."""
        self._undo.append(undo)

    def take_back(self) -> None:
        """Undo what the open transaction did beside the database. Only `transaction` calls this."""
        while self._undo:
            self._undo.pop()()

    def keep(self) -> None:
        """Forget how to undo it. Only `transaction` calls this."""
        self._undo.clear()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other writer out while the block runs."""
        with self.writing():
            if self.depth:
                raise RuntimeError("a transaction is open: it would be left out")
            yield


@contextmanager
def transaction(
    con: Connection, *, invalidates_cache: bool = True, doing: str = "another change"
) -> Iterator[None]:
    """Commit all of the block or none of it. One writer runs at a time.

    Rolls back on BaseException too, since Streamlit may stop the page in the middle of a run. Pass
    `invalidates_cache=False` when nothing is written that `Store.cached` may hold. `doing` tells
    those who wait what is being written, in words that anybody may read.
    """
    store = con.store
    with store.writing():
        if store.depth:
            raise RuntimeError("a transaction is already open: only public verbs open one")
        if store.is_closing:
            raise StoreClosing
        store.check()
        store.depth, store.doing = 1, doing
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
            con.end(is_kept=True)
            store.note_commit(invalidates_cache=invalidates_cache)
        except NotCertain:  # what was written beside the database may be needed
            raise
        except BaseException:
            store.take_back()
            raise
        finally:
            con.is_writing = False
            store.depth = 0
            store.keep()


class _Rehearsed(Exception):
    """A rehearsal is over: nothing of it is kept."""


class _GivesWay(Exception):
    """Somebody waits to write, and does not wait for a rehearsal."""


def rehearse(
    con: Connection, attempt: Callable[[Callable[[], None]], Result], *, doing: str
) -> Result:
    """Return what `attempt` returns, and keep nothing of what it writes.

    It gets a function to call often. Where somebody waits to write, that rolls back and begins
    `attempt` anew after them; only after GIVES_WAY times they wait for it. `doing` as in
    `transaction`.
    """
    store, times = con.store, 0

    def give_way() -> None:
        if store.waiting and times < GIVES_WAY:
            raise _GivesWay

    while True:
        con.rehearsed_ids = Counter()
        try:
            with transaction(con, invalidates_cache=False, doing=doing):
                result = attempt(give_way)
                raise _Rehearsed
        except _Rehearsed:
            return result
        except _GivesWay:
            times += 1
        finally:
            con.rehearsed_ids = None
        while store.waiting:
            sleep(0.01)


def money(value: Decimal | None) -> Decimal:
    """Return US dollars with two decimals; None is 0.00."""
    return (value or Decimal(0)).quantize(Decimal("0.01"))
