"""python -m lib import, as somebody types it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest

from lib import __main__, people
from lib.errors import NotWritten
from lib.store import interruption
from lib.store.duckdb.store import DuckDBStore
from tests.x12_texts import answer, claim, claims, envelope, file_835, file_837

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def run(
    folder: Path, *arguments: str | Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    zone = ("--time-zone", "America/Chicago")
    return run_command(folder, "import", *zone, *arguments, environment=environment)


# What root would have to give up to be refused as any other user is.
AS_USER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def run_command(
    folder: Path,
    *arguments: str | Path,
    environment: dict[str, str] | None = None,
    as_user: bool = False,
) -> subprocess.CompletedProcess[str]:
    """`python -m lib` on that data folder, if need be without the rights that root alone has."""
    return subprocess.run(
        [*(AS_USER if as_user else []), sys.executable, "-m", "lib", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"BILLING_TASKS_DATA": str(folder)} | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )


def written(folder: Path, name: str, raw: bytes) -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


def test_the_command_line_imports_and_says_so_as_json(tmp_path: Path) -> None:
    charges = written(tmp_path, "a.837", file_837(claim("A1")))
    denials = written(tmp_path, "b.835", file_835(answer("A1")))
    broken = written(tmp_path, "c.txt", b"hello")

    done = run(tmp_path / "data", "--json", charges, denials, charges, broken, tmp_path / "none")

    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert done.stderr == ""
    assert all(
        list(each) == ["file", "sha256", "format", "charges_new", "tasks_new", "tasks_amount",
                       "already_imported", "refused", "summary", "warnings"]
        for each in said
    )  # fmt: skip
    assert [(each["format"], each["charges_new"], each["tasks_new"]) for each in said] == [
        ("837P", 1, 0), ("835", 0, 1), ("837P", 0, 0), (None, 0, 0), (None, 0, 0),
    ]  # fmt: skip
    assert [each["tasks_amount"] for each in said[:2]] == ["0.00", "200.00"]
    assert [each["already_imported"] for each in said] == [False, False, True, False, False]
    assert [bool(each["refused"]) for each in said] == [False, False, False, True, True]
    assert "c.txt was refused at segment 1" in said[3]["refused"]


def test_what_was_set_aside_is_said_beside_the_json(tmp_path: Path) -> None:
    text = envelope(claims(claim("A1")), claims(claim("A2", amount="x")))
    file = written(tmp_path, "a.837", text.encode())

    done = run(tmp_path / "data", "--json", file)

    said = json.loads(done.stdout)
    assert (done.returncode, said["charges_new"], said["refused"]) == (1, 1, None)
    assert done.stderr == (
        "a.837: Rejected: the 837P from segment 21 to 38, because of segment 30: CLM02 is not an "
        "amount.\n"
    )


def test_a_table_of_which_no_row_comes_in_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    rows = "Type,Task,Claim\nGossip,Why,A1\nGossip,Why,A2\n"
    bad = written(tmp_path, "bad.csv", rows.encode())
    half = written(tmp_path, "half.csv", rows.replace("Gossip", "Coding", 1).encode())

    assert run(tmp_path / "other", half).returncode == 1  # not all of it is in
    done = run(tmp_path / "data", "--json", bad, bad, half)

    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [each["tasks_new"] for each in said] == [0, 0, 1]
    assert [bool(each["refused"]) for each in said] == [True, True, False]
    assert "2 rows, the first in line 2" in said[0]["refused"]
    store = DuckDBStore(tmp_path / "data")
    assert store.connection().rows("SELECT name FROM intake_file") == [("half.csv",)]
    store.close()


def test_the_command_line_prints_a_tidy_line_a_file_and_no_patient(tmp_path: Path) -> None:
    raw = file_837(claim("A1")) + file_835(answer("A1"), answer("A2"))
    again = run(tmp_path / "data", written(tmp_path, "a.x12", raw))
    known = run(tmp_path / "data", tmp_path / "a.x12")

    assert (again.returncode, known.returncode) == (0, 0)
    assert "a.x12 (837P, 835): 1 new charge, 2 new tasks (400.00)" in again.stdout
    assert "already imported" in known.stdout
    for private in ("GREEN", "EMMA", "MEM1", "A1"):
        assert private not in again.stdout + again.stderr


def test_the_practice_is_made_if_new_and_must_be_named_only_where_there_are_several(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    file = written(tmp_path, "a.837", file_837(claim()))
    broken = written(tmp_path, "b.837", b"hello")

    codes = [
        run(data, "--practice", "North", broken).returncode,
        run(data, file).returncode,
        run(data, "--practice", "South", file).returncode,
        run(data, file).returncode,
        run(data, "--practice", "south", file).returncode,
        run(data, "--practice", "", file).returncode,
        run(data).returncode,
    ]

    store = DuckDBStore(data)
    names = [practice.name for practice in people.practices(store.connection())]
    store.close()
    assert codes == [1, 0, 0, 2, 0, 2, 2]
    assert names == ["My practice", "South"]


def test_a_store_that_is_in_use_gives_one_sentence(tmp_path: Path) -> None:
    file = written(tmp_path, "a.837", file_837(claim()))
    store = DuckDBStore(tmp_path / "data")
    try:
        done = run(tmp_path / "data", "--json", file)
    finally:
        store.close()

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "already running" in done.stderr
    assert "already running" in json.loads(done.stdout)["refused"]


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (ValueError("Rivera"), "Something went wrong on our side: ValueError at tests/"),
        (NotWritten(), "This was not saved: the disk cannot be written"),
    ],
)
def test_a_command_that_fails_says_what_and_where_and_no_value(
    problem: Exception,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_arguments: list[str], *, now: datetime) -> int:
        raise problem

    module = ModuleType("a_command_that_fails")
    vars(module)["main"] = fail
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(__main__.COMMANDS, "fail", (module.__name__, ""))

    code = __main__.main(["fail"])

    told = capsys.readouterr().err
    assert code == 1
    assert told.startswith(said)
    assert "Rivera" not in told


@pytest.mark.duckdb
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_import_that_is_stopped_says_so_and_leaves_nothing_half_done(
    number: int, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    files = written(tmp_path, "a.837", file_837(*(claim(f"A{each:05}") for each in range(6000))))
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # one that is ignored stays so
    running = subprocess.Popen(
        [sys.executable, "-m", "lib", "import", "--practice", "P", "--time-zone",
         "America/Denver", files],
        cwd=ROOT, env=os.environ | {"BILLING_TASKS_DATA": str(data)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    signal.signal(signal.SIGINT, before)
    while not any((data / "intake").glob("*/*")) and running.poll() is None:
        time.sleep(0.02)
    running.send_signal(number)
    out, said = running.communicate(timeout=60)

    store = DuckDBStore(data)
    try:
        kept = store.connection().value("SELECT count(*) FROM charge")
    finally:
        store.close()
    if kept:  # the signal came after the commit
        assert (running.returncode, said, kept) == (0, "", 6000)
        assert "6,000 new charges" in out
    else:
        assert (running.returncode, out) == (128 + number, "")
        assert said == "Stopped: nothing was brought in.\n"


@pytest.mark.parametrize("becomes", [KeyboardInterrupt, RuntimeError, NotWritten, 1])
def test_whatever_a_signal_becomes_on_its_way_it_is_said_to_have_stopped_the_command(
    becomes: type[BaseException] | int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(_arguments: list[str], *, now: datetime) -> int:
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            if isinstance(becomes, int):
                return becomes
            raise becomes from None
        return 0

    module = ModuleType("a_command_that_is_stopped")
    vars(module)["main"] = run
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(__main__.COMMANDS, "stop", (module.__name__, ""))
    before = signal.getsignal(signal.SIGTERM)

    assert __main__.main(["stop"]) == 143

    assert capsys.readouterr().err == f"{interruption.STOPPED}\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_exit_code_is_ours_also_where_python_would_make_its_own(tmp_path: Path) -> None:
    text = """
import sys
from types import ModuleType
from lib import __main__
module = ModuleType("stopped")
module.main = lambda _, now: exec("import signal; signal.raise_signal(signal.SIGTERM)")
sys.modules["stopped"] = module
__main__.COMMANDS["stopped"] = ("stopped", "")
sys.exit(__main__.main(["stopped"]))
"""
    (tmp_path / "stopped_in_exec.py").write_text(text)

    done = subprocess.run(
        [sys.executable, "-m", "stopped_in_exec"], cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (143, f"{interruption.STOPPED}\n")


def test_a_new_practice_says_where_it_is_before_anything_comes_in(tmp_path: Path) -> None:
    charges = written(tmp_path, "a.837", file_837(claim("A1")))
    data = tmp_path / "data"

    asked = run_command(data, "import", charges)
    wrong = run_command(data, "import", "--time-zone", "Mars/Base", charges)
    none_yet = run_command(data, "practice")
    done = run_command(data, "import", "--time-zone", "America/Denver", charges)
    again = run_command(data, "import", "--time-zone", "America/Chicago", charges)

    assert [each.returncode for each in (asked, wrong, done, again)] == [2, 2, 0, 2]
    assert "My practice is new. Name its time zone with --time-zone" in asked.stderr
    assert "there is no time zone Mars/Base" in wrong.stderr
    assert none_yet.stdout == "There is no practice yet.\n"
    assert "My practice counts its days in America/Denver" in again.stderr
    assert run_command(data, "practice").stdout == "My practice: America/Denver\n"


def test_output_that_nobody_reads_any_more_is_no_failure(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    people.add_practice(
        store.connection(), "Harbor Family Medicine", now=datetime.now().astimezone()
    )
    store.close()
    read_end, write_end = os.pipe()
    os.close(read_end)

    done = subprocess.run(
        [sys.executable, "-m", "lib", "practice"], cwd=ROOT, stdout=write_end,
        env=os.environ | {"BILLING_TASKS_DATA": str(tmp_path)},
        stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(write_end)

    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_no_file_is_refused_in_a_sentence_and_not_waited_for(tmp_path: Path) -> None:
    pipe, folder = tmp_path / "pipe.837", tmp_path / "folder"
    os.mkfifo(pipe)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        names = [pipe, folder, tmp_path / "socket", Path("/dev/zero"), tmp_path / "none"]

        done = run(tmp_path / "data", *names)

    refused = "was refused: it is"
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[:-1] == [
        f"  refused  pipe.837 {refused} a pipe, no file. Name the files themselves.",
        f"  refused  folder {refused} a folder, no file. Name the files themselves.",
        f"  refused  socket {refused} a socket, no file. Name the files themselves.",
        f"  refused  zero {refused} a device, no file. Name the files themselves.",
        "  refused  none was refused: it cannot be read (No such file or directory).",
    ]
    store = DuckDBStore(tmp_path / "data")
    try:
        in_use = run(tmp_path / "data", "--json", pipe)
    finally:
        store.close()
    assert "already running" in json.loads(in_use.stdout)["refused"]
