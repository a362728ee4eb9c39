"""A checkpoint that breaks off in the middle of what it writes in place damages nothing:
`lib/store/duckdb/metadata_blocks.py`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lib import people, workflow
from lib.errors import WrongDataFolder
from lib.models import TaskType
from lib.store import data_folder_lock
from lib.store.block_checksums import BLOCK, HEADER, HEADERS
from lib.store.database import Connection, transaction
from lib.store.duckdb import metadata_blocks
from lib.store.duckdb.store import DuckDBStore
from lib.upkeep.verify import verify
from tests.conftest import NOON, everybody
from tests.given import add_task_of_charge, add_tasks

ALL_HEADERS = HEADER * HEADERS
FILES = (
    data_folder_lock.DATABASE, data_folder_lock.LOG, data_folder_lock.BLOCKS, data_folder_lock.LOCK,
)  # fmt: skip

Contents = dict[str, tuple[object, ...]]


def contents(con: Connection) -> Contents:
    """Return the number of rows and a hash of each table."""
    return {
        table: con.rows(f"SELECT count(*), bit_xor(hash({table})) FROM {table}")[0]
        for (table,) in con.rows("SELECT table_name FROM duckdb_tables()")
    }


def start_tasks(con: Connection) -> None:
    cast = everybody(con)
    for _ in range(3):
        task_id = add_task_of_charge(con, cast.practice)
        workflow.start(con, task_id, actor=cast.ana, now=NOON)


def write_much(con: Connection) -> None:
    practice = people.add_practice(con, "Much", now=NOON)
    add_tasks(con, practice, [{"type": TaskType.INSURANCE, "source": "much"}] * 3_000)


def take_away(con: Connection) -> None:
    write_much(con)
    file_checkpoint(con)
    with transaction(con):
        con.execute("DELETE FROM event WHERE id % 3 = 0")
        con.execute("UPDATE task SET title = title || '!' WHERE id % 7 = 0 RETURNING id")


def change_tables(con: Connection) -> None:
    write_much(con)
    file_checkpoint(con)
    with transaction(con):
        con.execute("CREATE TABLE kept (id BIGINT PRIMARY KEY, words VARCHAR)")
        con.execute("INSERT INTO kept SELECT range, 'word ' || range FROM range(2000)")
        con.execute("CREATE INDEX kept_by_words ON kept (words)")


def file_checkpoint(con: Connection) -> None:
    store = con.store
    assert isinstance(store, DuckDBStore)
    with store.exclusive():
        assert store.checkpoint()


def copied(folder: Path, to: Path) -> Path:
    """Copy what a crash would leave, in processes of their own as an open file's lock needs it."""
    to.mkdir()
    held = [str(folder / name) for name in FILES if (folder / name).exists()]
    subprocess.run(["cp", "--", *held, str(to)], check=True)
    return to


def half_written(before: Path, after: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield the place and size of each header and block of the file that the checkpoint wrote over,
    with a half of what it wrote and a half of what stood there."""
    old, new = (each.joinpath(data_folder_lock.DATABASE).read_bytes() for each in (before, after))
    places = [(n * HEADER, HEADER) for n in range(HEADERS)]
    places += [(at, BLOCK) for at in range(ALL_HEADERS, len(old), BLOCK)]
    for at, size in places:
        was, is_ = old[at : at + size], new[at : at + size]
        differing = [n for n in range(0, size, 8) if was[n : n + 8] != is_[n : n + 8]]
        # The checksum in front and something after it. What is free is emptied later.
        if len(differing) > 1 and any(is_):
            half = differing[len(differing) // 2]
            yield at, size, is_[:half] + was[half:]


@pytest.mark.cases(2)
@pytest.mark.parametrize("change", [start_tasks, write_much, take_away, change_tables])
def test_whatever_a_checkpoint_leaves_half_written_nothing_is_lost(
    tmp_path: Path, change: Callable[[Connection], None], caplog: pytest.LogCaptureFixture
) -> None:
    store = DuckDBStore(tmp_path / "data")
    con = store.connection()
    put_back = 0
    for turn in range(3):  # DuckDB takes another block of metadata each time
        if turn == 0:
            change(con)
        else:
            people.add_practice(con, f"Practice {turn}", now=NOON)
        wanted = contents(con)
        before = copied(tmp_path / "data", tmp_path / f"before-{turn}")
        file_checkpoint(con)
        after = copied(tmp_path / "data", tmp_path / f"after-{turn}")
        for at, _, content in half_written(before, after):
            crashed = copied(before, tmp_path / f"crashed-{turn}-{at}")
            write_over(crashed, at, content)
            caplog.clear()
            again = DuckDBStore(crashed)
            assert contents(again.connection()) == wanted
            again.close()
            put_back += "1 half-written blocks" in caplog.text
            assert not verify(crashed).of_database
            assert not (crashed / data_folder_lock.BLOCKS).exists()  # nothing is left to put back
            shutil.rmtree(crashed)
    store.close()

    assert put_back


@pytest.fixture
def broken(tmp_path: Path) -> tuple[Path, Path]:
    """Return a folder as a crash left it, a block of metadata in it half written, and the folder
    as it would be had the checkpoint ended."""
    store = DuckDBStore(tmp_path / "data")
    start_tasks(store.connection())
    file_checkpoint(store.connection())
    for turn in range(3):
        people.add_practice(store.connection(), f"Practice {turn}", now=NOON)
        before = copied(tmp_path / "data", tmp_path / f"before-{turn}")
        file_checkpoint(store.connection())
        after = copied(tmp_path / "data", tmp_path / f"after-{turn}")
        for at, size, content in half_written(before, after):
            crashed = copied(before, tmp_path / f"crashed-{turn}-{at}")
            write_over(crashed, at, content)
            if size == BLOCK and is_refused(copied(crashed, tmp_path / f"tried-{turn}-{at}")):
                store.close()
                return crashed, after
    raise AssertionError("no block in use was written over")


def write_over(folder: Path, at: int, content: bytes) -> None:
    with folder.joinpath(data_folder_lock.DATABASE).open("r+b") as file:
        file.seek(at)
        file.write(content)


def is_refused(folder: Path) -> bool:
    """Return True if the database of a folder cannot be opened without what was copied."""
    (folder / data_folder_lock.BLOCKS).unlink()
    try:
        DuckDBStore(folder).close()
    except WrongDataFolder as problem:
        assert "it is damaged" in str(problem)
        return True
    return False


def test_verify_says_what_is_half_written_and_a_start_mends_it(broken: tuple[Path, Path]) -> None:
    folder, _ = broken
    [said] = verify(folder).all
    assert said == (
        f"1 blocks of {folder / data_folder_lock.DATABASE} are half written: the process ended "
        "while it wrote them. Billing Tasks puts them back when it starts."
    )

    DuckDBStore(folder).close()
    assert not verify(folder).all


def test_a_copy_that_is_damaged_itself_is_not_used(broken: tuple[Path, Path]) -> None:
    folder, _ = broken
    copy = folder / data_folder_lock.BLOCKS
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)

    with pytest.raises(WrongDataFolder, match="it is damaged"):
        DuckDBStore(folder)


def test_nothing_is_put_back_into_a_database_of_a_later_state(broken: tuple[Path, Path]) -> None:
    earlier, later = broken
    database = later / data_folder_lock.DATABASE
    shutil.copyfile(earlier / data_folder_lock.BLOCKS, later / data_folder_lock.BLOCKS)
    whole = database.read_bytes()
    write_over(later, ALL_HEADERS + 100, bytes([whole[ALL_HEADERS + 100] ^ 1]))
    damaged = database.read_bytes()

    assert metadata_blocks.put_back(database) == 0
    assert database.read_bytes() == damaged


def test_nothing_is_put_back_while_another_program_has_the_database(
    broken: tuple[Path, Path],
) -> None:
    folder, _ = broken
    database = folder / data_folder_lock.DATABASE
    script = "import fcntl, sys; file = open(sys.argv[1], 'r+b'); fcntl.lockf(file, fcntl.LOCK_EX);"
    script += "print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout and other.stdout.readline()
        assert metadata_blocks.put_back(database) == 0
        other.communicate()
    assert metadata_blocks.put_back(database) == 1
