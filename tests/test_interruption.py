"""A command that is told to stop says what it did, at whatever moment it is told."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest

from lib.store import interruption
from lib.store.duckdb.store import DuckDBStore
from lib.upkeep import app_requests
from tests.test_command import run_command, written
from tests.x12_texts import claim, file_837

pytestmark = [pytest.mark.slow, pytest.mark.duckdb]

ROOT = Path(__file__).parents[1]
ZONE = ("--time-zone", "America/Denver")
Ended = subprocess.CompletedProcess[str]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Make a data folder with a practice."""
    assert run_command(tmp_path / "empty", "practice", "add", "North", *ZONE).returncode == 0
    return tmp_path / "empty"


def stopped(
    moment: str, tmp_path: Path, asked: Callable[[Path], Sequence[str | Path]], begin: Path | None
) -> Iterator[tuple[Path, Ended]]:
    """Run a command again and again, each time on a data folder like `begin`, stopped at the next
    moment of that kind, until there is none."""
    for number in count(1):
        data, mark = tmp_path / f"{moment}{number}", tmp_path / f"{moment}{number}.mark"
        if begin:
            shutil.copytree(begin, data)
        done = subprocess.run(
            [sys.executable, "-m", "tests.stopped_at", mark, moment, str(number), *asked(data)],
            cwd=ROOT, env=os.environ | {"BILLING_TASKS_DATA": str(data)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if not mark.exists():
            assert (done.returncode, done.stderr) == (0, "")
            assert number > 1
            return
        yield data, done


def value(data: Path, sql: str) -> object:
    store = DuckDBStore(data)
    try:
        return store.connection().value(sql)
    finally:
        store.close()


@pytest.mark.parametrize("moment", ["before", "after", "rename"])
def test_an_import_is_in_and_said_so_or_nothing_is_in(
    moment: str, tmp_path: Path, empty: Path
) -> None:
    file = written(tmp_path, "a.837", file_837(claim("A1")))
    codes = set()
    for data, done in stopped(
        moment, tmp_path, lambda _: ("import", "--practice", "South", *ZONE, file), empty
    ):
        held = tuple(
            value(data, f"SELECT count(*) FROM {table}")
            for table in ("charge", "practice", "unfinished_import")
        )
        codes.add(done.returncode)
        if done.returncode:
            assert (done.returncode, done.stdout) == (143, "")
            assert done.stderr == "Stopped: nothing was brought in.\n"
            assert held == (0, 1, 0)
        else:
            assert (done.stderr, held) == ("", (1, 2, 0))
            assert "in       a.837 (837P): 1 new charge" in done.stdout
            assert run_command(data, "verify").returncode == 0
    assert codes == ({143} if moment == "rename" else {0, 143})


def test_the_files_after_a_signal_stay_out(tmp_path: Path, empty: Path) -> None:
    files = [written(tmp_path, f"{n}.837", file_837(claim(n))) for n in ("A1", "A2", "A3")]
    told = {}
    for data, done in stopped("after", tmp_path, lambda _: ("import", *files), empty):
        charges = value(data, "SELECT count(*) FROM charge")
        assert done.stdout.count("  in       ") == charges
        told[charges] = (done.returncode, done.stderr)

    assert told == {
        0: (143, "Stopped: nothing was brought in.\n"),
        1: (143, "Stopped after 1 of 3 files: nothing of the others was brought in.\n"),
        2: (143, "Stopped after 2 of 3 files: nothing of the others was brought in.\n"),
        3: (0, ""),
    }


@pytest.mark.parametrize(
    ("command", "sql", "said"),
    [
        (
            ("people", "add", "a@example.com", "--name", "Ada", "--role", "staff"),
            "SELECT count(*) FROM person",
            "Ada is invited",
        ),
        (
            ("practice", "set", "North", "--due-days", "9", "--us-holidays", "2026"),
            "SELECT count(*) FROM practice WHERE due_days = 9",
            "9 days to answer",
        ),
    ],
)
def test_a_change_whose_commit_has_begun_is_made_and_said(
    command: Sequence[str], sql: str, said: str, tmp_path: Path, empty: Path
) -> None:
    for moment in ("before", "after"):
        for data, done in stopped(moment, tmp_path, lambda _: command, empty):
            assert (done.returncode, done.stderr) == (0, "")
            assert said in done.stdout
            assert value(data, sql) == 1


def test_a_backup_is_there_and_said_so_or_it_is_not_there(tmp_path: Path, empty: Path) -> None:
    codes = []
    for data, done in stopped("rename", tmp_path, lambda _: ("backup",), empty):
        made = [each.name for each in (data / "backups").iterdir()]
        codes.append(done.returncode)
        if done.returncode:
            assert (done.stdout, done.stderr, made) == ("", f"{interruption.STOPPED}\n", [])
        else:
            assert done.stdout == f"{data / 'backups' / made[0]} is the backup.\n"
    assert codes[-1] == 0
    assert 143 in codes


def test_a_restore_is_there_and_said_so_or_the_folder_is_as_empty_as_before(
    tmp_path: Path, empty: Path
) -> None:
    file = written(tmp_path, "a.837", file_837(claim("A1")))
    assert run_command(empty, "import", file).returncode == 0
    assert run_command(empty, "backup").returncode == 0
    [backup] = (empty / "backups").iterdir()
    asked = ("restore", "--from", backup)
    for moment in ("before", "after", "rename"):
        codes = set()
        for data, done in stopped(moment, tmp_path, lambda _: asked, None):
            codes.add(done.returncode)
            if done.returncode:
                assert (done.stdout, done.stderr) == ("", f"{interruption.STOPPED}\n")
                again = run_command(data, *asked)
                assert (again.returncode, again.stderr) == (0, "")
            assert value(data, "SELECT count(*) FROM charge") == 1
            assert value(data, "SELECT count(*) FROM activity WHERE kind = 'restored'") == 1
            assert not [each.name for each in data.glob(".*")]
        assert 143 in codes


def test_an_export_is_there_and_said_so_or_it_is_not_there(tmp_path: Path, empty: Path) -> None:
    asked = ("export", "--since", "2026-01-01", "--out")
    codes = []
    for moment in ("before", "rename"):
        for data, done in stopped(moment, tmp_path, lambda data: (*asked, data / "a.zip"), empty):
            codes.append(done.returncode)
            assert (data / "a.zip").exists() is (done.returncode == 0)
            assert bool(done.stdout) is (done.returncode == 0)
    assert (set(codes[:-1]), codes[-1]) == ({143}, 0)


def test_what_a_stopped_generation_left_is_said(tmp_path: Path, empty: Path) -> None:
    store = DuckDBStore(empty)
    store.connection().execute("DELETE FROM practice")
    store.close()
    codes = set()
    for data, done in stopped("after", tmp_path, lambda _: ("generate", "--tasks", "20"), empty):
        codes.add(done.returncode)
        tasks = value(data, "SELECT count(*) FROM task")
        if done.returncode:
            assert done.stderr == (
                f"Stopped: a part of the practice may be in {data}, and is of no use. Name an "
                "empty folder next time.\n"
            )
            assert tasks == 0
        else:
            assert (done.stderr, tasks) == ("", 20)
            assert f"{data}: 20 tasks" in done.stdout
    assert codes == {0, 143}


@pytest.mark.parametrize("is_taken", [False, True])
def test_who_waits_for_the_app_hears_whether_it_goes_on(is_taken: bool, empty: Path) -> None:
    store = DuckDBStore(empty)
    try:
        running = subprocess.Popen(
            [sys.executable, "-m", "lib", "backup"],
            cwd=ROOT, env=os.environ | {"BILLING_TASKS_DATA": str(empty)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        until = time.monotonic() + 30
        while not (asked := [*empty.glob("requests/*.ask")]):
            assert time.monotonic() < until
            time.sleep(0.02)
        if is_taken:
            asked[0].rename(asked[0].with_suffix(".taken"))
        running.send_signal(signal.SIGTERM)
        out, said = running.communicate(timeout=30)
    finally:
        store.close()

    told = app_requests.GOES_ON if is_taken else interruption.STOPPED
    assert (running.returncode, out, said) == (143, "", f"{told}\n")
    assert [*empty.glob("requests/*")] == []
