"""What the search boxes find: each word typed must be part of one of the texts searched."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_WORDS = 5
PARAMETERS = tuple(f"word_{place}" for place in range(MAX_WORDS))


def words(query: str) -> tuple[str, ...]:
    """Return what somebody typed as at most five words in lower case, all of which must be
    found."""
    # DuckDB's lower() turns the Turkish capital İ into one letter, Python's into two.
    return tuple(re.sub(r"[\s,;]+", " ", query).replace("İ", "i").lower().split()[:MAX_WORDS])


def each_word_in(text: str) -> str:
    """Return the condition that each word asked for is part of a text, such as a column."""
    return " AND ".join(f"(${word} IS NULL OR contains({text}, ${word}))" for word in PARAMETERS)


def parameters(words: Sequence[str]) -> dict[str, str | None]:
    """Return the values of `each_word_in` for at most MAX_WORDS words in lower case."""
    return dict.fromkeys(PARAMETERS) | dict(zip(PARAMETERS, words, strict=False))


def claim_shape(claim_number: str) -> str:
    """Return the claim number in lower case with each run of digits as #.

    A word without digits is part of the number if it is part of the shape, and thousands of numbers
    share one shape: the search reads a few shapes instead of a million numbers.
    """
    return re.sub("[0-9]+", "#", claim_number.replace("İ", "i").lower())


def needs_number(word: str) -> bool:
    """Return True if the shape of a claim number cannot answer for this word."""
    return any(letter in "0123456789#" for letter in word)
