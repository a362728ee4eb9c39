"""Take a data folder over into a PostgreSQL database, and compare every row and file."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from lib import audit_log_integrity
from lib.errors import BillingError
from lib.store import durable_files
from lib.store.database import Connection, Store, Value, transaction, utc
from lib.upkeep import referenced_files
from lib.upkeep.referenced_files import KINDS

OWN = frozenset({"schema_migration"})  # each store writes its own
PIECE = 20_000  # rows in memory at once
BLOCKS = 500  # of PostgreSQL's file of a table, read at once
SETTINGS = "openid.toml"

Row = tuple[Value, ...]


class NotMoved(BillingError):
    """Nothing was moved; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What is in the database now, and a sentence for each file that was not there to be copied."""

    tables: int
    rows: int
    files: int
    findings: tuple[str, ...]


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


def move(source: Store, target: Store) -> Moved:
    """Copy every file, row and number of `source`, a data folder, into `target`, a database without
    data, while nobody writes in either.

    The rows are read again and compared before they are committed. Raises NotMoved where the target
    holds data, or something there is not as it is here: then it is as empty as before, and the move
    can be made again.
    """
    here, there = source.connection(), target.connection()
    with source.exclusive(), transaction(there, doing="a store that is moved here"):
        for table in ("practice", "person", "activity"):
            if there.row(f"SELECT 1 FROM {table} LIMIT 1"):
                raise NotMoved("The database holds data already. Name an empty one.")
        files, findings = _copy_files(here, source.folder, target.folder)
        columns = _columns(here)
        rows = sum(_copy(here, there, table, names) for table, names in columns.items())
        _continue_numbers(here, there)
        if sentences := [*audit_log_integrity.broken(there)]:
            raise NotMoved(f"{sentences[0]} Nothing was moved.")
        if audit_log_integrity.end(here) != audit_log_integrity.end(there):
            raise NotMoved("The record does not end as it did. Nothing was moved.")
    return Moved(len(columns), rows, files, tuple(findings))


def _copy_files(con: Connection, source: Path, target: Path) -> tuple[int, list[str]]:
    """Copy the files that rows name, but for those that are there already. Return how many are
    there, and a sentence for each that is missing or was changed."""
    count, findings = 0, []
    for kind in KINDS:
        for sha256, ids in referenced_files.named(con, kind).items():
            before, after = (
                referenced_files.path_in(folder, kind, sha256) for folder in (source, target)
            )
            if before.is_file() and not (
                after.is_file() and durable_files.sha256_of(after) == sha256
            ):
                durable_files.write(after, durable_files.pieces_of(before))
            if after.is_file() and durable_files.sha256_of(after) == sha256:
                count += 1
            else:
                findings.append(f"The file of {kind.noun} {ids[0]} is missing or was changed.")
    if (source / SETTINGS).exists():
        shutil.copy2(source / SETTINGS, target / SETTINGS)
    return count, findings


def _columns(here: Connection) -> dict[str, list[str]]:
    """Return the columns of each table."""
    found: dict[str, list[str]] = {}
    for table, column in here.rows(
        """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'main' ORDER BY table_name, ordinal_position
        """
    ):
        if table not in OWN:
            found.setdefault(table, []).append(column)
    return found


def _copy(here: Connection, there: Connection, table: str, names: list[str]) -> int:
    """Copy a table, and compare it. Return how many rows it has."""
    sent, arrived = Sum(), Sum()
    for rows in _read(here, table, names):
        sent.add(rows)
        there.insert(table, [dict(zip(names, map(_written, row), strict=True)) for row in rows])
    for rows in _read_again(there, table, names):
        arrived.add(rows)
    if sent != arrived:
        raise NotMoved(
            f"The table {table} is not as it was ({sent.count} rows here, {arrived.count} there). "
            "Nothing was moved."
        )
    return sent.count


def _read(here: Connection, table: str, names: list[str]) -> Iterator[list[Row]]:
    """Yield the rows of DuckDB's table, piece by piece."""
    last = here.value(f"SELECT max(rowid) FROM {table}")
    for first in range(0, -1 if last is None else last + 1, PIECE):
        yield here.rows(
            f"SELECT {', '.join(names)} FROM {table} WHERE rowid >= $first AND rowid < $next",
            first=first,
            next=first + PIECE,
        )


def _read_again(there: Connection, table: str, names: list[str]) -> Iterator[list[Row]]:
    """Yield the rows of PostgreSQL's table, piece by piece."""
    blocks = there.value(
        f"SELECT pg_relation_size('{table}') / current_setting('block_size')::INTEGER"
    )
    for first in range(0, int(blocks), BLOCKS):
        yield there.rows(
            f"SELECT {', '.join(names)} FROM {table} "
            "WHERE ctid >= $first::TID AND ctid < $next::TID",
            first=f"({first},0)",
            next=f"({first + BLOCKS},0)",
        )


def _written(value: Value) -> Value:
    return utc(value) if isinstance(value, datetime) else value


def _continue_numbers(here: Connection, there: Connection) -> None:
    """Let the ids go on where they were."""
    for name, last in here.rows(
        "SELECT sequence_name, last_value FROM duckdb_sequences() WHERE last_value IS NOT NULL"
    ):
        there.execute("SELECT setval($name, $last)", name=name, last=last)
