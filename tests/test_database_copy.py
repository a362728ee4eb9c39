"""A store in PostgreSQL that is copied into a DuckDB file: for a backup, to be verified, for
analysts; and a backup that is restored into a database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from lib import __main__, documents, workflow
from lib.errors import BillingError
from lib.models import DocumentDetails, DocumentStatus
from lib.snapshot.copies import FILE, Copy
from lib.store import database_copy, process_store, row_transfer
from lib.store.database import Connection, Store
from lib.store.duckdb.store import DuckDBStore
from lib.store.postgres.store import PostgresStore
from lib.upkeep import backup, verify
from lib.upkeep.move import NotMoved
from lib.upkeep.restore import restore, restore_into_database
from tests.conftest import NOON, Cast, opened
from tests.given import add_charge, add_task, add_task_of_charge, pdf, story

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("store", ["postgres"], indirect=True)]


@pytest.fixture
def worked(con: Connection, cast: Cast) -> int:
    """Return a completed task with a document; others are beside it."""
    task_id = add_task_of_charge(con, cast.practice)
    for _ in range(3):
        add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    documents.upload_and_complete(
        con, task_id, pdf("a letter"), "scan.pdf",
        details=DocumentDetails("Scan", "Referral", DocumentStatus.NEW, NOON.date()),
        token="form", actor=cast.ana, now=NOON,
    )  # fmt: skip
    return task_id


def test_a_backup_is_a_whole_data_folder_of_one_moment(
    store: Store, con: Connection, cast: Cast, worked: int, tmp_path: Path
) -> None:
    made = backup.make(store, tmp_path / "backups", now=NOON)

    assert made.findings == ()
    assert restore(made.folder, tmp_path / "restored", now=NOON) == ()
    there = DuckDBStore(tmp_path / "restored")
    assert story(there.connection(), worked) == story(con, worked)
    scan = there.connection().value("SELECT id FROM document")
    assert documents.content(there.connection(), scan, actor=cast.ana)[1] == pdf("a letter")
    new = add_task(there.connection(), cast.practice)
    assert new == con.value("SELECT max(id) FROM task") + 1
    there.close()


def test_a_backup_is_restored_into_an_empty_database_and_no_other(
    store: Store, con: Connection, cast: Cast, worked: int, new_database: str, tmp_path: Path
) -> None:
    made = backup.make(store, tmp_path / "backups", now=NOON)
    target = opened(tmp_path / "there", new_database)

    assert restore_into_database(made.folder, target, now=NOON) == ()

    there = target.connection()
    assert story(there, worked) == story(con, worked)
    scan = there.value("SELECT id FROM document")
    assert documents.content(there, scan, actor=cast.ana)[1] == pdf("a letter")
    assert add_task(there, cast.practice) == con.value("SELECT max(id) FROM task") + 1
    assert not list((tmp_path / "there").glob(".*-*"))
    with pytest.raises(NotMoved, match="holds data already"):
        restore_into_database(made.folder, target, now=NOON)
    target.close()


def test_what_is_written_meanwhile_is_wholly_in_the_copy_or_not_at_all(
    store: Store, con: Connection, cast: Cast, worked: int, tmp_path: Path
) -> None:
    with store.at_one_moment() as before:
        assert before.value("SELECT count(*) FROM task WHERE is_open") == 3
        workflow.reopen(con, worked, reason="A page is missing", actor=cast.ana, now=NOON)
        assert before.value("SELECT count(*) FROM task WHERE is_open") == 3
        assert con.value("SELECT count(*) FROM task WHERE is_open") == 4


def test_what_is_wrong_in_the_database_or_its_files_is_found(
    store: Store, con: Connection, worked: int
) -> None:
    assert verify.verify_live(store) == (0, [f"{store.folder}: nothing is wrong."])

    con.execute("UPDATE task SET is_open = TRUE WHERE id = $id", id=worked)
    next(path for path in (store.folder / "documents").rglob("*") if path.is_file()).write_bytes(
        b"other"
    )
    con.execute("SELECT setval('event_id', 1)")

    code, lines = verify.verify_live(store)
    assert code == 1
    said = "\n".join(lines)
    assert f"Task {worked} is open, and its history ends with its completion." in said
    assert "was changed on disk" in said
    assert "The ids of event go on at 1" in said
    assert not list(store.folder.glob(".*-*"))


def test_a_row_that_arrives_otherwise_makes_no_backup(
    store: Store, con: Connection, worked: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = backup.make(store, tmp_path, now=NOON)
    # The column of a file rounds what the database holds with more digits.
    con.execute("ALTER TABLE task ALTER COLUMN amount TYPE NUMERIC(12, 4)")
    con.execute("UPDATE task SET amount = 1.2345 WHERE id = $id", id=worked)

    with pytest.raises((BillingError, ValueError)):
        backup.make(store, tmp_path, now=NOON)

    assert [path for path in tmp_path.iterdir() if path.name.startswith("billing-tasks")] == [
        first.folder
    ]


def test_commands_do_it_too(
    store: Store, worked: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    address = store.address  # type: ignore[attr-defined]
    monkeypatch.setenv(process_store.DATABASE_VARIABLE, address)
    monkeypatch.setenv("BILLING_TASKS_DATA", str(store.folder))
    store.close()

    assert __main__.main(["verify"]) == 0
    assert __main__.main(["backup", "--to", str(tmp_path / "backups")]) == 0
    assert __main__.main(["snapshot", "--to", str(tmp_path / "copy")]) == 0

    copy = Copy(tmp_path / "copy" / FILE)
    assert copy.table("SELECT count(*) FROM task")[1] == [(4,)]
    copy.close()
    (made,) = (tmp_path / "backups").iterdir()
    capsys.readouterr()
    assert __main__.main(["verify", str(made)]) == 0
    assert "nothing is wrong" in capsys.readouterr().out
    assert __main__.main(["restore", "--from", str(made)]) == 1
    assert "holds data already" in "".join(capsys.readouterr())


ODD = [
    "", " ", r"\N", "\\", '"', 'a "quoted", one', "a\nb", "a\r\nb\r", ",", "'", "\t", "{a,NULL}",
    "null", "[1]", "\u2028", "Ümit 😀", "x" * 5_000_000,
]  # fmt: skip


@pytest.mark.parametrize("style", ["ISO, MDY", "German", "Postgres, DMY"])
def test_a_quick_copy_has_every_value_as_it_is(
    store: Store, con: Connection, cast: Cast, worked: int, tmp_path: Path, style: str
) -> None:
    add_charge(con, cast.practice, diagnoses=ODD[:-1], other_payers=[])
    add_charge(con, cast.practice, diagnoses=[], other_payers=None, is_voided=True)
    for amount in ("-0.01", "9999999999.99", "0"):
        add_task(con, cast.practice, amount=Decimal(amount))
    con.insert(
        "event",
        [
            {
                "practice_id": cast.practice, "kind": "changed", "detail": detail,
                "happened_at": NOON + timedelta(microseconds=n), "assignee_id": n or None,
            }
            for n, detail in enumerate([*ODD, None])
        ],
    )  # fmt: skip
    con.execute(
        f"ALTER DATABASE {con.value('SELECT current_database()')} SET DateStyle = '{style}'"
    )
    assert isinstance(store, PostgresStore)
    again = opened(store.folder, store.address)

    with database_copy.written(again, tmp_path / "copy", is_compared=False) as copy:
        here, there = (each.connection() for each in (store, copy))
        tables = [
            name
            for (name,) in here.rows(
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            )
            if name not in row_transfer.OWN
        ]
        assert tables
        for table in tables:
            names, rows = here.table(f"SELECT * FROM {table}")
            copied = there.rows(f"SELECT {', '.join(names)} FROM {table}")
            assert sorted(map(repr, rows)) == sorted(map(repr, copied)), table
        assert there.value("SELECT nextval('task_id')") == con.value("SELECT nextval('task_id')")
    again.close()


@pytest.mark.parametrize(
    "change", ["amount TYPE NUMERIC(12, 4)", "created_at TYPE VARCHAR USING 'no time'"]
)
def test_a_quick_copy_of_what_a_file_cannot_take_is_none(
    store: Store, con: Connection, worked: int, tmp_path: Path, change: str
) -> None:
    con.execute(f"ALTER TABLE task ALTER COLUMN {change}")

    with (
        pytest.raises(database_copy.NotCopied, match="the table task is not as it was"),
        database_copy.written(store, tmp_path / "copy", is_compared=False),
    ):
        pass
