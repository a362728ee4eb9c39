"""When a command that is told to stop (Ctrl-C, SIGTERM) is interrupted, and what it says then.

A signal interrupts it anywhere but between a commit and the sentence that tells of it: what a
command says is what it did. In the server, which handles signals itself, all of this does nothing.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPED = "Stopped before it was done: what was not finished is not kept."


class Interrupted(KeyboardInterrupt):
    """Somebody told the command to stop. Of a plain KeyboardInterrupt that passed through `exec`,
    as of a dataclass, Python makes its own exit code, whoever caught it."""


class Stops:
    """The signals that one command received, and whether they have to wait."""

    def __init__(self) -> None:
        self.sentence = STOPPED
        self.number = 0  # the last signal
        self.is_asked = False  # one waits
        self.is_interrupted = False  # the command was, by KeyboardInterrupt
        self.thread = threading.get_ident()
        self.held = 0  # blocks that are run to their end
        self.is_kept_whole = False  # signals wait from the next commit on
        self.is_held_on = False  # … and wait now

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        self.number, self.is_asked = number, True
        self.interrupt_if_asked()

    def interrupt_if_asked(self) -> None:
        """End the command where it is, once; whatever it has open is rolled back."""
        must_wait = self.held or self.is_held_on or self.is_interrupted
        if self.is_asked and not must_wait:
            self.is_interrupted = True
            raise Interrupted


_stops: Stops | None = None  # of the command that this process runs


@contextmanager
def handled(*, then: signal.Handlers | None = None) -> Iterator[Stops]:
    """Handle the signals while the block runs a command; `watch` and `serve` handle them themselves
    from a point on. Afterwards they are handled as before, or as `then`."""
    global _stops  # noqa: PLW0603 - a process has one main thread, which signals interrupt
    _stops = stops = Stops()
    handled = [each for each in (signal.SIGINT, signal.SIGTERM)
               if signal.getsignal(each) is not signal.SIG_IGN]  # fmt: skip
    before = {each: signal.signal(each, stops.receive) for each in handled}
    try:
        yield stops
    finally:
        for each, handler in before.items():
            signal.signal(each, handler if then is None else then)
        _stops = None


def keep_whole(sentence: str = STOPPED) -> None:
    """Begin something that is kept as a whole or not: from its commit on, signals wait until this
    is called again, or the command ends. Say `sentence` if one comes before.

    Raises KeyboardInterrupt where one has waited since the commit before.
    """
    if stops := _mine():
        stops.sentence = sentence
        stops.is_kept_whole, stops.is_held_on = True, False
        stops.interrupt_if_asked()


def if_stopped(sentence: str) -> None:
    """Say this from now on where a signal interrupts the command."""
    if stops := _mine():
        stops.sentence = sentence


def hold() -> None:
    """Let signals wait until the command ends: what comes now is its last step."""
    if stops := _mine():
        stops.is_held_on = True


@contextmanager
def committing() -> Iterator[None]:
    """Run the block to its end, which commits; a signal that came meanwhile interrupts then, unless
    it has to wait longer."""
    stops = _mine()
    if stops is None:
        yield
        return
    stops.held += 1
    try:
        yield
        stops.is_held_on |= stops.is_kept_whole
    finally:
        stops.held -= 1
    stops.interrupt_if_asked()


@contextmanager
def beforehand() -> Iterator[None]:
    """Run the block to its end, which commits something before what is kept as a whole."""
    stops = _mine()
    if stops is None:
        yield
        return
    is_kept_whole, stops.is_kept_whole = stops.is_kept_whole, False
    try:
        with committing():
            yield
    finally:
        stops.is_kept_whole = is_kept_whole


def _mine() -> Stops | None:
    """Return the signals of the command that the calling thread runs."""
    return _stops if _stops and _stops.thread == threading.get_ident() else None
