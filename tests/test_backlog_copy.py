"""What the Backlog counts in where the store is in PostgreSQL, and its pages there.

`tests/test_report_links.py` opens every cell on both engines.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep
from zoneinfo import ZoneInfo

import psycopg
import pytest

from lib import workflow
from lib.backlog import report_url
from lib.errors import StoreClosing
from lib.models import Selection
from lib.snapshot import copies, explore
from lib.store import backlog_copy
from lib.store.database import Connection, Store
from lib.store.postgres import texts
from lib.store.postgres.connection import PostgresConnection
from lib.store.postgres.store import PostgresStore
from lib.ui import navigation
from lib.web import background_jobs
from tests.conftest import Cast
from tests.given import add_task
from tests.pages import Visit

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("store", ["postgres"], indirect=True)]
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def copied(store: Store) -> Iterator[Store]:
    """Yield the store, whose copies end with the test."""
    yield store
    backlog_copy.end(store)


def pending(store: Store, now: datetime) -> int:
    con = backlog_copy.of(store, now=now).store.connection()
    return int(con.value("SELECT count(*) FROM task WHERE is_open"))


def test_a_copy_is_kept_for_minutes_and_made_anew_after_a_change(
    copied: Store, con: Connection, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog_copy, "SHARE", 0)  # however long one takes on a busy machine
    add_task(con, cast.practice)
    first = backlog_copy.of(copied, now=NOW)
    assert first.copied_at == NOW
    assert backlog_copy.of(copied, now=NOW + timedelta(hours=5)) is first  # nothing has changed

    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ana, now=NOW)

    assert pending(copied, NOW + timedelta(minutes=1)) == 1
    assert pending(copied, NOW + timedelta(minutes=6)) == 2
    assert first.store.connection().value("SELECT count(*) FROM task") == 1  # who counts goes on
    folder = first.store.folder
    backlog_copy.end(copied)
    assert not folder.exists()


def test_nobody_waits_for_copies_that_are_made_ahead(
    copied: Store, con: Connection, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog_copy, "SHARE", 0)

    def copied_at(minutes: int) -> timedelta:
        of = backlog_copy.of(copied, now=NOW + timedelta(minutes=minutes)).copied_at
        assert of
        return of - NOW

    backlog_copy.keep(copied, now=NOW)  # nobody has asked yet
    assert copied_at(1) == timedelta()
    add_task(con, cast.practice)
    backlog_copy.keep(copied, now=NOW + timedelta(minutes=4))
    assert copied_at(9) == timedelta()  # old, and at once
    backlog_copy.keep(copied, now=NOW + timedelta(minutes=9))
    assert copied_at(10) == timedelta(minutes=9)

    add_task(con, cast.practice)
    assert copied_at(20) == timedelta(minutes=20)  # they are not made ahead any more
    add_task(con, cast.practice)
    backlog_copy.keep(copied, now=NOW + timedelta(days=4))  # for nobody
    assert backlog_copy.of(copied, now=NOW + timedelta(minutes=21)).copied_at == NOW + timedelta(
        minutes=20
    )


def test_a_server_begins_with_a_copy_and_ends_without_what_there_is_of_one(
    copied: Store, con: Connection, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    add_task(con, cast.practice)

    def soon(holds: Callable[[], bool]) -> None:
        until = monotonic() + 60
        while not holds():
            assert monotonic() < until
            sleep(0.05)

    with background_jobs.looked_after(copied):
        began = datetime.now(UTC)
        soon(lambda: bool(list(tmp_path.glob("counting-*"))))
        made = backlog_copy.of(copied, now=datetime.now(UTC))
        assert made.copied_at
        assert made.copied_at - began < timedelta(seconds=5)
    backlog_copy.end(copied)
    assert not list(tmp_path.glob("counting-*"))

    assert isinstance(copied, PostgresStore)
    with ThreadPoolExecutor(1) as beside, psycopg.connect(copied.address) as other:
        other.execute("LOCK TABLE task IN ACCESS EXCLUSIVE MODE")
        making = beside.submit(backlog_copy.keep, copied, now=NOW)
        soon(lambda: bool(list(tmp_path.glob("counting-*/data/billing.duckdb"))))
        backlog_copy.end(copied)
        assert not list(tmp_path.glob("counting-*"))
        other.rollback()
        making.exception(60)
    assert not list(tmp_path.glob("counting-*"))


def test_a_table_that_is_being_copied_ends_with_the_store(
    copied: Store, con: Connection, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "CSV_PIECE", 1)
    add_task(con, cast.practice)
    add_task(con, cast.practice)
    with copied.at_one_moment() as reading:
        assert isinstance(reading, PostgresConnection)
        pieces = reading.csv("task", ["id"])
        next(pieces)
        monkeypatch.setattr(copied, "is_closing", True)
        with pytest.raises(StoreClosing):
            next(pieces)
        monkeypatch.setattr(copied, "is_closing", False)


def test_tasks_that_were_counted_are_found_by_their_ids_with_their_amounts(
    copied: Store, con: Connection, cast: Cast
) -> None:
    ids = [
        add_task(con, cast.practice, amount=amount)
        for amount in (Decimal("10.5"), Decimal(20), None)
    ]
    counted = Selection(
        "SELECT id FROM task WHERE id >= $least", (("least", ids[1]),), "task.amount + $more"
    )
    counted = Selection(counted.sql, (*counted.values, ("more", 1)), counted.amount)

    found = backlog_copy.resolved(copied, counted, now=NOW)

    rows = con.rows(
        f"SELECT id, {found.amount} FROM task WHERE id IN ({found.sql}) ORDER BY id",
        **dict(found.values),
    )
    assert [(id_, amount and float(amount)) for id_, amount in rows] == [
        (ids[1], 21.0), (ids[2], None),
    ]  # fmt: skip
    hash(found)  # the list's page is cached by what it shows


@pytest.mark.cases(3)
@pytest.mark.parametrize(
    "page", [entry.file for entry in navigation.PAGES if entry.group == "Backlog"]
)
def test_its_pages_stand_and_count(copied: Store, con: Connection, cast: Cast, page: str) -> None:
    add_task(con, cast.practice)
    with Visit(copied, cast.ana) as visit:
        drawn = visit.page(page)
        said = visit.words()
    assert not drawn.exception
    if page != "backlog_explore":
        assert "1 task" in said


def test_copies_of_one_store_have_the_same_pseudonyms(
    store: Store, con: Connection, cast: Cast, tmp_path: Path
) -> None:
    add_task(con, cast.practice)

    def ids(file: Path) -> list[tuple[object, ...]]:
        copy = copies.Copy(file)
        rows = copy.table("SELECT id FROM task")[1]
        copy.close()
        return rows

    first = explore.copy_of(con, (cast.practice,), actor=cast.ana, now=NOW)
    before = ids(first)
    again = explore.copy_of(con, (cast.practice,), actor=cast.ana, now=NOW, again=True)
    assert ids(again) == before
    assert len(before) == 1


def test_a_link_to_the_moment_of_a_copy_is_a_link_to_the_past(cast: Cast) -> None:
    """The copy is of then for minutes; the link has to say the same when it is made anew."""
    place, zone = cast.ana.memberships[0].practice, ZoneInfo("America/Chicago")

    at, _, _, is_now = report_url.moment({"as_of": report_url.address_of(NOW, zone)}, place, NOW)

    assert (is_now, NOW <= at <= NOW + timedelta(milliseconds=1)) == (False, True)
    later = report_url.address_of(NOW + timedelta(minutes=1), zone)
    assert report_url.moment({"as_of": later}, place, NOW)[3]
