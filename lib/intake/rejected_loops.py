"""One claim, or one answer, of a message that cannot be taken while the others of it are. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lib.intake.x12.separators import Unreadable


@dataclass(frozen=True, slots=True)
class RejectedLoop:
    """The segments from `first` to `last`, and why they cannot be taken."""

    name: str  # of what they are: claim, answer …
    first: int
    last: int
    problem: Unreadable
