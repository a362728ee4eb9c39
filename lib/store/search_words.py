"""What the search boxes find: each word typed must be part of one of the texts looked at."""

from __future__ import annotations

import re

MAX_WORDS = 5


def words(query: str) -> tuple[str, ...]:
    """What somebody typed, as at most five words that must all be found, in lower case."""
    # DuckDB's lower() makes one letter of the Turkish capital, Python's two.
    return tuple(re.sub(r"[\s,;]+", " ", query).replace("İ", "i").lower().split()[:MAX_WORDS])


def claim_shape(claim_number: str) -> str:
    """The claim number in lower case with each run of digits as #.

    A word without digits is part of the number where it is part of this, and thousands of numbers
    share one: the search reads a few shapes instead of a million numbers.
    """
    return re.sub("[0-9]+", "#", claim_number.replace("İ", "i").lower())


def needs_number(word: str) -> bool:
    """True for a word that the shape of a claim number cannot answer."""
    return any(letter in "0123456789#" for letter in word)
