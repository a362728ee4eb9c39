"""Whose turn it is to write, among the threads of one process.

The database keeps writers of other processes apart by locks of its own; a thread that waits here
keeps no connection meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lib.store.writer_scope import WHOLE, WriterScope


@dataclass(eq=False, slots=True)
class _Turn:
    """A thread that writes or waits."""

    scope: WriterScope
    thread: int
    taken: int = 0  # times, by its thread; 0 while it waits


class Turns:
    """Who writes and who waits, in the order in which they came: nobody overtakes somebody of the
    same scope, nor anybody who waits for the whole store."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._line: list[_Turn] = []

    @contextmanager
    def hold(self, scope: WriterScope) -> Iterator[None]:
        """Have a turn while the block runs."""
        self.take(scope)
        try:
            yield
        finally:
            self.give_back()

    def take(self, scope: WriterScope, timeout: float = -1) -> bool:
        """Wait for a turn, at most `timeout` seconds if that is not negative. Return False if it
        did not come. The thread that has the whole store may take it again.

        Raises RuntimeError in a thread that has another turn, for which it would wait forever.
        """
        me = threading.get_ident()
        with self._changed:
            mine = self._of(me)
            if mine is not None:
                if mine.scope != WHOLE:
                    raise RuntimeError("a transaction is already open in this thread")
                mine.taken += 1
                return True
            turn = _Turn(scope, me)
            self._line.append(turn)
            try:
                wait = None if timeout < 0 else timeout
                if self._changed.wait_for(lambda: self._is_free_for(turn), wait):
                    turn.taken = 1
                    return True
            finally:
                if not turn.taken:
                    self._line.remove(turn)
                    self._changed.notify_all()
        return False

    def give_back(self) -> None:
        """End the turn of this thread, or the last of several."""
        with self._changed:
            mine = self._of(threading.get_ident())
            if mine is None:
                raise RuntimeError("this thread has no turn")
            mine.taken -= 1
            if not mine.taken:
                self._line.remove(mine)
                self._changed.notify_all()

    def whole(self) -> int | None:
        """Return the thread that has the whole store to itself, if one has."""
        with self._changed:
            return next(
                (turn.thread for turn in self._line if turn.taken and turn.scope == WHOLE), None
            )

    def wait_for_whole(self, seconds: float) -> bool:
        """Wait up to `seconds` until no thread has the whole store to itself. Return False if one
        still has it."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not any(turn.taken and turn.scope == WHOLE for turn in self._line), seconds
            )

    def _of(self, thread: int) -> _Turn | None:
        return next((turn for turn in self._line if turn.taken and turn.thread == thread), None)

    def _is_free_for(self, turn: _Turn) -> bool:
        before = self._line[: self._line.index(turn)]
        return not any(
            WHOLE in (turn.scope, other.scope) or turn.scope == other.scope for other in before
        )


class WholeStoreLock:
    """The turn for the whole store, used as a lock."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def acquire(self, *, timeout: float = -1) -> bool:
        """Wait for the turn, at most `timeout` seconds if that is not negative."""
        return self._turns.take(WHOLE, timeout)

    def release(self) -> None:
        """End the turn."""
        self._turns.give_back()

    def __enter__(self) -> None:
        """Wait for the turn."""
        self.acquire()

    def __exit__(self, *_: object) -> None:
        """End the turn."""
        self.release()
