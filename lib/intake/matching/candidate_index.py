"""Find among charges of one number those that a message does not contradict by name or day. Pure.

Hundreds of claims may bear one number (NONE): comparing each answer with each of them would take
minutes. What is found is never too little: whoever is left out would contradict the message.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from lib.intake.matching.claim_facts import ClaimFacts
from lib.intake.matching.claim_matcher import Candidate
from lib.intake.matching.spelling_comparison import (
    CUT_NAME,
    LONG_FIRST,
    lost_letters,
    names_of,
    nicknames,
)

LONGEST_STAY = 31  # days of a message that are looked up one by one


class CandidateIndex:
    """Charges by the names and days they were filed with."""

    def __init__(self) -> None:
        self._by_name: dict[str, set[int]] = defaultdict(set)
        self._by_day: dict[date, set[int]] = defaultdict(set)
        self._unnamed: set[int] = set()  # could be anybody's
        self._undated: set[int] = set()  # without a day, or of several

    def add(self, candidate: Candidate) -> None:
        """Add a charge under everything it was filed with."""
        id_ = candidate.charge_id
        for filed in candidate.filed:
            keys = name_keys(filed.patient_name)
            for key in keys:
                self._by_name[key].add(id_)
            if not keys:
                self._unnamed.add(id_)
            first, last = filed.dates
            if first is None or (last or first) > first:
                self._undated.add(id_)
            else:
                self._by_day[first].add(id_)

    def narrowed(self, message: ClaimFacts, ids: set[int]) -> set[int]:
        """Return those of these charges that agree with the message's name and days, or could."""
        keys = asked_keys(message.patient_name)
        if keys:
            named = set().union(*(self._by_name.get(key, ()) for key in keys))
            ids = ids & (named | self._unnamed)
        first, last = message.dates
        if first is None or (days := (max(first, last or first) - first).days) > LONGEST_STAY:
            return ids
        stay = (first + timedelta(days=n) for n in range(days + 1))
        dated = set().union(*(self._by_day.get(day, ()) for day in stay))
        return ids & (dated | self._undated)


@lru_cache(maxsize=16384)
def name_keys(name: str) -> frozenset[str]:
    """Return keys of a patient's name, one of which `asked_keys` has of each name that can be the
    same person's; empty if it can be anybody's."""
    last, first = names_of(name)
    if lost_letters(name) or not first:
        return frozenset()
    words = set(_beginnings(first))
    initials = {f"{word[0]}…" for word in words} | {f"{word}." for word in words if len(word) == 1}
    return frozenset(words | initials | set(_rewritten(words)) | {f"{''.join(last)},"})


@lru_cache(maxsize=16384)
def asked_keys(name: str) -> frozenset[str]:
    """Return the keys under which `name_keys` has the names that can be this person's; empty if
    that is anybody."""
    _, first = names_of(name)
    if lost_letters(name) or not first:
        return frozenset()
    words = set(_beginnings(first))
    initials = {f"{word[0]}." for word in words} | {f"{word}…" for word in words if len(word) == 1}
    others = {other for word in words for other in nicknames(word)}
    return frozenset(words | initials | others | set(_rewritten(words)) | {f"{''.join(first)},"})


def _beginnings(first: tuple[str, ...]) -> Iterator[str]:
    """Yield the first name, and with the names after it in one: MARY, MARYANN."""
    return ("".join(first[:count]) for count in range(1, len(first) + 1))


def _rewritten(words: set[str]) -> Iterator[str]:
    """Yield what a name shares with itself cut off, or with letters doubled or swapped."""
    for word in words:
        if len(word) >= CUT_NAME:
            yield f"{word[:CUT_NAME]}-"
        if len(word) >= LONG_FIRST:
            yield f"{''.join(sorted(set(word)))}*"
