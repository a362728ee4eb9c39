"""What the Backlog counts in where the store is in PostgreSQL: a DuckDB file of one moment, made
anew once it is old and something has changed.

A server makes it beside the pages, from its start on, so that nobody waits for it. Where the store
is a DuckDB file itself, that is counted in.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
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
LATE = 2  # times that age: then whoever asks waits for another one
UNUSED = timedelta(days=3)  # since anybody counted: no more copies are made ahead


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

    def is_good(self, store: Store, now: datetime, *, times: int = 1) -> bool:
        """Return True while nothing has changed since, or it is not as many times as old as it is
        to become."""
        assert self.counted.copied_at is not None
        age = now - self.counted.copied_at
        if age < times * max(AGE, timedelta(seconds=SHARE * self.took)):
            return True
        return store.connection().store.revision == self.revision  # which asks what others wrote


@dataclass(slots=True)
class _Copies:
    """Those of one store."""

    made: list[_Copy] = field(default_factory=list)
    making: threading.Lock = field(default_factory=threading.Lock)
    asked_at: datetime | None = None
    is_kept: bool = False  # they are made ahead
    place: Path | None = None  # of the one that is being made

    def newest(self, store: Store, now: datetime, *, times: int = 1) -> _Copy | None:
        """Return the newest one, where it is good."""
        found = self.made[-1] if self.made else None
        return found if found and found.is_good(store, now, times=times) else None


_copies: WeakKeyDictionary[Store, _Copies] = WeakKeyDictionary()
_room = threading.Lock()


def of(store: Store, *, now: datetime) -> Counted:
    """Return what to count in. Raises NotWritten where there is no room for a copy."""
    if store.is_in_file:
        return Counted(store, None)
    copies = _of(store)
    copies.asked_at = now
    found = copies.newest(store, now, times=LATE if copies.is_kept else 1)
    return (found or _renewed(store, copies, now)).counted


def keep(store: Store, *, now: datetime) -> None:
    """Make a copy where there is none, or another one where it is old; called every second, beside
    the pages. Raises what `of` raises."""
    if store.is_in_file:
        return
    copies = _of(store)
    copies.is_kept = True
    is_used = copies.asked_at is not None and now - copies.asked_at < UNUSED
    if not copies.made or (is_used and not copies.newest(store, now)):
        _renewed(store, copies, now)


def end(store: Store) -> None:
    """Delete the copies of a store that is closed, and what there is of the one that is made."""
    with _room:
        copies = _copies.pop(store, _Copies())
    while copies.made:
        copies.made.pop().end.close()
    if copies.place is not None:
        shutil.rmtree(copies.place, ignore_errors=True)


def _of(store: Store) -> _Copies:
    with _room:
        return _copies.setdefault(store, _Copies())


def _renewed(store: Store, copies: _Copies, now: datetime) -> _Copy:
    """Return a new copy, or the one that somebody else made while this thread waited."""
    with copies.making:
        found = copies.newest(store, now)
        if found is None:
            found = _made(store, copies, now)
            copies.made.append(found)
        while len(copies.made) > 2:  # somebody may still count in the one before
            copies.made.pop(0).end.close()
        return found


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


def _made(store: Store, copies: _Copies, now: datetime) -> _Copy:
    began = monotonic()
    revision = store.connection().store.revision
    with ExitStack() as stack:
        place = Path(tempfile.mkdtemp(prefix="counting-"))  # among this process's temporary files
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        copies.place = place
        try:
            copy = stack.enter_context(
                database_copy.written(store, place / "data", is_compared=False)
            )
        finally:
            copies.place = None
        return _Copy(Counted(copy, now), revision, monotonic() - began, stack.pop_all())
