"""A table is made anew without one of its checks: nothing else of it changes, however it looks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lib.errors import WrongDataFolder
from lib.store import migrations
from lib.store.database import Connection
from lib.store.duckdb import conditional_migrations
from lib.store.duckdb.store import DuckDBStore
from lib.store.migrations import Run
from lib.store.process_store import ROOT

pytestmark = pytest.mark.duckdb  # its tables are made anew
OURS = "090_task_without_type_check.sql"
TASKS = """
    INSERT INTO task (practice_id, type, status, is_open, turn, title, instructions, source,
                      claim_number, claim_shape, amount, due_on, created_at)
    SELECT 1, 'coding', 'open', true, 'practice', 'T' || n, 'I', 'hand', 'AB' || n, 'ab#',
           n / 4, DATE '2025-03-03' + n::INTEGER, TIMESTAMP '2025-03-03 10:00:00.123456'
    FROM range(5000) AS numbers (n)
"""
OPEN = """
import os, sys
from pathlib import Path
from lib.store import migrations
from lib.store.duckdb.store import DuckDBStore
migrations.SCHEMA = Path(sys.argv[2])
DuckDBStore(Path(sys.argv[1]))
os._exit(0)  # as in a power cut: nothing of the log was brought into the file
"""


@pytest.fixture
def schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the migrations before ours, to which a test may add; the store is opened with them."""
    folder = tmp_path / "schema"
    folder.mkdir()
    for file in migrations.SCHEMA.glob("*.sql"):
        if file.name < OURS:
            shutil.copy(file, folder)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "SCHEMA", folder)
        yield folder


def older(tmp_path: Path, schema: Path) -> dict[str, Any]:
    """Return a store as the migrations of `schema` leave it, with tasks; what it said of them."""
    store = DuckDBStore(tmp_path / "data")
    con = store.connection()
    con.execute(TASKS)
    con.execute("DELETE FROM task WHERE id % 7 = 0")
    con.execute("INSERT INTO spelling SELECT 'title', lower(title) FROM task")
    known = facts(con)
    store.close()
    shutil.copy(ROOT / "lib" / "store" / "schema" / OURS, schema)
    return known


def facts(con: Connection) -> dict[str, Any]:
    """Rows in their order, columns with their types and defaults, and every constraint."""
    return {
        "rows": con.rows("SELECT * FROM task"),
        "columns": con.rows(
            "SELECT column_name, data_type, column_default, is_nullable FROM duckdb_columns() "
            "WHERE table_name = 'task' ORDER BY column_index"
        ),
        "constraints": sorted(
            text
            for (text,) in con.rows(
                "SELECT constraint_text || constraint_column_names::VARCHAR "
                "FROM duckdb_constraints() WHERE table_name = 'task'"
            )
        ),
        "indexes": con.rows("SELECT sql FROM duckdb_indexes() WHERE table_name = 'task'"),
    }


def without_type(known: dict[str, Any]) -> dict[str, Any]:
    kept = [text for text in known["constraints"] if '"type" IN' not in text]
    assert len(kept) == len(known["constraints"]) - 1
    return {**known, "constraints": kept}


def test_a_store_of_before_shows_the_same_and_lacks_one_check(tmp_path: Path, schema: Path) -> None:
    known = older(tmp_path, schema)

    con = DuckDBStore(tmp_path / "data").connection()

    assert facts(con) == without_type(known)
    assert con.next_ids("task", 1) == [5001]


def test_columns_and_indexes_that_other_migrations_added_are_kept(
    tmp_path: Path, schema: Path
) -> None:
    (schema / "020_other.sql").write_text(
        "ALTER TABLE task ADD COLUMN waits_for VARCHAR DEFAULT 'no, CHECK(x)';"
        "ALTER TABLE task ADD COLUMN parts DECIMAL(5,1)[];"
        "ALTER TABLE task DROP COLUMN codes;"
        "CREATE INDEX task_by_title ON task (title)"
    )
    known = older(tmp_path, schema)

    con = DuckDBStore(tmp_path / "data").connection()

    assert facts(con) == without_type(known)
    assert "waits_for" in {name for name, *_ in known["columns"]}
    assert len(known["indexes"]) == 1


def test_a_migration_with_a_smaller_number_may_come_later(tmp_path: Path, schema: Path) -> None:
    older(tmp_path, schema)
    DuckDBStore(tmp_path / "data").close()
    (schema / "020_other.sql").write_text("ALTER TABLE task ADD COLUMN waits_for VARCHAR")

    con = DuckDBStore(tmp_path / "data").connection()

    assert con.rows("SELECT DISTINCT waits_for FROM task") == [(None,)]


def test_the_other_checks_the_key_and_the_defaults_still_count(con: Connection) -> None:
    con.execute(TASKS.replace("5000", "1").replace("'coding'", "'a new type'"))
    (key,) = con.rows("SELECT id, version, due_rule FROM task")

    assert key[1:] == (1, "")
    for wrong in (
        "UPDATE task SET status = 'lost'",
        "UPDATE task SET turn = 'nobody'",
        "UPDATE task SET type = NULL",
        f"INSERT INTO task BY NAME (SELECT * FROM task WHERE id = {key[0]})",
    ):
        with pytest.raises(Exception, match=r"CHECK|NOT NULL|Duplicate key"):
            con.execute(wrong)
    con.execute("DELETE FROM task")
    con.execute("DELETE FROM spelling")


def test_a_power_cut_right_after_the_rebuild_loses_nothing(tmp_path: Path, schema: Path) -> None:
    known = older(tmp_path, schema)

    subprocess.run(
        [sys.executable, "-c", OPEN, str(tmp_path / "data"), str(schema)],
        cwd=ROOT, check=True, timeout=60,
    )  # fmt: skip
    con = DuckDBStore(tmp_path / "data").connection()

    assert facts(con) == without_type(known)
    with pytest.raises(Exception, match="Duplicate key"):
        con.execute("INSERT INTO task BY NAME (SELECT * FROM task WHERE id = 1)")


def test_a_rebuild_that_fails_leaves_the_table_as_it_was(
    tmp_path: Path, schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = older(tmp_path, schema)

    def fail(run: Run) -> None:
        conditional_migrations.drop_check(run, "task", "type")
        raise WrongDataFolder("stopped")

    with monkeypatch.context() as patch:
        patch.setitem(conditional_migrations.STEPS, OURS, fail)
        with pytest.raises(WrongDataFolder, match="stopped"):
            DuckDBStore(tmp_path / "data")
    (schema / OURS).unlink()

    assert facts(DuckDBStore(tmp_path / "data").connection()) == known


def test_a_table_without_the_check_is_left_alone(con: Connection) -> None:
    before = facts(con)

    conditional_migrations.drop_check(con.rows, "task", "type")
    conditional_migrations.drop_check(con.rows, "task", "title")

    assert facts(con) == before


def test_each_step_has_a_file_of_its_name() -> None:
    assert set(conditional_migrations.STEPS) <= {
        file.name for file in migrations.SCHEMA.glob("*.sql")
    }


def test_what_providers_were_called_is_kept_where_charges_and_tasks_show_it(
    con: Connection,
) -> None:
    columns = {
        table: {
            name
            for (name,) in con.rows(
                "SELECT column_name FROM duckdb_columns() WHERE table_name = $table", table=table
            )
        }
        for table in ("charge", "task", "provider")
    }

    assert {"billing_name", "rendering_name", "referring_name", "supervising_name"} <= columns[
        "charge"
    ]
    assert "provider_name" in columns["task"]
    assert columns["provider"] == set()
