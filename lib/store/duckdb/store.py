"""The store: one DuckDB file, held by one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import duckdb

from lib.errors import (
    BillingError,
    NotCertain,
    NotWritten,
    OnlyOnDuckDB,
    StoreClosing,
    StoreDamaged,
    StoreMoved,
    StoreStopped,
    WrongDataFolder,
)
from lib.store import migrations
from lib.store.data_folder_lock import Place
from lib.store.database import Connection, GivesWay, Store
from lib.store.duckdb import opening
from lib.store.duckdb.conditional_migrations import STEPS
from lib.store.duckdb.errors import LOG, told
from lib.store.duckdb.metadata_blocks import MetadataBlocks
from lib.store.values import Value, outgoing, require_exact

PATIENCE = 2.0  # seconds that closing waits for the write in progress before interrupting it
SOON = 0.05  # seconds between two looks at what a long transaction is to do
MEMORY = (
    "512MB"  # that DuckDB may use; the rest of what it needs at once goes to its temporary file
)
REOPEN = 1.0  # seconds between two attempts to reopen the database

Result = TypeVar("Result")

# Our statements are few and fixed, parsing one takes a quarter of a small query's time, and what
# was parsed belongs to no database.
_PARSED: dict[str, duckdb.Statement | str] = {}


class DuckDBConnection(Connection):
    """One thread's cursor of the file."""

    store: DuckDBStore

    def __init__(self, store: DuckDBStore) -> None:
        super().__init__(store)
        self._opening, self._cursor = store.cursor()
        # What a transaction wrote while a long one was open, with what each statement returned.
        self._written: list[tuple[str, Mapping[str, Value], list[tuple[Value, ...]]]] | None = None

    def arrow(self, sql: str, /, **parameters: Value) -> Any:
        """Return the result as a pyarrow Table; decimals stay decimals."""
        values = outgoing(parameters)
        return self._run(lambda cursor: cursor.sql(sql, params=values).to_arrow_table())

    def put(self, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Insert rows as lists that are unnested. Raise ValueError for a number that its column
        would round."""
        kinds, names = self._kinds(table), list(rows[0])
        for name in names:
            require_exact(rows, name, kinds[name])
        values = ", ".join(f"unnest(${name}::{kinds[name]}[])" for name in names)
        sql = f"INSERT INTO {table} ({', '.join(names)}) SELECT {values}"
        self.execute(sql, **{name: [row[name] for row in rows] for name in names})

    def insert_csv(self, table: str, names: Sequence[str], content: bytes) -> int:
        """Insert rows that are CSV in UTF-8: values in quotes, NULL as \\N, lists as JSON, in these
        columns. Return how many they are. Raise ValueError where a column cannot take them."""
        import pyarrow as pa
        from pyarrow import csv

        read = csv.read_csv(
            pa.BufferReader(content),
            csv.ReadOptions(
                use_threads=False, block_size=len(content) + 1, column_names=list(names)
            ),
            csv.ParseOptions(newlines_in_values=True),
            csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[r"\N"],
                strings_can_be_null=True, quoted_strings_can_be_null=False,
            ),
        )  # fmt: skip
        kinds = self._kinds(table)
        values = ", ".join(
            f"from_json({name}, '[\"{kinds[name][:-2]}\"]')"
            if kinds[name].endswith("[]")
            else f"CAST({name} AS {kinds[name]})"
            for name in names
        )
        sql = f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM come_in"

        def step(cursor: duckdb.DuckDBPyConnection) -> int:
            cursor.register("come_in", read)
            try:
                cursor.execute(sql)
            except duckdb.ConversionException as problem:
                raise ValueError(f"{table} cannot take these values") from problem
            finally:
                cursor.unregister("come_in")
            return int(read.num_rows)

        return self._run(step)

    def _kinds(self, table: str) -> dict[str, str]:
        """Return the type of each column: from the table, as the list of all columns takes several
        times as long."""

        def step(cursor: duckdb.DuckDBPyConnection) -> dict[str, str]:
            found = cursor.sql(f"FROM {table} LIMIT 0")
            return dict(zip(found.columns, map(str, found.types), strict=True))

        return self._run(step)

    def close(self) -> None:
        """Close the cursor; the store stays open."""
        self._cursor.close()

    def read(
        self, sql: str, parameters: Mapping[str, Value]
    ) -> tuple[list[str], list[tuple[Value, ...]]]:
        """Run one statement. Return the column names and all rows."""

        def step(cursor: duckdb.DuckDBPyConnection) -> tuple[list[str], list[tuple[Value, ...]]]:
            found = self._executed(cursor, sql, parameters)
            return [column[0] for column in found.description or ()], found.fetchall()

        if self.long is not None:
            self.long.let_others_on(lambda: bool(self.store.writers))
            self.long.note(sql, parameters)
        names, rows = self._run(step)
        if self._written is not None and not _only_reads(_PARSED[sql]):
            self._written.append((sql, parameters, rows))
        return names, rows

    def _executed(
        self, cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Value]
    ) -> duckdb.DuckDBPyConnection:
        parsed = _PARSED.get(sql)
        if parsed is None:
            statements = cursor.extract_statements(sql)
            parsed = statements[0] if len(statements) == 1 else sql
            _PARSED[sql] = parsed
        return cursor.execute(parsed, outgoing(parameters))

    def _run(self, step: Callable[[duckdb.DuckDBPyConnection], Result]) -> Result:
        """Run one step on the database as it is open now. After the database had to be reopened, a
        read is run again; a transaction is not, because what it had done is gone."""
        store = self.store
        if store.is_closing and self.is_writing:
            raise StoreClosing
        if self.long is not None and self.long.must_go.is_set():
            raise GivesWay
        if self._opening != store.opening and not self.is_writing:
            self._renew()
        try:
            return self._with_way_made(step)
        except duckdb.FatalException as problem:  # after a fatal error DuckDB refuses everything
            store.open_again(self._opening)
            if self.is_writing:
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

    def _with_way_made(self, step: Callable[[duckdb.DuckDBPyConnection], Result]) -> Result:
        """Run one step. Where what it changes is changed by a long transaction, or was by others
        since that one began, the long one gives way."""
        try:
            return step(self._cursor)
        except (duckdb.TransactionException, duckdb.ConstraintException) as problem:
            if self.long is not None:
                raise GivesWay from problem
            if self._written is None or isinstance(problem, duckdb.ConstraintException):
                raise
            self._write_again(self._written, problem)
        return step(self._cursor)

    def _write_again(
        self,
        written: list[tuple[str, Mapping[str, Value], list[tuple[Value, ...]]]],
        problem: duckdb.Error,
    ) -> None:
        """Have the long transaction rolled back, which has changed what this one is to change, and
        bring this one to where it was. Nobody else has written since it began: what it read still
        holds, and the ids that it took are its own."""
        self._written = None
        with suppress(duckdb.TransactionException):  # a failed COMMIT has ended it
            self._cursor.execute("ROLLBACK")
        self.store.make_way()
        self._cursor.execute("BEGIN")
        for sql, parameters, rows in written:
            if self._executed(self._cursor, sql, parameters).fetchall() != rows:
                raise problem

    def _sentence(self, problem: duckdb.Error) -> BillingError | None:
        said = told(problem)
        self.store.is_damaged |= isinstance(said, StoreDamaged)
        return said

    def _renew(self) -> None:
        with suppress(duckdb.Error):
            self._cursor.close()
        self._opening, self._cursor = self.store.cursor()

    def begin(self) -> None:
        """Begin a transaction. Only `transaction` calls this."""
        self.execute("BEGIN")
        self._written = None if self.store.long is None else []
        self.is_writing = True

    def begin_beside(self) -> None:
        """Begin a transaction that reads everything as it is now, and holds no other writer back.
        Only `long_transaction` calls this."""
        self.execute("BEGIN")

    def require_whole(self) -> None:
        """Raise what keeps the transaction from being committed: COMMIT of an aborted one raises
        nothing."""
        self.execute("SELECT 1")

    def end(self, *, is_kept: bool) -> None:
        """Commit or roll back. Raise NotCertain where nobody can tell whether it was committed."""
        if not is_kept:
            self._written = None
        if is_kept:
            self.store.before_checkpoint()
            try:
                self.execute("COMMIT")
                self._written = None
            except (NotWritten, StoreDamaged) as problem:
                if self._opening != self.store.opening:
                    raise NotCertain from problem
                raise
        elif self._opening == self.store.opening:
            with suppress(StoreClosing, duckdb.TransactionException):
                self.is_writing = False
                self.execute("ROLLBACK")


class DuckDBStore(Store):
    """The open database file and its folder."""

    def __init__(self, folder: Path, *, memory_limit: str = MEMORY) -> None:
        """Open `folder`/billing.duckdb; create and migrate it where needed.

        Raises StoreInUse where another process has it, WrongDataFolder where it cannot be used,
        NotWritten where the disk has no room to open it.
        """
        super().__init__(folder)
        self._memory_limit = memory_limit
        self._tried_at = float("-inf")
        self._ending: duckdb.DuckDBPyConnection | None = (
            None  # to be closed before the next opening
        )
        self.place = Place(folder)
        self._metadata_blocks = MetadataBlocks(self.place.database)
        if not folder.exists():
            self.place.refuse_name_in_use()  # before a folder is left in place of one that moved
        opening.make_folder(folder)
        self.place.take()
        self._root: duckdb.DuckDBPyConnection | None = None
        try:
            self._root = opening.open_database(self.place.database, memory_limit)
            self.place.remember()
            con = self.connection()
            migrations.migrate(con, str(folder), steps=STEPS)
            con.close()
        except BaseException:
            self._let_go(is_clean=False)
            raise

    def connection(self) -> DuckDBConnection:
        """Return a new connection, for one thread."""
        return DuckDBConnection(self)

    @contextmanager
    def at_one_moment(self) -> Iterator[DuckDBConnection]:
        """Yield a connection that reads everything as it is now, while others write."""
        con = self.connection()
        con.execute("BEGIN")
        try:
            yield con
        finally:
            con.execute("ROLLBACK")
            con.close()

    def check(self) -> None:
        """Raise StoreMoved where the folder or the database is gone or has been replaced."""
        self.place.check()

    def note_commit(self, *, invalidates_cache: bool) -> None:
        """Count the commit, and take note that the log holds something."""
        self.revision += invalidates_cache
        self.place.note_log()

    def note_long_commit(self) -> None:
        """Count the commit, as any other."""
        self.note_commit(invalidates_cache=True)

    @contextmanager
    def as_committed(self, look: Callable[[], None]) -> Iterator[DuckDBConnection]:  # noqa: ARG002
        """Yield a connection that reads what is committed."""
        con = self.connection()
        try:
            yield con
        finally:
            con.close()

    def sizes(self) -> dict[str, int]:
        """Return the bytes of the database file and of its log."""
        files = {"database": self.place.database, "log": self.place.log}
        return {name: file.stat().st_size if file.exists() else 0 for name, file in files.items()}

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
        while not self.write_lock.acquire(timeout=SOON):
            if self.is_waited_for():
                return
        try:
            self._reopen(opening_seen)
        finally:
            self.write_lock.release()

    def _reopen(self, opening_seen: int) -> None:
        with self._room:
            if self.opening != opening_seen or self.is_closing:
                return
            # what was cached may come from a transaction that was never committed
            self.revision += 1
            self.opening += 1
            self._ending, self._root = self._root or self._ending, None
            self._tried_at = float("-inf")
            self._open_now()

    def _open_now(self) -> None:
        """Open the database, unless the last attempt was too recent; leave none open if that
        fails."""
        if monotonic() - self._tried_at < REOPEN:
            return
        try:
            if not self._has_ended():
                return
            self.place.check()
            self._root = opening.open_database(self.place.database, self._memory_limit)
        except (NotWritten, StoreMoved, WrongDataFolder) as problem:
            LOG.error("the database cannot be opened again: %s", type(problem).__name__)
        else:
            LOG.error("the database was opened again after a fatal error")
        finally:
            self._tried_at = monotonic()

    def _has_ended(self) -> bool:
        """Close what was open before. Return False where a thread is still in a call to it, for
        which closing does not wait."""
        until = monotonic() + PATIENCE
        while self._ending is not None:
            try:
                self._ending.close()
                self._ending = None
                self._metadata_blocks.let_go(is_clean=False)
            except duckdb.Error:
                if monotonic() > until:
                    return False
                sleep(0.01)
        return True

    def before_checkpoint(self) -> None:
        """Copy what a checkpoint, which also a COMMIT can make, writes in place. The caller holds
        the write lock."""
        if self._root is not None:
            self._metadata_blocks.keep(self._root)

    def checkpoint(self, *, patience: float = PATIENCE) -> bool:
        """Move everything in the log into the database file. Return False where readers prevented
        it.

        The caller holds the write lock (`exclusive`).
        """
        con, until = self.connection(), monotonic() + patience
        try:
            self.make_way(patience)
            while True:
                self.before_checkpoint()
                try:
                    con.execute("CHECKPOINT")
                    return True
                except duckdb.TransactionException:  # somebody is reading
                    if monotonic() > until:
                        return False
                    sleep(0.02)
        finally:
            con.close()

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

        A write in progress is finished, or rolled back after PATIENCE; an import is rolled back.
        """
        if self._root is None and self.is_closing:
            return
        has_lock = self.write_lock.acquire(timeout=PATIENCE)
        self.is_closing = True
        has_lock = has_lock or self.write_lock.acquire(timeout=PATIENCE)
        is_clean = False
        try:
            if has_lock and self._root is not None:
                self.make_way(PATIENCE)
                self.place.check()
                self.before_checkpoint()
                self._root.execute("CHECKPOINT")
                is_clean = True
        except (duckdb.Error, BillingError) as problem:  # the log still holds what the file lacks
            LOG.error("the log was left beside the database: %s", type(problem).__name__)
        finally:
            self._let_go(is_clean=is_clean)
            if has_lock:
                self.write_lock.release()

    def _let_go(self, *, is_clean: bool) -> None:
        self.is_closing = True
        self._ending, self._root = self._root or self._ending, None
        if not self._has_ended():
            LOG.error("the database was left open: somebody is still reading")
        self._metadata_blocks.let_go(is_clean=is_clean)
        self.place.let_go(is_clean=is_clean)


def _only_reads(parsed: duckdb.Statement | str) -> bool:
    return not isinstance(parsed, str) and parsed.type == duckdb.StatementType.SELECT


def in_file(con: Connection) -> DuckDBConnection:
    """Return the connection as one to a DuckDB file. Raises OnlyOnDuckDB where it is not."""
    if not isinstance(con, DuckDBConnection):
        raise OnlyOnDuckDB
    return con


def file_of(store: Store) -> DuckDBStore:
    """Return the store as a DuckDB file. Raises OnlyOnDuckDB where it is not."""
    if not isinstance(store, DuckDBStore):
        raise OnlyOnDuckDB
    return store
