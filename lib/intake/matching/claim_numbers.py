"""Claim numbers as senders rewrite them: in other case, padded, cut off, without separators. Pure.

A number is looked for by its letters and digits alone, and compared with the groups of its digits:
12-3 and 1-23 are two claims, and 123 can be either.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import accumulate

# letters of a number that a payer keeps at least; X12 asks for 20, Open Dental compares 15
CUT = 15
LONGEST = 64  # letters of a number that could be cut off: X12's CLM01 has 38, an id of FHIR 64
SEPARATOR = "-"


@lru_cache(maxsize=16384)
def grouped_key(number: str) -> str:
    """Return a claim's number without case, padding, leading zeros and separators, but for those
    between two digits. Two numbers are the same where this is."""
    plain = ""
    for group in re.split(r"[^0-9a-z]+", number.lower()):
        is_between_digits = plain[-1:].isdigit() and group[:1].isdigit()
        plain += f"{SEPARATOR}{group}" if is_between_digits else group
    return plain.lstrip(f"0{SEPARATOR}") or plain or number.strip()


@lru_cache(maxsize=16384)
def lookup_key(number: str) -> str:
    """Return a claim's number without any separator: what the columns `number_key` hold. Numbers
    that can be the same have the same one; whether they are, `is_same` and
    `is_but_for_separators` tell.

    lib/store/schema/290_number_lookup.sql does the same in SQL.
    """
    grouped = grouped_key(number)
    plain = grouped.replace(SEPARATOR, "")
    return plain.lstrip("0") or plain or grouped


def is_same(one: str, other: str) -> bool:
    """Return True if two numbers differ in nothing that counts."""
    return grouped_key(one) == grouped_key(other)


def is_but_for_separators(said: str, held: str) -> bool:
    """Return True if one number is the other, or a cut-off one of it, once separators between
    digits are dropped that only one of them has: nobody writes 12-3 as 1-23."""
    key, whole = lookup_key(said), lookup_key(held)
    if key != whole and not (_can_be_cut(said, whole) and whole.startswith(key)):
        return False
    return _has_lost_some(_separated(said), {at for at in _separated(held) if at < len(key)})


def could_be_same(one: str, other: str) -> bool:
    """Return True if two whole numbers are the same, or would be with separators that only one of
    them has."""
    return is_same(one, other) or (
        lookup_key(one) == lookup_key(other) and _has_lost_some(_separated(one), _separated(other))
    )


def _separated(number: str) -> set[int]:
    """Return after how many letters and digits two digits of the number are separated."""
    groups = grouped_key(number).split(SEPARATOR)
    return set(accumulate(map(len, groups[:-1])))


def _has_lost_some(one: set[int], other: set[int]) -> bool:
    """Return True if either has all that the other has, and more."""
    return one < other or other < one


def is_cut(said: str, held: str) -> bool:
    """Return True if a payer could have made one number from the other by cutting off its end.
    No claim has a number longer than LONGEST: such a one is compared as a whole."""
    key, whole = grouped_key(said), grouped_key(held)
    return _can_be_cut(said, whole) and key != whole and whole.startswith(key)


def _can_be_cut(said: str, whole: str) -> bool:
    return len(said.strip()) >= CUT and len(whole) <= LONGEST


def lookup_keys(number: str) -> set[str]:
    """Return the lookup keys of a number and of what payers could make of it by cutting it off."""
    key = lookup_key(number)
    if len(number) <= CUT or len(key) > LONGEST:
        return {key}
    return {key[:length] for length in range(len(lookup_key(number[:CUT])), len(key))} | {key}
