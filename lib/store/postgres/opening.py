"""Open a database of a PostgreSQL server: refuse one that would keep or sort things otherwise."""

from __future__ import annotations

import re
from pathlib import Path
from time import monotonic, sleep
from typing import cast

import psycopg

from lib.errors import WrongDataFolder
from lib.store import durable_files, migrations
from lib.store.postgres.texts import OLDER

OLDEST = 150000  # as PostgreSQL counts versions: 15.0
LAST_OF_DUCKDB = "170_earlier_tasks.sql"  # migrations up to it were written for DuckDB alone
ROOM = Path(__file__).parent
HELP = "docs/scale.md says how to make the database."

ENDING = 2.0  # seconds in which the server sees that the connections of a stopped process ended
BOUND = "billing.database"  # in the data folder: the identity of the database that names its files

# `writer` names the database. `written` counts what was written of each scope, which says what of
# a cache is stale. An older version counted in `writer` and held its row, so it would not see
# writers of this one: where its columns are texts it cannot count, and writes nothing. It finds
# them at its start, and so comes as far as the migrations and its sentence about a newer version.
_BEGIN = """
CREATE TABLE IF NOT EXISTS schema_migration
    (name VARCHAR PRIMARY KEY, applied_at TIMESTAMP NOT NULL);
CREATE TABLE IF NOT EXISTS writer
    (one INTEGER PRIMARY KEY CHECK (one = 1),
    identity VARCHAR NOT NULL DEFAULT gen_random_uuid()::VARCHAR,
    has_folder BOOLEAN NOT NULL DEFAULT FALSE);
ALTER TABLE writer ADD COLUMN IF NOT EXISTS revision VARCHAR;
ALTER TABLE writer ADD COLUMN IF NOT EXISTS changes VARCHAR;
ALTER TABLE writer
    ALTER COLUMN revision TYPE VARCHAR, ALTER COLUMN revision DROP NOT NULL,
    ALTER COLUMN changes TYPE VARCHAR, ALTER COLUMN changes DROP NOT NULL;
INSERT INTO writer (one) VALUES (1) ON CONFLICT (one) DO NOTHING;
DROP TABLE IF EXISTS importer;
CREATE TABLE IF NOT EXISTS written (scope VARCHAR PRIMARY KEY, revision BIGINT NOT NULL);
"""

# What a first start makes before the list of migrations; an older version's makes `importer` too.
_FIRST = {"writer", "written", "importer"}
_TABLES = """
SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = current_schema() AND relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT EXISTS (
      SELECT 1 FROM pg_depend
      WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
ORDER BY relname
"""
_COLUMNS = """
SELECT array_agg(attname::VARCHAR ORDER BY attname) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""


def require_fit(con: psycopg.Connection[tuple[object, ...]]) -> None:
    """Raise WrongDataFolder with the sentence for what is wrong with the server or database."""
    if con.info.server_version < OLDEST:
        raise WrongDataFolder(
            f"This PostgreSQL is version {con.info.server_version // 10000}, and Billing Tasks "
            f"needs {OLDEST // 10000} or newer."
        )
    encoding = con.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise WrongDataFolder(f"The database holds {encoding}, and it has to be UTF8. {HELP}")
    row = con.execute(
        "SELECT current_setting('default_transaction_isolation'), lower('É') = 'é', 'B' < 'a'"
    ).fetchone()
    isolation, knows_letters, sorts_bytes = row or ("", False, False)
    if isolation != "read committed":
        raise WrongDataFolder(
            f"The database's default_transaction_isolation is “{isolation}”, and it has to be "
            "“read committed”: a writer waits for the one before it, then reads what it wrote."
        )
    if not (knows_letters and sorts_bytes):
        raise WrongDataFolder(
            "The database has a locale by which searches or lists would come out otherwise. It has "
            f"to be made with C.UTF-8. {HELP}"
        )


def require_ours(con: psycopg.Connection[tuple[object, ...]]) -> None:
    """Raise WrongDataFolder where the database holds something else than our data. What belongs to
    an extension of the server's counts for nothing."""
    tables = [str(name) for (name,) in con.execute(_TABLES).fetchall()]
    others = [name for name in tables if name != "schema_migration"]
    if len(others) < len(tables):
        known = {file.name for file in migrations.SCHEMA.glob("*.sql")}
        if _columns(con, "schema_migration") == ["applied_at", "name"]:
            found = con.execute("SELECT name FROM schema_migration").fetchall()
            if not found or known & {str(name) for (name,) in found}:
                return
    elif "writer" in others and set(others) <= _FIRST:  # a first start ended, or still goes on
        tables = [] if {"one", "identity"} <= set(_columns(con, "writer")) else tables
    if tables:
        raise WrongDataFolder(
            "The PostgreSQL database that BILLING_TASKS_DATABASE or --to names holds something "
            f"else than data of Billing Tasks: it has a table {(others or tables)[0]}, for "
            f"example. Name an empty one. Nothing was changed. {HELP}"
        )


def _columns(con: psycopg.Connection[tuple[object, ...]], table: str) -> list[str]:
    row = con.execute(_COLUMNS, [table]).fetchone()
    return list(cast("list[str]", row[0])) if row and row[0] else []


def bind(con: psycopg.Connection[tuple[object, ...]], folder: Path) -> None:
    """Let the database and the folder of its files belong to each other from the first start on.
    Raise WrongDataFolder where they do not."""
    with con.transaction():
        row = con.execute("SELECT identity, has_folder FROM writer FOR UPDATE").fetchone()
        identity, has_folder = row or ("", False)
        said = _bound_to(folder)
        if said is None and has_folder:
            raise WrongDataFolder(
                f"The documents and files of this database are not in {folder}. Name the folder "
                f"that has them, or restore it: the file {BOUND} comes with it."
            )
        if said is None:
            durable_files.write(folder / BOUND, str(identity).encode())
        elif said != identity:
            raise WrongDataFolder(
                f"The files in {folder} belong to another database than the one that "
                "BILLING_TASKS_DATABASE names."
            )
        con.execute("UPDATE writer SET has_folder = TRUE")


def _bound_to(folder: Path) -> str | None:
    try:
        return (folder / BOUND).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None


def refuse_older(con: psycopg.Connection[tuple[object, ...]]) -> None:
    """Raise WrongDataFolder while a process of an older version has the database open: its writers
    and ours would not wait for each other."""
    until = monotonic() + ENDING
    while True:
        found = con.execute(
            """
            SELECT DISTINCT coalesce(host(client_addr), 'this computer') FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = %s ORDER BY 1
            """,
            (OLDER,),
        ).fetchall()
        if not found or monotonic() > until:
            break
        sleep(0.05)
    if found:
        raise WrongDataFolder(
            "A process of an older version of Billing Tasks works on this database (on "
            f"{', '.join(str(row[0]) for row in found)}). Stop every one of them, then start this "
            "version. Nothing was changed."
        )


def begin(con: psycopg.Connection[tuple[object, ...]]) -> None:
    """Make what has to be there before the first migration."""
    with con.transaction():
        con.execute(_BEGIN.encode())
        con.execute((ROOM / "functions.sql").read_bytes())


def finish(con: psycopg.Connection[tuple[object, ...]]) -> None:
    """Make the indexes that are missing, after the last migration. Each locks its table, even where
    it is there already, so it is asked for singly and only if it is not: several at once and a
    writer of another process would wait for each other."""
    rows = con.execute("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()")
    there = {str(name) for (name,) in rows.fetchall()}
    for statement in (ROOM / "indexes.sql").read_text(encoding="utf-8").split(";"):
        found = re.search(r"INDEX IF NOT EXISTS (\w+)", statement)
        if found and found[1] not in there:
            con.execute(statement.encode())


def wait_for_others(con: psycopg.Connection[tuple[object, ...]]) -> None:
    """Wait while another process makes the tables; hold others up until `con` is closed."""
    con.execute("SELECT pg_advisory_lock(20010)")


def sql_of(file: Path) -> str:
    """Return what of a migration makes or alters tables, of those written for DuckDB: a store in
    PostgreSQL began empty after them, so they had no rows to change."""
    text = migrations.as_written(file)
    if file.name > LAST_OF_DUCKDB:
        return text
    text = re.sub(r"--[^\n]*", "", text)
    statements = re.sub(r"\bDOUBLE\b", "DOUBLE PRECISION", text).split(";")
    return ";\n".join(
        statement.strip()
        for statement in statements
        if re.match(r"\s*(CREATE|ALTER|DROP)\b", statement)
    )


STEPS = {
    "110_administrators.sql": lambda run: _drop_check(run, "membership", "role"),
    "090_task_without_type_check.sql": lambda run: _drop_check(run, "task", "type"),
}


def _drop_check(run: migrations.Run, table: str, column: str) -> None:
    run(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_{column}_check")
