"""What the one search box finds: text and query are folded the same way."""

from __future__ import annotations

import re

MOST_WORDS = 5


def search_text(*parts: str | None) -> str:
    """The stored, lower-case text a task is found by."""
    return " ".join(_fold(part) for part in parts if part)


def words(query: str) -> tuple[str, ...]:
    """What somebody typed, as at most five words that must all be found."""
    return tuple(_fold(query).split()[:MOST_WORDS])


def _fold(text: str) -> str:
    return re.sub(r"[\s,;]+", " ", text).strip().lower()
