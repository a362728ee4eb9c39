"""Notice when the process is asked to end: SIGINT (Ctrl-C) and SIGTERM."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress

ASKING = (signal.SIGINT, signal.SIGTERM)


class StopRequests:
    """Notes that somebody asked this process to end, and wakes whoever waits.

    It uses a pipe instead of threading.Event: a signal handler runs between two steps of the main
    thread, and if that thread is inside the event, it holds the lock that setting the event needs.
    """

    def __init__(self) -> None:
        """Handle both signals from now on; for the main thread only."""
        self._asked, self._ask = os.pipe()
        os.set_blocking(self._ask, False)  # a full pipe has said it already
        for number in ASKING:
            signal.signal(number, self._note)

    def is_asked(self) -> bool:
        """Return True if somebody has asked."""
        return self.wait(0)

    def wait(self, seconds: float) -> bool:
        """Wait that long, or until somebody asks. Return True if somebody has."""
        return bool(select.select([self._asked], [], [], seconds)[0])

    def _note(self, *_: object) -> None:
        with suppress(BlockingIOError):
            os.write(self._ask, b".")
