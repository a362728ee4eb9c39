"""Whose turn it is to write, among the threads of one process: `lib/store/postgres/turns.py`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import sleep

import pytest

from lib.store.postgres.turns import Turns, WholeStoreLock
from lib.store.writer_scope import RECORD, WHOLE, WriterScope, of_person, of_practice

SOON = 0.05


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def others() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@contextmanager
def held(turns: Turns, others: ThreadPoolExecutor, scope: WriterScope) -> Iterator[None]:
    """Have another thread hold a turn while the block runs."""
    has_it, over = threading.Event(), threading.Event()

    def hold() -> None:
        with turns.hold(scope):
            has_it.set()
            over.wait(20)

    holding = others.submit(hold)
    assert has_it.wait(20)
    try:
        yield
    finally:
        over.set()
        holding.result(20)


def gets(turns: Turns, scope: WriterScope, timeout: float = SOON) -> bool:
    """Return True if this thread gets a turn, and give it back."""
    if is_taken := turns.take(scope, timeout):
        turns.give_back()
    return is_taken


@pytest.mark.parametrize(
    ("one", "other", "is_apart"),
    [
        (of_practice(1), of_practice(2), True),
        (of_practice(1), of_person(1), True),
        (of_practice(1), RECORD, True),
        (of_practice(1), of_practice(1), False),
        (of_practice(1), WHOLE, False),
        (WHOLE, of_person(2), False),
        (WHOLE, RECORD, False),
        (WHOLE, WHOLE, False),
    ],
)
def test_two_scopes_are_written_at_once_unless_they_share_rows(
    turns: Turns, others: ThreadPoolExecutor, one: WriterScope, other: WriterScope, *,
    is_apart: bool,
) -> None:  # fmt: skip
    with held(turns, others, one):
        assert gets(turns, other) == is_apart
    assert gets(turns, other)


def test_nobody_overtakes_whoever_waits_for_the_whole_store(
    turns: Turns, others: ThreadPoolExecutor
) -> None:
    order: list[str] = []

    def write(scope: WriterScope, name: str) -> None:
        with turns.hold(scope):
            order.append(name)

    waiting: list[Future[None]] = []
    with held(turns, others, of_practice(1)):
        for scope, name in ((WHOLE, "whole"), (of_practice(2), "second"), (WHOLE, "whole again")):
            waiting.append(others.submit(write, scope, name))
            sleep(SOON)
        assert order == []
    for each in waiting:
        each.result(20)
    assert order == ["whole", "second", "whole again"]


def test_whoever_gives_up_waiting_holds_nobody_up(turns: Turns, others: ThreadPoolExecutor) -> None:
    with held(turns, others, of_practice(1)):
        waiting = others.submit(gets, turns, WHOLE, 0.2)
        sleep(SOON)
        second = others.submit(gets, turns, of_practice(2), 20)
        assert waiting.result(20) is False
        assert second.result(20) is True


def test_the_thread_that_has_the_whole_store_takes_it_again(turns: Turns) -> None:
    lock = WholeStoreLock(turns)
    with lock, lock:
        assert turns.whole() == threading.get_ident()
        assert turns.take(of_practice(1))
        turns.give_back()
        assert turns.whole() == threading.get_ident()
    assert turns.whole() is None


def test_a_thread_that_would_wait_for_itself_is_told(turns: Turns) -> None:
    with turns.hold(of_practice(1)), pytest.raises(RuntimeError, match="already open"):
        turns.take(of_practice(1))
    with pytest.raises(RuntimeError, match="no turn"):
        turns.give_back()


def test_who_waits_for_the_whole_store_to_be_free_waits_for_no_practice(
    turns: Turns, others: ThreadPoolExecutor
) -> None:
    with held(turns, others, of_practice(1)):
        assert turns.wait_for_whole(SOON)
    with held(turns, others, WHOLE):
        assert not turns.wait_for_whole(SOON)


def test_forty_threads_of_six_scopes_never_write_one_scope_at_once(turns: Turns) -> None:
    scopes = (WHOLE, RECORD, *(of_practice(id_) for id_ in range(1, 5)))
    writing: list[WriterScope] = []
    wrong: list[object] = []

    def write(number: int) -> None:
        for turn in range(20):
            scope = scopes[(number + turn) % len(scopes)]
            with turns.hold(scope):
                now = list(writing)
                if scope in now or WHOLE in now or (scope == WHOLE and now):
                    wrong.append((scope, now))
                writing.append(scope)
                sleep(0.0002)
                writing.remove(scope)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert wrong == []
