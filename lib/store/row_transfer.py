"""Copy every row of a store into a store of the other kind, and compare what has arrived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

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


def copy_rows(source: Connection, target: Connection) -> Copied:
    """Copy all rows, and let the ids go on where they were. Raises Differs."""
    columns = _columns(source)
    rows = sum(_copy(source, target, table, names) for table, names in columns.items())
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
