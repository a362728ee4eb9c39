"""Replace search words by a meaningless id, since addresses are stored and passed on.

The words are kept in memory, since a search must never wait for a writer, and only for the person
who typed them. A link that somebody else opens, or one from before the server was restarted, opens
the same view without the words, and the page says so.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from threading import Lock

KEYS = frozenset({"q", "doc_q"})  # the address parameters that hold search words
MAX_KEPT = 500  # of a person; the least recently used goes first
_ID = re.compile(r"w[0-9a-f]{16}")


class SearchWords:
    """Each person's words by id, and back. Used by every thread that draws a page."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._words: dict[int, OrderedDict[str, str]] = {}  # person -> id -> words
        self._ids: dict[int, dict[str, str]] = {}

    def keep(self, person_id: int, words: str) -> str:
        """Return the id of these words, or the same id if they are one already."""
        if not words or is_id(words):
            return words
        with self._lock:
            held = self._words.setdefault(person_id, OrderedDict())
            ids = self._ids.setdefault(person_id, {})
            found = ids.get(words) or f"w{secrets.token_hex(8)}"
            ids[words] = found
            held[found] = words
            held.move_to_end(found)
            if len(held) > MAX_KEPT:
                del ids[held.popitem(last=False)[1]]
            return found

    def find(self, person_id: int, text: str) -> str | None:
        """Return the words behind an id of this person, or None if there are none. Any other text
        is returned as it is."""
        if not is_id(text):
            return text
        with self._lock:
            held = self._words.get(person_id, OrderedDict())
            if text in held:
                held.move_to_end(text)
            return held.get(text)


def is_id(text: str) -> bool:
    """Return True for an id that replaces words in an address."""
    return _ID.fullmatch(text) is not None


_kept = SearchWords()
keep = _kept.keep
find = _kept.find
