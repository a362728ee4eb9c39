"""Copy every row of a store into a store of the other kind, and compare what has arrived."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Protocol, cast

from lib.store.database import Connection, Value, utc

OWN = frozenset({"schema_migration", "writer", "written"})  # each store writes its own
PIECE = 20_000  # rows in memory at once
BLOCKS = 500  # of PostgreSQL's file of a table, read at once

Row = tuple[Value, ...]


@dataclass(slots=True)
class Sum:
    """How many rows there are, and a number that differs where any value of any row does."""

    count: int = 0
    digest: int = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Count rows, in whatever order."""
        for row in rows:
            one = blake2b(repr(row).encode(), digest_size=16).digest()
            self.digest = (self.digest + int.from_bytes(one)) % 2**128
            self.count += 1


@dataclass(frozen=True, slots=True)
class Copied:
    """How many tables and rows were copied."""

    tables: int
    rows: int


class Differs(Exception):
    """A table has not arrived as it was; its name is the message."""

    def __init__(self, table: str, sent: Sum, arrived: Sum) -> None:
        super().__init__(f"{table} is not as it was ({sent.count} rows, {arrived.count} there)")


class WritesCsv(Protocol):
    """A connection to PostgreSQL, which writes a table as text faster than as rows."""

    def csv(self, table: str, names: Sequence[str]) -> Generator[bytes]:
        """Yield the rows of a table as CSV."""


class ReadsCsv(Protocol):
    """A connection to DuckDB, which reads that."""

    def insert_csv(self, table: str, names: Sequence[str], content: bytes) -> int:
        """Insert rows that are CSV. Return how many they are."""


def copy_rows(source: Connection, target: Connection, *, is_compared: bool = True) -> Copied:
    """Copy all rows, and let the ids go on where they were. Raises Differs.

    Each row is read again and compared, unless a quick copy from PostgreSQL to DuckDB is wanted,
    of which only the rows are counted and the columns' digits compared: in a fifth of the time.
    """
    columns = _columns(source)
    copy = _copy if is_compared else _copy_quickly
    rows = sum(copy(source, target, table, names) for table, names in columns.items())
    for name, last in _sequences(source):
        if target.store.is_in_file:
            target.rows(f"SELECT max(nextval('{name}')) FROM range($last)", last=last)
        else:
            target.execute("SELECT setval($name, $last)", name=name, last=last)
    return Copied(len(columns), rows)


def _copy(source: Connection, target: Connection, table: str, names: list[str]) -> int:
    """Copy a table, and compare it. Return how many rows it has."""
    sent, arrived = Sum(), Sum()
    for rows in _read(source, table, names):
        sent.add(rows)
        target.insert(table, [dict(zip(names, map(_written, row), strict=True)) for row in rows])
    for rows in _read(target, table, names):
        arrived.add(rows)
    if sent != arrived:
        raise Differs(table, sent, arrived)
    return sent.count


def _copy_quickly(source: Connection, target: Connection, table: str, names: list[str]) -> int:
    """Copy a table as text. Return how many rows it has."""
    if _digits(source, table) != _digits(target, table):
        raise Differs(table, Sum(), Sum())  # a file would round
    writes, reads = cast(WritesCsv, source), cast(ReadsCsv, target)
    sent = 0
    with closing(writes.csv(table, names)) as pieces:  # or the connection would stay in the middle
        for piece in pieces:
            try:
                sent += reads.insert_csv(table, names, piece)
            except ValueError as problem:
                raise Differs(table, Sum(sent), Sum()) from problem
    arrived, there = (each.value(f"SELECT count(*) FROM {table}") for each in (target, source))
    if not sent == arrived == there:
        raise Differs(table, Sum(there), Sum(arrived))
    return sent


def _digits(con: Connection, table: str) -> set[tuple[Value, ...]]:
    """Return the digits of the columns that have decimal places."""
    return set(
        con.rows(
            """
            SELECT column_name, numeric_precision, numeric_scale FROM information_schema.columns
            WHERE table_name = $table AND table_schema = current_schema()
              AND upper(data_type) SIMILAR TO '(NUMERIC|DECIMAL).*'
            """,
            table=table,
        )
    )


def _columns(con: Connection) -> dict[str, list[str]]:
    """Return the columns of each table."""
    found: dict[str, list[str]] = {}
    for table, column in con.rows(
        """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position
        """
    ):
        if table not in OWN:
            found.setdefault(table, []).append(column)
    return found


def _sequences(con: Connection) -> list[tuple[str, int]]:
    """Return the last id that each sequence gave."""
    sql = (
        "SELECT sequence_name, last_value FROM duckdb_sequences() WHERE last_value IS NOT NULL"
        if con.store.is_in_file
        else "SELECT sequencename, last_value FROM pg_sequences "
        "WHERE last_value IS NOT NULL AND schemaname = current_schema()"
    )
    return con.rows(sql)


def _read(con: Connection, table: str, names: list[str]) -> Iterator[list[Row]]:
    """Yield the rows of a table, piece by piece."""
    if con.store.is_in_file:
        return _of_file(con, table, names)
    return _of_database(con, table, names)


def _of_file(con: Connection, table: str, names: list[str]) -> Iterator[list[Row]]:
    last = con.value(f"SELECT max(rowid) FROM {table}")
    for first in range(0, -1 if last is None else last + 1, PIECE):
        yield con.rows(
            f"SELECT {', '.join(names)} FROM {table} WHERE rowid >= $first AND rowid < $next",
            first=first,
            next=first + PIECE,
        )


def _of_database(con: Connection, table: str, names: list[str]) -> Iterator[list[Row]]:
    blocks = con.value(
        f"SELECT pg_relation_size('{table}') / current_setting('block_size')::INTEGER"
    )
    for first in range(0, int(blocks), BLOCKS):
        yield con.rows(
            f"SELECT {', '.join(names)} FROM {table} "
            "WHERE ctid >= $first::TID AND ctid < $next::TID",
            first=f"({first},0)",
            next=f"({first + BLOCKS},0)",
        )


def _written(value: Value) -> Value:
    return utc(value) if isinstance(value, datetime) else value
