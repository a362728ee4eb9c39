"""Which claim numbers a file uses more than once, counted in a few bytes for each of them. Pure."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable

PARTS = 64  # counted one after the other, so that only one of them is ever spread out


class RepeatedNumbers:
    """The numbers that a file has used so far, as hashes of 64 bits: of a million, two are alike
    once in thirty million files."""

    def __init__(self) -> None:
        self._parts = [array("q") for _ in range(PARTS)]

    def add(self, numbers: Iterable[str]) -> None:
        """Take note of numbers as they come by."""
        for number in numbers:
            found = hash(number)
            self._parts[found % PARTS].append(found)

    def counted(self) -> tuple[int, int]:
        """Return how many numbers are used more than once, and how many times together."""
        numbers = uses = 0
        for part in self._parts:
            several = [times for times in Counter(part).values() if times > 1]
            numbers += len(several)
            uses += sum(several)
        return numbers, uses
