"""Each door that writes, on a disk that takes no more: one sentence about our disk, nothing half
kept, and the same again once there is room.

A limit on the size of files stands for the disk: the system refuses the same calls at the same
places, for everybody who runs these tests.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lib import documents, sessions
from lib.errors import BillingError, NotWritten, StoreStopped
from lib.intake import imports as intake
from lib.models import DocumentDetails, DocumentStatus
from lib.samples import write_files
from lib.samples.files import files as sample_files
from lib.store import durable_files
from lib.store.database import Connection
from lib.store.duckdb.store import DuckDBStore, in_file
from lib.upkeep import verify
from tests.conftest import NOON, Cast
from tests.given import add_patient, minutes, pdf
from tests.test_command import ROOT
from tests.x12_texts import claim, file_837

pytestmark = pytest.mark.slow

SENTENCE = str(NotWritten())
NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
ROOM = 40_000  # bytes; the file below has more
CLAIMS = file_837(*(claim(f"A{number:03}") for number in range(150)))
PATIENCE = 60


def limit(of_bytes: int) -> tuple[int, int]:
    return (of_bytes, resource.RLIM_INFINITY)


@contextmanager
def little_room(of_bytes: int = ROOM) -> Iterator[None]:
    """For the time of the block this process writes files of that size only."""
    resource.setrlimit(resource.RLIMIT_FSIZE, limit(of_bytes))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, NO_LIMIT)


def command(folder: Path, *arguments: str | Path, room: int | None = None) -> subprocess.Popen[str]:
    """`python -m lib` on that data folder, and on a disk with that much room."""

    script = (
        "import os, resource, sys; n = int(sys.argv[1]); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (n, resource.RLIM_INFINITY)); "
        "os.execv(sys.executable, [sys.executable, '-m', 'lib', *sys.argv[2:]])"
    )
    zone = ("--time-zone", "America/Chicago") if arguments[0] in {"import", "watch"} else ()
    limited = [resource.RLIM_INFINITY if room is None else room, *arguments, *zone]
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, limited)],
        cwd=ROOT, env=os.environ | {"BILLING_TASKS_DATA": str(folder)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ran(folder: Path, *arguments: str | Path, room: int | None = None) -> tuple[int, str, str]:
    process = command(folder, *arguments, room=room)
    out, complaints = process.communicate(timeout=PATIENCE)
    return process.returncode, out, complaints


def held(folder: Path) -> int:
    """How many charges the store has."""
    store = DuckDBStore(folder)
    try:
        return int(store.connection().value("SELECT count(*) FROM charge"))
    finally:
        store.close()


def there(folder: Path) -> list[str]:
    """Return the files below a folder, hidden and unfinished ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def fill_log(con: Connection, cast: Cast) -> int:
    """Make the database's log larger than what is written next. Return its size."""
    for _ in range(50):
        add_patient(con, cast.practice)
    return in_file(con).store.place.log.stat().st_size


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder with a practice, closed."""
    code, _, complaints = ran(tmp_path / "data", "import", small(tmp_path))
    assert (code, complaints) == (0, "")
    return tmp_path / "data"


def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.837"
    file.write_bytes(file_837(claim("S1")))
    return file


def large(folder: Path) -> Path:
    file = folder / "large.837"
    file.write_bytes(CLAIMS)
    return file


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "file"

    with little_room(), pytest.raises(NotWritten):
        durable_files.write(path, (b"x" * 10_000 for _ in range(10)))
    after_failure = there(tmp_path)
    durable_files.write(path, b"whole")

    assert after_failure == []
    assert path.read_bytes() == b"whole"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    durable_files.write(path, b"first")

    with little_room(), pytest.raises(NotWritten):
        durable_files.write(path, b"x" * 100_000)

    assert path.read_bytes() == b"first"
    assert there(tmp_path) == ["file"]


def test_what_reading_raises_is_no_fault_of_the_disk(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x"
        raise FileNotFoundError(2, "gone")

    with pytest.raises(FileNotFoundError):
        durable_files.write(tmp_path / "file", pieces())

    assert there(tmp_path) == []


def test_content_that_was_damaged_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "file"
    sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"  # of "x"
    for content in (b"x", b"y", b"xx", b""):
        path.write_bytes(content)
        durable_files.keep(path, sha256, b"x")

        assert path.read_bytes() == b"x"


@pytest.mark.duckdb
@pytest.mark.parametrize("room", [0, 5_000, ROOM])
def test_an_import_that_finds_no_room_says_so_and_keeps_nothing(
    con: Connection, cast: Cast, store: DuckDBStore, room: int
) -> None:
    con.execute("CHECKPOINT")  # so that the log begins at nothing
    before = there(store.folder / "intake")

    def bring() -> int:
        return intake.apply(
            con, "large.837", CLAIMS, actor=cast.ana, practice_id=cast.practice,
            now=datetime(2025, 3, 3, tzinfo=UTC),
        ).charges_new  # fmt: skip

    with little_room(room), pytest.raises(NotWritten):
        bring()

    assert there(store.folder / "intake") == before
    assert con.rows("SELECT * FROM charge") == con.rows("SELECT * FROM intake_file") == []
    assert bring() == 150


@pytest.mark.duckdb
def test_a_document_whose_row_finds_no_room_takes_its_file_with_it(
    con: Connection, cast: Cast, store: DuckDBStore
) -> None:
    def upload() -> int:
        return documents.upload(
            con, pdf("small"), "scan.pdf", practice_id=cast.practice, patient_id=None,
            details=DocumentDetails("Scan", "Other", DocumentStatus.NEW, date(2025, 2, 3)),
            token="form", actor=cast.ana, now=NOON,
        )  # fmt: skip

    with little_room(fill_log(con, cast)), pytest.raises(NotWritten):
        upload()
    left = there(store.folder / "documents")
    document_id = upload()

    assert left == []
    assert documents.content(con, document_id, actor=cast.ana)[1] == pdf("small")


@pytest.mark.duckdb
def test_who_reads_goes_on_reading_though_the_use_of_the_session_finds_no_room(
    con: Connection, cast: Cast, store: DuckDBStore
) -> None:
    token = sessions.sign_in(con, cast.ana.id, now=NOON)
    fill_log(con, cast)

    def used() -> datetime:
        found: datetime = con.value("SELECT last_used_at FROM session")
        return found.replace(tzinfo=UTC)

    with little_room(0):
        assert sessions.session_of(con, token, now=minutes(2)) == cast.ana.id
        opening = store.opening
        assert sessions.session_of(con, token, now=minutes(3)) == cast.ana.id
        assert store.opening == opening  # it was not tried at every click

    assert used() == NOON
    add_patient(con, cast.practice)
    assert sessions.session_of(con, token, now=minutes(4)) == cast.ana.id
    assert used() == minutes(4)


def test_the_import_command_says_it_of_our_disk_and_goes_on(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.837"
    other.write_bytes(file_837(claim("O1")))

    code, out, _ = ran(data, "import", large(tmp_path), other, room=ROOM)
    kept = held(data)
    again, *_ = ran(data, "import", large(tmp_path))

    assert code == 1
    assert SENTENCE in out
    assert "cannot be read" not in out
    assert "in       other.837" in out
    assert kept == 2
    assert (again, held(data)) == (0, 152)


def test_the_import_command_says_it_as_json_too(data: Path, tmp_path: Path) -> None:
    code, out, _ = ran(data, "import", "--json", large(tmp_path), room=ROOM)

    assert code == 1
    assert SENTENCE in json.loads(out)["refused"]


def test_a_watched_file_waits_for_room_and_comes_in_by_itself(data: Path, tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    large(box)
    process = command(data, "watch", box, "--every", "0.05", "--quiet", "0.3", room=ROOM)
    try:
        assert process.stdout
        lines = [process.stdout.readline(), process.stdout.readline()]
        time.sleep(1)  # many looks, and longer than the quiet after which a file is given up
        while_full = there(box)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, NO_LIMIT)
        until(lambda: there(box) != while_full)
    finally:
        process.send_signal(signal.SIGTERM)
        out, complaints = process.communicate(timeout=PATIENCE)

    assert "waits    large.837" in lines[1]
    assert SENTENCE in lines[1]
    assert while_full == ["large.837"]
    assert "waits" not in out  # said once
    assert complaints == ""
    assert [Path(name).name for name in there(box)] == ["large.837"]
    assert held(data) == 151


def test_a_watched_file_waits_where_its_own_folder_has_no_room(data: Path, tmp_path: Path) -> None:
    """The report on a refused file is the only thing that is written there."""
    box = tmp_path / "box"
    box.mkdir()
    (box / "bad.txt").write_text("hello")
    process = command(data, "watch", box, "--every", "0.05", "--quiet", "0.3", room=20)
    try:
        assert process.stdout
        lines = [process.stdout.readline(), process.stdout.readline()]
        until((box / "failed").exists)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, NO_LIMIT)
        until((box / "failed" / "bad.txt").exists)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)

    assert "bad.txt" in lines[1]
    assert there(box) == ["failed/bad.txt", "failed/bad.txt.report.txt"]
    assert "cannot be read" not in (box / "failed/bad.txt.report.txt").read_text()


def test_watching_once_says_that_a_file_waits(data: Path, tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    large(box)

    code, out, _ = ran(data, "watch", box, "--once", "--every", "0.05", "--quiet", "0", room=ROOM)

    assert code == 1
    assert SENTENCE in out
    assert there(box) == ["large.837"]


def test_an_export_that_finds_no_room_leaves_no_file(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "answers.zip"
    out.parent.mkdir()

    code, _, complaints = ran(data, "export", "--since", "2025-01-01", "--out", out, room=10)
    again, *_ = ran(data, "export", "--since", "2025-01-01", "--out", out)

    assert code == 1
    assert complaints.strip() == SENTENCE
    assert (again, there(out.parent)) == (0, ["answers.zip"])


def test_an_export_into_a_folder_that_is_not_there_says_whose_fault_it_is(
    data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "nowhere" / "answers.zip"

    code, _, complaints = ran(data, "export", "--since", "2025-01-01", "--out", out)

    assert code == 1
    assert complaints == f"{out} cannot be written: No such file or directory.\n"
    assert not out.parent.exists()


def test_the_sample_that_finds_no_room_says_so(tmp_path: Path) -> None:
    code, _, complaints = ran(tmp_path / "data", "sample", room=1_000)

    assert code == 1
    assert complaints.strip() == SENTENCE


def test_verifying_without_room_says_that_nothing_was_verified(data: Path) -> None:
    code, out, complaints = ran(data, "verify", room=1_000)

    assert (code, out) == (1, "")
    assert complaints.strip() == str(verify.NotVerified())
    assert not [name for name in there(data) if verify.LEFT in name]


def test_the_files_of_the_sample_are_whole(tmp_path: Path) -> None:
    today = datetime(2025, 3, 3, tzinfo=UTC).date()

    with little_room(2_000), pytest.raises(NotWritten):
        write_files(tmp_path, today)

    made = {file.name: file.content for file in sample_files(today)}
    assert all((tmp_path / name).read_bytes() == made[Path(name).name] for name in there(tmp_path))


@pytest.mark.duckdb
def test_a_colleague_who_reads_while_the_database_is_opened_again_keeps_nobody_out(
    con: Connection, cast: Cast, store: DuckDBStore
) -> None:
    """DuckDB does not close a database while a thread is in a call to it; it raises."""
    reader = store.connection()
    reads = threading.Event()

    def read() -> None:
        reads.set()
        with suppress(BillingError):  # the database ended below it
            reader.rows("SELECT count(*) FROM range(40000000) AS many (n) WHERE hash(n) % 7 = 3")

    fill_log(con, cast)
    reading = threading.Thread(target=read)
    reading.start()
    reads.wait()
    time.sleep(0.05)
    with little_room(1_000), pytest.raises(NotWritten):
        con.execute("FORCE CHECKPOINT")
    reading.join()

    def goes_on() -> bool:
        with suppress(StoreStopped):  # it is opened again within a second
            return add_patient(con, cast.practice) > 0
        return False

    until(goes_on)
    assert reader.value("SELECT count(*) FROM patient") == 51


@pytest.mark.parametrize("name", ["x", "ab/x", "ab/cd/x"])
def test_a_disk_that_may_not_be_written_is_not_said_to_be_full(name: str) -> None:
    kernels = Path("/sys/kernel")
    if not kernels.is_dir():
        pytest.skip("needs a folder that nobody may write to, root included")

    with pytest.raises(NotWritten, match="has no right to"):
        durable_files.write(kernels / name, b"content")
    with pytest.raises(verify.NotVerified, match=r"^Nothing was verified: .* has no right to"):
        verify.copied(kernels).__enter__()
