"""The store in PostgreSQL: a pool of connections, and locks for which writers of one practice
wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import psycopg
from psycopg_pool import ConnectionPool

from lib.errors import BillingError, StoreClosing, WrongDataFolder
from lib.store import migrations
from lib.store.data_folder_lock import Place
from lib.store.database import OFTEN, Connection
from lib.store.durable_files import make_folder
from lib.store.files import DOCUMENTS
from lib.store.postgres import opening, texts
from lib.store.postgres.connection import PooledStore, PostgresConnection, Raw, sentences
from lib.store.postgres.errors import DatabaseReadOnly
from lib.store.postgres.turns import Turns, WholeStoreLock
from lib.store.writer_scope import WHOLE, WriterScope, of_practice

MOST = 20  # connections of this process: threads that ask at once
PATIENCE = 5.0  # seconds that a statement waits for a connection
CLOSING = 2.0  # seconds that closing waits for the write in progress, and half as long for the rest


class PostgresStore(PooledStore):
    """The database, and the folder of the files that it names; several processes may share it."""

    is_in_file = False

    def __init__(self, folder: Path, address: str) -> None:
        """Open the database at `address`, postgresql://…; make and migrate its tables.

        Raises WrongDataFolder where it cannot be used or not be reached.
        """
        super().__init__(folder)
        self.turns = Turns()
        self.write_lock = WholeStoreLock(self.turns)
        self.kinds: dict[str, dict[str, str]] = {}
        self._seen = -1  # how often anything was written, when that was asked last
        self._counting = threading.Lock()
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
            opening.require_ours(raw)
            opening.refuse_older(raw)
            opening.wait_for_others(raw)
            opening.begin(raw)
            opening.bind(raw, self.folder)
            self._pool = ConnectionPool(
                self.address, min_size=1, max_size=MOST, kwargs=texts.SETTINGS,
                configure=_configure,
                open=True, timeout=PATIENCE, name=texts.APPLICATION,
                # It tries ever more rarely; after that, whoever asks next has it tried at once.
                reconnect_timeout=PATIENCE,
            )  # fmt: skip
            migrations.migrate(
                PostgresConnection(self), "the database", steps=opening.STEPS, sql_of=opening.sql_of
            )
            opening.finish(raw)

    def connection(self) -> PostgresConnection:
        """Return a new connection, for one thread; what other processes wrote is known from now
        on."""
        con = PostgresConnection(self)
        self.note_seen(con.value(texts.SEEN))
        return con

    def check(self) -> None:
        """Do nothing: each statement says whether the database is there."""

    def require_writing(self) -> None:
        """Raise DatabaseReadOnly on a standby, or where the database was made read-only."""
        if self.connection().value("SELECT current_setting('transaction_read_only')") == "on":
            raise DatabaseReadOnly

    def look_after(self) -> None:
        """Learn what other processes wrote. Raises DatabaseUnreachable."""
        self.connection()

    def note_commit(self, *, invalidates_cache: bool) -> None:
        """Count the commit, which this process alone made."""
        if invalidates_cache:
            self._count()

    def note_long_commit(self) -> None:
        """Count the commit, as any other."""
        self._count()

    def note_many_rows(self) -> None:
        """Have the server learn what is in its tables; it would by itself a minute or more later,
        and choose ways to a row till then that take a hundred times as long."""
        with suppress(psycopg.Error, BillingError), sentences():
            raw = self.borrow()
            try:
                tables = raw.execute(
                    "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables "
                    "WHERE schemaname = current_schema()"
                ).fetchall()[0][0]
                raw.execute(f"VACUUM (ANALYZE) {tables}".encode())
            finally:
                self.give_back(raw)

    def note_seen(self, seen: int) -> None:
        """Take note of how often anything was written by now, in any process."""
        if seen != self._seen:
            self._seen = seen
            self._count()

    def _count(self) -> None:
        with self._counting:
            self.revision += 1

    def scope_of(self, con: Connection, of: WriterScope) -> WriterScope:
        """Return the practice for what belongs to one; the whole store for what is not there."""
        text = texts.PRACTICE_OF.get(of.owner)
        if text is None:
            return of
        practice_id = con.value(text, id=of.id)
        return WHOLE if practice_id is None else of_practice(practice_id)

    @contextmanager
    def writing(self, scope: WriterScope = WHOLE) -> Iterator[None]:
        """Keep other writers of the scope in this process out while the block runs."""
        with self.turns.hold(scope):
            yield

    @contextmanager
    def as_committed(self, look: Callable[[], None]) -> Iterator[PostgresConnection]:
        """Yield a connection that reads what is committed, and keep other writers out."""
        con = PostgresConnection(self)
        con.begin_before_others(look)
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
                with sentences():
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

    def sizes(self) -> dict[str, int]:
        """Return the bytes of the database."""
        con = PostgresConnection(self)
        return {"database": int(con.value("SELECT pg_database_size(current_database())"))}

    def close(self) -> None:
        """Close the connections, after the write in progress; closing twice changes nothing."""
        if self.is_closing:
            return
        has_lock = self.write_lock.acquire(timeout=CLOSING)
        self.is_closing = True
        self.make_way(CLOSING / 2)
        if self._pool is not None:
            self._pool.close(timeout=CLOSING / 2)
        if self._lead is not None:
            with suppress(psycopg.Error):  # the server may notice late that a connection ended
                self._lead.execute("SELECT pg_advisory_unlock_all()")
            self._lead.close()
        self.place.let_go(is_clean=True)
        if has_lock:
            self.write_lock.release()

    @property
    def is_written(self) -> bool:
        """Return True while somebody writes the whole store, here or in another process."""
        return self.turns.whole() is not None or self._is_whole_taken()

    def wait_for_writer(self, seconds: float) -> str:
        """Wait up to `seconds` for who writes the whole store, here or in another process. Return
        what they are still writing, or an empty string."""
        until = monotonic() + seconds
        if not self.turns.wait_for_whole(seconds):
            return self.writers.get(self.turns.whole() or 0, "")
        while self._is_whole_taken():
            if monotonic() > until:
                return "another change"
            sleep(0.02)
        return ""

    def _is_whole_taken(self) -> bool:
        return bool(PostgresConnection(self).value(texts.IS_WHOLE_TAKEN))

    def leads(self, what: str) -> bool:
        """Return True if this process is the one that does `what`; it stays that until it ends, or
        its connection does. Raises DatabaseUnreachable."""
        with self._leading, sentences():
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
    made, DatabaseReadOnly where nothing can be written."""
    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=5) as raw:
            yield raw
    except psycopg.errors.ReadOnlySqlTransaction as problem:
        raise DatabaseReadOnly from problem
    except psycopg.OperationalError as problem:
        raise WrongDataFolder(
            "The PostgreSQL database that BILLING_TASKS_DATABASE or --to names cannot be reached "
            "or refuses us. See that it has been made, that the server runs, and that its name, "
            f"the user and the password (PGPASSFILE) are right. {opening.HELP}"
        ) from problem
    except psycopg.ProgrammingError as problem:
        raise WrongDataFolder(
            "The address in BILLING_TASKS_DATABASE or --to is not understood, or its user may not "
            f"make tables. {opening.HELP}"
        ) from problem


def _configure(raw: Raw) -> None:
    raw.execute("SET TimeZone = 'UTC'")
    raw.execute("SET default_transaction_isolation = 'read committed'")
    raw.execute("SET jit = off")  # it takes 30 to 70 ms, and no click's query is as long
    raw.execute("SET max_parallel_workers_per_gather = 0")  # people ask at once: a core for each
