"""Files that appear in a folder come in once they are whole, each once, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lib.store.duckdb.store import DuckDBStore
from tests.test_command import ROOT
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = pytest.mark.slow

PATIENCE = 60  # seconds; what is waited for takes one or two
QUICK = ("--every", "0.05", "--quiet", "0.5")


@pytest.fixture
def box(tmp_path: Path) -> Path:
    folder = tmp_path / "box"
    folder.mkdir()
    return folder


ZONE = ("--time-zone", "America/Chicago")


def data_of(box: Path) -> Path:
    return box.parent / "data"


def command(box: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "lib", "watch", str(box), *ZONE, *arguments],
        cwd=ROOT,
        env=os.environ | {"BILLING_TASKS_DATA": str(data_of(box))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def once(box: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and complaints of one --once."""
    process = command(box, "--once", "--every", "0.05", *arguments)
    out, complaints = process.communicate(timeout=PATIENCE)
    return process.returncode, out, complaints


@contextmanager
def watching(box: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Yield a watcher that looks often, and is ended as Ctrl-C ends it."""
    process = command(box, *QUICK, *arguments)
    assert process.stdout
    assert "Watching" in process.stdout.readline()
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        process.stdout.close()
        assert process.stderr
        process.stderr.close()


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def there(folder: Path) -> list[str]:
    """Return the files under the folder, by their paths in it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def moved(folder: Path) -> list[str]:
    """Return the names of the files in its done/DAY/."""
    return sorted(path.name for path in folder.glob("done/????-??-??/*"))


def put(folder: Path, name: str, content: bytes) -> Path:
    """As a careful sender does: under another name first."""
    unfinished = folder / f"{name}.tmp"
    unfinished.write_bytes(content)
    return unfinished.rename(folder / name)


def held(box: Path, table: str = "charge") -> list[str]:
    """Return the claim numbers of the store."""
    store = DuckDBStore(data_of(box))
    try:
        rows = store.connection().rows(f"SELECT claim_number FROM {table} ORDER BY 1")
    finally:
        store.close()
    return [row[0] for row in rows]


def tasks(box: Path) -> list[str]:
    """Return the claim numbers of the tasks."""
    return held(box, "task")


def test_files_come_in_and_are_moved_to_a_folder_of_the_day(box: Path) -> None:
    put(box, "a.837", file_837(claim("A1")))
    put(box, "b.835", file_835(answer("A1")))

    code, out, complaints = once(box)

    assert (code, complaints) == (0, "")
    assert moved(box) == ["a.837", "b.835"]
    assert there(box) == [str(path.relative_to(box)) for path in sorted(box.glob("done/*/*"))]
    assert held(box) == ["A1"]
    assert "GREEN" not in out


def test_a_file_that_appears_while_it_is_watched_comes_in(box: Path) -> None:
    with watching(box):
        put(box, "a.837", file_837(claim("A1")))
        until(lambda: moved(box) == ["a.837"])

    assert held(box) == ["A1"]


def test_a_file_that_is_written_slowly_is_left_until_it_is_whole(box: Path) -> None:
    content = file_837(claim("A1"), claim("A2"))
    with watching(box, "--quiet", "10") as process:
        with (box / "slow.837").open("wb", buffering=0) as file:
            for start in range(0, len(content), len(content) // 5):
                file.write(content[start : start + len(content) // 5])
                time.sleep(
                    0.25
                )  # five looks, but shorter than the quiet after which it is given up
        until(lambda: moved(box) == ["slow.837"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0

    assert not (box / "failed").exists()
    assert held(box) == ["A1", "A2"]


TABLE = "Type,Task,Claim\nCoding,Which modifier,T1\n"


def test_a_table_is_left_while_a_program_has_it_open_to_write(box: Path) -> None:
    """Nothing in a table says where it ends: half of one is a table too."""
    with watching(box), (box / "slow.csv").open("w") as file:
        file.write(TABLE)
        file.flush()
        time.sleep(1.2)  # more than twice the quiet that is asked for
        file.write("Coding,Which modifier,T2\n")
        file.close()
        until(lambda: moved(box) == ["slow.csv"])

    assert tasks(box) == ["T1", "T2"]


def test_a_table_that_is_written_in_pieces_is_left_until_nobody_writes_it(box: Path) -> None:
    numbers = [f"T{number}" for number in range(2, 7)]
    with watching(box, "--quiet", "1"):
        (box / "slow.csv").write_text(TABLE)
        for number in numbers:
            time.sleep(0.3)  # several looks
            with (box / "slow.csv").open("a") as file:
                file.write(f"Coding,Which modifier,{number}\n")
        until(lambda: moved(box) == ["slow.csv"])

    assert tasks(box) == ["T1", *numbers]


def test_once_says_what_a_program_still_has_open(box: Path) -> None:
    with (box / "slow.csv").open("w") as file:
        file.write(TABLE)
        file.flush()
        code, out, _ = once(box)

    assert code == 1
    assert "slow.csv is not whole yet" in out
    assert there(box) == ["slow.csv"]


def test_a_file_that_never_becomes_whole_is_set_aside_with_the_reason(box: Path) -> None:
    whole = file_837(claim("A1"))
    with watching(box):
        put(box, "cut.837", whole[: len(whole) // 2])
        until((box / "failed/cut.837").exists)

    report = (box / "failed/cut.837.report.txt").read_text()
    assert report.startswith("cut.837 was refused at segment ")
    assert "ask the sender for it again" in report
    assert report.count("\n") == 1
    assert "GREEN" not in report
    assert held(box) == []


def test_once_leaves_what_was_written_a_moment_ago_and_sets_aside_what_is_old(box: Path) -> None:
    put(box, "new.837", file_837(claim("A1"))[:300])
    old = put(box, "old.837", file_837(claim("A1"))[:300])
    os.utime(old, (time.time() - 60, time.time() - 60))

    code, _, complaints = once(box)

    assert (code, complaints) == (1, "")
    assert there(box) == ["failed/old.837", "failed/old.837.report.txt", "new.837"]


def test_nothing_in_done_or_failed_is_ever_overwritten(box: Path) -> None:
    contents = [file_837(claim(number)) for number in ("A1", "A2")]
    broken = [b"hello", b"world"]
    for good, bad in zip(contents, broken, strict=True):
        put(box, "a.837", good)
        put(box, "b.txt", bad)
        once(box, "--quiet", "0")

    assert moved(box) == ["a-2.837", "a.837"]
    assert {path.read_bytes() for path in box.glob("done/*/*")} == set(contents)
    assert there(box / "failed") == [
        "b-2.txt", "b-2.txt.report.txt", "b.txt", "b.txt.report.txt",
    ]  # fmt: skip
    assert (box / "failed/b-2.txt").read_bytes() == b"world"


@pytest.mark.cases(3)
@pytest.mark.parametrize(
    "name", [".a.837", "a.837.tmp", "a.837.part", "a.837~", "~a.837", "a.PART", "a.837.filepart"]
)
def test_temporary_hidden_and_partial_files_are_left_alone(box: Path, name: str) -> None:
    (box / name).write_bytes(file_837(claim()))
    (box / "sub").mkdir()
    (box / "sub/a.837").write_bytes(file_837(claim()))
    (box / "link.837").symlink_to(box / "sub/a.837")

    code, out, _ = once(box)

    assert (code, out) == (0, "")
    assert there(box) == sorted([name, "link.837", "sub/a.837"])


def test_a_file_that_is_known_is_moved_and_changes_nothing(box: Path) -> None:
    put(box, "a.837", file_837(claim("A1")))
    once(box)
    put(box, "again.837", file_837(claim("A1")))

    code, out, _ = once(box)

    assert code == 0
    assert "already imported" in out
    assert moved(box) == ["a.837", "again.837"]
    assert held(box) == ["A1"]


def test_a_name_of_any_bytes_and_of_any_length_does_no_harm(box: Path) -> None:
    odd = os.fsdecode(b"\xff\n\x1b[2J.837")
    (box / odd).write_bytes(file_837(claim("A1")))
    (box / ("x" * 251 + ".txt")).write_bytes(b"hello")

    code, out, complaints = once(box, "--quiet", "0")

    assert (code, complaints) == (1, "")
    assert "\x1b" not in out
    assert held(box) == ["A1"]
    assert len(there(box / "failed")) == 2
    assert there(box) == sorted(there(box))
    assert [path for path in box.iterdir() if path.is_file()] == []


def test_a_watcher_killed_at_any_moment_loses_nothing_and_brings_nothing_in_twice(
    box: Path,
) -> None:
    numbers = [f"K{number:02}" for number in range(24)]
    for number in numbers:
        put(box, f"{number}.837", file_837(claim(number)))
    for wait in (0.0, 0.03, 0.08, 0.15):
        process = command(box, *QUICK)
        assert process.stdout
        process.stdout.readline()
        until(lambda: moved(box))  # it is in the middle of its work
        time.sleep(wait)
        process.kill()
        process.communicate()

    with watching(box):
        until(lambda: not list(box.glob("*.837")))

    brought = [path.name for path in box.glob("done/*/*") if path.stat().st_size]
    assert sorted(brought) == [f"{number}.837" for number in numbers]
    assert held(box) == numbers
    assert not (box / "failed").exists()


def test_a_crash_between_import_and_move_is_made_up_for(box: Path) -> None:
    """The file is in, and lies where it lay: the next look knows it by its content."""
    file = put(box, "a.837", file_837(claim("A1")))
    content = file.read_bytes()
    once(box)
    [done] = box.glob("done/*/*")
    done.rename(file)

    code, _, _ = once(box)

    assert code == 0
    assert [path.read_bytes() for path in box.glob("done/*/*")] == [content]
    assert held(box) == ["A1"]


def test_while_the_app_runs_one_sentence_says_so(box: Path) -> None:
    put(box, "a.837", file_837(claim()))
    store = DuckDBStore(data_of(box))
    try:
        code, out, complaints = once(box)
    finally:
        store.close()

    assert (code, out) == (1, "")
    assert "already running" in complaints
    assert complaints.count("\n") == 1
    assert there(box) == ["a.837"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(box: Path, number: signal.Signals) -> None:
    process = command(box, *QUICK)
    assert process.stdout
    process.stdout.readline()
    process.send_signal(number)

    _, complaints = process.communicate(timeout=PATIENCE)

    assert (process.returncode, complaints) == (0, "")


def test_signals_in_the_middle_of_any_step_are_noted() -> None:
    """Thousands, at moments of their own, while the main thread only looks and waits."""
    script = """
import os, signal, subprocess, sys, time
from lib.watch.stop_signals import StopRequests
ending = StopRequests()
ask = f"import os, time\\nfor _ in range(5000): os.kill({os.getpid()}, 2); time.sleep(0.0001)"
asking = subprocess.Popen([sys.executable, "-c", ask])
while asking.poll() is None:
    for _ in range(100):
        ending.wait(0.00001)
print(ending.is_asked(), asking.returncode)
"""
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip

    assert (ended.stdout, ended.stderr) == ("True 0\n", "")


def test_wrong_usage_is_one_sentence(box: Path) -> None:
    missing = once(box / "nowhere")
    unnamed = once(box, "--practice", " ")

    assert missing[0] == 1
    assert missing[2].endswith("is not a folder.\n")
    assert unnamed[0] == 2
    assert unnamed[2] == "python -m lib watch: --practice needs a name.\n"


def test_a_practice_whose_zone_was_changed_since_is_watched_in_its_own(box: Path) -> None:
    put(box, "a.837", file_837(claim("A1")))
    assert once(box)[0] == 0
    put(box, "b.837", file_837(claim("B1"), control="000000009"))

    code, _, complaints = once(box, "--time-zone", "America/Denver")

    assert (code, held(box)) == (0, ["A1", "B1"])
    assert complaints == (
        "My practice counts its days in America/Chicago. `python -m lib practice --time-zone` "
        "changes that.\n"
    )
