"""Writers of different practices on PostgreSQL do not wait for each other:
`lib/store/writer_scope.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest

from lib import (
    audit_log,
    audit_log_integrity,
    changes_since,
    drafts,
    notes,
    sessions,
    tasks,
    workflow,
)
from lib.audit_log import Activity
from lib.errors import NoSuchTask
from lib.models import Person, Status
from lib.store import long_transaction, writer_scope
from lib.store.database import Connection, Store, transaction
from lib.store.postgres.store import PostgresStore
from lib.store.writer_scope import WHOLE, WriterScope, of_practice
from tests import writer_scopes
from tests.conftest import NOON, Cast, everybody
from tests.given import add_task

in_postgres = pytest.mark.parametrize("store", ["postgres"], indirect=True)
SOON, LATE = 0.3, 20.0


@pytest.fixture
def two(new_schema: str, tmp_path: Path) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    """Yield two stores of one database, as two processes would have them."""
    stores = [PostgresStore(tmp_path / "data", new_schema) for _ in range(2)]
    writer_scopes.watch(new_schema)
    yield stores[0], stores[1]
    for store in stores:
        store.close()


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@contextmanager
def writing(store: Store, scope: WriterScope, pool: ThreadPoolExecutor) -> Iterator[None]:
    """Have another thread hold a transaction of that scope while the block runs."""
    began, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction(store.connection(), of=scope, doing="something long"):
            began.set()
            over.wait(LATE)

    held = pool.submit(hold)
    assert began.wait(LATE)
    try:
        yield
    finally:
        over.set()
        held.result(LATE)


def waits(pool: ThreadPoolExecutor, write: Callable[[], object]) -> bool:
    """Return True if a write has not ended soon, whatever becomes of it."""
    return not wait([pool.submit(write)], SOON).done


def test_verbs_of_another_practice_go_on_and_those_of_the_same_wait(
    two: tuple[PostgresStore, PostgresStore], elsewhere: ThreadPoolExecutor
) -> None:
    here, there = two
    cast = everybody(here.connection())
    own, other, asked = (
        add_task(here.connection(), practice)
        for practice in (cast.practice, cast.other_practice, cast.other_practice)
    )
    for store in (here, there):  # in another thread, and in another process
        with writing(here, of_practice(cast.practice), elsewhere):
            con = store.connection()
            begun = asked if store is here else other
            workflow.start(con, begun, actor=cast.carla, now=NOON)
            notes.ask(con, begun, "Which day?", token=f"t{begun}", actor=cast.carla, now=NOON)
            drafts.keep(con, begun, {"note": "so far"}, actor=cast.carla, now=NOON)
            saw(con, cast, begun)
            assert waits(elsewhere, partial(workflow.start, con, own, actor=cast.ana, now=NOON))
        assert tasks.get(here.connection(), begun, actor=cast.carla).status is Status.IN_PROGRESS


def saw(con: Connection, cast: Cast, task_id: int) -> None:
    """Write down that somebody saw a task."""
    audit_log.saw(
        con, Activity.SAW_TASK, practice_id=cast.other_practice, actor=cast.carla, now=NOON,
        task_id=task_id,
    )  # fmt: skip


def test_whoever_writes_the_whole_store_waits_for_all_and_all_wait_for_them(
    two: tuple[PostgresStore, PostgresStore], elsewhere: ThreadPoolExecutor
) -> None:
    here, there = two
    cast = everybody(here.connection())
    task = add_task(here.connection(), cast.practice)

    with writing(here, of_practice(cast.practice), elsewhere):
        assert waits(elsewhere, lambda: sessions.sign_in(there.connection(), cast.ana.id, now=NOON))
    with writing(here, WHOLE, elsewhere):
        assert there.is_written
        assert here.wait_for_writer(0.05) == "something long"
        assert waits(
            elsewhere,
            lambda: workflow.start(there.connection(), task, actor=cast.ana, now=NOON),
        )
    assert there.wait_for_writer(LATE) == ""


def test_a_colleagues_write_is_nothing_to_wait_for_in_words(
    two: tuple[PostgresStore, PostgresStore], elsewhere: ThreadPoolExecutor
) -> None:
    with writing(two[0], of_practice(1), elsewhere):
        assert [store.wait_for_writer(0.05) for store in two] == ["", ""]
        assert not two[1].is_written


def test_the_record_covers_what_practices_wrote_at_once(
    two: tuple[PostgresStore, PostgresStore], elsewhere: ThreadPoolExecutor
) -> None:
    """A change whose id is smaller, and that is committed later, is not left out of the chain."""
    cast = everybody(two[0].connection())
    work = [
        (two[n % 2], add_task(two[0].connection(), practice), actor)
        for n in range(12)
        for practice, actor in ((cast.practice, cast.ana), (cast.other_practice, cast.carla))
    ]

    def do(store: Store, task_id: int, actor: Person) -> None:
        con = store.connection()
        for n in range(4):
            notes.comment(con, task_id, f"{n}", token=f"{task_id}-{n}", actor=actor, now=NOON)
            saw(con, cast, task_id * 10 + n)
            audit_log.settle(con, now=NOON)

    for each in [elsewhere.submit(do, *job) for job in work]:
        each.result(60)

    for store in two:  # each process remembers its own looks, while another writes for long
        audit_log.settle(store.connection(), now=NOON)
    con = two[0].connection()
    assert list(audit_log_integrity.broken(con)) == []
    assert con.value("SELECT max(last_event_id) FROM activity") == con.value(
        "SELECT max(id) FROM event"
    )
    assert con.value("SELECT count(*) FROM activity WHERE kind = 'saw task'") == len(work) * 4


def test_pages_of_two_practices_see_a_change_that_was_committed_after_a_later_one(
    two: tuple[PostgresStore, PostgresStore],
) -> None:
    here, there = two
    cast = everybody(here.connection())
    both = replace(cast.ana, memberships=(*cast.ana.memberships, *cast.carla.memberships))
    first, second = (
        add_task(here.connection(), practice) for practice in (cast.practice, cast.other_practice)
    )
    seen: list[int] = []
    with transaction(con := here.connection(), of=of_practice(cast.practice)):
        task = tasks.get(con, first, actor=cast.ana)
        notes.add_comment(con, task, "Earlier", actor=cast.ana, now=NOON)
        notes.comment(there.connection(), second, "Later", token="t", actor=cast.carla, now=NOON)
        seen.append(changes_since.latest(there.connection(), actor=both))
    assert changes_since.latest(there.connection(), actor=both) > seen[0]


@in_postgres
def test_a_verb_that_writes_outside_of_its_practice_is_refused(con: Connection, cast: Cast) -> None:
    task, other = add_task(con, cast.practice), add_task(con, cast.other_practice)
    touch = "UPDATE task SET instructions = 'Touched' WHERE id = $id"
    with transaction(con, of=writer_scope.of_task(task)):
        con.execute(touch, id=task)
    for statement in (
        touch.replace("$id", str(other)),
        "UPDATE practice SET due_days = 9",
        f"UPDATE membership SET practice_id = practice_id WHERE practice_id = {cast.practice + 1}",
    ):
        with (
            pytest.raises(psycopg.errors.RaiseException, match="outside of the scope"),
            transaction(con, of=writer_scope.of_task(task)),
        ):
            con.execute(statement)
    with transaction(con):
        con.execute(touch, id=other)


@in_postgres
def test_only_whoever_writes_the_whole_store_seals_the_record(con: Connection, cast: Cast) -> None:
    with transaction(con, of=of_practice(cast.practice)):
        with pytest.raises(RuntimeError, match="whole store"):
            audit_log.seal(con, now=NOON)
        with pytest.raises(RuntimeError, match="at once"):
            audit_log.write(con, audit_log.Line(Activity.LEFT, NOON, cast.ana.id))


@in_postgres
def test_an_import_gives_way_at_its_end_to_who_waits_for_what_it_changed(
    store: Store, con: Connection, cast: Cast, elsewhere: ThreadPoolExecutor
) -> None:
    """The writer holds the lock for which the import waits, and waits for the import's row."""
    task = add_task(con, cast.practice)
    touch = "UPDATE task SET instructions = $said WHERE id = $id"
    titles: list[str] = []

    def attempt() -> None:
        titles.append(con.value("SELECT instructions FROM task WHERE id = $id", id=task))
        con.execute(touch, said="The file's", id=task)
        if len(titles) == 1:
            began = threading.Event()

            def change() -> None:
                own = store.connection()
                with transaction(own, of=of_practice(cast.practice)):
                    began.set()
                    own.execute(touch, said="A person's", id=task)

            elsewhere.submit(change)
            assert began.wait(LATE)

    done = elsewhere.submit(long_transaction.kept, con, attempt, doing="an import")
    done.result(LATE)

    assert titles[-1] == "A person's"
    assert con.value("SELECT instructions FROM task WHERE id = $id", id=task) == "The file's"


@pytest.mark.stores
def test_a_task_that_is_not_there_is_refused_as_before(con: Connection, cast: Cast) -> None:
    with pytest.raises(NoSuchTask):
        workflow.start(con, 999, actor=cast.ana, now=NOON)
