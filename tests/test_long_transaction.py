from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lib import audit_log, audit_log_integrity, history
from lib.errors import StoreClosing
from lib.history_event_kinds import EventKind
from lib.store import long_transaction, open_long_transaction
from lib.store.database import Connection, GivesWay, Store, transaction
from lib.store.duckdb.store import DuckDBStore, file_of
from tests.conftest import NOON, opened
from tests.test_database import ADD, practices

pytestmark = pytest.mark.stores
RENAME = "UPDATE practice SET name = $name WHERE name = $before"


def beside(store: Store, work: Callable[[Connection], None]) -> None:
    """Do something in a transaction of another thread, to its end; nobody may hold it up."""

    def write() -> None:
        con = store.connection()
        with transaction(con):
            work(con)
        con.close()

    with ThreadPoolExecutor(1) as others:
        others.submit(write).result(timeout=20)


def line(con: Connection, detail: str) -> None:
    history.record(
        con, EventKind.DAY_NOTED, practice_id=1, actor_id=None, now=NOON, detail=detail
    )  # fmt: skip


def test_others_write_while_it_runs_and_see_nothing_of_it_before_it_is_whole(
    con: Connection, store: Store
) -> None:
    seen: list[list[str]] = []

    def attempt() -> list[str]:
        con.execute(ADD, name="long")
        beside(store, lambda own: own.execute(ADD, name="short"))
        seen.append(practices(store.connection()))
        return practices(con)

    revision = store.revision

    assert long_transaction.kept(con, attempt, doing="an import") == ["long"]
    assert seen == [["short"]]
    assert practices(con) == practices(store.connection()) == ["long", "short"]
    assert store.revision >= revision + 2


@pytest.mark.parametrize("problem", [ValueError, KeyboardInterrupt])
def test_whatever_ends_it_takes_all_of_it_back_and_nothing_of_others(
    con: Connection, store: Store, problem: type[BaseException]
) -> None:
    undone: list[str] = []

    def attempt() -> None:
        con.execute(ADD, name="half")
        con.if_rolled_back(lambda: undone.append("file"))
        beside(store, lambda own: own.execute(ADD, name="short"))
        assert undone == []
        raise problem

    with pytest.raises(problem):
        long_transaction.kept(con, attempt, doing="an import")

    assert (practices(con), undone) == (["short"], ["file"])
    assert store.wait_for_import(0) == ""
    with transaction(con):
        con.execute(ADD, name="whole")


def test_history_and_its_seal_are_in_the_order_of_commits(con: Connection, store: Store) -> None:
    """Lines that turned up below what is sealed already would never come into the chain."""

    def sealed(own: Connection) -> None:
        line(own, "of a person")
        audit_log.seal(own, now=NOON)

    def attempt() -> None:
        for n in range(3):
            line(con, f"of a file, {n}")
        beside(store, sealed)

    long_transaction.kept(con, attempt, doing="an import")

    assert [said for (said,) in con.rows("SELECT detail FROM event ORDER BY id")] == [
        "of a person", "of a file, 0", "of a file, 1", "of a file, 2",
    ]  # fmt: skip
    with transaction(con):
        line(con, "last")
    audit_log.settle(con, now=NOON)
    assert con.value("SELECT detail FROM event ORDER BY id DESC LIMIT 1") == "last"
    assert list(audit_log_integrity.broken(con)) == []
    [(said,)] = con.rows("SELECT detail FROM activity ORDER BY id DESC LIMIT 1")
    assert said.startswith("4 changes")


@pytest.mark.parametrize("left", [100_000, 2, 0], ids=["room", "as many", "more"])
def test_history_keeps_its_order_however_much_others_write(
    con: Connection, store: Store, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """None of its lines is written again at the end, where everybody waits, unless others wrote
    more than is left to them."""
    monkeypatch.setattr(open_long_transaction, "LEFT", left)
    given: list[tuple[int, ...]] = []

    def two(own: Connection) -> None:
        line(own, "of a person, 0")
        line(own, "of a person, 1")

    def attempt() -> None:
        line(con, "of a file, 0")
        beside(store, two)
        kept = {"practice_id": 1, "kind": "day_noted", "happened_at": NOON}
        con.insert("event", [{**kept, "detail": f"of a file, {n}"} for n in (1, 2)])
        own = "SELECT id FROM event WHERE detail LIKE 'of a file%' ORDER BY id"
        given.append(tuple(id_ for (id_,) in con.rows(own)))

    long_transaction.kept(con, attempt, doing="an import")
    with transaction(con):
        line(con, "last")

    found = con.rows("SELECT detail, id FROM event ORDER BY id")
    assert [said for said, _ in found] == [
        "of a person, 0", "of a person, 1", "of a file, 0", "of a file, 1", "of a file, 2", "last",
    ]  # fmt: skip
    assert (tuple(id_ for _, id_ in found[2:5]) == given[0]) is (left >= 2)
    assert len({id_ for _, id_ in found}) == 6


def test_who_changes_what_it_has_changed_comes_first_and_loses_nothing(
    con: Connection, store: Store
) -> None:
    with transaction(con):
        con.execute(ADD, name="one")
    times: list[str] = []

    def attempt() -> None:
        [name] = practices(con)
        times.append(name)
        con.execute(RENAME, name=f"{name} by file", before=name)
        if len(times) == 1:
            person = threading.Thread(target=beside, args=(store, work))
            people.append(person)
            person.start()
            while people[0].is_alive():
                con.value("SELECT 1")

    def work(own: Connection) -> None:
        line(own, "before it meets the file")
        [id_] = own.next_ids("task", 1)
        own.execute(RENAME, name="one by a person", before="one")
        line(own, f"task {id_}")

    people: list[threading.Thread] = []
    long_transaction.kept(con, attempt, doing="an import")
    people[0].join()

    assert times == ["one", "one by a person"]
    assert practices(con) == ["one by a person by file"]
    assert con.value("SELECT count(*) FROM event") == 2


def test_it_begins_anew_where_somebody_changed_what_it_changes(
    con: Connection, store: Store
) -> None:
    with transaction(con):
        con.execute(ADD, name="one")
    times: list[str] = []

    def attempt() -> None:
        [name] = practices(con)
        times.append(name)
        if len(times) == 1:
            beside(store, lambda own: own.execute(RENAME, name="person's", before="one"))
        con.execute(RENAME, name="file's", before=name)

    long_transaction.kept(con, attempt, doing="an import")

    assert (times, practices(con)) == (["one", "person's"], ["file's"])


def test_it_is_committed_only_where_what_it_requires_holds(con: Connection, store: Store) -> None:
    times: list[list[str]] = []

    def attempt() -> None:
        found = practices(con)
        times.append(found)
        con.execute(ADD, name=f"file's {len(times)}")
        long_transaction.requires(con, lambda now: practices(now) == found)
        if len(times) == 1:
            beside(store, lambda own: own.execute(ADD, name="person's"))

    long_transaction.kept(con, attempt, doing="an import")

    assert times == [[], ["person's"]]
    assert practices(con) == ["file's 2", "person's"]


def test_after_some_attempts_it_holds_the_others_back(con: Connection, store: Store) -> None:
    held: list[bool] = []

    def attempt() -> str:
        held.append(bool(store.writers))
        if con.long is not None:
            raise GivesWay
        con.execute(ADD, name="at last")
        assert ThreadPoolExecutor(1).submit(store.wait_for_writer, 0.01).result() == "an import"
        return "done"

    assert long_transaction.kept(con, attempt, doing="an import") == "done"
    assert held == [False] * long_transaction.ATTEMPTS + [True]
    assert practices(con) == ["at last"]


def test_one_runs_at_a_time_and_the_next_says_for_what_it_waits(
    con: Connection, store: Store
) -> None:
    said: list[str] = []
    inside, over = threading.Event(), threading.Event()

    def attempt() -> None:
        inside.set()
        over.wait(20)
        con.execute(ADD, name="first")

    def second() -> list[str]:
        own = store.connection()
        return long_transaction.kept(
            own, lambda: practices(own), doing="another", waits=said.append
        )

    with ThreadPoolExecutor(2) as both:
        first = both.submit(lambda: long_transaction.kept(con, attempt, doing="an import"))
        inside.wait(20)
        assert store.wait_for_import(0.01) == "an import"
        later = both.submit(second)
        while not said:
            assert not later.done()
        over.set()
        first.result(20)
        assert later.result(20) == ["first"]
    assert set(said) == {"an import"}


def test_what_only_it_sees_is_not_cached_for_others(con: Connection, store: Store) -> None:
    def attempt() -> None:
        con.execute(ADD, name="half")
        assert store.cached("names", lambda: practices(con)) == ["half"]
        raise ValueError

    with pytest.raises(ValueError):
        long_transaction.kept(con, attempt, doing="an import")

    assert store.cached("names", lambda: practices(con)) == []


def test_a_rehearsal_keeps_nothing_and_uses_no_ids_up(con: Connection, store: Store) -> None:
    before = con.next_ids("task", 1)[0]
    last = con.next_ids("event", 1)[0]

    def attempt() -> list[str]:
        con.execute(ADD, name="Rehearsed")
        con.next_ids("task", 2)
        line(con, "rehearsed")
        beside(store, lambda own: own.execute(ADD, name="short"))
        return practices(con)

    assert long_transaction.rehearse(con, attempt, doing="a preview") == ["Rehearsed"]
    assert practices(con) == ["short"]
    assert con.next_ids("task", 1) == [before + 1]
    assert con.next_ids("event", 1) == [last + 1]


def test_a_rehearsal_that_fails_says_so_and_keeps_nothing(con: Connection) -> None:
    def attempt() -> None:
        con.execute(ADD, name="Rehearsed")
        raise ValueError

    with pytest.raises(ValueError):
        long_transaction.rehearse(con, attempt, doing="a preview")

    assert practices(con) == []
    with transaction(con):
        con.execute(ADD, name="Afterwards")


def test_a_rehearsal_gives_way_and_at_last_holds_the_others_back(con: Connection) -> None:
    held: list[bool] = []

    def attempt() -> int:
        held.append(con.long is None)
        if con.long is not None:
            raise GivesWay
        con.execute(ADD, name="Rehearsed")
        return len(held)

    found = long_transaction.rehearse(con, attempt, doing="a preview")

    assert (found, held[-2:]) == (long_transaction.ATTEMPTS + 1, [False, True])
    assert practices(con) == []


def test_a_store_that_closes_rolls_it_back(con: Connection, store: Store) -> None:
    def attempt() -> None:
        con.execute(ADD, name="half")
        closing = threading.Thread(target=store.close)
        closing.start()
        try:
            while True:
                con.value("SELECT 1")
        finally:
            ends.append(closing)

    ends: list[threading.Thread] = []
    with pytest.raises(StoreClosing):
        long_transaction.kept(con, attempt, doing="an import")
    ends[0].join()

    address = getattr(store, "address", "")
    again = opened(store.folder, address)
    assert practices(again.connection()) == []
    again.close()


@pytest.mark.duckdb
def test_the_file_is_written_off_while_it_gives_way(con: Connection, store: Store) -> None:
    written: list[bool] = []

    def attempt() -> int:
        con.execute(ADD, name="long")
        if not written:
            other = threading.Thread(target=check)
            other.start()
            while True:
                con.value("SELECT 1")
        return len(written)

    def check() -> None:
        with store.exclusive():
            written.append(file_of(store).checkpoint())

    assert long_transaction.kept(con, attempt, doing="an import") == 1
    assert written == [True]
    assert practices(con) == ["long"]


@pytest.mark.duckdb
def test_what_an_open_one_wrote_is_gone_after_a_crash(tmp_path: Path) -> None:
    """Lines of those who wrote meanwhile are there."""
    import subprocess
    import sys

    script = """
import os, sys, pathlib, threading
from lib.store import long_transaction
from lib.store.database import transaction
from lib.store.duckdb.store import DuckDBStore
from tests.test_database import ADD
store = DuckDBStore(pathlib.Path(sys.argv[1]))
con = store.connection()
def write():
    own = store.connection()
    with transaction(own):
        own.execute(ADD, name="short")
def attempt():
    con.execute(ADD, name="half")
    other = threading.Thread(target=write)
    other.start()
    other.join()
    os._exit(9)
long_transaction.kept(con, attempt, doing="an import")
"""
    ended = subprocess.run([sys.executable, "-c", script, tmp_path / "data"], check=False)
    assert ended.returncode == 9

    store = DuckDBStore(tmp_path / "data")
    assert practices(store.connection()) == ["short"]
    store.close()
