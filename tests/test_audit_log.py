from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread, Timer

import pytest

from lib import audit_log, audit_log_integrity, tasks, workflow
from lib.audit_log import Activity, Line
from lib.errors import BillingError
from lib.store.database import Connection, Store, transaction
from lib.web.background_jobs import looked_after
from tests.conftest import NOON, Cast, opened_again
from tests.given import add_task_of_charge, minutes


def kinds(con: Connection) -> list[tuple[str, int | None]]:
    return con.rows("SELECT kind, task_id FROM activity ORDER BY id")


def look(con: Connection, cast: Cast, task_id: int, minute: int = 0) -> None:
    task = tasks.get(con, task_id, actor=cast.ana)
    audit_log.saw(
        con, Activity.SAW_TASK, practice_id=task.practice_id, actor=cast.ana, now=minutes(minute),
        task_id=task.id, patient_id=task.patient_id,
    )  # fmt: skip


def test_a_look_is_written_once_a_quarter_of_an_hour_for_each_person_and_task(
    con: Connection, cast: Cast
) -> None:
    first, second = (add_task_of_charge(con, cast.practice) for _ in range(2))

    for minute in (0, 1, 14):
        look(con, cast, first, minute)
    look(con, cast, second, 14)
    look(con, cast, first, 16)

    assert kinds(con) == [("saw task", first), ("saw task", second), ("saw task", first)]
    assert con.rows("SELECT DISTINCT actor_id, patient_id > 0 FROM activity") == [
        (cast.ana.id, True)
    ]


def test_a_look_invalidates_no_page_that_is_cached(con: Connection, cast: Cast) -> None:
    task_id = add_task_of_charge(con, cast.practice)
    before = con.store.connection().store.revision

    look(con, cast, task_id)

    assert con.store.revision == before


def test_changes_are_in_the_chain_before_the_next_line(con: Connection, cast: Cast) -> None:
    task_id = add_task_of_charge(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)

    audit_log.settle(con, now=minutes(1))
    look(con, cast, task_id)
    audit_log.settle(con, now=minutes(1))

    assert [kind for kind, _ in kinds(con)] == ["changes", "saw task"]
    workflow.undo_start(con, task_id, actor=cast.ana, now=minutes(1))
    audit_log.settle(con, now=minutes(2))
    assert [kind for kind, _ in kinds(con)] == ["changes", "saw task", "changes"]
    assert list(audit_log_integrity.broken(con)) == []


def test_what_is_rolled_back_leaves_no_line_and_no_gap(con: Connection, cast: Cast) -> None:
    task_id = add_task_of_charge(con, cast.practice)
    look(con, cast, task_id)

    with pytest.raises(BillingError), transaction(con):
        audit_log.write(con, Line(Activity.SIGNED_IN, NOON, cast.ana.id))
        raise BillingError("no")
    audit_log.record(con, Line(Activity.SIGNED_OUT, NOON, cast.ana.id))

    assert [kind for kind, _ in kinds(con)] == ["saw task", "signed out"]
    assert list(audit_log_integrity.broken(con)) == []


@contextmanager
def somebody_writes(store: Store, at_most: float = 20) -> Iterator[Event]:
    """Have another thread write while the block runs, up to those seconds or until the event."""
    begun, done = Event(), Event()

    def write() -> None:
        with transaction(store.connection()):
            begun.set()
            done.wait(at_most)

    writer = Thread(target=write)
    writer.start()
    assert begun.wait(10)
    try:
        yield done
    finally:
        done.set()
        writer.join()


def test_a_look_does_not_wait_for_a_long_import_and_is_written_after_it(
    store: Store, con: Connection, cast: Cast
) -> None:
    task_id = add_task_of_charge(con, cast.practice)
    with somebody_writes(store):
        clock = time.monotonic()
        look(con, cast, task_id)
        took = time.monotonic() - clock

    assert took < 2
    assert kinds(con) == []
    audit_log.settle(con, now=minutes(1))
    assert kinds(con) == [("saw task", task_id)]
    assert con.rows("SELECT happened_at FROM activity") == [(NOON.replace(tzinfo=None),)]


def test_a_look_is_on_disk_at_once_where_somebody_writes_for_a_moment_only(
    store: Store, con: Connection, cast: Cast
) -> None:
    task_id = add_task_of_charge(con, cast.practice)
    with somebody_writes(store, at_most=audit_log.A_MOMENT / 10):
        look(con, cast, task_id)

        assert kinds(con) == [("saw task", task_id)]


def test_looks_that_wait_when_the_process_ends_are_written(
    store: Store, con: Connection, cast: Cast
) -> None:
    task_id = add_task_of_charge(con, cast.practice)
    with somebody_writes(store) as done, looked_after(store):
        look(con, cast, task_id)
        assert audit_log.looks_that_wait(store) == 1
        Timer(0.3, done.set).start()

    assert audit_log.looks_that_wait(store) == 0
    assert kinds(con) == [("saw task", task_id)]


def test_looks_that_cannot_be_written_when_the_process_ends_are_counted_in_its_log(
    store: Store, con: Connection, cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = [add_task_of_charge(con, cast.practice) for _ in range(2)]
    with somebody_writes(store), looked_after(store):
        for task_id in seen:
            look(con, cast, task_id)

    assert "2 looks at patients' data are not in the record." in capsys.readouterr().out


def test_the_chain_goes_on_after_the_store_was_closed(store: Store, cast: Cast) -> None:
    audit_log.record(store.connection(), Line(Activity.SIGNED_IN, NOON, cast.ana.id))
    store.close()

    again = opened_again(store)
    con = again.connection()
    audit_log.record(con, Line(Activity.SIGNED_OUT, NOON + timedelta(hours=1), cast.ana.id))

    assert con.rows("SELECT id FROM activity ORDER BY id") == [(1,), (2,)]
    assert list(audit_log_integrity.broken(con)) == []
    again.close()


def test_who_looks_at_the_end_of_the_record_while_somebody_writes_does_not_set_it_back(
    con: Connection, cast: Cast
) -> None:
    line, reader = Line(Activity.SIGNED_OUT, NOON, cast.ana.id), con.store.connection()
    with transaction(con):
        audit_log.write(con, line)
        con.store.opening += 1  # what was remembered is read again, as after a full disk
        audit_log._head(reader)
        audit_log.write(con, line)

    assert list(audit_log_integrity.broken(con)) == []
