"""What can be wrong with a data folder: each thing is told apart, with the right advice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from lib import people
from lib.errors import LogMissing, StoreDamaged, StoreInUse, StoreMoved, WrongDataFolder
from lib.store import block_checksums, data_folder_lock, migrations
from lib.store.data_folder_lock import Place
from lib.store.database import Connection, transaction
from lib.store.duckdb.store import DuckDBStore
from lib.web.background_jobs import Upkeep
from lib.web.logs import places
from tests.conftest import NOON
from tests.server import Server, free_port, running
from tests.test_command import ROOT
from tests.test_upkeep import DAY, flip, lib
from tests.x12_texts import claim, file_837

pytestmark = pytest.mark.slow

SCHEMAS = sorted(migrations.SCHEMA.glob("*.sql"))


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


@pytest.fixture
def data(empty: Path, tmp_path: Path) -> Path:
    return shutil.copytree(empty, tmp_path / "data")


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


def test_what_a_newer_version_wrote_is_not_opened(data: Path) -> None:
    store = DuckDBStore(data)
    store.connection().execute("INSERT INTO schema_migration VALUES ('901_later.sql', now())")
    store.close()

    said = wrong(data)

    assert "written by a newer version of Billing Tasks" in said
    assert "901_later" in said


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


def test_a_folder_of_another_user_is_said_to_be(elsewhere: Path) -> None:
    if os.getuid():
        pytest.skip("needs a second user: run as root")

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


def blocks_of(con: Connection, table: str, column: str) -> list[int]:
    """Where the blocks begin that hold a column's values."""
    con.execute("CHECKPOINT")
    rows = con.rows(
        f"SELECT DISTINCT block_id FROM pragma_storage_info('{table}') "
        f"WHERE column_name = '{column}' AND segment_type = 'VARCHAR' AND block_id >= 0"
    )
    return [3 * block_checksums.HEADER + block * block_checksums.BLOCK for (block,) in rows]


def test_damage_is_met_with_a_sentence_and_the_log_says_where(
    data: Path,
) -> None:
    store = DuckDBStore(data)
    con = store.connection()
    with transaction(con):
        con.execute(
            "INSERT INTO note (practice_id, task_id, channel, text, author_id, written_at) "
            "SELECT 1, 1, 'question', 'Rivera ' || md5(CAST(i AS VARCHAR)), 1, now() "
            "FROM range(60000) AS r (i)"
        )
    blocks_of_note = blocks_of(con, "note", "text")
    store.close()
    flip(data / data_folder_lock.DATABASE, blocks_of_note[0] + 5000)
    store = DuckDBStore(data)
    con = store.connection()

    with pytest.raises(StoreDamaged) as problem:
        con.rows("SELECT count(*), max(text), bit_xor(hash(note)) FROM note")
    said = places(problem.value)
    store.close()

    assert store.is_damaged
    assert "python -m lib verify" in str(problem.value)
    assert "computed checksum" in said
    assert "Rivera" not in said


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


def until(server: Server, status: int, path: str = "/healthz") -> str:
    """Return what is said at that address once it answers with that status; within seconds."""
    deadline = time.monotonic() + 30
    while (answer := server.ask(path)).status != status:
        assert time.monotonic() < deadline, answer
        time.sleep(0.1)
    return answer.text


def test_a_data_folder_that_is_moved_under_the_server_is_noticed_and_said(tmp_path: Path) -> None:
    folder, away = tmp_path / "data", tmp_path / "away"
    with running(folder) as server:
        folder.rename(away)
        said = until(server, 503)
        page = until(server, 503, "/sign-in")
        second = subprocess.run(
            [sys.executable, "app.py"], cwd=ROOT, capture_output=True, text=True, check=False,
            timeout=60, env=os.environ
            | {"BILLING_TASKS_DATA": str(folder), "BILLING_TASKS_PORT": str(free_port())},
        )  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)
        away.rename(folder)
        healed = until(server, 200)
        folder.rename(away)
        until(server, 503)

    assert "The data folder was moved, deleted or replaced" in said
    assert page == said
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert healed == "ok"
    assert server.process.returncode == 1
    assert server.log.read_text().count("was moved") >= 2
    assert names(away) == []


def test_a_data_folder_that_is_deleted_under_the_server_is_noticed(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        shutil.rmtree(tmp_path / "data")
        until(server, 503)

    assert server.process.returncode == 1
    assert not (tmp_path / "data").exists()


def test_a_flipped_byte_that_is_met_makes_the_server_unhealthy(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    store = DuckDBStore(folder)
    con = store.connection()
    with transaction(con):
        con.execute(
            "INSERT INTO person (name, email, is_sample, created_at) "
            "SELECT 'Rivera ' || md5(CAST(i AS VARCHAR)), 'x', true, now() "
            "FROM range(20000) AS r (i)"
        )
    blocks_of_person = blocks_of(con, "person", "name")
    store.close()
    flip(folder / data_folder_lock.DATABASE, blocks_of_person[0] + 5000)

    with running(folder) as server:
        page = server.ask("/sign-in")
        health = server.ask("/healthz")
        log = server.log.read_text()

    assert "A part of the data on disk is damaged" in page.text
    assert health.status == 503
    assert "computed checksum" in log
    assert "Rivera" not in log


def test_numbers_for_prometheus_hold_no_data(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        said = server.ask("/metrics")

    numbers = dict(line.split(" ") for line in said.text.splitlines())
    assert said.status == 200
    assert numbers["billing_tasks_healthy"] == "1"
    assert all(name.startswith("billing_tasks_") for name in numbers)
    assert all(value.isdecimal() for value in numbers.values())


def test_a_server_is_backed_up_by_command_and_by_itself(tmp_path: Path) -> None:
    told = {"BILLING_TASKS_BACKUP": str(tmp_path / "by itself")}
    with running(tmp_path / "data", environment=told) as server:
        made = lib(server.folder, "backup", "--to", tmp_path / "by command")
        verified = lib(server.folder, "verify")
        swept = lib(server.folder, "sweep")
        ends = lib(server.folder, "activity")
        young = lib(server.folder, "activity", "--remove-older-than", "5")
        checked = lib(server.folder, "check")
        deadline = time.monotonic() + 30
        while not list((tmp_path / "by itself").glob("billing-tasks-*")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert server.ask("/healthz").text == "ok"

    assert (made[0], made[2]) == (0, "")
    assert verified == (0, f"{server.folder}: nothing is wrong.\n", "")
    assert swept[0] == 0
    assert ends == (0, "The activity ends with no line yet.\n", "")
    assert young == (1, "The activity is kept for 6 years.\n", "")
    assert checked == (0, "", "")
    [backup] = (tmp_path / "by command").iterdir()
    assert lib(tmp_path / "new", "restore", "--from", backup)[0] == 0
    assert [path.name for path in (server.folder / "requests").iterdir()] == []


def test_a_backup_that_fails_is_said_is_tried_again_and_is_missed_after_two_days(
    store: DuckDBStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    looking = Upkeep(store, tmp_path / "file", DAY)
    looking.serve_commands()
    looking.serve_commands()  # not at once again
    said = capsys.readouterr().out
    late = [looking.is_backup_late(looking.began + days * DAY) for days in (1, 3)]
    (tmp_path / "file").unlink()
    looking = Upkeep(store, tmp_path / "file", DAY)
    looking.serve_commands()

    assert said.count("Backup: ") == 1
    assert "cannot be written" in said
    assert late == [False, True]
    assert looking.last_backup is not None
    assert not looking.is_backup_late(looking.last_backup + DAY)
    assert looking.is_backup_late(looking.last_backup + 3 * DAY)


def test_sigterm_stops_the_server_within_ten_seconds_while_a_file_comes_in(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    (box / "large.837").write_bytes(file_837(*(claim(f"L{number}") for number in range(40_000))))
    store = DuckDBStore(tmp_path / "data")
    people.add_practice(store.connection(), "Northside", timezone="America/Chicago", now=NOON)
    store.close()
    told = {"BILLING_TASKS_WATCH": str(box), "BILLING_TASKS_WATCH_PRACTICE": "Northside"}
    with running(tmp_path / "data", environment=told) as server:
        deadline = time.monotonic() + 60
        while not any(server.folder.glob("watched-*.part")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(1)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(30)
        took = time.monotonic() - began

    assert took < 10
    assert server.process.returncode == 0
    store = DuckDBStore(server.folder)
    charges = store.connection().value("SELECT count(*) FROM charge")
    store.close()
    assert charges in (0, 40_000)  # a fast machine may have been done with it
    assert charges or (box / "large.837").exists()
