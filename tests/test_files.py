"""Files in the data folder and in a bucket of a real S3 server: the same promises of both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lib import documents, people
from lib.errors import DocumentFileChanged, DocumentFileMissing, RefusedFile, WrongDataFolder
from lib.intake import imports
from lib.models import Person
from lib.store import file_places, process_store
from lib.store.database import Connection, Store
from lib.store.files import BOUND, DOCUMENTS, INTAKE, Files, FilesUnreachable, Folder
from lib.upkeep import backup
from lib.upkeep.command import main_restore
from lib.upkeep.sweep import sweep
from lib.upkeep.verify import verify, verify_live
from tests.conftest import NOON, everybody
from tests.given import ABOUT, pdf
from tests.x12_texts import claim, file_837

pytestmark = pytest.mark.slow

CONTENT = b"x" * 2_500_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
CLAIMS = file_837(claim("A1"))


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """Return a place for files."""
    if request.param == "bucket":
        file_places.bind(tmp_path, request.getfixturevalue("address"), server())
    return file_places.of(tmp_path)


@pytest.fixture
def data(tmp_path: Path, address: str) -> Iterator[Store]:
    """Yield a store whose files are in a bucket: with a document and an imported file."""
    store = process_store.open_store(tmp_path / "data")
    con = store.connection()
    cast = everybody(con)
    upload(con, cast.ana, cast.practice)
    imports.apply(con, "a.837", CLAIMS, actor=cast.ana, practice_id=cast.practice, now=NOON)
    yield store
    process_store.close_stores()


def server() -> str:
    """Return the URL that the environment names."""
    return process_store.files_server()


def upload(con: Connection, actor: Person, practice: int, content: bytes = pdf("scan")) -> int:
    return documents.upload(
        con, content, "scan.pdf", practice_id=practice, patient_id=None, details=ABOUT,
        token="form", actor=actor, now=NOON,
    )  # fmt: skip


def ana(con: Connection) -> Person:
    found = people.person(con, con.value("SELECT id FROM person WHERE name = 'Ana'"))
    assert found is not None
    return found


def names(place: Files, kind: str) -> list[str]:
    return [found.name for found in place.lying(kind)]


def test_content_is_written_once_read_measured_listed_and_deleted(place: Files) -> None:
    halves = [CONTENT[:1_000_000], CONTENT[1_000_000:]]

    assert place.keep(DOCUMENTS, SHA256, iter(halves))
    assert not place.keep(DOCUMENTS, SHA256, CONTENT)

    assert place.read(DOCUMENTS, SHA256) == CONTENT
    assert place.size(DOCUMENTS, SHA256) == len(CONTENT)
    [found] = place.lying(DOCUMENTS)
    assert (found.name, found.sha256) == (f"{SHA256[:2]}/{SHA256}", SHA256)
    assert abs(datetime.now(UTC) - found.changed_at) < timedelta(minutes=5)
    assert names(place, INTAKE) == []
    place.delete(DOCUMENTS, found.name)
    place.delete(DOCUMENTS, found.name)
    assert place.size(DOCUMENTS, SHA256) is None
    assert place.problem(DOCUMENTS, SHA256) == "is missing"
    with pytest.raises(FileNotFoundError):
        place.read(DOCUMENTS, SHA256)


def test_content_that_was_changed_is_seen_and_written_anew(place: Files) -> None:
    place.keep(DOCUMENTS, SHA256, b"another")

    assert place.problem(DOCUMENTS, SHA256) == "was changed"
    assert not place.keep(DOCUMENTS, SHA256, CONTENT)
    assert place.problem(DOCUMENTS, SHA256) == ""


def test_nothing_is_there_of_content_that_could_not_be_read_to_its_end(place: Files) -> None:
    def pieces() -> Iterator[bytes]:
        yield CONTENT
        raise RefusedFile("somebody changed it")

    with pytest.raises(RefusedFile):
        place.keep(INTAKE, SHA256, pieces())

    assert names(place, INTAKE) == []


def test_a_store_in_a_bucket_is_verified_swept_backed_up_and_restored(
    data: Store, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not (data.folder / INTAKE).exists()
    assert verify_live(data) == (0, [f"{data.folder}: nothing is wrong."])

    made = backup.make(data, tmp_path / "backups", now=NOON)
    again = backup.make(data, tmp_path / "backups", now=NOON + timedelta(days=1))
    assert verify(made.folder).all == verify(again.folder).all == ()
    assert [len(names(Folder(again.folder), kind)) for kind in (DOCUMENTS, INTAKE)] == [1, 1]

    data.files.keep(DOCUMENTS, SHA256, CONTENT)  # a crash left it
    [stray] = verify_live(data)[1]
    assert f"1 in documents/ are named by no row, the first documents/{SHA256[:2]}/" in stray
    assert sweep(data, now=datetime.now(UTC)) == 0
    assert sweep(data, now=datetime.now(UTC) + timedelta(days=2)) == 1

    process_store.close_stores()
    monkeypatch.setenv("BILLING_TASKS_DATA", str(tmp_path / "restored"))
    monkeypatch.setenv(process_store.FILES_VARIABLE, f"{address}-restored")
    assert main_restore(["--from", str(again.folder)], now=NOON) == 0
    there = process_store.open_store(tmp_path / "restored")
    assert names(there.files, INTAKE) == names(Folder(again.folder), INTAKE)
    assert documents.content(there.connection(), 1, actor=ana(there.connection()))[1] == pdf("scan")


def test_what_is_missing_changed_or_out_of_reach_is_said(
    data: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    con = data.connection()
    actor = ana(con)
    sha256 = con.value("SELECT sha256 FROM document")
    data.files.delete(DOCUMENTS, f"{sha256[:2]}/{sha256}")
    with pytest.raises(DocumentFileMissing):
        documents.content(con, 1, actor=actor)
    assert verify_live(data)[1] == ["The file of document 1 is missing."]

    data.files.keep(DOCUMENTS, sha256, b"another")
    with pytest.raises(DocumentFileChanged):
        documents.content(con, 1, actor=actor)
    [line] = verify_live(data)[1]
    assert line == "The file of document 1 was changed on disk: its SHA-256 differs."

    said = (data.folder / BOUND).read_text()
    (data.folder / BOUND).write_text(said.replace(server(), "http://127.0.0.1:9"))
    data.files = file_places.of(data.folder)
    practice = con.value("SELECT min(id) FROM practice")
    with pytest.raises(FilesUnreachable, match="does not answer"):
        upload(con, actor, practice, pdf("other"))
    assert con.value("SELECT count(*) FROM document") == 1

    (data.folder / BOUND).write_text(said)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    data.files = file_places.of(data.folder)
    with pytest.raises(FilesUnreachable, match="refuses us"):
        documents.content(con, 1, actor=actor)


def test_a_folder_and_its_bucket_belong_to_each_other(address: str, tmp_path: Path) -> None:
    mine, other, full = (tmp_path / name for name in ("mine", "other", "full"))
    file_places.bind(mine, address, server())

    file_places.bind(mine, address, server())  # the next start
    Folder(full).keep(DOCUMENTS, SHA256, CONTENT)
    for folder, named, said in (
        (mine, "", "name it with BILLING_TASKS_FILES"),
        (mine, f"{address}-2", "files of another store"),
        (other, address, "files of another store"),
        (full, f"{address}-3", "holds documents and files of its own"),
        (other, "s3:/nothing", "is not the address of a bucket"),
        (other, "s3://no-such-bucket-here/x", "See that s3://no-such-bucket-here/x is there"),
    ):
        with pytest.raises(WrongDataFolder, match=said):
            file_places.bind(folder, named, server())
    with pytest.raises(WrongDataFolder, match="unprotected"):
        file_places.bind(other, address, "http://files.example.com")
    (mine / BOUND).write_text("{")
    with pytest.raises(WrongDataFolder, match="cannot be read"):
        file_places.of(mine)


def test_content_that_is_there_and_cannot_be_read_is_not_said_to_be_missing(tmp_path: Path) -> None:
    data = process_store.open_store(tmp_path / "data")
    con = data.connection()
    cast = everybody(con)
    upload(con, cast.ana, cast.practice)
    path = Folder(data.folder).path(DOCUMENTS, con.value("SELECT sha256 FROM document"))
    path.unlink()
    path.mkdir()  # which even root cannot read as a file

    with pytest.raises(DocumentFileMissing, match="cannot be read on disk"):
        documents.content(con, 1, actor=cast.ana)

    assert verify_live(data)[1] == ["The file of document 1 cannot be read."]
    process_store.close_stores()
