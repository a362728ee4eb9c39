"""Backups, restoring, verifying, sweeping and rebuilding the search, rehearsed."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from lib import documents, invitations, notes, sessions, tasks, workflow
from lib.errors import (
    BackupFailed,
    NoSuchPractice,
    NotAllowed,
    NotEmpty,
    NotSignedIn,
    NotWritten,
    StoreInUse,
    WrongDataFolder,
    WrongLink,
)
from lib.intake import imports as intake
from lib.models import DocumentDetails, DocumentStatus, Role
from lib.store import block_checksums, data_folder_lock, search_index
from lib.store.database import Connection, Store, transaction
from lib.store.duckdb.store import DuckDBStore
from lib.store.files import Folder
from lib.upkeep import app_requests, backup, backup_retention
from lib.upkeep.app_requests import Question
from lib.upkeep.command import do
from lib.upkeep.referenced_files import KINDS
from lib.upkeep.restore import restore
from lib.upkeep.sweep import sweep
from lib.upkeep.verify import verify, verify_live
from tests.conftest import NOON, Cast
from tests.given import add_task_of_charge, pdf
from tests.test_command import ROOT
from tests.test_full_disk import little_room
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)


@pytest.fixture
def worked(con: Connection, cast: Cast) -> int:
    """Return a practice in which something happened: files came in, a document answered a task."""
    for name, raw in (
        ("a.837", file_837(claim("A1"), claim("A2"))),
        ("b.835", file_835(answer("A1"))),
    ):
        intake.apply(con, name, raw, actor=cast.ana, practice_id=cast.practice, now=NOON)
    task_id = int(con.value("SELECT id FROM task WHERE is_open LIMIT 1"))
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    documents.upload_and_complete(
        con, task_id, pdf("first"), "scan.pdf", token="form",
        details=DocumentDetails("Scan", "Referral", DocumentStatus.NEW, date(2025, 2, 3)),
        actor=cast.ana, now=NOON,
    )  # fmt: skip
    return task_id


def upload(con: Connection, cast: Cast, text: str) -> int:
    return documents.upload(
        con, pdf(text), f"{text}.pdf", practice_id=cast.practice, patient_id=None,
        details=DocumentDetails(text, "Other", DocumentStatus.NEW, date(2025, 2, 3)),
        token=text, actor=cast.ana, now=NOON,
    )  # fmt: skip


def lib(data: Path, *arguments: str | Path) -> tuple[int, str, str]:
    """`python -m lib` on that data folder: exit code, output, complaints."""
    done = subprocess.run(
        [sys.executable, "-m", "lib", *map(str, arguments)],
        cwd=ROOT, env=os.environ | {"BILLING_TASKS_DATA": str(data)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def rows(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything in a store, table by table."""
    store = DuckDBStore(folder)
    try:
        con = store.connection()
        names = con.rows("SELECT DISTINCT table_name FROM duckdb_tables() ORDER BY 1")
        return {name: con.rows(f"SELECT * FROM {name} ORDER BY ALL") for (name,) in names}
    finally:
        store.close()


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def content_of(folder: Path) -> list[Path]:
    return [
        folder / kind.folder / found.name
        for kind in KINDS
        for found in Folder(folder).lying(kind.folder)
    ]


@pytest.mark.duckdb
@pytest.mark.usefixtures("worked")
def test_what_is_as_it_was_written_has_no_findings(store: Store) -> None:
    store.close()

    assert verify(store.folder).all == ()
    assert lib(store.folder, "verify") == (0, f"{store.folder}: nothing is wrong.\n", "")


@pytest.mark.duckdb
@pytest.mark.usefixtures("worked")
def test_a_backup_that_is_restored_is_the_same_store(store: Store, tmp_path: Path) -> None:
    made = backup.make(store, tmp_path / "backups", now=NOON)
    store.close()
    found = restore(made.folder, tmp_path / "new", now=NOON)

    assert (made.findings, found) == ((), ())
    new, old = rows(tmp_path / "new"), rows(store.folder)
    lines = new.pop("activity")
    assert old.pop("activity") == lines[:-2]
    assert [line[2] for line in lines[-2:]] == ["changes", "restored"]
    assert new == old
    assert verify(tmp_path / "new").all == ()
    names = sorted(path.relative_to(tmp_path / "new") for path in content_of(tmp_path / "new"))
    assert names == sorted(path.relative_to(store.folder) for path in content_of(store.folder))
    assert len(names) == 3


def test_a_restored_store_opens_to_nobody_by_what_had_ended_since(
    store: Store, con: Connection, cast: Cast, tmp_path: Path
) -> None:
    session = sessions.sign_in(con, cast.ana.id, now=NOON)
    roles = {cast.practice: Role.STAFF}
    link = invitations.invite(con, "eve@example.com", "Eve", roles, actor=None, now=NOON)
    made = backup.make(store, tmp_path / "backups", now=NOON)
    code, out, _ = lib(tmp_path / "new", "restore", "--from", made.folder)

    restored = DuckDBStore(tmp_path / "new")
    again = restored.connection()
    with pytest.raises(NotSignedIn):
        sessions.who(again, session, now=NOON)
    with pytest.raises(WrongLink):
        invitations.whose(again, link, now=NOON)
    last = again.row("SELECT kind, detail FROM activity ORDER BY id DESC LIMIT 1")
    restored.close()
    assert last == ("restored", made.folder.name)
    assert code == 0
    assert "Everybody is signed out" in out
    assert "deactivate or remove again whoever was since" in out


@pytest.mark.usefixtures("worked")
def test_a_backup_made_while_others_write_has_all_that_was_confirmed_before(
    store: Store, con: Connection, cast: Cast, tmp_path: Path
) -> None:
    """As after a crash, the log is not empty: a copy of the database alone would leave it out."""
    for number in range(5):
        upload(con, cast, f"document {number}")
    reader = store.connection()
    reader.execute("BEGIN")
    reader.rows("SELECT * FROM task")  # whoever reads on keeps the log from being emptied

    made = backup.make(store, tmp_path / "backups", now=NOON)
    reader.execute("ROLLBACK")
    upload(con, cast, "after")

    restore(made.folder, tmp_path / "new", now=NOON)
    names = [row[4] for row in rows(tmp_path / "new")["document"]]
    assert len(names) == 6
    assert verify(tmp_path / "new").all == ()


@pytest.mark.usefixtures("worked")
def test_a_second_backup_links_the_files_of_the_first(
    store: Store, con: Connection, cast: Cast, tmp_path: Path
) -> None:
    first = backup.make(store, tmp_path / "backups", now=NOON)
    upload(con, cast, "second")
    second = backup.make(store, tmp_path / "backups", now=NOON + DAY)

    numbers = [{path.stat().st_ino for path in content_of(made.folder)} for made in (first, second)]
    assert numbers[0] < numbers[1]
    assert len(numbers[1]) == 4
    shutil.rmtree(first.folder)
    assert verify(second.folder).all == ()


@pytest.mark.usefixtures("worked")
def test_a_backup_takes_a_lost_file_from_the_one_before_and_says_so(
    store: Store, tmp_path: Path
) -> None:
    backup.make(store, tmp_path / "backups", now=NOON)
    for path in content_of(store.folder):
        path.unlink()

    second = backup.make(store, tmp_path / "backups", now=NOON + DAY)

    assert len(second.findings) == 3
    assert all(said.endswith("is missing or was changed.") for said in second.findings)
    assert verify(second.folder).all == ()


@pytest.mark.duckdb
@pytest.mark.usefixtures("worked")
def test_no_backup_is_made_of_a_damaged_database_and_the_older_ones_stay(
    store: Store, tmp_path: Path
) -> None:
    backup.make(store, tmp_path / "backups", now=NOON)
    flip(store.folder / data_folder_lock.DATABASE, 4096 * 3 + block_checksums.BLOCK + 500)

    with pytest.raises(BackupFailed, match="the database is damaged"):
        backup.make(store, tmp_path / "backups", now=NOON + DAY)

    assert [path.name for path in (tmp_path / "backups").iterdir()] == [
        backup_retention.name_at(NOON)
    ]


@pytest.mark.usefixtures("worked")
def test_a_backup_that_finds_no_room_leaves_nothing(store: Store, tmp_path: Path) -> None:
    with little_room(), pytest.raises(NotWritten):
        backup.make(store, tmp_path / "backups", now=NOON)

    assert list((tmp_path / "backups").iterdir()) == []
    assert backup.make(store, tmp_path / "backups", now=NOON).findings == ()


def test_what_a_killed_backup_left_is_cleared_away(store: Store, tmp_path: Path) -> None:
    left = tmp_path / "backups" / ".billing-tasks-2025-01-01T000000Z.part"
    left.mkdir(parents=True)

    made = backup.make(store, tmp_path / "backups", now=NOON)

    assert list((tmp_path / "backups").iterdir()) == [made.folder]


def test_two_backups_asked_for_at_once_are_both_made(store: Store, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as two:
        asked = [two.submit(backup.make, store, tmp_path / "kept", now=NOON) for _ in range(2)]
        made = [each.result().folder for each in asked]

    assert len(set(made)) == 2
    assert verify(max(made)).all == ()  # of one day the newest is kept


def test_where_a_backup_cannot_be_written_it_says_so(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises((BackupFailed, NotWritten)):
        backup.make(store, tmp_path / "file", now=NOON)


@pytest.mark.duckdb
@pytest.mark.usefixtures("worked")
def test_only_a_folder_without_data_is_restored_into(store: Store, tmp_path: Path) -> None:
    made = backup.make(store, tmp_path / "backups", now=NOON)
    before = rows_of_open(store)
    other = tmp_path / "other"
    (other / "documents" / "ab").mkdir(parents=True)
    (other / "documents" / "ab" / "abc").write_text("")

    with pytest.raises(WrongDataFolder):
        restore(made.folder, other, now=NOON)
    store.close()
    with pytest.raises(NotEmpty):
        restore(made.folder, store.folder, now=NOON)
    with pytest.raises(WrongDataFolder, match="is no backup"):
        restore(tmp_path / "backups", tmp_path / "new", now=NOON)

    assert len(rows(store.folder)["task"]) == before
    assert not (tmp_path / "new").exists()


@pytest.mark.duckdb
def test_a_column_that_ends_like_an_id_and_holds_a_word_is_no_reference(
    con: Connection, cast: Cast, tmp_path: Path, store: Store
) -> None:
    """A session says how it was opened: sessions of a day must stop no backup."""
    con.execute("CREATE TABLE shelf (note_id VARCHAR, seen_by VARCHAR)")
    con.execute("INSERT INTO shelf VALUES ('none', 'a colleague')")
    sessions.sign_in(con, cast.ana.id, now=NOON)

    made = backup.make(store, tmp_path / "backups", now=NOON)

    assert made.findings == ()
    assert verify(made.folder).all == ()


def rows_of_open(store: Store) -> int:
    return int(store.connection().value("SELECT count(*) FROM task"))


@pytest.mark.usefixtures("worked")
def test_a_restore_that_finds_no_room_leaves_an_empty_folder(store: Store, tmp_path: Path) -> None:
    made = backup.make(store, tmp_path / "backups", now=NOON)

    with little_room(), pytest.raises(NotWritten):
        restore(made.folder, tmp_path / "new", now=NOON)
    assert restore(made.folder, tmp_path / "new", now=NOON) == ()


@pytest.mark.duckdb
@pytest.mark.usefixtures("worked")
def test_what_is_restored_is_for_nobody_else_to_read(store: Store, tmp_path: Path) -> None:
    made = backup.make(store, tmp_path / "backups", now=NOON)
    code, out, complaints = lib(tmp_path / "new", "restore", "--from", made.folder)

    assert (code, complaints) == (0, "")
    assert made.folder.name in out
    folders = (tmp_path / "new", made.folder)
    everything = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    assert [path for path in everything if path.lstat().st_mode & 0o077] == []


@pytest.mark.cases(2)
@pytest.mark.usefixtures("worked")
@pytest.mark.parametrize("turn", range(6))
def test_a_flipped_byte_anywhere_is_found(store: Store, tmp_path: Path, turn: int) -> None:
    made = backup.make(store, tmp_path / "backups", now=NOON)
    chance = random.Random(turn)
    database = made.folder / data_folder_lock.DATABASE
    wherever = [database, *content_of(made.folder)][turn % 4]
    flip(wherever, chance.randrange(wherever.stat().st_size))

    code, out, _ = lib(tmp_path / "unused", "verify", made.folder)

    assert code == 1
    assert len(out.splitlines()) >= 1
    assert not (tmp_path / "unused").exists()


@pytest.mark.duckdb
@pytest.mark.usefixtures("worked")
def test_a_flipped_byte_in_any_block_of_the_live_file_is_found(store: Store) -> None:
    """Without the SHA-256 that only a backup has: free blocks and indexes count too."""
    store.close()
    file = store.folder / data_folder_lock.DATABASE
    starts = [
        *range(0, 3 * 4096, 4096),
        *range(3 * 4096, file.stat().st_size, block_checksums.BLOCK),
    ]
    assert list(block_checksums.damaged(file)) == []
    for start in starts:
        flip(file, start + 1000)
        found = list(block_checksums.damaged(file))
        flip(file, start + 1000)

        assert len(found) == 1
        assert f"byte {start} " in found[0]


@pytest.mark.usefixtures("worked")
def test_while_the_store_is_open_verify_looks_at_the_disk_and_not_at_the_memory(
    store: Store,
) -> None:
    healthy = verify_live(store)
    document = content_of(store.folder)[0]
    flip(document, 5)

    code, lines = verify_live(store)

    assert healthy == (0, [f"{store.folder}: nothing is wrong."])
    assert (code, lines) == (
        1, ["The file of document 1 was changed on disk: its SHA-256 differs."],
    )  # fmt: skip
    assert [path.name for path in store.folder.glob(".verify*")] == []


WRONG = {
    "note.task_id names a task that is not there: 999.": (
        "INSERT INTO note (practice_id, task_id, channel, text, author_id, written_at) "
        "VALUES (1, 999, 'question', 'x', 1, now())"
    ),
    "note.author_id names a person that is not there: 77.": (
        "INSERT INTO note (practice_id, task_id, channel, text, author_id, written_at) "
        "VALUES (1, {task}, 'question', 'x', 77, now())"
    ),
    "task.charge_id names a charge of another practice: 1.": (
        "UPDATE charge SET practice_id = 2 WHERE id = 1; UPDATE task SET charge_id = 1"
    ),
    "Task {task} is completed, and its history does not say so.": (
        "DELETE FROM event WHERE kind = 'completed'"
    ),
    "Task {task} is open, and its history ends with its completion.": (
        "UPDATE task SET is_open = true, status = 'open' WHERE id = {task}"
    ),
    "Task {task} was reopened, and its history tells of other completions than are kept of it.": (
        "INSERT INTO event (practice_id, task_id, kind, happened_at) "
        "VALUES (1, {task}, 'reopened', now()), (1, {task}, 'completed', now())"
    ),
    "Task {task} was started at another time than its history tells.": (
        "UPDATE task SET started_at = NULL WHERE id = {task}"
    ),
    "The search does not find 1 texts of tasks: python -m lib reindex writes anew what it has to "
    "know.": "UPDATE task SET title = 'Quite another' WHERE id = {task}",
}


@pytest.mark.parametrize("sentence", WRONG)
def test_what_does_not_agree_with_itself_is_found(
    store: Store, con: Connection, worked: int, sentence: str
) -> None:
    for sql in WRONG[sentence].format(task=worked).split("; "):
        con.execute(sql)
    title = con.value("SELECT title FROM task WHERE id = $id", id=worked)

    code, lines = verify_live(store)
    with transaction(con):  # or the store's own check after the test would find it
        search_index.index(con, [worked])

    assert title
    assert code == 1
    assert sentence.format(task=worked) in lines


def test_what_the_search_has_to_know_is_written_anew(
    store: Store, con: Connection, cast: Cast
) -> None:
    task_id = add_task_of_charge(con, cast.practice, title="Which modifier")
    con.execute("DELETE FROM spelling")
    con.execute("UPDATE task SET claim_shape = NULL")

    said = do(store, Question("reindex"), now=NOON)

    assert said.code == 0
    assert (search_index.unindexed(con), search_index.wrong_shapes(con)) == ([], 0)
    assert tasks.get(con, task_id, actor=cast.ana).title == "Which modifier"


def test_only_old_files_that_no_row_names_are_swept(
    store: Store, con: Connection, cast: Cast
) -> None:
    upload(con, cast, "kept")
    stray = store.folder / "documents" / "ab" / ("ab" + "0" * 62)
    young = store.folder / "documents" / "cd" / ".0011.part"
    for path in (stray, young):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    now = datetime.now(UTC)
    os.utime(stray, ((now - 2 * DAY).timestamp(),) * 2)
    before = verify_live(store)

    deleted = sweep(store, now=now)

    assert before[0] == 1
    assert "2 in documents/ are named by no row" in before[1][0]
    assert deleted == 1
    assert (stray.exists(), young.exists()) == (False, True)
    assert sweep(store, now=now + 2 * DAY) == 1
    assert verify_live(store)[0] == 0


def test_a_year_of_backups_keeps_days_weeks_and_months() -> None:
    made = [backup_retention.name_at(NOON - hours * timedelta(hours=12)) for hours in range(730)]

    gone = backup_retention.too_many([*made, "notes.txt", "billing-tasks-now"])
    kept = [name for name in made if name not in gone]

    assert kept[0] == backup_retention.name_at(NOON)
    assert 18 <= len(kept) <= 7 + 5 + 12
    assert len({name[:24] for name in kept}) == len(kept)  # one a day
    assert backup_retention.too_many(kept) == []
    assert {name[14:21] for name in kept} == {
        name[14:21] for name in made if name[14:21] > "2024-03"
    }


def test_old_backups_go_and_other_folders_stay(store: Store, tmp_path: Path) -> None:
    other = tmp_path / "backups" / "by hand"
    other.mkdir(parents=True)
    for day in range(9, 0, -1):
        backup.make(store, tmp_path / "backups", now=NOON - day * DAY)

    names = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert names[-1] == "by hand"
    assert backup_retention.name_at(NOON - DAY) in names
    assert backup_retention.too_many(names) == []
    assert backup.last_made(tmp_path / "backups") == NOON - DAY


@pytest.mark.duckdb
def test_the_commands_work_on_a_store_that_nobody_has_open(
    store: Store, con: Connection, cast: Cast, tmp_path: Path
) -> None:
    upload(con, cast, "one")
    store.close()

    made = lib(store.folder, "backup", "--to", tmp_path / "backups")
    swept = lib(store.folder, "sweep")
    indexed = lib(store.folder, "reindex")

    assert (made[0], made[2]) == (0, "")
    assert backup.last_made(tmp_path / "backups")
    assert swept == (0, "Deleted: 0 files that nothing refers to.\n", "")
    assert indexed == (0, "The search knows every task again.\n", "")


def test_a_process_that_answers_no_questions_is_said_to_have_the_store(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_requests, "HEARD", 0.3)

    with pytest.raises(StoreInUse):
        app_requests.ask(store.folder, Question("backup"), StoreInUse("process 1"), lambda: True)
    assert list((store.folder / app_requests.FOLDER).iterdir()) == []


def test_a_question_is_answered_once_and_leaves_nothing(store: Store) -> None:
    app_requests.answer_all(store.folder, lambda question: do(store, question, now=NOON))
    (store.folder / app_requests.FOLDER).mkdir()
    asked = store.folder / app_requests.FOLDER / "one.ask"
    asked.write_text(json.dumps({"command": "sweep", "folder": None}))

    app_requests.answer_all(store.folder, lambda question: do(store, question, now=NOON))

    said = json.loads(asked.with_suffix(".done").read_text())
    assert said == {
        "lines": ["Deleted: 0 files that nothing refers to."],
        "code": 0,
        "complaints": [],
    }
    assert not asked.exists()


@pytest.mark.duckdb
def test_notes_survive_a_kill_before_the_backup(
    store: Store, con: Connection, cast: Cast, tmp_path: Path
) -> None:
    """What `cp` of the database alone left out."""
    task_id = add_task_of_charge(con, cast.practice)
    for number in range(39):
        notes.ask(con, task_id, f"Question {number}", token=f"t{number}", actor=cast.ana, now=NOON)
    copy = tmp_path / "killed"
    shutil.copytree(store.folder, copy)

    code, _, complaints = lib(copy, "backup", "--to", tmp_path / "backups")
    [made] = (tmp_path / "backups").iterdir()
    restore(made, tmp_path / "new", now=NOON)

    assert (code, complaints) == (0, "")
    assert len(rows(tmp_path / "new")["note"]) == 39


@pytest.mark.usefixtures("worked")
def test_a_manager_makes_a_backup_by_hand_and_nobody_else_does(
    store: Store, con: Connection, cast: Cast, tmp_path: Path
) -> None:
    for actor, problem in (
        (cast.ben, NotAllowed), (cast.dora, NotAllowed), (cast.carla, NoSuchPractice),
    ):  # fmt: skip
        with pytest.raises(problem):
            backup.make_by_hand(con, cast.practice, tmp_path / "b", actor=actor, now=NOON)
    nothing = (tmp_path / "b").exists()

    made = backup.make_by_hand(con, cast.practice, tmp_path / "b", actor=cast.ana, now=NOON)

    assert not nothing
    assert verify(made.folder).all == ()
    assert con.rows("SELECT actor_id, detail FROM event WHERE kind = 'backed_up'") == [
        (cast.ana.id, made.folder.name)
    ]
