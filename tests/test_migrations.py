"""Stores of every earlier schema come to today's, and those of a later one are refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from lib.errors import WrongDataFolder
from lib.store import data_folder_lock, migrations
from lib.store.database import Connection
from lib.store.duckdb.store import DuckDBStore
from tests.given import schema_before
from tests.test_data_folder_lock import wrong
from tests.test_upkeep import lib

SCHEMAS = sorted(migrations.SCHEMA.glob("*.sql"))


def test_each_migration_is_recorded_once(tmp_path: Path) -> None:
    DuckDBStore(tmp_path / "data").close()
    again = DuckDBStore(tmp_path / "data")
    con = again.connection()
    files = sorted(file.name for file in migrations.SCHEMA.glob("*.sql"))
    sql = "SELECT name FROM schema_migration ORDER BY name"

    assert [name for (name,) in con.rows(sql)] == files
    again.close()


def test_a_migration_that_fails_leaves_nothing_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = tmp_path / "schema"
    schema.mkdir()
    (schema / "001_good.sql").write_text("CREATE TABLE good (id BIGINT)")
    second = schema / "002_second.sql"
    second.write_text("CREATE TABLE half (id BIGINT); SELECT * FROM no_such_table")
    monkeypatch.setattr(migrations, "SCHEMA", schema)

    with pytest.raises(Exception, match="no_such_table"):
        DuckDBStore(tmp_path / "data")
    second.write_text("CREATE TABLE half (id BIGINT)")
    store = DuckDBStore(tmp_path / "data")
    con = store.connection()

    assert con.rows("SELECT name FROM schema_migration ORDER BY 1") == [
        ("001_good.sql",),
        ("002_second.sql",),
    ]
    assert con.rows("SELECT * FROM half") == []
    store.close()


def test_the_tasks_of_an_older_store_are_found_by_their_claim_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = schema_before("004", tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "SCHEMA", older)
        store = DuckDBStore(tmp_path / "data")
        store.connection().execute(
            """
            INSERT INTO task (id, practice_id, type, status, is_open, turn, title, instructions,
                              claim_number, source, search_text, created_at)
            SELECT id, 1, 'coding', 'open', true, 'practice', 'T', 'I', 'AB-' || id || 'Z', 'hand',
                   't', TIMESTAMP '2025-03-03' FROM range(3000) AS ids (id)
            """
        )
        store.close()

    con = DuckDBStore(tmp_path / "data").connection()

    assert con.rows("SELECT claim_shape, count(*) FROM task GROUP BY ALL") == [("ab-#z", 3000)]


def test_what_a_newer_version_wrote_is_not_opened(data: Path) -> None:
    store = DuckDBStore(data)
    store.connection().execute("INSERT INTO schema_migration VALUES ('901_later.sql', now())")
    store.close()

    said = wrong(data)

    assert "written by a newer version of Billing Tasks" in said
    assert "901_later" in said


@pytest.mark.slow
@pytest.mark.cases(4)
@pytest.mark.parametrize("lost", ["%", *(each.name for each in SCHEMAS)])
def test_a_list_of_migrations_that_lost_a_line_is_said_or_written_again(
    data: Path, lost: str
) -> None:
    file = str(data / data_folder_lock.DATABASE)
    with duckdb.connect(file) as raw:
        raw.execute("DELETE FROM schema_migration WHERE name LIKE $1", [lost])
        left = raw.execute("SELECT count(*) FROM schema_migration").fetchone()
    try:
        DuckDBStore(data).close()
        is_opened = True
    except WrongDataFolder as problem:
        is_opened = False
        assert "though it has run" in str(problem)

    with duckdb.connect(file, read_only=True) as raw:
        count = raw.execute("SELECT count(*) FROM schema_migration").fetchone()
    assert count == ((len(SCHEMAS),) if is_opened else left)


@pytest.mark.slow
@pytest.mark.cases(4)
@pytest.mark.parametrize("count", range(1, len(SCHEMAS)))
def test_a_store_of_each_earlier_schema_opens_and_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """With a row in every table that was there then."""
    older = tmp_path / "schema"
    older.mkdir()
    for file in SCHEMAS[:count]:
        shutil.copy(file, older)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "SCHEMA", older)
        store = DuckDBStore(tmp_path / "data")
        con = store.connection()
        before = {table: fill(con, table) for table in tables(con)}
        store.close()

    code, out, _ = lib(tmp_path / "data", "verify")
    store = DuckDBStore(tmp_path / "data")
    con = store.connection()
    after = {table: con.rows(f"SELECT count(*) FROM {table}")[0][0] for table in before}
    store.close()

    assert (code, out) == (0, f"{tmp_path / 'data'}: nothing is wrong.\n")
    assert after == dict.fromkeys(before, 1)


# Not business: and what providers were called, which nothing read, went with migration 090.
# A line of the activity that nobody wrote, and the end of a completion that history does not know,
# are what `verify` is there to find.
UNCOUNTED = {"schema_migration", "spelling", "provider", "activity", "reopened_completion"}


def tables(con: Connection) -> list[str]:
    found = con.rows("SELECT table_name FROM duckdb_tables() ORDER BY 1")
    return [name for (name,) in found if name not in UNCOUNTED]


VALUES = {
    "BIGINT": "1", "INTEGER": "1", "VARCHAR": "'x'", "BOOLEAN": "true", "DATE": "DATE '2025-03-03'",
    "TIMESTAMP": "TIMESTAMP '2025-03-03'",
}  # fmt: skip
CHOSEN = {
    "role": "'manager'", "type": "'coding'", "turn": "'practice'", "channel": "'question'",
    "outcome": "'applied'", "sha256": None, "is_open": "true",
}  # fmt: skip


def fill(con: Connection, table: str) -> int:
    """One row with a value in each column; ids are 1, and no row names a file."""
    if table in {"document", "intake_file"}:
        kept = con.store.folder / {"document": "documents"}.get(table, "intake")
        sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"  # of "x"
        (kept / sha256[:2]).mkdir(parents=True, exist_ok=True)
        (kept / sha256[:2] / sha256).write_bytes(b"x")
        CHOSEN["sha256"] = f"'{sha256}'"
    columns = con.rows(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $table", table=table
    )
    said = {
        column: CHOSEN.get(column) or VALUES.get(kind, "[]" if kind.endswith("[]") else "1")
        for column, kind in columns
    }
    if "status" in said:
        said["status"] = "'open'" if table == "task" else "'new'"
    if table == "charge_number":
        said["kind"] = "'claim'"
    if table == "claim_answer_code":
        said["kind"] = "'remark'"
    if (table, "claim_shape") in {(table, column) for column in said}:
        said["claim_shape"] = "'x'"
    if any(
        name == f"{table}_id"
        for (name,) in con.rows("SELECT sequence_name FROM duckdb_sequences()")
    ):
        said["id"] = f"nextval('{table}_id')"
    con.execute(f"INSERT INTO {table} ({', '.join(said)}) VALUES ({', '.join(said.values())})")
    if table == "task" and con.rows("FROM duckdb_tables() WHERE table_name = 'spelling'"):
        names = ("title", "patient_name", "payer_name", "provider_name", "claim_shape")
        con.execute(f"INSERT INTO spelling SELECT unnest({list(names)}), 'x'")
    return 1
