"""What is known of a long transaction while it is open; `long_transaction` runs it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from threading import Event, get_ident
from time import monotonic, sleep
from typing import Any

from lib.store.values import Value

POLITE = 0.02  # seconds that each of its statements waits at most for somebody who writes just now
LEFT = 100_000  # ids of lines of history that are left to those who write meanwhile

_WRITES = re.compile(r"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)")
_OF_TASKS = frozenset({"task_id", "task_ids"})
_OF_CHARGES = frozenset({"charge_id", "charge_ids", "charges"})


class LongTransaction:
    """What is known of an open one: where it began, and what it changed of what was there."""

    def __init__(self, last_event: int, last_task: int, last_charge: int) -> None:
        """Begin with the ids of the last rows that were there."""
        self.last_event, self._last_task, self._last_charge = last_event, last_task, last_charge
        self.first_line, self.lines = last_event + LEFT + 1, 0  # of history, that it wrote
        self.thread = get_ident()
        self.must_go = Event()  # somebody needs what it has changed
        self.is_ending = False  # it holds the write lock itself
        self.holds: list[Callable[[Any], bool]] = []  # asked of a connection before its commit
        self.is_anything_changed = False  # something whose task or charge was not told
        self.tasks: set[int] = set()
        self.charges: set[int] = set()

    def line_ids(self, count: int) -> list[int]:
        """Return ids for lines of history, above those of all who write meanwhile."""
        first, self.lines = self.first_line + self.lines, self.lines + count
        return list(range(first, first + count))

    def let_others_on(self, is_written: Callable[[], bool]) -> None:
        """Wait a moment while somebody writes: Python runs one thread at a time, and theirs is
        waited for."""
        until = monotonic() + POLITE
        while not self.is_ending and is_written() and monotonic() < until:
            sleep(0.001)

    def note(self, sql: str, values: Mapping[str, Value]) -> None:
        """Take note of the tasks and charges that a statement changes."""
        found = _written(sql)
        if found is None:
            return
        is_new, table = found
        is_told = is_new
        for name, value in values.items():
            if name in _OF_TASKS or (table == "task" and name in ("id", "ids")):
                self.tasks.update(_up_to(self._last_task, value))
            elif name in _OF_CHARGES or (table == "charge" and name in ("id", "ids")):
                self.charges.update(_up_to(self._last_charge, value))
            else:
                continue
            is_told = True
        self.is_anything_changed |= not is_told


@cache
def _written(sql: str) -> tuple[bool, str] | None:
    """Return whether a statement inserts, and into which table or what of which it changes; None
    for one that only reads."""
    found = _WRITES.search(sql)
    return (found[1].startswith("INSERT"), found[2]) if found else None


def _up_to(last: int, value: Value) -> set[int]:
    """Return the ids that are not new. Nobody else can have seen a new one."""
    ids = value if isinstance(value, list | tuple) else [value]
    return {id_ for id_ in ids if id_ is not None and id_ <= last}
