"""A process of an older version and one of this version at one database in PostgreSQL: whichever
comes second is refused with a sentence (`lib/store/postgres/opening.py`).

What an older version asked stands here as it asked it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import psycopg
import pytest

from lib.errors import WrongDataFolder
from lib.store.postgres.store import PostgresStore

OLDER_START = """
    CREATE TABLE IF NOT EXISTS writer
        (one INTEGER PRIMARY KEY CHECK (one = 1), revision BIGINT NOT NULL, changes BIGINT NOT NULL,
        identity VARCHAR NOT NULL DEFAULT gen_random_uuid()::VARCHAR,
        has_folder BOOLEAN NOT NULL DEFAULT FALSE);
    INSERT INTO writer (one, revision, changes) VALUES (1, 0, 0) ON CONFLICT (one) DO NOTHING;
    CREATE TABLE IF NOT EXISTS importer
        (one INTEGER PRIMARY KEY CHECK (one = 1), revision BIGINT NOT NULL);
    INSERT INTO importer (one, revision) VALUES (1, 0) ON CONFLICT (one) DO NOTHING;
"""
OLDER_BEGIN = """
    SELECT writer.revision + importer.revision, changes FROM writer, importer
    WHERE writer.one = 1 AND importer.one = 1 FOR UPDATE OF writer
"""
OLDER_WRITES = "UPDATE writer SET revision = revision + 1, changes = changes + 1 WHERE one = 1"
# As a version kept it that had this version's locks already, but not yet its columns.
WITHOUT_COLUMNS = """
    ALTER TABLE writer DROP COLUMN revision;
    ALTER TABLE writer DROP COLUMN changes;
"""


def older(address: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(address, autocommit=True, application_name="billing-tasks")


@pytest.mark.parametrize("writes", ["", "BEGIN; " + OLDER_BEGIN])
def test_this_version_does_not_start_while_an_older_process_is_there(
    new_database: str, tmp_path: Path, writes: str
) -> None:
    with older(new_database) as con:
        con.execute(OLDER_START)
        con.execute(writes)
        with pytest.raises(WrongDataFolder, match="older version of Billing Tasks works on this"):
            PostgresStore(tmp_path / "data", new_database)
        con.execute(OLDER_WRITES)  # its people go on
        con.execute("COMMIT")

    PostgresStore(tmp_path / "data", new_database).close()


@pytest.mark.parametrize("before", [OLDER_START, "", OLDER_START + WITHOUT_COLUMNS])
def test_an_older_process_comes_as_far_as_its_sentence_and_writes_nothing(
    new_database: str, tmp_path: Path, before: str
) -> None:
    with older(new_database) as con:
        con.execute(before)
    for _ in range(2):
        PostgresStore(tmp_path / "data", new_database).close()

    with older(new_database) as con:
        con.execute(OLDER_START)  # after which it reads a migration that it does not know
        for text in (OLDER_BEGIN, OLDER_WRITES):
            with pytest.raises(psycopg.errors.UndefinedFunction):
                con.execute(text)


def test_a_process_that_was_stopped_just_now_is_waited_for(
    new_database: str, tmp_path: Path
) -> None:
    """The server sees late that a connection ended."""
    con = older(new_database)
    con.execute("SELECT 1")

    def stop() -> None:
        sleep(0.5)
        con.close()

    with ThreadPoolExecutor(1) as beside:
        beside.submit(stop)
        PostgresStore(tmp_path / "data", new_database).close()


def test_processes_of_this_version_let_each_other_in(new_database: str, tmp_path: Path) -> None:
    first = PostgresStore(tmp_path / "data", new_database)

    second = PostgresStore(tmp_path / "data", new_database)

    assert second.connection().value("SELECT count(*) FROM person") == 0
    second.close()
    first.close()
