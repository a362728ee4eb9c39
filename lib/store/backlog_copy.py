"""What the Backlog counts in where the store is in PostgreSQL: a DuckDB file of one moment, made
anew once it is old and something has changed.

Where the store is a DuckDB file itself, that is counted in.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from json import dumps
from pathlib import Path
from time import monotonic
from weakref import WeakKeyDictionary

from lib.models import Selection
from lib.store import database_copy
from lib.store.database import Store

AGE = timedelta(minutes=5)  # of a copy that is made anew
SHARE = 20  # a copy that took long is kept as many times longer than it took


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted in, and the moment it is of; None for a store that is counted itself."""

    store: Store
    copied_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Copy:
    counted: Counted
    revision: int  # of the store, when it was copied
    took: float  # seconds
    end: ExitStack

    def is_good(self, store: Store, now: datetime) -> bool:
        assert self.counted.copied_at is not None
        age = now - self.counted.copied_at
        is_same = store.connection().store.revision == self.revision  # which asks what others wrote
        return is_same or age < max(AGE, timedelta(seconds=SHARE * self.took))


_copies: WeakKeyDictionary[Store, list[_Copy]] = WeakKeyDictionary()
_room = threading.Lock()


def of(store: Store, *, now: datetime) -> Counted:
    """Return what to count in. Raises NotWritten where there is no room for a copy."""
    if store.is_in_file:
        return Counted(store, None)
    with _room:
        made = _copies.setdefault(store, [])
        if not made or not made[-1].is_good(store, now):
            made.append(_made(store, now))
        while len(made) > 2:  # somebody may still count in the one before
            made.pop(0).end.close()
        return made[-1].counted


def end(store: Store) -> None:
    """Delete the copies of a store that is closed."""
    with _room:
        for copy in _copies.pop(store, []):
            copy.end.close()


def resolved(store: Store, selection: Selection, *, now: datetime) -> Selection:
    """Return the same tasks by their ids, for a store that cannot run what selects them."""
    if store.is_in_file:
        return selection
    con = of(store, now=now).store.connection()
    try:
        rows = con.rows(
            f"SELECT id, {selection.amount} FROM task WHERE id IN ({selection.sql})",
            **dict(selection.values),
        )
    finally:
        con.close()
    ids = tuple(id_ for id_, _ in rows)
    by_id = replace(
        selection, sql="SELECT unnest(CAST($selected AS BIGINT[]))", values=(("selected", ids),)
    )
    if selection.amount == Selection("", ()).amount:
        return by_id
    dollars = dumps({str(id_): str(amount) for id_, amount in rows if amount is not None})
    return replace(
        by_id,
        values=(*by_id.values, ("dollars", dollars)),
        amount="CAST(CAST($dollars AS JSONB) ->> CAST(task.id AS VARCHAR) AS NUMERIC)",
    )


def _made(store: Store, now: datetime) -> _Copy:
    began = monotonic()
    revision = store.connection().store.revision
    with ExitStack() as stack:
        place = Path(tempfile.mkdtemp(prefix="counting-"))  # among this process's temporary files
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        copy = stack.enter_context(database_copy.written(store, place / "data", is_compared=False))
        return _Copy(Counted(copy, now), revision, monotonic() - began, stack.pop_all())
