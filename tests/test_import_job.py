"""An import goes on beside the page; a cancel leaves nothing half in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.import_report_models import ImportReport
from lib.store import process_store
from lib.store.database import Connection, Store, transaction
from lib.ui.import_job import Job, Waiting
from tests.conftest import NOON, Cast
from tests.x12_texts import claim, file_837


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield process_store.open_store(tmp_path / "data")
    process_store.close_stores()


def waiting(*names: str) -> list[Waiting]:
    return [
        Waiting(name, file_837(claim(name)), None, ImportReport(name, "", "837P"), True)
        for name in names
    ]


def ended(job: Job) -> Job:
    deadline = time.monotonic() + 30
    while job.is_running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not job.is_running
    return job


def test_every_file_is_reported_and_those_that_are_not_ready_are_passed_over(
    con: Connection, cast: Cast
) -> None:
    known = Waiting("b", b"", None, ImportReport("b", "", "837P", already_imported=True), False)
    files = [*waiting("A1"), known, *waiting("A2")]

    job = ended(Job(files, actor=cast.ana, practice_id=cast.practice, now=NOON))

    assert job.problem is None
    assert [(each.file, each.charges_new) for each in job.reports] == [
        ("A1", 1),
        ("b", 0),
        ("A2", 1),
    ]


def test_a_cancelled_import_keeps_nothing_of_the_file_that_came_in_and_those_after_it(
    con: Connection, cast: Cast
) -> None:
    with transaction(con):  # the import waits for it
        job = Job(waiting("A1", "A2"), actor=cast.ana, practice_id=cast.practice, now=NOON)
        time.sleep(0.2)
        job.cancel()
    ended(job)

    assert [each.refused for each in job.reports] == [
        f"{name} was left out: the import was cancelled. Nothing of it was kept."
        for name in ("A1", "A2")
    ]
    for table in ("charge", "intake_file", "intake_message", "event"):
        assert con.value(f"SELECT count(*) FROM {table}") == 0


def test_somebody_who_may_not_import_is_told_so(con: Connection, cast: Cast) -> None:
    job = ended(Job(waiting("A1"), actor=cast.ben, practice_id=cast.practice, now=NOON))

    assert "Your role cannot import files" in (job.reports[0].refused or "")
