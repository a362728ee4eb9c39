from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from lib.errors import StoreInUse, WrongDataFolder
from lib.models import Status
from lib.store import database, migrations
from lib.store.database import Connection, Store, money, transaction
from lib.store.duckdb.store import DuckDBStore
from tests.given import schema_before

pytestmark = pytest.mark.stores
ROOT = Path(__file__).parents[1]
OPEN = (
    "import sys, pathlib; from lib.store.duckdb.store import DuckDBStore; "
    "DuckDBStore(pathlib.Path(sys.argv[1]))"
)
ADD = "INSERT INTO practice (name, timezone, due_days, created_at) VALUES ($name, 'UTC', 1, now())"


class Stopped(BaseException):
    """What Streamlit throws into a run that is no longer wanted is no Exception."""


def practices(con: Connection) -> list[str]:
    return [name for (name,) in con.rows("SELECT name FROM practice ORDER BY name")]


@pytest.mark.parametrize("problem", [ValueError, KeyboardInterrupt, Stopped])
def test_whatever_stops_a_transaction_takes_all_of_it_back(
    con: Connection, problem: type[BaseException]
) -> None:
    with pytest.raises(problem), transaction(con):
        con.execute(ADD, name="half")
        raise problem

    assert practices(con) == []
    with transaction(con):
        con.execute(ADD, name="whole")
    assert practices(con) == ["whole"]


def test_a_statement_that_fails_takes_the_ones_before_it_back(con: Connection) -> None:
    with pytest.raises(Exception, match=r"(?i)check"), transaction(con):
        con.execute(ADD, name="half")
        con.execute(ADD.replace("1,", "0,"), name="due in no days")

    assert practices(con) == []


def test_a_failure_that_was_swallowed_is_not_taken_for_a_commit(con: Connection) -> None:
    """DuckDB itself rolls back at COMMIT then, and says nothing."""
    before = con.store.revision

    with pytest.raises(Exception, match="aborted"), transaction(con):
        con.execute(ADD, name="half")
        with suppress(Exception):
            con.execute(ADD.replace("1,", "0,"), name="due in no days")

    assert practices(con) == []
    assert con.store.revision == before
    with transaction(con):
        con.execute(ADD, name="whole")
    assert practices(con) == ["whole"]


def test_a_transaction_in_a_transaction_is_refused_and_nothing_is_kept(con: Connection) -> None:
    with pytest.raises(RuntimeError, match="only public verbs"), transaction(con):
        con.execute(ADD, name="outer")
        with transaction(con):
            con.execute(ADD, name="inner")

    assert practices(con) == []


def test_another_connection_of_the_same_thread_cannot_nest_either(store: Store) -> None:
    with (
        pytest.raises(RuntimeError, match="only public verbs"),
        transaction(store.connection()),
        transaction(store.connection()),
    ):
        pass


def test_what_is_not_committed_is_seen_by_nobody_else(store: Store) -> None:
    writer, reader = store.connection(), store.connection()

    with transaction(writer):
        writer.execute(ADD, name="soon")
        before = practices(reader)

    assert before == []
    assert practices(reader) == ["soon"]


def test_writers_of_many_threads_come_one_after_another(store: Store) -> None:
    setup = store.connection()
    with transaction(setup):
        setup.execute(ADD, name="shared")
    problems: list[BaseException] = []

    def count() -> None:
        con = store.connection()
        try:
            for _ in range(20):
                with transaction(con):
                    days = con.value("SELECT due_days FROM practice")
                    con.execute("UPDATE practice SET due_days = $days", days=days + 1)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=count) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert setup.value("SELECT due_days FROM practice") == 101


def test_the_revision_grows_with_commits_only(store: Store) -> None:
    con = store.connection()
    before = store.revision
    with pytest.raises(ValueError), transaction(con):
        con.execute(ADD, name="half")
        raise ValueError
    after_rollback = store.revision
    with transaction(con):
        con.execute(ADD, name="whole")

    assert (after_rollback, store.revision) == (before, before + 1)


def test_what_is_remembered_is_read_again_after_a_commit(store: Store) -> None:
    con, reads = store.connection(), []

    def count() -> int:
        reads.append(1)
        return int(con.value("SELECT count(*) FROM practice"))

    assert [store.cached("practices", count) for _ in range(3)] == [0, 0, 0]
    with transaction(con):
        con.execute(ADD, name="new")
    assert [store.cached("practices", count) for _ in range(3)] == [1, 1, 1]
    assert len(reads) == 2


def test_a_write_of_what_nobody_remembers_forgets_nothing(store: Store) -> None:
    con, answers = store.connection(), iter((1, 2))

    assert store.cached("tasks", lambda: next(answers)) == 1
    with transaction(con, invalidates_cache=False):
        con.execute(ADD, name="new")
    assert store.cached("tasks", lambda: next(answers)) == 1


def test_what_is_not_there_is_looked_for_again(store: Store) -> None:
    assert store.cached("nobody", lambda: None) is None
    assert store.cached("nobody", lambda: 7) == 7


def test_what_is_remembered_has_an_end(store: Store) -> None:
    for number in range(database.MAX_CACHED + 1):
        store.cached(number, lambda: "first")

    last = database.MAX_CACHED
    assert store.cached(last, lambda: "again") == "first"
    assert store.cached(0, lambda: "again") == "again"


def test_a_time_without_a_zone_is_refused(con: Connection) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        con.execute("SELECT $now", now=datetime(2025, 3, 3, 12, 0))
    with pytest.raises(ValueError, match="without a zone"):
        con.execute("SELECT $days", days=[datetime(2025, 3, 3, 12, 0)])


@dataclass(frozen=True, slots=True)
class Moment:
    moment: datetime
    status: Status
    codes: tuple[str, ...]
    end: datetime | None


def test_times_are_kept_in_utc_and_come_back_aware_in_records(con: Connection) -> None:
    noon_in_chicago = datetime(2025, 3, 3, 12, 0, tzinfo=timezone(timedelta(hours=-6)))

    sql = "SELECT $m::TIMESTAMP AS moment, $s AS status, $c::VARCHAR[] AS codes, NULL AS end"
    parameters = {"m": noon_in_chicago, "s": Status.OPEN, "c": ("a", "b")}

    assert con.row(sql, **parameters) == (datetime(2025, 3, 3, 18, 0), "open", ["a", "b"], None)
    (record,) = con.records(Moment, sql, **parameters)
    assert record == Moment(datetime(2025, 3, 3, 18, 0, tzinfo=UTC), Status.OPEN, ("a", "b"), None)
    assert record.moment.tzinfo is UTC


def test_many_rows_at_once_keep_decimals_lists_and_nothing(con: Connection) -> None:
    line = {
        "practice_id": 1,
        "charge_id": 1,
        "position": 1,
        "date_from": None,
        "date_to": date(2025, 2, 3),
        "procedure": "99213",
        "modifiers": ("25", "59"),
        "pointers": (),
        "units": Decimal("2.5"),
        "unit_charge": Decimal("9999999999.99"),
        "total": Decimal("-0.1"),
    }

    with transaction(con):
        con.insert("service_line", [line, {**line, "position": 2, "date_to": None}])
        con.insert("service_line", [])

    assert con.rows(
        "SELECT date_from, date_to, modifiers, pointers, units, unit_charge, total "
        "FROM service_line ORDER BY position"
    ) == [
        (
            None, day, ["25", "59"], [], Decimal("2.500"), Decimal("9999999999.99"),
            Decimal("-0.10"),
        )
        for day in (date(2025, 2, 3), None)
    ]  # fmt: skip


def test_many_rows_at_once_are_taken_back_with_their_transaction(con: Connection) -> None:
    row = {"practice_id": 1, "code": "PH-7", "name": "Plains Health"}

    with pytest.raises(Stopped), transaction(con):
        con.insert("payer", [row, row])
        raise Stopped

    assert con.rows("SELECT * FROM payer") == []


def test_new_ids_ascend_and_never_come_twice(con: Connection) -> None:
    first, second = con.next_ids("task", 3), con.next_ids("task", 2)

    assert first == sorted(first)
    assert len({*first, *second}) == 5
    assert min(second) > max(first)


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


@pytest.mark.duckdb  # several processes may share the other
def test_a_second_process_is_refused_with_a_sentence(store: Store) -> None:
    found = subprocess.run(
        [sys.executable, "-c", OPEN, str(store.folder)],
        capture_output=True, text=True, cwd=ROOT, timeout=30, check=False,
    )  # fmt: skip

    assert found.returncode == 1
    assert found.stderr.splitlines()[-1] == (
        "lib.errors.StoreInUse: Billing Tasks is already running on this data folder "
        f"(process {os.getpid()}). Use its Import page, or stop it first."
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


def test_money_has_two_decimals_and_nothing_is_zero() -> None:
    assert [str(money(value)) for value in (None, Decimal(0), Decimal("12.5"))] == [
        "0.00", "0.00", "12.50",
    ]  # fmt: skip


FULL_DISK = """
import pathlib, resource, sys
from lib.store.database import transaction
from lib.store.duckdb.store import DuckDBStore
from tests.given import schema_before
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


@pytest.mark.parametrize("units", [Decimal("1.00005"), 1.5, "2"])
def test_many_rows_round_no_number(con: Connection, units: object) -> None:
    with pytest.raises(ValueError, match="decimal places"):
        con.insert("service_line", [{"units": units}])
    with pytest.raises(ValueError, match="whole numbers"):
        con.insert("service_line", [{"charge_id": units}])
