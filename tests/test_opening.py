"""What DuckDB's file is opened with, and what else is refused in a sentence. Looks at
`lib/store/duckdb/opening.py`."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from lib.errors import StoreInUse, WrongDataFolder
from lib.store.database import Connection, Store, transaction
from lib.store.duckdb.store import DuckDBStore
from tests.test_database import ADD, ROOT, practices

OPEN = (
    "import sys, pathlib; from lib.store.duckdb.store import DuckDBStore; "
    "DuckDBStore(pathlib.Path(sys.argv[1]))"
)


@pytest.mark.duckdb  # several processes may share the other
def test_a_second_process_is_refused_with_a_sentence(store: Store) -> None:
    found = subprocess.run(
        [sys.executable, "-c", OPEN, str(store.folder)],
        capture_output=True, text=True, cwd=ROOT, timeout=30, check=False,
    )  # fmt: skip

    assert found.returncode == 1
    assert found.stderr.splitlines()[-1] == (
        "lib.errors.StoreInUse: Billing Tasks is already running on this data folder "
        f"(process {os.getpid()}). Use that one, or stop it first."
    )
    con = store.connection()
    with transaction(con):
        con.execute(ADD, name="still ours")
    assert practices(con) == ["still ours"]


@pytest.mark.duckdb
def test_a_second_store_in_the_same_process_is_refused_too(store: Store) -> None:
    with pytest.raises(StoreInUse, match=f"process {os.getpid()}"):
        DuckDBStore(store.folder)


def test_a_store_that_was_closed_can_be_opened_by_another_process(tmp_path: Path) -> None:
    DuckDBStore(tmp_path).close()

    subprocess.run(
        [sys.executable, "-c", OPEN, str(tmp_path)], cwd=ROOT, timeout=30, check=True
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not a database" * 1000, "is a text file, no database of Billing Tasks"),
        ("Größe;Menge\r\n".encode(), "is a text file"),
        (b"SQLite format 3\0" + b"\0\1" * 2000, "is a SQLite database"),
        (b"PK\x03\x04" + b"\7" * 200, "is a ZIP archive"),
        (b"\x1f\x8b\x08" + b"\7" * 200, "is a compressed file"),
        (b"\0" * 20000, "cannot be opened: it is damaged"),
        (b"\x93\xf4" * 9000, "cannot be opened: it is damaged"),
    ],
    ids=["text", "table", "SQLite", "ZIP", "gzip", "zeros", "noise"],
)
def test_a_file_that_is_no_database_is_named_in_a_sentence(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "billing.duckdb").write_bytes(content)

    with pytest.raises(WrongDataFolder, match=rf"billing\.duckdb {said}"):
        DuckDBStore(tmp_path)
    with pytest.raises(WrongDataFolder):  # and not StoreInUse: the lock was let go
        DuckDBStore(tmp_path)
    assert (tmp_path / "billing.duckdb").read_bytes() == content


def test_a_database_of_another_program_is_refused_and_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "billing.duckdb"
    with duckdb.connect(str(file)) as other:
        other.execute("CREATE TABLE sales AS SELECT 1 AS amount")
    before = file.read_bytes()

    with pytest.raises(WrongDataFolder, match="but not one of Billing Tasks"):
        DuckDBStore(tmp_path)
    assert file.read_bytes() == before


def test_a_damaged_database_is_opened_or_named_in_a_sentence(tmp_path: Path) -> None:
    good = tmp_path / "good"
    store = DuckDBStore(good)
    con = store.connection()
    with transaction(con):
        con.execute(ADD, name="Northside")
    store.close()
    whole = (good / "billing.duckdb").read_bytes()
    chance = random.Random(7)
    refused = 0
    for turn in range(12):
        content = bytearray(whole)
        if turn % 2:
            del content[chance.randrange(len(whole)) :]
        else:
            at = chance.randrange(len(whole) - 600)
            content[at : at + 600] = chance.randbytes(600)
        folder = tmp_path / f"bad{turn}"
        folder.mkdir()
        (folder / "billing.duckdb").write_bytes(content)
        try:
            DuckDBStore(folder).close()
        except WrongDataFolder as problem:
            refused += 1
            assert "Restore a backup" in str(problem)

    assert refused >= 6


def test_a_data_folder_that_cannot_be_made_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(WrongDataFolder, match="file cannot be made or written"):
        DuckDBStore(tmp_path / "file")


def test_a_lock_that_cannot_be_taken_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "billing.lock").mkdir()

    with pytest.raises(WrongDataFolder, match=r"billing\.lock cannot be written"):
        DuckDBStore(tmp_path)


@pytest.mark.duckdb
def test_a_query_reads_no_file_and_no_variable_of_ours(con: Connection, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    local = [1, 2, 3]

    with pytest.raises(Exception, match="disabled"):
        con.rows(f"SELECT * FROM '{secret}'")
    with pytest.raises(Exception, match="local does not exist"):
        con.rows("SELECT * FROM local")
    with pytest.raises(Exception, match="locked"):
        con.execute("SET enable_external_access = true")
    assert local
