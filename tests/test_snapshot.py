"""The copy for analysts: it counts the same, names nobody, and is written while people work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from lib import __main__, people
from lib.backlog.measures import NUMBERS
from lib.intake import imports
from lib.snapshot import copies
from lib.snapshot.tables import TABLES, dictionary
from lib.store import process_store
from lib.store.database import Connection
from tests.conftest import NOON, SHARED, Cast, everybody
from tests.given import add_payer
from tests.histories import World, live, opened, view, world
from tests.test_backlog import SPRING
from tests.test_import import bring
from tests.x12_texts import answer, file_835, file_837

pytestmark = pytest.mark.slow  # a year of work is copied whole
PEOPLE = """
    SELECT DISTINCT unnest([last_name, first_name, CAST(birth_date AS VARCHAR)]) FROM patient
    UNION SELECT member_id FROM charge UNION SELECT claim_number FROM charge
    UNION SELECT rendering_name FROM charge UNION SELECT title FROM task
    UNION SELECT name FROM person UNION SELECT email FROM person UNION SELECT name FROM practice
"""


@pytest.fixture(scope="module")
def year(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    """Return a month of work and a denial; the store it was done in is closed."""
    folder = tmp_path_factory.mktemp("year") / "data"
    with opened(empty, folder) as store:
        con = store.connection()
        cast = everybody(con)
        where = world(con, cast)
        live(where, SPRING - timedelta(days=30), SPRING, 120)
        add_payer(con, cast.practice, "PLAINS HEALTH")
        bring(con, cast, file_835(answer("N-1001", codes=("CAS*CO*16*100", "LQ*HE*N290"))))
    return where, folder


@pytest.fixture
def lived(year: tuple[World, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Yield the same in a store of the test's own."""
    where, folder = year
    with opened(folder, tmp_path_factory.mktemp("lived") / "data") as store:
        yield replace(where, con=store.connection())


def test_a_copy_counts_as_the_store_does(lived: World, tmp_path: Path) -> None:
    con = lived.con
    copies.write(con, tmp_path / "copy", list(lived.practices), now=NOON)
    copy = copies.Copy(tmp_path / "copy" / copies.FILE)
    same = [name for name in NUMBERS if name != "pending_by_filing_limit"]  # days of service

    for name in same:
        for more in ({}, {"unassigned": True}):
            asked = view(lived, SPRING, **more)
            here = NUMBERS[name].table(con, asked)
            there = NUMBERS[name].table(copy, replace(asked, practice_ids=copy.practice_ids()))
            if name == "oldest":  # which of those of one age are among the ten, the ids decide
                assert here.column("Age, days") == there.column("Age, days")
            else:
                assert _plain(here.names, here.rows) == _plain(there.names, there.rows), name
    copy.close()


def _plain(names: tuple[str, ...], rows: object) -> list[tuple[object, ...]]:
    """Rows without ids and names, which are others in a copy; in any order."""
    left_out = {"Person", "Name", "Task"}
    kept = [place for place, name in enumerate(names) if name not in left_out]
    return sorted((tuple(row[at] for at in kept) for row in rows), key=repr)  # type: ignore[attr-defined]


def everything(folder: Path) -> str:
    """Every value of every table and file of a copy, as text."""
    texts = []
    with duckdb.connect(str(folder / copies.FILE), read_only=True) as found:
        for (name,) in found.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            texts += [str(row) for row in found.execute(f"SELECT * FROM {name}").fetchall()]
    for file in folder.glob("*.parquet"):
        texts += [str(row) for row in duckdb.execute(f"SELECT * FROM '{file}'").fetchall()]
    texts.append((folder / "DICTIONARY.md").read_text())
    return "\n".join(texts)


def test_a_copy_holds_nobody(lived: World, cast: Cast, tmp_path: Path) -> None:
    con = lived.con
    bring(con, cast, file_837(["CLM*ZQX771*200***11:B:1*Y*A*Y*Y", "HI*ABK:J029", "LX*1",
                               "SV1*HC:99213*200*UN*1***1", "DTP*472*D8*20250113"]))  # fmt: skip

    copies.write(con, tmp_path, list(lived.practices), now=NOON)

    text = everything(tmp_path)
    names = [row[0] for row in con.rows(PEOPLE) if row[0] and len(row[0]) > 2]
    assert len(names) > 10
    assert [name for name in names if name in text] == []


def test_two_copies_call_the_same_thing_the_same(lived: World, tmp_path: Path) -> None:
    for name in ("a", "b"):
        copies.write(lived.con, tmp_path / name, list(lived.practices), now=NOON)

    first, second = (
        duckdb.execute(f"SELECT * FROM '{tmp_path / name / 'task.parquet'}' ORDER BY id").fetchall()
        for name in ("a", "b")
    )
    assert first == second
    assert {row[0] for row in first}.isdisjoint(
        row[0] for row in lived.con.rows("SELECT id FROM task")
    )


def test_a_copy_of_one_practice_holds_nothing_of_another(
    lived: World, cast: Cast, tmp_path: Path
) -> None:
    counts = copies.write(lived.con, tmp_path, [cast.practice], now=NOON)

    count = lived.con.value("SELECT count(*) FROM task WHERE practice_id = $p", p=cast.practice)
    assert counts["task"] == count
    assert counts["practice"] == 1
    text = everything(tmp_path)
    assert "Dina" not in text and "Carla" not in text


def test_states_over_time_are_the_history(lived: World, tmp_path: Path) -> None:
    copies.write(lived.con, tmp_path, list(lived.practices), now=NOON)
    with duckdb.connect(str(tmp_path / copies.FILE), read_only=True) as copy:
        pending = copy.execute(
            "SELECT count(*) FROM task_state WHERE until IS NULL AND is_pending"
        ).fetchall()

    assert pending == lived.con.rows("SELECT count(*) FROM task JOIN event ON task_id = task.id "
                                     "AND kind = 'created' WHERE is_open")  # fmt: skip


@pytest.mark.slow
def test_it_is_written_while_the_app_works(lived: World, tmp_path: Path) -> None:
    store = lived.con.store
    """This process holds the store, as the app does."""
    done = subprocess.run(
        [sys.executable, "-m", "lib", "snapshot", "--to", str(tmp_path / "copy")],
        env=os.environ | {"BILLING_TASKS_DATA": str(store.folder)}, cwd=process_store.ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    with duckdb.connect(str(tmp_path / "copy" / copies.FILE), read_only=True) as copy:
        [(count,)] = copy.execute("SELECT count(*) FROM task").fetchall()
    assert count == lived.con.value("SELECT count(*) FROM task")
    people.add_practice(lived.con, "Still writes", timezone="America/Denver", now=NOON)


def test_every_column_of_a_copy_is_in_its_dictionary(lived: World, tmp_path: Path) -> None:
    copies.write(lived.con, tmp_path, list(lived.practices), now=NOON)
    with duckdb.connect(str(tmp_path / copies.FILE), read_only=True) as copy:
        columns = copy.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND "
            "table_name IN (SELECT table_name FROM duckdb_tables()) AND "
            "table_name NOT IN ('dictionary', 'copied_at')"
        ).fetchall()

    said = {(table, column) for table, column, _ in dictionary() if column}
    assert set(columns) == said
    assert {table.name for table in TABLES} == {table for table, _ in columns}


@pytest.mark.skipif(not SHARED.exists(), reason="real files stay outside the project")
def test_a_copy_of_real_files_holds_their_tasks_and_none_of_their_people(
    con: Connection, cast: Cast, tmp_path: Path
) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    for file in sorted(SHARED.rglob("*")):
        if file.is_file() and file.suffix != ".md":
            imports.apply(con, file.name, file.read_bytes(), actor=None, practice_id=cast.practice,
                        now=now)  # fmt: skip

    counts = copies.write(con, tmp_path, [cast.practice], now=NOON)

    assert counts["task"] == con.value("SELECT count(*) FROM task") > 0
    text = everything(tmp_path)
    names = {
        part
        for (last, first, member) in con.rows(
            "SELECT last_name, first_name, member_id FROM charge "
            "JOIN patient ON patient.id = patient_id"
        )
        for part in (f"{last}, {first}", member)
        if part and len(part) > 4
    } | {
        name for (name,) in con.rows("SELECT patient_name FROM task WHERE length(patient_name) > 4")
    }
    names |= {
        each
        for (each,) in con.rows(
            "SELECT claim_number FROM charge UNION SELECT claim_number FROM task "
            "UNION SELECT claim_number FROM claim_answer "
            "UNION SELECT payer_claim_number FROM claim_answer "
            "UNION SELECT CAST(birth_date AS VARCHAR) FROM patient"
        )
        if each and len(each) > 4
    }
    assert len(names) > 500
    assert [name for name in names if name in text] == []


@pytest.mark.duckdb
@pytest.mark.parametrize("where", ["file", "file/below"])
def test_where_a_copy_cannot_lie_the_folder_is_named(
    where: str, con: Connection, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "file").touch()
    data = tmp_path / "copied"
    shutil.copytree(con.store.folder, data)
    monkeypatch.setenv("BILLING_TASKS_DATA", str(data))

    assert __main__.main(["snapshot", "--to", str(tmp_path / where)]) == 1

    assert capsys.readouterr().err.startswith(f"{tmp_path / where} cannot be written: ")
