"""A name of the data folder that is mistyped makes no store: what reads or keeps says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib import __main__
from lib.store import process_store

pytestmark = pytest.mark.duckdb  # which folder it is does not matter elsewhere

READING = [
    ["check"],
    ["export", "--since", "2025-01-01", "--out", "out.zip"],
    ["snapshot", "--to", "copy"],
    ["people", "list"],
    ["people", "add", "ada@example.com", "--name", "Ada", "--role", "staff"],
    ["practice"],
    ["practice", "set", "Clinic", "--due-days", "20"],
    ["backup"],
    ["verify"],
    ["activity"],
    ["sweep"],
    ["reindex"],
    ["move", "--to", "postgresql://nobody@127.0.0.1:1/none", "--files", "moved"],
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(process_store.DATABASE_VARIABLE, raising=False)
    monkeypatch.setenv("BILLING_TASKS_DATA", str(tmp_path / "mistyped"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "mistyped"


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_what_reads_says_that_there_is_no_data_and_makes_nothing(
    arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = __main__.main(arguments)

    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert said.err == (
        f"{folder} holds no data of Billing Tasks, and nothing was made there. Name the data "
        "folder in BILLING_TASKS_DATA. `make run` or `python -m lib import` begins a new one.\n"
    )
    assert list(folder.parent.iterdir()) == []


def test_a_folder_whose_database_is_missing_is_another_matter(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = folder / "documents" / "ab" / "abcd"
    held.parent.mkdir(parents=True)
    held.touch()

    assert __main__.main(["backup"]) == 1

    assert "billing.duckdb is missing, though documents/" in capsys.readouterr().err


def test_a_practice_that_is_added_begins_a_folder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert __main__.main(["practice", "add", "Clinic", "--time-zone", "America/Denver"]) == 0
    assert __main__.main(["check"]) == 0

    assert (folder / "billing.duckdb").exists()
    assert capsys.readouterr().out == (
        "Clinic: America/Denver\nClinic: 0 tasks checked, 0 of them disagree.\n"
    )


def test_a_folder_without_a_practice_is_said_to_have_none(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process_store.open_store(folder)
    process_store.close_stores()
    codes = [__main__.main(["check"]), __main__.main(["practice"]),
             __main__.main(["snapshot", "--to", str(tmp_path / "copy")])]  # fmt: skip

    said = capsys.readouterr()
    assert codes == [0, 0, 1]
    assert said.out == "There is no practice yet.\n" * 2
    assert said.err == "There is no practice yet, so there is nothing to copy.\n"
