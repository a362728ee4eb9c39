"""The store: one DuckDB file, held by one process. Only `lib/store` knows DuckDB."""

from __future__ import annotations

import threading
import typing
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import duckdb

from lib.errors import (
    BillingError,
    NotCertain,
    NotWritten,
    StoreClosing,
    StoreDamaged,
    StoreMoved,
    StoreStopped,
    WrongDataFolder,
)
from lib.store import database_opening
from lib.store.conditional_migrations import STEPS
from lib.store.data_folder_lock import Place
from lib.store.duckdb_errors import LOG, sentence_of
from lib.store.values import Value, outgoing, readers_of, require_exact, utc

__all__ = ["Connection", "Store", "Value", "money", "transaction", "utc"]

SCHEMA = Path(__file__).parent / "schema"
MAX_CACHED = 400  # the largest entry, a page of the list, is about 50 KB
PATIENCE = 2.0  # seconds that closing waits for the write in progress before interrupting it
REOPEN = 1.0  # seconds between two attempts to reopen the database

Record = TypeVar("Record")
Result = TypeVar("Result")


class Connection:
    """One thread's access to the store. Every SELECT is read to its end, so none keeps a
    transaction open."""

    def __init__(self, store: Store) -> None:
        self._opening, self._cursor = store.cursor()
        self._is_writing = False
        self.store = store

    def rows(self, sql: str, /, **parameters: Value) -> list[tuple[Value, ...]]:
        """Return all rows of one statement; times come back naive, in UTC."""
        return self._read(sql, parameters)[1]

    def table(
        self, sql: str, /, **parameters: Value
    ) -> tuple[tuple[str, ...], list[tuple[Value, ...]]]:
        """Return the names of the columns of one statement, and all its rows."""
        names, rows = self._read(sql, parameters)
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
        names, rows = self._read(sql, parameters)
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

    def arrow(self, sql: str, /, **parameters: Value) -> Any:
        """Return the result as a pyarrow Table; decimals stay decimals."""
        values = outgoing(parameters)
        return self._run(lambda cursor: cursor.sql(sql, params=values).to_arrow_table())

    def insert(self, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Insert many rows at once, all with the same columns; far faster than one statement a
        row. Raise ValueError for a number that its column would round."""
        if not rows:
            return
        kinds: dict[str, str] = dict(
            self.rows(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $table",
                table=table,
            )
        )
        names = list(rows[0])
        for name in names:
            require_exact(rows, name, kinds[name])
        values = ", ".join(f"unnest(${name}::{kinds[name]}[])" for name in names)
        sql = f"INSERT INTO {table} ({', '.join(names)}) SELECT {values}"
        self.execute(sql, **{name: [row[name] for row in rows] for name in names})

    def next_ids(self, table: str, count: int) -> list[int]:
        """Return `count` new ids for rows of `table`, in ascending order."""
        return sorted(
            row[0]
            for row in self.rows(f"SELECT nextval('{table}_id') FROM range($count)", count=count)
        )

    def close(self) -> None:
        """Close the cursor; the store stays open."""
        self._cursor.close()

    def _read(
        self, sql: str, parameters: Mapping[str, Value]
    ) -> tuple[list[str], list[tuple[Value, ...]]]:
        """Return the column names and all rows."""

        def read(cursor: duckdb.DuckDBPyConnection) -> tuple[list[str], list[tuple[Value, ...]]]:
            found = self._executed(cursor, sql, parameters)
            return [column[0] for column in found.description or ()], found.fetchall()

        return self._run(read)

    def _executed(
        self, cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Value]
    ) -> duckdb.DuckDBPyConnection:
        parsed = self.store.parsed.get(sql)
        if parsed is None:
            statements = cursor.extract_statements(sql)
            parsed = statements[0] if len(statements) == 1 else sql
            self.store.parsed[sql] = parsed
        return cursor.execute(parsed, outgoing(parameters))

    def _run(self, step: Callable[[duckdb.DuckDBPyConnection], Result]) -> Result:
        """Run one step on the database as it is open now. After the database had to be reopened, a
        read is run again; a transaction is not, because what it had done is gone."""
        store = self.store
        if store.is_closing and self._is_writing:
            raise StoreClosing
        if self._opening != store.opening and not self._is_writing:
            self._renew()
        try:
            return step(self._cursor)
        except duckdb.FatalException as problem:  # after a fatal error DuckDB refuses everything
            store.open_again(self._opening)
            if self._is_writing:
                raise (self._sentence(problem) or NotWritten()) from problem
        except duckdb.Error as problem:
            if said := self._sentence(problem):
                raise said from problem
            raise
        self._renew()
        try:
            return step(self._cursor)
        except duckdb.FatalException as problem:
            store.open_again(self._opening)
            raise (self._sentence(problem) or NotWritten()) from problem

    def _sentence(self, problem: duckdb.Error) -> BillingError | None:
        said = sentence_of(problem)
        self.store.is_damaged |= isinstance(said, StoreDamaged)
        return said

    def _renew(self) -> None:
        with suppress(duckdb.Error):
            self._cursor.close()
        self._opening, self._cursor = self.store.cursor()

    def begin(self) -> None:
        """Begin a transaction. Only `transaction` calls this."""
        self.execute("BEGIN")
        self._is_writing = True

    def end(self, *, is_kept: bool) -> None:
        """Commit or roll back. Raise NotCertain where nobody can tell whether it was committed."""
        if is_kept:
            try:
                self.execute("COMMIT")
            except (NotWritten, StoreDamaged) as problem:
                if self._opening != self.store.opening:
                    raise NotCertain from problem
                raise
        elif self._opening == self.store.opening:
            with suppress(StoreClosing):
                self._is_writing = False
                self.execute("ROLLBACK")


class Store:
    """The open database file, its folder and its write lock."""

    def __init__(self, folder: Path, *, memory_limit: str = "1GB") -> None:
        """Open `folder`/billing.duckdb; create and migrate it where needed.

        Raises StoreInUse where another process has it, WrongDataFolder where it cannot be used,
        NotWritten where the disk has no room to open it.
        """
        self.folder = folder
        self.documents = folder / "documents"
        self._write_lock = threading.RLock()
        self._depth = 0
        self._undo: list[Callable[[], None]] = []
        self._doing = ""  # what is being written, to tell those who wait
        # Our statements are few and fixed, and parsing one takes a quarter of a small query's time.
        self.parsed: dict[str, duckdb.Statement | str] = {}
        self.revision = 0  # grows with every commit; what was cached under an earlier one is stale
        self._room = threading.Lock()
        self._remembered: tuple[int, dict[Hashable, Value]] = (0, {})
        self._memory_limit = memory_limit
        self.opening = 0  # grows whenever the database had to be reopened
        self._tried_at = float("-inf")
        self.is_damaged = False  # something read was not what had been written
        self.is_closing = False
        database_opening.make_folder(folder)
        self.place = Place(folder)
        self.place.take()
        self._root: duckdb.DuckDBPyConnection | None = None
        try:
            self._root = database_opening.open_database(self.place.database, memory_limit)
            self.place.remember()
            _migrate(self)
        except BaseException:
            self._let_go(is_clean=False)
            raise

    def connection(self) -> Connection:
        """Return a new connection, for one thread."""
        return Connection(self)

    @property
    def is_written(self) -> bool:
        """Return True while a transaction is open, so that optional writes can skip waiting for
        it."""
        return bool(self._depth)

    def wait_for_writer(self, seconds: float) -> str:
        """Wait up to `seconds` for the writer. Return what it is still writing, or an empty
        string."""
        if self._write_lock.acquire(timeout=seconds):
            self._write_lock.release()
            return ""
        return self._doing

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

    def cursor(self) -> tuple[int, duckdb.DuckDBPyConnection]:
        """Return a cursor of the open database, and the number of the opening it belongs to.

        Raises StoreStopped while the database cannot be reopened.
        """
        with self._room:
            if self._root is None and not self.is_closing:
                self._open_now()
            if self.is_closing:
                raise StoreClosing
            if self._root is None:
                raise StoreStopped
            return self.opening, self._root.cursor()

    def open_again(self, opening_seen: int) -> None:
        """Reopen the database after a fatal DuckDB error, once for all threads that met it."""
        with self._write_lock, self._room:
            if self.opening != opening_seen or self.is_closing:
                return
            self.parsed.clear()
            # what was cached may come from a transaction that was never committed
            self.revision += 1
            self.opening += 1
            if self._root is not None:
                self._root.close()
                self._root = None
            self._tried_at = float("-inf")
            self._open_now()

    def _open_now(self) -> None:
        """Open the database, unless the last attempt was too recent; leave none open if that
        fails."""
        if monotonic() - self._tried_at < REOPEN:
            return
        self._tried_at = monotonic()
        try:
            self.place.check()
            self._root = database_opening.open_database(self.place.database, self._memory_limit)
        except (NotWritten, StoreMoved, WrongDataFolder) as problem:
            LOG.error("the database cannot be opened again: %s", type(problem).__name__)
        else:
            LOG.error("the database was opened again after a fatal error")

    def if_rolled_back(self, undo: Callable[[], None]) -> None:
        """Call `undo` if the open transaction is rolled back, so that a file goes when its row
        does."""
        self._undo.append(undo)

    def take_back(self) -> None:
        """Undo what the open transaction did beside the database. Only `transaction` calls this."""
        while self._undo:
            self._undo.pop()()

    def checkpoint(self, *, patience: float = PATIENCE) -> bool:
        """Move everything in the log into the database file. Return False where readers prevented
        it.

        The caller holds the write lock (`exclusive`).
        """
        con, until = self.connection(), monotonic() + patience
        try:
            while True:
                try:
                    con.execute("CHECKPOINT")
                    return True
                except duckdb.TransactionException:  # somebody is reading
                    if monotonic() > until:
                        return False
                    sleep(0.02)
        finally:
            con.close()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other writer out while the block runs."""
        with self._write_lock:
            if self._depth:
                raise RuntimeError("a transaction is open: it would be left out")
            yield

    def look_after(self) -> None:
        """Raise StoreMoved where the folder is no longer the one that was opened. Write everything
        to the database file again where its log was deleted."""
        self.place.check()
        if self.place.has_lost_log():
            with self.exclusive():
                if self.place.has_lost_log() and self.checkpoint():
                    LOG.error("the log was deleted while it was in use: all of it was written anew")

    def close(self) -> None:
        """Close the database and release the folder; closing twice changes nothing.

        A write in progress is finished; a long one, such as an import, is rolled back after
        PATIENCE.
        """
        if self._root is None and self.is_closing:
            return
        has_lock = self._write_lock.acquire(timeout=PATIENCE)
        self.is_closing = True
        has_lock = has_lock or self._write_lock.acquire(timeout=PATIENCE)
        is_clean = False
        try:
            if has_lock and self._root is not None:
                self.place.check()
                self._root.execute("CHECKPOINT")
                is_clean = True
        except (duckdb.Error, BillingError) as problem:  # the log still holds what the file lacks
            LOG.error("the log was left beside the database: %s", type(problem).__name__)
        finally:
            self._let_go(is_clean=is_clean)
            if has_lock:
                self._write_lock.release()

    def _let_go(self, *, is_clean: bool) -> None:
        self.is_closing = True
        self.parsed.clear()
        if self._root is not None:
            self._root.close()
            self._root = None
        self.place.let_go(is_clean=is_clean)


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
    with store._write_lock:
        if store._depth:
            raise RuntimeError("a transaction is already open: only public verbs open one")
        if store.is_closing:
            raise StoreClosing
        store.place.check()
        store._depth, store._doing = 1, doing
        try:
            con.begin()
            try:
                yield
                # COMMIT of an aborted transaction raises nothing; this does
                con.execute("SELECT 1")
                store.place.check()
            except BaseException:
                con.end(is_kept=False)
                raise
            con.end(is_kept=True)
            store.revision += invalidates_cache
            store.place.note_log()
        except NotCertain:  # what was written beside the database may be needed
            raise
        except BaseException:
            store.take_back()
            raise
        finally:
            con._is_writing = False
            store._depth = 0
            store._undo.clear()


def _migrate(store: Store) -> None:
    con = store.connection()
    done = {row[0] for row in con.rows("SELECT name FROM schema_migration")}
    files = sorted(SCHEMA.glob("*.sql"))
    unknown = sorted(done - {file.name for file in files})
    if unknown:
        raise WrongDataFolder(
            f"The data in {store.folder} was written by a newer version of Billing Tasks (this one "
            f"does not know {unknown[-1].removesuffix('.sql')}). Start the newer version again, or "
            "restore a backup that this one made into another folder. Nothing was changed."
        )
    for file in files:
        if file.name in done:
            continue
        with transaction(con):
            con.execute(file.read_text(encoding="utf-8"))
            if file.name in STEPS:
                STEPS[file.name](con.rows)
            con.execute(
                "INSERT INTO schema_migration VALUES ($name, $now)",
                name=file.name,
                now=datetime.now(UTC),
            )
    con.close()


def money(value: Decimal | None) -> Decimal:
    """Return US dollars with two decimals; None is 0.00."""
    return (value or Decimal(0)).quantize(Decimal("0.01"))
