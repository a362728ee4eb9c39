"""What a server does beside answering: it watches its folder, backs up, counts, and ends whole."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lib import people
from lib.store.duckdb.store import DuckDBStore
from lib.web.background_jobs import Upkeep
from tests.conftest import NOON
from tests.server import Server, free_port, running
from tests.test_command import ROOT
from tests.test_data_folder_lock import names
from tests.test_upkeep import DAY, lib
from tests.x12_texts import claim, file_837

pytestmark = pytest.mark.slow


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
    assert young == (1, "", "The activity is kept for 6 years.\n")
    assert checked == (0, "There is no practice yet.\n", "")
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
