"""A thread's access to a store in PostgreSQL: it borrows a connection of the pool."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg_pool import PoolTimeout

from lib.errors import NotWritten, StoreClosing
from lib.store.database import OFTEN, Connection, GivesWay, Store
from lib.store.postgres import texts
from lib.store.postgres.errors import DatabaseReadOnly, DatabaseUnreachable, MaybeSaved
from lib.store.values import Value, outgoing, require_exact

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


class PooledStore(Store):
    """What a connection needs of its store: a pool to borrow from, and what is known of tables."""

    kinds: dict[str, dict[str, str]]  # the type of each column, by table

    @abstractmethod
    def borrow(self) -> Raw:
        """Return a connection of the pool, to be given back."""

    @abstractmethod
    def give_back(self, raw: Raw) -> None:
        """Return a connection to the pool, which replaces it if it is dead."""

    @abstractmethod
    def renew(self) -> None:
        """Replace the connections that died, as all do when the server is started again."""

    @abstractmethod
    def note_seen(self, seen: int) -> None:
        """Take note of how often anything was written by now, in any process."""


class PostgresConnection(Connection):
    """Borrows a connection of the pool for a statement, or for a transaction."""

    store: PooledStore

    def __init__(self, store: PooledStore) -> None:
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
            self.long.let_others_on(lambda: bool(self.store.writers))
            self.long.note(sql, parameters)
        return self._run(step)

    def put(self, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Insert rows by COPY. Raise ValueError for a number that its column would round."""
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

    def pass_ids(self, table: str, last: int) -> None:
        """Let the ids of `table` go on above `last`, in one step."""
        name = f"{table}_id"
        self.execute(f"SELECT setval('{name}', greatest(nextval('{name}'), $last))", last=last)

    def csv(self, table: str, names: Sequence[str]) -> Generator[bytes]:
        """Yield the rows of a table as CSV in UTF-8, some megabytes of whole rows at a time, inside
        a transaction: values in quotes, NULL as \\N, lists as JSON, times in UTC."""
        kinds = self._kinds(table)
        columns = ", ".join(
            f"array_to_json({name})" if kinds[name] == "ARRAY" else name for name in names
        )
        text = f"COPY (SELECT {columns} FROM {table}) TO STDOUT {texts.CSV}"
        held = self._held
        assert held is not None
        with sentences(), held.cursor() as cursor:
            cursor.execute(texts.CSV_TIMES)
            with cursor.copy(text.encode()) as copy:
                waiting = bytearray()
                for row in copy:
                    waiting += row
                    if len(waiting) >= texts.CSV_PIECE:
                        if self.store.is_closing:
                            raise StoreClosing
                        yield bytes(waiting)
                        waiting.clear()
                if waiting:
                    yield bytes(waiting)

    def begin(self) -> None:
        """Begin a transaction by taking the locks of its scope: what is read of it from now on is
        current."""
        if self.store.is_closing:
            raise StoreClosing

        def step(raw: Raw) -> int:
            with _rolled_back_on_failure(raw):
                raw.execute(texts.take(self.scope))
                seen: int = raw.execute(texts.SEEN.encode()).fetchall()[0][0]
            self._held = raw
            return seen

        self.store.note_seen(self._run(step))
        self.is_writing = True

    def begin_before_others(self, look: Callable[[], None]) -> None:
        """Begin a transaction as whoever writes the whole store; call `look` again and again while
        others still write."""

        def step(raw: Raw) -> bool:
            try:
                with _rolled_back_on_failure(raw):
                    raw.execute(texts.TAKE_WHOLE_SOON)
            except psycopg.errors.LockNotAvailable:
                return False
            self._held = raw
            return True

        while not self._run(step):
            look()

    def begin_beside(self) -> None:
        """Begin a transaction that reads everything as it is now, and holds no other writer back.
        It waits for nobody's row longer than somebody may wait for one of its own."""
        if self.store.is_closing:
            raise StoreClosing

        def step(raw: Raw) -> None:
            raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            self._held = raw
            raw.execute("SET LOCAL lock_timeout = '500ms'")
            raw.execute("SELECT 1")  # from here on it sees no more of others

        # Whoever is in the middle of writing has ids that are smaller than what is seen.
        with self.store.as_committed(lambda: None):
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
            self.execute(texts.COUNT, scope=texts.BY_IMPORTS)
        elif self.invalidates_cache:
            self.execute(texts.COUNT, scope=f"{self.scope.owner} {self.scope.id}")

    def end(self, *, is_kept: bool) -> None:
        """Commit or roll back. Raise NotCertain where nobody can tell whether it was committed."""
        raw, self._held = self._held, None
        self.is_writing = False
        if raw is None:
            return
        try:
            if is_kept:
                with sentences():
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
        """Run one step. Outside a transaction it is run again where its connection was dead, but
        not where none could be had: whoever clicked has waited long enough."""
        if self.long is not None and self._held is not None:
            return self._beside(step, self._held)
        if self._held is not None:
            with sentences():
                return step(self._held)
        try:
            return self._borrowed(step)
        except DatabaseUnreachable as problem:
            if isinstance(problem.__cause__, PoolTimeout):
                raise
            self.store.renew()
        return self._borrowed(step)

    def _beside(self, step: Callable[[Raw], Result], held: Raw) -> Result:
        """Run one step of a long transaction. Raise GivesWay where another writer, of any process,
        waits for a row that it has changed, or has changed one that it is to change."""
        if self.store.is_closing:
            raise StoreClosing
        with sentences():
            if self._is_waited_for(held):
                raise GivesWay
            try:
                return step(held)
            except texts.IN_THE_WAY as problem:
                raise GivesWay from problem

    def is_in_the_way(self) -> bool:
        """Return True if a writer of any process waits for what is changed here."""
        with sentences():
            return super().is_in_the_way() or (
                self._held is not None and self._is_waited_for(self._held)
            )

    def _is_waited_for(self, held: Raw) -> bool:
        """Ask the server, a few times a second."""
        if monotonic() - self._asked_at <= OFTEN:
            return False
        self._asked_at = monotonic()
        return super().is_in_the_way() or bool(held.execute(texts.WAITED_FOR).fetchall()[0][0])

    def _borrowed(self, step: Callable[[Raw], Result]) -> Result:
        with sentences():
            raw = self.store.borrow()
            try:
                return step(raw)
            finally:
                if self._held is not raw:
                    self.store.give_back(raw)


@contextmanager
def _rolled_back_on_failure(raw: Raw) -> Iterator[None]:
    """Roll back what the block began, unless it comes to its end."""
    try:
        yield
    except BaseException:
        with suppress(psycopg.Error):
            raw.execute("ROLLBACK")
        raise


@contextmanager
def sentences() -> Iterator[None]:
    """Turn what somebody can do something about into our sentences."""
    try:
        yield
    except psycopg.errors.DiskFull as problem:
        raise NotWritten from problem
    except psycopg.errors.ReadOnlySqlTransaction as problem:
        raise DatabaseReadOnly from problem
    except (PoolTimeout, psycopg.InterfaceError) as problem:
        raise DatabaseUnreachable from problem
    except psycopg.OperationalError as problem:
        raise DatabaseUnreachable from problem
