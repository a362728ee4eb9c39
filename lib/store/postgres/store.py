"""The store in PostgreSQL: a pool of connections, and one row for which writers wait."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from lib.errors import (
    NotWritten,
    StoreClosing,
    WrongDataFolder,
)
from lib.store import migrations
from lib.store.data_folder_lock import Place
from lib.store.database import OFTEN, Connection, GivesWay, Store
from lib.store.durable_files import make_folder
from lib.store.files import DOCUMENTS
from lib.store.postgres import opening, texts
from lib.store.postgres.errors import DatabaseUnreachable, MaybeSaved
from lib.store.values import Value, outgoing, require_exact

MOST = 20  # connections of this process: threads that ask at once
PATIENCE = 5.0  # seconds that a statement waits for a connection

Raw = psycopg.Connection[tuple[Any, ...]]
Result = TypeVar("Result")

# A text in quotes, a comment, a parameter, or a percent sign, which the client would take for one.
_PARTS = re.compile(r"'(?:[^']|'')*'|--[^\n]*|\$(?P<name>[a-z_]\w*)|%")


@cache
def as_sent(sql: str) -> str:
    """Return a text with its $parameters as psycopg writes them."""

    def part(found: re.Match[str]) -> str:
        return f"%({found['name']})s" if found["name"] else found[0].replace("%", "%%")

    return _PARTS.sub(part, sql)


class PostgresConnection(Connection):
    """Borrows a connection of the pool for a statement, or for a transaction."""

    store: PostgresStore

    def __init__(self, store: PostgresStore) -> None:
        super().__init__(store)
        self._held: Raw | None = None
        self._asked_at = 0.0  # when it was asked last whether somebody waits for a long transaction
        self._is_lost = False

    def read(
        self, sql: str, parameters: Mapping[str, Value]
    ) -> tuple[list[str], list[tuple[Value, ...]]]:
        """Run one statement. Return the column names and all rows."""
        values = outgoing(parameters)
        text = as_sent(sql) if values else sql

        def step(raw: Raw) -> tuple[list[str], list[tuple[Value, ...]]]:
            cursor = raw.execute(text.encode(), values or None)
            if cursor.description is None:
                return [], []
            return [column.name for column in cursor.description], cursor.fetchall()

        if self.long is not None:
            self.long.let_others_on(lambda: bool(self.store.depth))
            self.long.note(sql, parameters)
        return self._run(step)

    def insert(self, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Insert many rows at once by COPY, all with the same columns. Raise ValueError for a
        number that its column would round."""
        if not rows:
            return
        kinds, names = self._kinds(table), list(rows[0])
        for name in names:
            require_exact(rows, name, kinds[name])

        def step(raw: Raw) -> None:
            text = f"COPY {table} ({', '.join(names)}) FROM STDIN"
            with raw.cursor() as cursor, cursor.copy(text.encode()) as copy:
                for row in rows:
                    values = outgoing(row)
                    copy.write_row([values[name] for name in names])

        if self.long is not None:
            columns = {name: [row[name] for row in rows] for name in names}
            self.long.note(f"INSERT INTO {table}", columns)
        self._run(step)

    def begin(self) -> None:
        """Begin a transaction by taking the writers' row: what is read from now on is current."""
        if self.store.is_closing:
            raise StoreClosing

        def step(raw: Raw) -> tuple[int, int]:
            raw.execute("BEGIN")
            try:
                found = raw.execute(f"{texts.SEEN} FOR UPDATE OF writer".encode())
                revision, changes = found.fetchall()[0]
            except BaseException:
                with suppress(psycopg.Error):
                    raw.execute("ROLLBACK")
                raise
            self._held = raw
            return revision, changes

        self.store.note_seen(*self._run(step))
        self.is_writing = True

    def begin_beside(self) -> None:
        """Begin a transaction that reads everything as it is now, and holds no other writer back.
        It waits for nobody's row longer than somebody may wait for one of its own."""
        if self.store.is_closing:
            raise StoreClosing

        def step(raw: Raw) -> None:
            raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            self._held = raw
            raw.execute("SET LOCAL lock_timeout = '500ms'")

        self._run(step)

    def begin_reading(self) -> None:
        """Begin a transaction that reads everything as it is now, while others write; `end` ends
        it."""

        def step(raw: Raw) -> None:
            raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            self._held = raw

        self._run(step)

    def require_whole(self) -> None:
        """Raise what keeps the transaction from being committed, and count the commit."""
        if self.long is not None:
            self.execute("UPDATE importer SET revision = revision + 1 WHERE one = 1")
            return
        sql = "UPDATE writer SET revision = revision + $stale, changes = changes + 1 WHERE one = 1"
        self.execute(sql, stale=int(self.invalidates_cache))

    def end(self, *, is_kept: bool) -> None:
        """Commit or roll back. Raise NotCertain where nobody can tell whether it was committed."""
        raw, self._held = self._held, None
        self.is_writing = False
        if raw is None:
            return
        try:
            if is_kept:
                with _sentences():
                    raw.execute("COMMIT")
            else:
                with suppress(psycopg.Error):
                    raw.execute("ROLLBACK")
        except DatabaseUnreachable as problem:
            raise MaybeSaved from problem
        finally:
            self.store.give_back(raw)

    def close(self) -> None:
        """Do nothing: a connection is held during a transaction only."""

    def _kinds(self, table: str) -> dict[str, str]:
        known = self.store.kinds.get(table)
        if known is None:
            rows = self.rows(
                """
                SELECT column_name, data_type, numeric_precision, numeric_scale
                FROM information_schema.columns
                WHERE table_name = $table AND table_schema = current_schema()
                """,
                table=table,
            )
            known = {
                name: f"DECIMAL({precision},{scale})" if kind == "numeric" else kind.upper()
                for name, kind, precision, scale in rows
            }
            self.store.kinds[table] = known
        return known

    def _run(self, step: Callable[[Raw], Result]) -> Result:
        """Run one step. Outside a transaction it is run again where its connection was dead."""
        if self.long is not None and self._held is not None:
            return self._beside(step, self._held)
        if self._held is not None:
            with _sentences():
                return step(self._held)
        try:
            return self._borrowed(step)
        except DatabaseUnreachable:
            self.store.renew()
        return self._borrowed(step)

    def _beside(self, step: Callable[[Raw], Result], held: Raw) -> Result:
        """Run one step of a long transaction. Raise GivesWay where another writer, of any process,
        waits for a row that it has changed, or has changed one that it is to change."""
        store, long = self.store, self.long
        if store.is_closing:
            raise StoreClosing
        with _sentences():
            if monotonic() - self._asked_at > OFTEN:
                is_waited_for = held.execute(texts.WAITED_FOR).fetchall()[0][0]
                if is_waited_for or (long is not None and long.must_go.is_set()):
                    raise GivesWay
                self._asked_at = monotonic()
            try:
                return step(held)
            except texts.IN_THE_WAY as problem:
                raise GivesWay from problem

    def _borrowed(self, step: Callable[[Raw], Result]) -> Result:
        with _sentences():
            raw = self.store.borrow()
            try:
                return step(raw)
            finally:
                if self._held is not raw:
                    self.store.give_back(raw)


class PostgresStore(Store):
    """The database, and the folder of the files that it names; several processes may share it."""

    is_in_file = False

    def __init__(self, folder: Path, address: str) -> None:
        """Open the database at `address`, postgresql://…; make and migrate its tables.

        Raises WrongDataFolder where it cannot be used or not be reached.
        """
        super().__init__(folder)
        self.kinds: dict[str, dict[str, str]] = {}
        self._changes = -1
        self.address = address
        self.place = Place(folder)
        self._take_folder(folder)
        self._pool: ConnectionPool[Raw] | None = None
        self._leading = threading.Lock()
        self._lead: Raw | None = None  # the connection that holds what this process leads
        self._leads: set[str] = set()
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _take_folder(self, folder: Path) -> None:
        """Hold the folder, together with other processes of this database."""
        try:
            make_folder(folder / DOCUMENTS)
        except OSError as problem:
            raise WrongDataFolder(
                f"The data folder {self.folder} cannot be made or written: {problem.strerror}."
            ) from problem
        if self.place.database.exists():
            raise WrongDataFolder(
                f"{self.folder} holds a database of its own ({self.place.database.name}), which "
                "would not be read: name an empty folder for a store in PostgreSQL."
            )
        self.place.share()

    def _open(self) -> None:
        with _first_connection(self.address) as raw:
            opening.require_fit(raw)
            opening.wait_for_others(raw)
            opening.begin(raw)
            opening.bind(raw, self.folder)
            self._pool = ConnectionPool(
                self.address, min_size=1, max_size=MOST, kwargs=texts.SETTINGS,
                configure=_configure,
                open=True, timeout=PATIENCE, name="billing-tasks",
            )  # fmt: skip
            migrations.migrate(
                PostgresConnection(self), "the database", steps=opening.STEPS, sql_of=opening.sql_of
            )
            opening.finish(raw)

    def connection(self) -> PostgresConnection:
        """Return a new connection, for one thread; what other processes wrote is known from now
        on."""
        con = PostgresConnection(self)
        self.note_seen(*con.rows(texts.SEEN)[0])
        return con

    def check(self) -> None:
        """Do nothing: each statement says whether the database is there."""

    def look_after(self) -> None:
        """Learn what other processes wrote. Raises DatabaseUnreachable."""
        self.connection()

    def note_commit(self, *, invalidates_cache: bool) -> None:
        """Count the commit, which this process alone made."""
        self.revision += invalidates_cache
        self._changes += 1

    def note_long_commit(self) -> None:
        """Count the commit of an import, which the writers' row does not count."""
        self.revision += 1

    @contextmanager
    def as_committed(self) -> Iterator[PostgresConnection]:
        """Yield a connection that reads what is committed, and keep other writers out."""
        con = PostgresConnection(self)
        con.begin()
        try:
            yield con
        finally:
            con.end(is_kept=False)

    @contextmanager
    def importing(
        self, doing: str, waits: Callable[[str], None] = lambda _: None
    ) -> Iterator[None]:
        """Keep other long transactions out while the block runs, those of other processes too."""
        with super().importing(doing, waits):
            raw = self.borrow()
            try:
                with _sentences():
                    while not raw.execute(texts.TRY_IMPORT).fetchall()[0][0]:
                        if self.is_closing:
                            raise StoreClosing
                        waits("an import")
                        sleep(OFTEN)
                yield
            finally:
                with suppress(psycopg.Error):
                    raw.execute("SELECT pg_advisory_unlock_all()")
                self.give_back(raw)

    def wait_for_import(self, seconds: float) -> str:
        """Wait up to `seconds` for the long transaction that runs, here or in another process."""
        until = monotonic() + seconds
        if said := super().wait_for_import(seconds):
            return said
        con = PostgresConnection(self)
        while con.rows(texts.IMPORT_RUNS):
            if monotonic() > until:
                return "an import"
            sleep(0.02)
        return ""

    def note_seen(self, revision: int, changes: int) -> None:
        """Take note of what is committed by now."""
        if changes != self._changes:
            self.opening += 1
            self._changes = changes
        self.revision = max(self.revision, revision)

    def sizes(self) -> dict[str, int]:
        """Return the bytes of the database."""
        con = PostgresConnection(self)
        return {"database": int(con.value("SELECT pg_database_size(current_database())"))}

    def close(self) -> None:
        """Close the connections, after the write in progress; closing twice changes nothing."""
        if self.is_closing:
            return
        has_lock = self.write_lock.acquire(timeout=PATIENCE)
        self.is_closing = True
        self.make_way(PATIENCE)
        if self._pool is not None:
            self._pool.close()
        if self._lead is not None:
            with suppress(psycopg.Error):  # the server may notice late that a connection ended
                self._lead.execute("SELECT pg_advisory_unlock_all()")
            self._lead.close()
        self.place.let_go(is_clean=True)
        if has_lock:
            self.write_lock.release()

    @property
    def is_written(self) -> bool:
        """Return True while a transaction is open, here or in another process."""
        return super().is_written or self._is_row_held()

    def wait_for_writer(self, seconds: float) -> str:
        """Wait up to `seconds` for the writer, here or in another process. Return what it is still
        writing, or an empty string."""
        until = monotonic() + seconds
        if said := super().wait_for_writer(seconds):
            return said
        while self._is_row_held():
            if monotonic() > until:
                return "another change"
            sleep(0.02)
        return ""

    def _is_row_held(self) -> bool:
        con = PostgresConnection(self)
        return not con.rows("SELECT one FROM writer FOR UPDATE SKIP LOCKED")

    def leads(self, what: str) -> bool:
        """Return True if this process is the one that does `what`; it stays that until it ends, or
        its connection does. Raises DatabaseUnreachable."""
        with self._leading, _sentences():
            if self._lead is None or self._lead.closed:
                self._lead, self._leads = psycopg.connect(self.address, **texts.SETTINGS), set()
            try:
                if what in self._leads:
                    self._lead.execute("SELECT 1")
                    return True
                asked = self._lead.execute(
                    "SELECT pg_try_advisory_lock(20011, hashtext(%s))", (what,)
                )
            except psycopg.Error:
                self._lead.close()
                raise
            if is_first := bool(asked.fetchall()[0][0]):
                self._leads.add(what)
            return is_first

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other writer out while the block runs, those of other processes too."""
        with super().exclusive():
            con = PostgresConnection(self)
            con.begin()
            try:
                yield
            finally:
                con.end(is_kept=False)

    @contextmanager
    def at_one_moment(self) -> Iterator[PostgresConnection]:
        """Yield a connection that reads everything as it is now, while others write."""
        con = PostgresConnection(self)
        con.begin_reading()
        try:
            yield con
        finally:
            con.end(is_kept=False)

    def borrow(self) -> Raw:
        """Return a connection of the pool, to be given back."""
        if self.is_closing or self._pool is None:
            raise StoreClosing
        return self._pool.getconn()

    def give_back(self, raw: Raw) -> None:
        """Return a connection to the pool, which replaces it if it is dead."""
        if self._pool is not None:
            self._pool.putconn(raw)

    def renew(self) -> None:
        """Replace the connections that died, as all do when the server is started again."""
        if self._pool is not None:
            self._pool.check()


@contextmanager
def _first_connection(address: str) -> Iterator[Raw]:
    """Yield a connection of its own. Raise WrongDataFolder where there is none, or tables cannot be
    made."""
    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=5) as raw:
            yield raw
    except psycopg.OperationalError as problem:
        raise WrongDataFolder(
            "The PostgreSQL database that BILLING_TASKS_DATABASE names cannot be reached or "
            "refuses us. See that the server runs, and that its name, the user and the "
            f"password (PGPASSFILE) are right. {opening.HELP}"
        ) from problem
    except psycopg.ProgrammingError as problem:
        raise WrongDataFolder(
            "The address in BILLING_TASKS_DATABASE is not understood, or its user may not make "
            f"tables. {opening.HELP}"
        ) from problem


def _configure(raw: Raw) -> None:
    raw.execute("SET TimeZone = 'UTC'")
    raw.execute("SET default_transaction_isolation = 'read committed'")


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn what somebody can do something about into our sentences."""
    try:
        yield
    except psycopg.errors.DiskFull as problem:
        raise NotWritten from problem
    except (PoolTimeout, psycopg.InterfaceError) as problem:
        raise DatabaseUnreachable from problem
    except psycopg.OperationalError as problem:
        raise DatabaseUnreachable from problem
