"""A data folder that is taken over into PostgreSQL: every row, number and file, or nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lib import __main__, documents, workflow
from lib.store.database import Connection
from lib.store.duckdb.store import DuckDBStore
from lib.upkeep.move import NotMoved, move
from tests.browser.scene import Cast, seed
from tests.conftest import NOON, opened

TABLES = (
    "practice", "person", "task", "charge", "service_line", "patient", "event", "note", "document",
    "attachment", "intake_file", "intake_message", "spelling", "activity",
)  # fmt: skip


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    folder = tmp_path_factory.mktemp("moved") / "data"
    return folder, seed(folder)


@pytest.fixture
def source(seeded: tuple[Path, Cast], tmp_path: Path) -> Path:
    """Return a data folder that is full of work."""
    shutil.copytree(seeded[0], tmp_path / "data")
    return tmp_path / "data"


def counts(con: Connection) -> dict[str, int]:
    return {table: con.value(f"SELECT count(*) FROM {table}") for table in TABLES}


def run(source: Path, address: str, files: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("BILLING_TASKS_DATA", str(source))
    return __main__.main(["move", "--to", address, "--files", str(files)])


@pytest.mark.slow
def test_everything_is_there_and_work_goes_on(
    source: Path, seeded: tuple[Path, Cast], new_schema: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    cast, files = seeded[1], tmp_path / "files"
    before = DuckDBStore(source)
    expected = counts(before.connection())
    last = before.connection().value("SELECT max(id) FROM event")
    before.close()

    assert run(source, new_schema, files, monkeypatch) == 0
    assert "compared one by one" in capsys.readouterr().out
    store = opened(files, new_schema)
    con = store.connection()
    assert counts(con) == expected
    assert con.value("SELECT count(*) FROM pg_stats WHERE tablename = 'task'")  # it chooses well
    document = cast.documents["scan-0001.pdf"]
    assert documents.content(con, document, actor=cast.ana)[1].startswith(b"%PDF")
    task = next(ticket for tickets in cast.untouched.values() for ticket in tickets)
    workflow.start(con, task.id, actor=cast.ana, now=NOON)
    assert con.value("SELECT min(id) FROM event WHERE id > $last", last=last) == last + 1
    store.close()

    assert run(source, new_schema, files, monkeypatch) == 1
    assert capsys.readouterr().err == "The database holds data already. Name an empty one.\n"


def test_what_is_asked_wrongly_is_said_as_it_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = f"postgresql:///none?host={tmp_path}"
    DuckDBStore(tmp_path / "data").close()
    assert run(tmp_path / "data", nowhere, tmp_path / "files", monkeypatch) == 1
    assert "that BILLING_TASKS_DATABASE or --to names cannot be" in capsys.readouterr().err
    monkeypatch.setenv("BILLING_TASKS_DATABASE", nowhere)
    assert run(tmp_path / "data", nowhere, tmp_path / "files", monkeypatch) == 1
    said = capsys.readouterr().err
    assert said.startswith("What is moved is a data folder: leave BILLING_TASKS_DATABASE out")


@pytest.mark.parametrize(("address", "shown"), [
    ("postgresq://billing:se@cret@db/billing", "postgresq://…@db/billing"),
    ("billing:secret@db/billing", "…@db/billing"),
    ("db.example/billing", "db.example/billing"),
])  # fmt: skip
def test_an_address_that_is_none_is_shown_without_its_password(
    address: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    DuckDBStore(tmp_path / "data").close()

    assert run(tmp_path / "data", address, tmp_path / "files", monkeypatch) == 1

    assert capsys.readouterr().err == (
        f"{shown} is not the address of a PostgreSQL database: postgresql://user@host/name.\n"
    )


@pytest.mark.slow
def test_what_arrives_otherwise_moves_nothing_and_can_be_moved_again(
    source: Path, new_schema: str, tmp_path: Path
) -> None:
    here, there = DuckDBStore(source), opened(tmp_path / "files", new_schema)
    con = there.connection()
    con.execute(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN NEW.text := NEW.text || ''.''; RETURN NEW; END'"
    )
    con.execute("CREATE TRIGGER spoil BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION spoil()")

    with pytest.raises(NotMoved, match="The table note is not as it was"):
        move(here, there)

    assert set(counts(con).values()) == {0}
    con.execute("DROP TRIGGER spoil ON note")
    assert move(here, there).findings == ()
    assert counts(con) == counts(here.connection())
    here.close()
    there.close()


@pytest.mark.slow
def test_a_file_that_is_missing_is_named(
    source: Path, new_schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    next(path for path in (source / "documents").rglob("*") if path.is_file()).unlink()

    assert run(source, new_schema, tmp_path / "files", monkeypatch) == 1
    said = capsys.readouterr()
    assert said.err.startswith("The file of document ")
    assert "files are there" in said.out
