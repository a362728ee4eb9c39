"""Bring the tables of a store to the form that this version needs: `schema/`, file by file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lib.errors import WrongDataFolder
from lib.store.database import Connection, transaction

SCHEMA = Path(__file__).parent / "schema"

Run = Callable[..., list[tuple[Any, ...]]]  # one statement with its parameters; its rows


def as_written(file: Path) -> str:
    """Return the SQL of a migration."""
    return file.read_text(encoding="utf-8")


def migrate(
    con: Connection,
    where: str,
    *,
    steps: Mapping[str, Callable[[Run], None]],
    sql_of: Callable[[Path], str] = as_written,
) -> None:
    """Run what has not run yet, each file in a transaction of its own; then its step of `steps`.

    Raises WrongDataFolder where a newer version has been there, or where the list of what has run
    lost a line; `where` names the place.
    """
    done = {row[0] for row in con.rows("SELECT name FROM schema_migration")}
    files = sorted(SCHEMA.glob("*.sql"))
    unknown = sorted(done - {file.name for file in files})
    if unknown:
        raise WrongDataFolder(
            f"The data in {where} was written by a newer version of Billing Tasks (this one "
            f"does not know {unknown[-1].removesuffix('.sql')}). Start the newer version again, or "
            "restore a backup that this one made into another folder. Nothing was changed."
        )
    for file in files:
        if file.name in done:
            continue
        try:
            _run(con, file, steps=steps, sql_of=sql_of)
        except Exception as problem:
            is_later = "does not exist" in str(problem) and max(done, default="") > file.name
            if not (is_later or "already exists" in str(problem)):
                raise
            name = file.name.removesuffix(".sql")
            raise WrongDataFolder(
                f"The list of migrations in {where} lacks {name}, though it has run: "
                "something other than Billing Tasks changed it. Restore a backup: "
                "python -m lib restore --from FOLDER. Nothing was changed."
            ) from problem


def _run(
    con: Connection, file: Path, *, steps: Mapping[str, Callable[[Run], None]],
    sql_of: Callable[[Path], str],
) -> None:  # fmt: skip
    with transaction(con):
        con.execute(sql_of(file))
        if file.name in steps:
            steps[file.name](con.rows)
        con.execute(
            "INSERT INTO schema_migration VALUES ($name, $now)",
            name=file.name,
            now=datetime.now(UTC),
        )
