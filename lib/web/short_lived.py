"""What is kept in memory for minutes, under a token, and taken once: what a browser was asked."""

from __future__ import annotations

import threading
import time
from typing import Generic, TypeVar

MOST = 10_000  # at once; the oldest is forgotten first
MOST_OF_ONE = 100  # from one address, whose oldest go before those of others
T = TypeVar("T")


class ShortLived(Generic[T]):
    """Things by their token."""

    def __init__(self, lasts: float) -> None:
        self.lasts = lasts  # seconds
        self._kept: dict[str, tuple[float, str, T]] = {}
        self._room = threading.Lock()

    def keep(self, token: str, thing: T, *, of: str) -> None:
        """Keep a thing that was asked for from the address `of`."""
        with self._room:
            own = [each for each, (_, whose, _) in self._kept.items() if whose == of]
            for oldest in own[: len(own) - MOST_OF_ONE + 1] if len(own) >= MOST_OF_ONE else []:
                del self._kept[oldest]
            while len(self._kept) >= MOST:
                self._kept.pop(next(iter(self._kept)))
            self._kept[token] = (time.monotonic(), of, thing)

    def take(self, token: str) -> T | None:
        """Return the thing of that token, once; None if it is over or there is none."""
        with self._room:
            kept = self._kept.pop(token, None)
        return kept[2] if kept and time.monotonic() - kept[0] < self.lasts else None
