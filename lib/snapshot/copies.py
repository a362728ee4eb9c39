"""Write copies for analysts, and read them, as docs/analyst.ipynb does.

Knows DuckDB, as lib.store does: a copy is a database of its own, in an engine of its own.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from lib.backlog.sql_literals import runnable
from lib.errors import StoreInUse
from lib.models import EarlierZone
from lib.snapshot.tables import TABLES, VIEWS, dictionary
from lib.store import database_copy, durable_files, interruption
from lib.store.database import Connection, Store, transaction, utc
from lib.store.duckdb.store import DuckDBStore, in_file

FILE, DICTIONARY = "billing_tasks.duckdb", "DICTIONARY.md"
STORAGE = "v1.0.0"  # which every released DuckDB 1.x opens
TRIES = 20


def write(
    con: Connection, folder: Path, practice_ids: Sequence[int], *, now: datetime
) -> dict[str, int]:
    """Write the copy of these practices into a folder and return how many rows each table has.

    One reading transaction: people go on working, and the copy is of one moment. Of a store in
    PostgreSQL it is made by way of a DuckDB file with its rows.
    """
    key = _key(con)  # in the store itself, or each copy would have other pseudonyms
    if not con.store.is_in_file:
        with database_copy.beside(con.store, is_compared=False) as whole:
            return write(whole.connection(), folder, practice_ids, now=now)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as place:
            counts = _write(con, Path(place), key, practice_ids, now)
            interruption.hold()
            for file in sorted(Path(place).iterdir()):
                file.replace(folder / file.name)
    except OSError as problem:
        raise durable_files.not_written(problem) from problem
    return counts


def _write(
    con: Connection, place: Path, key: str, practice_ids: Sequence[int], now: datetime
) -> dict[str, int]:
    counts, held = {}, in_file(con)
    with duckdb.connect(config={"threads": 2, "memory_limit": "512MB"}) as engine:
        engine.execute(f"ATTACH '{_quoted(place / FILE)}' AS copy (STORAGE_VERSION '{STORAGE}')")
        con.execute("BEGIN")
        try:
            for table in TABLES:
                known = {"key": key, "practices": list(practice_ids)}
                used = {name: value for name, value in known.items() if f"${name}" in table.sql}
                rows = held.arrow(table.sql, **used)
                engine.register("incoming", rows)
                engine.execute(f"CREATE TABLE copy.{table.name} AS SELECT * FROM incoming")
                engine.unregister("incoming")
                counts[table.name] = rows.num_rows
                parquet = _quoted(place / f"{table.name}.parquet")
                engine.execute(f"COPY copy.{table.name} TO '{parquet}' (FORMAT parquet)")
        finally:
            con.execute("ROLLBACK")
        engine.execute("USE copy")
        engine.execute("CREATE TABLE dictionary (table_name VARCHAR, column_name VARCHAR, "
                       "meaning VARCHAR)")  # fmt: skip
        engine.executemany("INSERT INTO dictionary VALUES (?, ?, ?)", dictionary())
        engine.execute("CREATE TABLE copied_at AS SELECT CAST(? AS TIMESTAMP) AS copied_at",
                       [now.replace(tzinfo=None)])  # fmt: skip
        for name, (_, text) in VIEWS.items():
            engine.execute(f"CREATE VIEW {name} AS {text}")
        engine.execute("USE memory")
        engine.execute("DETACH copy")
    (place / DICTIONARY).write_text(_dictionary(now), encoding="utf-8")
    return counts


def is_there(folder: Path) -> bool:
    """Return True where a folder holds a copy with all tables and columns that one has today."""
    try:
        said = (folder / DICTIONARY).read_text(encoding="utf-8")
    except OSError:
        return False
    return (folder / FILE).exists() and said.endswith(_meanings())


def _dictionary(now: datetime) -> str:
    return (
        f"# Data dictionary\n\nCopied {now:%Y-%m-%d %H:%M} UTC. Ids are pseudonyms, the same in "
        "every copy of one store. Nobody is named; dates of service are the first of their month. "
        f"Times are UTC.\n{_meanings()}"
    )


def _meanings() -> str:
    lines: list[str] = []
    for table, column, meaning in dictionary():
        lines += [f"- `{column}`: {meaning}"] if column else ["", f"## {table}", "", meaning, ""]
    return "\n" + "\n".join(lines) + "\n"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _key(con: Connection) -> str:
    """Return the secret that this store's pseudonyms are made with; it is made once."""
    found = con.value("SELECT secret FROM copy_key")
    if found is None:
        with transaction(con):
            found = con.value("SELECT secret FROM copy_key")
            if found is None:
                found = secrets.token_hex(32)
                con.execute("INSERT INTO copy_key VALUES ($secret)", secret=found)
    return str(found)


def zipped(folder: Path, target: Path) -> None:
    """Pack a written copy into one ZIP."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.iterdir()):
            if file.is_file() and file != target:
                packed.write(file, file.name)


@contextmanager
def beside(folder: Path) -> Iterator[Store]:
    """Open a store made from a copy of one that another process works in.

    `cp` copies it; where a commit fell into the copying, it is copied again. Raises StoreInUse
    where somebody writes all the time.
    """
    with tempfile.TemporaryDirectory(prefix="billing-tasks-") as place:
        target = Path(place) / "data"
        target.mkdir(mode=0o700)
        files = [folder / "billing.duckdb", folder / "billing.duckdb.wal"]
        for _ in range(TRIES):
            before = _state(files)
            held = [str(file) for file in files if file.exists()]
            done = subprocess.run(["cp", "--", *held, str(target)], check=False)
            if done.returncode == 0 and _state(files) == before:
                break
            shutil.rmtree(target)
            target.mkdir(mode=0o700)
        else:
            raise StoreInUse("somebody who writes all the time")
        store = DuckDBStore(target)
        try:
            yield store
        finally:
            store.close()


def _state(files: Sequence[Path]) -> list[tuple[int, int] | None]:
    found: list[tuple[int, int] | None] = []
    for file in files:
        try:
            about = file.stat()
            found.append((about.st_mtime_ns, about.st_size))
        except FileNotFoundError:
            found.append(None)
    return found


class Copy:
    """A written copy, opened to read. `lib.backlog` counts it as it counts the store; the notebook
    in docs/ does."""

    def __init__(self, file: Path) -> None:
        self._con = duckdb.connect(str(file), read_only=True)

    def table(
        self, sql: str, /, **parameters: Any
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Return the names of the columns and all rows of one statement."""
        found = self._con.execute(runnable(sql, parameters))
        return tuple(column[0] for column in found.description or ()), found.fetchall()

    def practice_ids(self) -> tuple[int, ...]:
        """Return the practices the copy holds."""
        rows = self._con.execute("SELECT id FROM practice ORDER BY name").fetchall()
        return tuple(row[0] for row in rows)

    def earlier_zones(self) -> tuple[EarlierZone, ...]:
        """Return the zones in which its practices counted their days before, for a `View`."""
        sql = "SELECT practice_id, timezone, until FROM earlier_zone ORDER BY practice_id, until"
        rows = self._con.execute(sql).fetchall()
        return tuple(EarlierZone(row[0], row[1], utc(row[2])) for row in rows)

    def copied_at(self) -> datetime:
        """Return when the copy was made (UTC)."""
        return self._con.execute("SELECT copied_at FROM copied_at").fetchall()[0][0]  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close the copy; its file stays."""
        self._con.close()
