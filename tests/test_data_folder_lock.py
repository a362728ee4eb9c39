"""What can be wrong with a data folder: each thing is told apart, with the right advice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib import people
from lib.errors import LogMissing, StoreInUse, StoreMoved, WrongDataFolder
from lib.store import block_checksums, data_folder_lock
from lib.store.data_folder_lock import Place
from lib.store.database import Connection, transaction
from lib.store.duckdb.store import DuckDBStore
from tests.conftest import NOON
from tests.test_command import ROOT
from tests.test_upkeep import flip

pytestmark = pytest.mark.slow


def wrong(folder: Path) -> str:
    """Return the one sentence with which a folder is refused; afterwards nobody has it."""
    with pytest.raises(WrongDataFolder) as problem:
        DuckDBStore(folder)
    assert not Place(folder).is_taken()
    return str(problem.value)


def killed(folder: Path) -> None:
    """Write something in a process that dies: it stands in the log only."""
    script = """
import pathlib, sys, os
from datetime import datetime, UTC
from lib import people
from lib.store.database import Store
from lib.store.duckdb.store import DuckDBStore
store = DuckDBStore(pathlib.Path(sys.argv[1]))
people.add_practice(store.connection(), "Confirmed", now=datetime(2025, 3, 3, tzinfo=UTC))
os._exit(9)
"""
    done = subprocess.run([sys.executable, "-c", script, folder], cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 9
    assert (folder / data_folder_lock.LOG).stat().st_size


def names(folder: Path) -> list[str]:
    store = DuckDBStore(folder)
    try:
        return [each.name for each in people.practices(store.connection())]
    finally:
        store.close()


def test_an_empty_database_file_is_no_new_one(data: Path) -> None:
    (data / data_folder_lock.DATABASE).write_bytes(b"")

    assert "is empty: a copy that broke off or a full disk" in wrong(data)


def test_a_database_that_is_a_folder_is_said(data: Path) -> None:
    (data / data_folder_lock.DATABASE).unlink()
    (data / data_folder_lock.DATABASE).mkdir()

    assert "is not a file" in wrong(data)


@pytest.mark.parametrize("witness", ["documents/ab/abc", "intake/cd/cde", data_folder_lock.LOG])
def test_a_missing_database_beside_full_folders_is_not_begun_anew(data: Path, witness: str) -> None:
    (data / data_folder_lock.DATABASE).unlink()
    (data / witness).parent.mkdir(parents=True, exist_ok=True)
    (data / witness).write_bytes(b"x")

    said = wrong(data)

    assert "billing.duckdb is missing, though" in said
    assert "Put it back, or restore a backup" in said
    assert not (data / data_folder_lock.DATABASE).exists()


def test_the_log_of_another_database_is_said(data: Path, empty: Path, tmp_path: Path) -> None:
    shutil.copytree(empty, tmp_path / "other")
    people.add_practice(opened(tmp_path / "other"), "Other", now=NOON)
    killed(data)
    shutil.copy(tmp_path / "other" / data_folder_lock.DATABASE, data / data_folder_lock.DATABASE)

    said = wrong(data)

    assert "is the log of another database" in said
    assert "put back the pair" in said
    assert (data / data_folder_lock.LOG).exists()


def opened(folder: Path) -> Connection:
    """Return a connection to a store whose changes are all in the database file."""
    store = DuckDBStore(folder)
    con = store.connection()
    for number in range(3):
        people.add_practice(con, f"Other {number}", now=NOON)
    con.execute("CHECKPOINT")
    return con


def test_a_damaged_log_is_said(data: Path) -> None:
    killed(data)
    flip(data / data_folder_lock.LOG, (data / data_folder_lock.LOG).stat().st_size // 2)

    said = wrong(data)
    (data / data_folder_lock.LOCK).unlink()
    by_duckdb = wrong(data)

    assert "billing.duckdb.wal is damaged: changes that were confirmed last are in it" in said
    assert "billing.duckdb.wal is damaged (computed checksum" in by_duckdb
    assert "Restore a backup" in by_duckdb


def test_a_changed_byte_that_duckdb_takes_for_the_end_of_the_log_is_said(data: Path) -> None:
    killed(data)
    flip(data / data_folder_lock.LOG, 0)

    with pytest.raises(LogMissing, match=r"billing\.duckdb\.wal is damaged"):
        DuckDBStore(data)


def test_a_log_that_was_deleted_after_a_crash_is_missed(data: Path) -> None:
    killed(data)
    (data / data_folder_lock.LOG).rename(data / "away")

    with pytest.raises(LogMissing, match=r"billing\.duckdb\.wal is missing"):
        DuckDBStore(data)
    with pytest.raises(LogMissing):  # looking changes nothing
        DuckDBStore(data)

    (data / "away").rename(data / data_folder_lock.LOG)
    assert names(data) == ["Confirmed"]


@pytest.mark.parametrize("left", [0, 100, -1])
def test_a_log_that_lost_its_end_after_a_crash_is_missed(data: Path, left: int) -> None:
    killed(data)
    log = data / data_folder_lock.LOG
    content = log.read_bytes()
    log.write_bytes(content[:left])

    for _ in range(2):  # looking changes nothing
        with pytest.raises(LogMissing, match=r"billing\.duckdb\.wal is shorter than it was"):
            DuckDBStore(data)

    log.write_bytes(content + content[:100])  # half of a change that nobody was told of
    assert names(data) == ["Confirmed"]


def test_who_knows_that_the_log_is_lost_can_go_on_without_it(data: Path) -> None:
    killed(data)
    (data / data_folder_lock.LOG).unlink()
    (data / data_folder_lock.LOCK).unlink()

    assert names(data) == []


def test_after_a_clean_end_and_after_a_checkpoint_no_log_is_missed(data: Path) -> None:
    script = """
import pathlib, sys, os
from datetime import datetime, UTC
from lib import people
from lib.store.duckdb.store import DuckDBStore
store = DuckDBStore(pathlib.Path(sys.argv[1]))
con = store.connection()
people.add_practice(con, "Confirmed", now=datetime(2025, 3, 3, tzinfo=UTC))
con.execute("CHECKPOINT")
os._exit(9)
"""
    names(data)
    assert names(data) == []
    subprocess.run([sys.executable, "-c", script, data], cwd=ROOT, check=False, timeout=60)

    assert not (data / data_folder_lock.LOG).exists()
    assert names(data) == ["Confirmed"]


@pytest.mark.duckdb
def test_a_log_that_is_deleted_under_us_is_written_anew(
    store: DuckDBStore, con: Connection
) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("only Linux says which open files were deleted")
    people.add_practice(con, "Confirmed", now=NOON)
    store.place.log.unlink()

    store.look_after()
    people.add_practice(con, "After", now=NOON)
    copy = shutil.copytree(store.folder, store.folder.parent / "copy")

    assert sorted(names(copy)) == ["After", "Confirmed"]


def test_a_file_of_a_newer_duckdb_is_said(data: Path) -> None:
    file = data / data_folder_lock.DATABASE
    content = bytearray(file.read_bytes())
    content[12] = 120  # the storage version, after the checksum and "DUCK"
    content[:8] = block_checksums.checksum(bytes(content[8 : block_checksums.HEADER])).to_bytes(
        8, "little"
    )
    file.write_bytes(content)

    assert "was made by a newer DuckDB" in wrong(data)


def test_a_file_that_another_program_has_open_is_said(data: Path) -> None:
    script = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, data / data_folder_lock.DATABASE],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert other.stdout
        other.stdout.readline()
        said = wrong(data)
    finally:
        other.communicate("\n", timeout=30)

    assert f"is in use by another program (process {other.pid})" in said


NOBODY = 65_534


def as_nobody(folder: Path) -> str:
    """Return what the store says in a process that is not root: root passes every mode."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # leaves without any of what the tests do at their end
        try:
            if os.getuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            DuckDBStore(folder)
            os.write(writing, b"opened")
        except BaseException as problem:
            os.write(writing, str(problem).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        text = said.read().decode()
    os.waitpid(child, 0)
    return text


@pytest.fixture
def elsewhere(data: Path) -> Iterator[Path]:
    """Yield a data folder that every user can reach, theirs who will look at it."""
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o755)
        folder = shutil.copytree(data, top / "data")
        folder.chmod(0o755)
        yield folder


@pytest.mark.parametrize("name", [data_folder_lock.DATABASE, data_folder_lock.LOCK])
def test_files_of_another_user_are_said_to_be(elsewhere: Path, name: str) -> None:
    if os.getuid():
        pytest.skip("needs a second user: run as root")
    for path in (elsewhere, *elsewhere.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    os.chown(elsewhere / name, 0, 0)
    (elsewhere / name).chmod(0o600)

    said = as_nobody(elsewhere)

    assert name in said
    assert "It belongs to root and Billing Tasks runs as nobody" in said


@pytest.mark.parametrize("mode", [0o755, 0o700, 0o711])
def test_a_folder_of_another_user_is_said_to_be(elsewhere: Path, mode: int) -> None:
    if os.getuid():
        pytest.skip("needs a second user: run as root")
    elsewhere.chmod(mode)

    assert "It belongs to root" in as_nobody(elsewhere)


def test_a_read_only_file_is_said_to_be(elsewhere: Path) -> None:
    if os.getuid() == 0:
        for path in (elsewhere, *elsewhere.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    (elsewhere / data_folder_lock.DATABASE).chmod(0o400)

    said = as_nobody(elsewhere)

    assert "billing.duckdb cannot be written. It is read-only" in said
    assert "chmod u+rw billing.duckdb" in said


@pytest.mark.duckdb
def test_a_folder_that_was_moved_takes_no_more_and_is_well_again_once_it_is_back(
    store: DuckDBStore, con: Connection
) -> None:
    away = store.folder.with_name("away")
    people.add_practice(con, "Before", now=NOON)
    store.folder.rename(away)

    with pytest.raises(StoreMoved):
        people.add_practice(con, "Lost", now=NOON)
    with pytest.raises(StoreMoved):
        store.look_after()

    away.rename(store.folder)
    store.look_after()
    people.add_practice(con, "After", now=NOON)
    assert sorted(each.name for each in people.practices(con)) == ["After", "Before"]


@pytest.mark.duckdb
def test_a_folder_that_is_moved_in_the_middle_of_a_verb_takes_nothing_of_it(
    store: DuckDBStore, con: Connection
) -> None:
    away = store.folder.with_name("away")

    with pytest.raises(StoreMoved), transaction(con):
        con.execute(
            "INSERT INTO practice (name, timezone, due_days, created_at) "
            "VALUES ('Half', 'UTC', 1, now())"
        )
        store.folder.rename(away)
    away.rename(store.folder)

    assert people.practices(con) == []


@pytest.mark.duckdb
@pytest.mark.parametrize("what", ["folder", "database"])
def test_a_copy_in_its_place_is_not_taken_for_it(
    store: DuckDBStore, con: Connection, what: str
) -> None:
    original = store.folder if what == "folder" else store.place.database
    aside = original.with_name("aside")
    original.rename(aside)
    (shutil.copytree if aside.is_dir() else shutil.copy)(aside, original)

    with pytest.raises(StoreMoved):
        people.add_practice(con, "Lost", now=NOON)


@pytest.mark.duckdb
def test_another_folder_of_the_same_name_is_not_opened_meanwhile(store: DuckDBStore) -> None:
    store.folder.rename(store.folder.with_name("away"))

    with pytest.raises(StoreInUse, match=f"process {os.getpid()}"):
        DuckDBStore(store.folder)
    assert not store.folder.exists()
    with pytest.raises(StoreInUse):
        DuckDBStore(store.folder.with_name("away"))


@pytest.mark.duckdb
def test_a_store_whose_folder_was_moved_keeps_everything_confirmed_when_it_ends(
    store: DuckDBStore, con: Connection
) -> None:
    people.add_practice(con, "Confirmed", now=NOON)
    away = store.folder.rename(store.folder.with_name("away"))
    store.close()

    assert names(away) == ["Confirmed"]
    assert not store.folder.exists()
