"""A bucket at the end of a slow or broken line: nobody waits for it, and no row names a file that
is not there."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lib import documents, notes, task_documents
from lib.errors import AlreadyCompleted, WrongDataFolder
from lib.intake import imports
from lib.models import TaskType
from lib.store import file_places, process_store
from lib.store.database import Connection, Store
from lib.store.files import BOUND, DOCUMENTS, INTAKE, FilesUnreachable
from lib.upkeep.sweep import sweep
from tests.conftest import NOON, Cast, everybody
from tests.given import ABOUT, add_task, pdf
from tests.network_line import Line
from tests.seaweedfs import Server
from tests.server import running
from tests.test_export_web import LINK
from tests.x12_texts import claim, file_837

pytestmark = [pytest.mark.slow, pytest.mark.stores]

CONTENT = pdf("scan " + "x" * 3_000_000)
SOON = 2.0  # seconds; what waits for the line waits until it is let through
PATIENCE = 30.0


@pytest.fixture
def line(s3: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """Yield the line over which the bucket is reached."""
    port = urlsplit(s3.url).port
    assert port
    made = Line(port)
    yield made
    made.close()


@pytest.fixture
def bucket(store: Store, address: str, line: Line, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return the store with its files in a bucket at the other end of the line."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{line.port}")
    (store.folder / DOCUMENTS).rmdir()
    file_places.bind(store.folder, address, process_store.files_server())
    store.files = file_places.of(store.folder)
    return store


def upload(con: Connection, cast: Cast, task: int) -> None:
    documents.upload(
        con, CONTENT, "scan.pdf", practice_id=cast.practice, patient_id=None, details=ABOUT,
        token="form", actor=cast.ana, now=NOON,
    )  # fmt: skip


def attach(con: Connection, cast: Cast, task: int) -> None:
    task_documents.upload_and_attach(
        con, task, CONTENT, "scan.pdf", details=ABOUT, token="form", actor=cast.ana, now=NOON
    )


def complete(con: Connection, cast: Cast, task: int) -> None:
    documents.upload_and_complete(
        con, task, CONTENT, "scan.pdf", details=ABOUT, token="form", actor=cast.ana, now=NOON
    )


def bring_in(con: Connection, cast: Cast, task: int) -> None:
    report = imports.apply(
        con, "a.837", file_837(*(claim(f"A{i}") for i in range(200))), actor=cast.ana,
        practice_id=cast.practice, now=NOON,
    )  # fmt: skip
    assert report.charges_new == 200


WAYS = [upload, attach, complete, bring_in]
Way = Callable[[Connection, Cast, int], None]


def task_of(con: Connection, cast: Cast) -> int:
    return add_task(con, cast.practice, type=TaskType.DOCUMENTS, assignee_id=cast.ana.id)


def begun(way: Way, bucket: Store, cast: Cast, task: int) -> tuple[threading.Thread, list[str]]:
    """Begin it in a thread of its own; the list says how it ended."""
    ended: list[str] = []

    def work() -> None:
        try:
            way(bucket.connection(), cast, task)
            ended.append("done")
        except BaseException as problem:
            ended.append(repr(problem))

    thread = threading.Thread(target=work)
    thread.start()
    return thread, ended


def lying(store: Store) -> list[str]:
    return sorted(found.sha256 for kind in (DOCUMENTS, INTAKE) for found in store.files.lying(kind))


def named(con: Connection) -> list[str]:
    return sorted(
        row[0]
        for row in con.rows("SELECT sha256 FROM document UNION SELECT sha256 FROM intake_file")
    )


@pytest.mark.parametrize("way", WAYS)
def test_others_write_while_a_file_is_sent(
    bucket: Store, con: Connection, cast: Cast, line: Line, way: Way
) -> None:
    task = task_of(con, cast)

    with line.held():
        thread, ended = begun(way, bucket, cast, task)
        assert line.waiting.wait(PATIENCE)
        asked = time.monotonic()
        notes.ask(con, task, "Which scan?", token="note", actor=cast.ben, now=NOON)
        waited = time.monotonic() - asked
        assert not ended
    thread.join(PATIENCE)

    assert ended == ["done"]
    assert waited < SOON
    assert lying(bucket) == named(con) != []


@pytest.mark.parametrize("way", [upload, attach, complete])
def test_a_file_that_is_swept_between_its_sending_and_its_row_is_sent_again(
    bucket: Store, con: Connection, cast: Cast, way: Way
) -> None:
    task = task_of(con, cast)
    with bucket.exclusive():
        thread, ended = begun(way, bucket, cast, task)
        while not (there := list(bucket.files.lying(DOCUMENTS))):
            time.sleep(0.01)
        bucket.files.delete(DOCUMENTS, there[0].name)
    thread.join(PATIENCE)

    assert ended == ["done"]
    assert lying(bucket) == named(con) != []


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_saved_where_the_line_breaks(
    bucket: Store, con: Connection, cast: Cast, line: Line, way: Way
) -> None:
    task = task_of(con, cast)

    with line.cut(), pytest.raises(FilesUnreachable, match="does not answer"):
        way(con, cast, task)

    assert named(con) == lying(bucket) == []
    way(con, cast, task)
    assert lying(bucket) == named(con) != []


def test_a_refused_import_leaves_nothing_and_a_refused_document_what_the_sweep_takes(
    bucket: Store, con: Connection, cast: Cast
) -> None:
    refused = imports.apply(
        con, "a.837", file_837(claim("A1"))[:-20], actor=cast.ana, practice_id=cast.practice,
        now=NOON,
    )  # fmt: skip
    assert refused.refused
    assert lying(bucket) == []

    task = task_of(con, cast)
    complete(con, cast, task)
    with pytest.raises(AlreadyCompleted):
        task_documents.upload_and_attach(
            con, task, pdf("late"), "late.pdf", details=ABOUT, token="late", actor=cast.ana,
            now=NOON,
        )  # fmt: skip
    assert len(lying(bucket)) == 2
    assert sweep(bucket, now=datetime.now(UTC) + timedelta(days=2)) == 1
    assert lying(bucket) == named(con)


def test_health_and_whoever_asks_for_a_file_hear_that_the_bucket_does_not_answer(
    tmp_path: Path, address: str, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{line.port}")
    folder = tmp_path / "served"
    store = process_store.open_store(folder)
    con = store.connection()
    cast = everybody(con)
    task = task_of(con, cast)
    attach(con, cast, task)
    bring_in(con, cast, task)
    charge = con.value("SELECT min(id) FROM charge")
    process_store.close_stores()
    files = (
        "/documents/1/scan", f"/origin/charge/{charge}",
        f"/answers/{cast.practice}.zip?since=2025-03-01&until=2025-03-31",
    )  # fmt: skip

    with running(folder) as server:
        token = server.sign_in(cast.ana.id)
        assert [server.ask(path, token=token, headers=LINK).status for path in files] == [200] * 3
        with line.cut():
            refused = [server.ask(path, token=token, headers=LINK) for path in files]
            health = server.ask("/healthz")
            metrics = server.ask("/metrics").text
        again = [server.ask(path, token=token, headers=LINK).status for path in files]
        log = server.log.read_text()

    said = "The bucket that keeps documents and files does not answer"
    assert [answer.status for answer in refused] == [503] * 3
    assert all(answer.text.startswith(said) for answer in refused)
    assert refused[0].headers["x-frame-options"] == "SAMEORIGIN"
    assert (health.status, health.text.startswith(said)) == (503, True)
    assert "billing_tasks_healthy 0" in metrics
    assert again == [200] * 3
    assert "Traceback" not in log
    assert "reference" not in log


def test_a_bucket_that_was_emptied_is_told_from_one_that_is_away(
    bucket: Store, address: str
) -> None:
    bucket.files.ask()

    obstore = pytest.importorskip("obstore.store")
    place = address.removeprefix("s3://").partition("/")
    obstore.S3Store(place[0], prefix=place[2], client_options={"allow_http": True}).delete(BOUND)

    with pytest.raises(FilesUnreachable, match=f"does not hold {BOUND}"):
        bucket.files.ask()


@pytest.mark.parametrize("server", ["https://", "s3.example.com", "http://s3.example.com", "s3:9"])
def test_a_server_without_https_or_name_is_refused(server: str) -> None:
    bucket = pytest.importorskip("lib.store.bucket")
    with pytest.raises(WrongDataFolder, match="has to begin with https://"):
        bucket.Bucket("s3://bucket/prefix", server)


def test_a_server_that_is_named_by_nothing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", " ")

    assert process_store.files_server() == ""
    assert "AWS_ENDPOINT_URL" not in os.environ  # obstore would read it, and panic
