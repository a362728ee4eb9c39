"""One claim or answer that is rejected while the rest of its message comes in. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lib.intake.x12.separators import Unreadable


@dataclass(frozen=True, slots=True)
class RejectedLoop:
    """The segments from `first` to `last`, and why they cannot be read."""

    name: str  # what the segments are: claim, answer …
    first: int
    last: int
    problem: Unreadable
