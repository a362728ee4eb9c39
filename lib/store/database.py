"""The store: one DuckDB file that belongs to one process. The only module that knows DuckDB."""

from __future__ import annotations

import dataclasses
import fcntl
import os
import threading
import types
import typing
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from lib.errors import NotWritten, StoreInUse, StoreStopped, WrongDataFolder

SCHEMA = Path(__file__).parent / "schema"
NUL = "\0"  # no text holds it, and not every database stores it
MAX_CACHED = 400  # a page of the list is the largest, about 50 KB

Record = TypeVar("Record")
Value = Any  # what a column holds: str, int, Decimal, date, datetime, bool, list or None


class Connection:
    """One thread's way into the store. Every SELECT is drained, so none pins a transaction."""

    def __init__(self, store: Store) -> None:
        self._cursor = store.root.cursor()
        self.store = store

    def rows(self, sql: str, /, **parameters: Value) -> list[tuple[Value, ...]]:
        """All rows of one statement; times come back naive, in UTC."""
        return self._run(sql, parameters).fetchall()

    def row(self, sql: str, /, **parameters: Value) -> tuple[Value, ...] | None:
        """The first row of one statement, or None."""
        found = self.rows(sql, **parameters)
        return found[0] if found else None

    def value(self, sql: str, /, **parameters: Value) -> Value:
        """The first column of the first row, or None."""
        found = self.row(sql, **parameters)
        return found[0] if found else None

    def execute(self, sql: str, /, **parameters: Value) -> None:
        self.rows(sql, **parameters)

    def records(self, record: type[Record], sql: str, /, **parameters: Value) -> list[Record]:
        """Rows as frozen records: columns are named as the record's fields."""
        cursor = self._run(sql, parameters)
        names = [column[0] for column in cursor.description or ()]
        readers = _readers(typing.cast(Hashable, record))
        makers = [readers.get(name) for name in names]
        return [
            record(
                **{
                    name: make(value) if make and value is not None else value
                    for name, make, value in zip(names, makers, row, strict=True)
                }
            )
            for row in cursor.fetchall()
        ]

    def arrow(self, sql: str, /, **parameters: Value) -> Any:
        """The result as a pyarrow Table; decimals stay decimals."""
        return self._run(sql, parameters).to_arrow_table()

    def insert(self, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Many rows at once, all with the same columns; the fast way into the store."""
        if not rows:
            return
        import pyarrow as pa

        kinds: dict[str, str] = dict(
            self.rows(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $table",
                table=table,
            )
        )
        columns = list(rows[0])
        arrays = [
            pa.array(_column(rows, name, kinds[name]), type=_arrow_type(kinds[name]))
            for name in columns
        ]
        names = ", ".join(columns)
        self._cursor.register("incoming", pa.table(arrays, names=columns))
        try:
            with _in_sentences():
                self._cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM incoming")
                self._cursor.fetchall()
        finally:
            self._cursor.unregister("incoming")

    def next_ids(self, table: str, count: int) -> list[int]:
        """`count` new ids for the rows of `table`, in ascending order."""
        return sorted(
            row[0]
            for row in self.rows(f"SELECT nextval('{table}_id') FROM range($count)", count=count)
        )

    def close(self) -> None:
        self._cursor.close()

    def _run(self, sql: str, parameters: Mapping[str, Value]) -> duckdb.DuckDBPyConnection:
        parsed = self.store.parsed.get(sql)
        if parsed is None:
            statements = self._cursor.extract_statements(sql)
            parsed = statements[0] if len(statements) == 1 else sql
            self.store.parsed[sql] = parsed
        with _in_sentences():
            return self._cursor.execute(parsed, _outgoing(parameters))


class Store:
    """The open database file, its lock and its write lock."""

    def __init__(self, folder: Path, *, memory_limit: str = "1GB") -> None:
        """Open `folder`/billing.duckdb, made and migrated where that is needed.

        Raises StoreInUse where another process has it, WrongDataFolder where it cannot be used.
        """
        self.folder = folder
        self.documents = folder / "documents"
        self._write_lock = threading.RLock()
        self._depth = 0
        # Our texts are few and fixed, and parsing one takes a quarter of a small query's time.
        self.parsed: dict[str, duckdb.Statement | str] = {}
        self.revision = 0  # grows with every commit: what is cached under an older one is stale
        self._room = threading.Lock()
        self._remembered: tuple[int, dict[Hashable, Value]] = (0, {})
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.documents.mkdir(exist_ok=True)
        except OSError as problem:
            raise WrongDataFolder(
                f"The data folder {folder} cannot be made or written: {problem.strerror}."
            ) from problem
        lock_file = _lock(folder / "billing.lock")
        self._lock_file: int | None = lock_file
        try:
            self.root = _open(folder / "billing.duckdb", memory_limit)
        except WrongDataFolder:
            os.close(lock_file)
            raise
        try:
            _migrate(self)
        except BaseException:
            self.close()
            raise

    def connection(self) -> Connection:
        return Connection(self)

    @property
    def is_written(self) -> bool:
        """True while a transaction is open: who only wants to note something need not wait."""
        return bool(self._depth)

    def cached(self, key: Hashable, read: Callable[[], Value]) -> Value:
        """What `read` found in the store, read again after a commit; None is never kept.

        All threads get the same object: it must be one that nobody changes.
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

    def close(self) -> None:
        """Close the database and let go of the lock; a second time changes nothing."""
        self.parsed.clear()
        self.root.close()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None


@contextmanager
def transaction(con: Connection, *, invalidates_cache: bool = True) -> Iterator[None]:
    """All of the block or nothing of it. Writers come one after another.

    Rolls back on BaseException too: the page may be stopped in the middle of a run.
    `invalidates_cache=False`: nothing is written that `Store.cached` may hold.
    """
    store = con.store
    with store._write_lock:
        if store._depth:
            raise RuntimeError("a transaction is already open: only public verbs open one")
        store._depth = 1
        try:
            con.execute("BEGIN")
            try:
                yield
                con.execute("SELECT 1")  # COMMIT of an aborted transaction says nothing: this does
            except BaseException:
                con.execute("ROLLBACK")
                raise
            con.execute("COMMIT")
            store.revision += invalidates_cache
        finally:
            store._depth = 0


@contextmanager
def _in_sentences() -> Iterator[None]:
    """Problems of the disk, which people can do something about, as sentences."""
    try:
        yield
    except duckdb.FatalException as problem:  # from now on DuckDB refuses everything
        raise StoreStopped from problem
    except duckdb.Error as problem:
        if "Could not write file" in str(problem):
            raise NotWritten from problem
        raise


def utc(value: datetime) -> datetime:
    """A stored time, aware again."""
    return value.replace(tzinfo=UTC)


def _outgoing(parameters: Mapping[str, Value]) -> dict[str, Value]:
    return {name: _stored(value) for name, value in parameters.items()}


def _stored(value: Value) -> Value:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [_stored(item) for item in value]
    if isinstance(value, str) and NUL in value:  # whatever edge it came in at
        return value.replace(NUL, "")
    return value


def _column(rows: Sequence[Mapping[str, Value]], name: str, kind: str) -> list[Value]:
    """The values of one column; Arrow itself takes all but times and texts as they are."""
    values = [row[name] for row in rows]
    is_ours = kind.startswith(("TIMESTAMP", "VARCHAR"))
    return [_stored(value) for value in values] if is_ours else values


@cache
def _readers(record: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(record)
    found: dict[str, Any] = {}
    for part in dataclasses.fields(record):
        kind = hints[part.name]
        options = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
        for option in options:
            if option is datetime:
                found[part.name] = utc
            elif typing.get_origin(option) is tuple:
                found[part.name] = tuple
            elif isinstance(option, type) and issubclass(option, StrEnum):
                found[part.name] = option
    return found


def _arrow_type(kind: str) -> Any:
    import pyarrow as pa

    if kind.endswith("[]"):
        return pa.list_(_arrow_type(kind[:-2]))
    if kind.startswith("DECIMAL"):
        precision, scale = kind[8:-1].split(",")
        return pa.decimal128(int(precision), int(scale))
    return {
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "VARCHAR": pa.string(),
        "BOOLEAN": pa.bool_(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
    }[kind]


def _open(file: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """The database, configured, with its list of migrations: damage often shows only there."""
    root: duckdb.DuckDBPyConnection | None = None
    try:
        root = duckdb.connect(
            str(file),
            config={
                "memory_limit": memory_limit,
                "threads": os.cpu_count() or 2,
                "python_enable_replacements": False,
                "enable_external_access": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        root.execute("SET TimeZone = 'UTC'")
        root.execute("SET lock_configuration = true")
        root.execute(
            "CREATE TABLE IF NOT EXISTS schema_migration "
            "(name VARCHAR PRIMARY KEY, applied_at TIMESTAMP NOT NULL)"
        )
        root.execute("SELECT name FROM schema_migration").fetchall()
        return root
    except duckdb.Error as problem:
        if root:
            root.close()
        raise WrongDataFolder(
            f"{file} cannot be opened: it is damaged, in use, or made "
            "by a newer version. Restore a backup or name another data folder."
        ) from problem


def _lock(path: Path) -> int:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise WrongDataFolder(f"{path} cannot be written: {problem.strerror}.") from problem
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        holder = os.read(handle, 40).decode(errors="replace").strip() or "unknown"
        os.close(handle)
        raise StoreInUse(f"process {holder}") from problem
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode())
    return handle


def _migrate(store: Store) -> None:
    con = store.connection()
    done = {row[0] for row in con.rows("SELECT name FROM schema_migration")}
    for file in sorted(SCHEMA.glob("*.sql")):
        if file.name in done:
            continue
        with transaction(con):
            con.execute(file.read_text(encoding="utf-8"))
            con.execute(
                "INSERT INTO schema_migration VALUES ($name, $now)",
                name=file.name,
                now=datetime.now(UTC),
            )
    con.close()


def money(value: Decimal | None) -> Decimal:
    """US dollars with two decimals; nothing is 0.00."""
    return (value or Decimal(0)).quantize(Decimal("0.01"))
