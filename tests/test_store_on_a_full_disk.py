"""A store whose disk fills up says so, and goes on once there is room. Looks at
`lib/store/duckdb/store.py`; `tests/test_full_disk.py` has every door that writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lib.store.duckdb.store import DuckDBStore
from tests.test_database import ROOT, practices

FULL_DISK = """
import pathlib, resource, sys, time
from lib.store.database import transaction
from lib.store.duckdb.store import DuckDBStore
from lib.errors import BillingError

ADD = (
    "INSERT INTO practice (name, timezone, due_days, created_at) "
    "VALUES (repeat($name, 100_000), 'UTC', 1, now())"
)
folder = pathlib.Path(sys.argv[1])
store = DuckDBStore(folder)
con = store.connection()

def add(name):
    try:
        with transaction(con):
            con.execute(ADD, name=name)
        print("saved")
    except BillingError as problem:
        print(problem)

def leave_room(of_bytes):
    resource.setrlimit(resource.RLIMIT_FSIZE, (of_bytes, resource.RLIM_INFINITY))

add("a")
"""
ADDED = (
    "SELECT string_agg(table_name[-1], '' ORDER BY table_name) FROM duckdb_tables() "
    "WHERE table_name LIKE 'added%'"
)
NO_ROOM = "This was not saved: the disk cannot be written"


def with_little_room(folder: Path, script: str) -> list[str]:
    """Return what a process prints that may write files of a certain size only, as on a full
    disk."""
    ended = subprocess.run(
        [sys.executable, "-c", FULL_DISK + script, folder],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return [*ended.stdout.splitlines(), *ended.stderr.splitlines()[-1:]]


def test_a_full_disk_is_said_and_afterwards_one_can_go_on(tmp_path: Path) -> None:
    said = with_little_room(
        tmp_path,
        """
leave_room((folder / "billing.duckdb.wal").stat().st_size)
add("b")
leave_room(resource.RLIM_INFINITY)
add("c")
""",
    )

    assert (said[0], said[2:]) == ("saved", ["saved"])
    assert said[1].startswith(NO_ROOM)
    store = DuckDBStore(tmp_path)
    assert [name[0] for name in practices(store.connection())] == ["a", "c"]
    store.close()


@pytest.mark.slow
def test_a_checkpoint_that_failed_on_a_full_disk_stops_nobody(tmp_path: Path) -> None:
    """DuckDB refuses everything from then on: the store is opened again by itself."""
    said = with_little_room(
        tmp_path,
        """
other = store.connection()
leave_room((folder / "billing.duckdb").stat().st_size)
try:
    con.execute("CHECKPOINT")
except BillingError as problem:
    print(problem)
print(other.value("SELECT count(*) FROM practice"), con.value("SELECT count(*) FROM practice"))
leave_room(resource.RLIM_INFINITY)
add("b")
""",
    )

    assert said[1].startswith(NO_ROOM)
    assert (said[0], said[2:4]) == ("saved", ["1 1", "saved"])
    store = DuckDBStore(tmp_path)
    assert [name[0] for name in practices(store.connection())] == ["a", "b"]
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("room", [8_000, 40_000, 200_000])
def test_a_checkpoint_that_may_not_even_write_over_what_is_there_damages_nothing(
    tmp_path: Path, room: int
) -> None:
    """As on a file system that writes what is changed elsewhere: a block is half written."""
    said = with_little_room(
        tmp_path,
        f"""
for name in "bcd":
    with store.exclusive():
        store.checkpoint()
    with transaction(con):  # of which a checkpoint writes metadata only
        con.execute(f"CREATE TABLE added_{{name}} (id INTEGER)")
    leave_room({room})
    try:
        con.execute("CHECKPOINT")
    except BillingError as problem:
        print(problem)
    leave_room(resource.RLIM_INFINITY)
    time.sleep(1.1)
print(con.value(ADDED))
""".replace("ADDED", repr(ADDED)),
    )

    assert "bcd" in said
    store = DuckDBStore(tmp_path)
    assert store.connection().value(ADDED) == "bcd"
    store.close()


@pytest.mark.slow
def test_a_commit_that_ends_in_a_failed_checkpoint_is_called_uncertain(tmp_path: Path) -> None:
    """It may be there: a commit of so much is followed by a checkpoint of DuckDB's own."""
    said = with_little_room(
        tmp_path,
        """
def add_much(name):
    try:
        with transaction(con):
            for number in range(200):
                con.execute(ADD, name=chr(97 + number % 26))
        print("saved")
    except BillingError as problem:
        print(type(problem).__name__)

leave_room(20_100_000)
add_much("b")
print(con.value("SELECT count(*) FROM practice"))
leave_room(resource.RLIM_INFINITY)
add("c")
print(con.value("SELECT count(*) FROM practice"))
""",
    )

    assert said[0] == "saved"
    assert (said[1], said[2]) in {("NotWritten", "1"), ("NotCertain", "201"), ("saved", "201")}
    assert (said[3], int(said[4])) == ("saved", int(said[2]) + 1)


@pytest.mark.slow
def test_a_store_that_cannot_be_opened_again_says_so_and_opens_once_there_is_room(
    tmp_path: Path,
) -> None:
    said = with_little_room(
        tmp_path,
        """
import time
def count():
    try:
        print(con.value("SELECT count(*) FROM practice"))
    except BillingError as problem:
        print(problem)

store.open_again(0)
count()
(folder / "billing.duckdb").rename(folder / "away")
store.open_again(1)
count()
(folder / "away").rename(folder / "billing.duckdb")
count()
time.sleep(1.1)
count()
add("b")
""",
    )

    assert said[:2] == ["saved", "1"]
    assert said[2].startswith("The store had to stop")
    assert said[3] == said[2]
    assert said[4:6] == ["1", "saved"]
