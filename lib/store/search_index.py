"""The search for words in tasks. Each different text by which tasks are found is kept once, to know
in which columns a word is worth looking for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lib.store.database import Connection, transaction
from lib.store.search_match import MAX_WORDS, needs_number

# The columns of `task` that a search reads, and what of each is compared with a word. Of a name
# that many tasks share, DuckDB reads each spelling once.
_SHARED = {
    "title": "lower(task.title)",
    "patient_name": "lower(task.patient_name)",
    "payer_name": "lower(task.payer_name)",
    "provider_name": "lower(task.provider_name)",
    "claim_shape": "task.claim_shape",
}
_TEXTS = _SHARED | {"claim_number": "lower(task.claim_number)"}

# Each word is part of one of a task's texts. Only texts in which it occurs at all are read; claim
# numbers, of which there are as many as tasks, only where their shape cannot answer. A task always
# has an id: naming it beside a word keeps DuckDB from looking for the word in every task before it
# applies the other conditions.
_WORD = (
    "\n    AND ($w{n} IS NULL"
    + "".join(
        f"\n         OR (${kind}{{n}} AND contains({text}, $w{{n}}))"
        for kind, text in _TEXTS.items()
    )
    + "\n         OR task.id IS NULL)"
)
CONDITION = "".join(_WORD.format(n=n) for n in range(1, MAX_WORDS + 1))

_SPELLINGS = " UNION ".join(f"SELECT '{kind}', {text} FROM task" for kind, text in _SHARED.items())
_KNOW = f"""
    WITH task AS (SELECT * FROM task WHERE id IN (SELECT unnest($ids::BIGINT[]))),
    carried(kind, text) AS MATERIALIZED ({_SPELLINGS})
    INSERT INTO spelling
    SELECT kind, text FROM carried
    EXCEPT SELECT kind, text FROM spelling WHERE text IN (SELECT text FROM carried)
"""


def index(con: Connection, task_ids: Sequence[int]) -> None:
    """Record the texts by which these tasks are found now. Whoever writes a title, a name or a
    claim number of a task calls this in the same transaction: the search misses what is not
    recorded."""
    if task_ids:
        con.execute(_KNOW, ids=list(task_ids))


def unindexed(con: Connection) -> list[tuple[str, str]]:
    """Return columns and texts of tasks that no search would find. After any verb there are
    none."""
    return con.rows(f"{_SPELLINGS} EXCEPT SELECT kind, text FROM spelling")


_SHAPE = "regexp_replace(lower(claim_number), '[0-9]+', '#', 'g')"  # as search_match.claim_shape


def wrong_shapes(con: Connection) -> int:
    """Return how many tasks are stored with a shape that is not their claim number's."""
    return int(con.value(f"SELECT count(*) FROM task WHERE claim_shape IS DISTINCT FROM {_SHAPE}"))


def rebuild(con: Connection) -> None:
    """Write the search terms of every task anew."""
    with con.store.importing("the search"), transaction(con):
        con.execute(
            f"UPDATE task SET claim_shape = {_SHAPE} WHERE claim_shape IS DISTINCT FROM {_SHAPE}"
        )
        con.execute("DELETE FROM spelling")
        con.execute(f"INSERT INTO spelling {_SPELLINGS}")


def values(con: Connection, words: Sequence[str]) -> dict[str, Any]:
    """Return the parameters of CONDITION for at most MAX_WORDS words in lower case."""
    kinds = _holding(con, words)
    found: dict[str, Any] = {}
    for n in range(1, MAX_WORDS + 1):
        is_said = n <= len(words)
        found[f"w{n}"] = words[n - 1] if is_said else None
        found |= {f"{kind}{n}": is_said and kind in kinds[n - 1] for kind in _TEXTS}
    return found


def _holding(con: Connection, words: Sequence[str]) -> list[set[str]]:
    """Return for each word the texts that contain it, of any practice."""
    found = [{"claim_number"} if needs_number(word) else set() for word in words]
    if not words:
        return found
    rows = con.rows(
        """
        SELECT DISTINCT place, kind
        FROM spelling, (SELECT unnest($words::VARCHAR[]) AS word,
                               unnest($places::INTEGER[]) AS place) AS typed
        WHERE contains(text, word)
        """,
        words=list(words),
        places=list(range(len(words))),
    )
    for place, kind in rows:
        if kind != "claim_shape" or "claim_number" not in found[place]:
            found[place].add(kind)
    return found
