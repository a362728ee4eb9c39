"""Which cases of a test `make test` runs, and which are `long`: only `make test-all` runs those.

A test that states one claim of many cases is marked `cases(3)`: three of them, spread evenly from
the first to the last, hold the claim in `make test`, on each store. A whole test is `long` only
where it names the test by which `make test` holds its claim: `long(held_by=...)`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pytest

STORES = ("duckdb", "postgres")


@dataclass(slots=True)
class Test:
    """A test as it was collected: whether each of its cases is long, and who holds its claim."""

    are_long: list[bool]
    held_by: str


def marked(items: list[pytest.Item]) -> dict[str, Test]:
    """Mark as `long` the cases that `cases` leaves out. Return all tests, by their ids without
    parameters."""
    tests: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        tests[item.nodeid.partition("[")[0]].append(item)
    for cases in tests.values():
        by_store: dict[object, list[pytest.Item]] = defaultdict(list)
        for case in cases:
            by_store[_store(case)].append(case)
        for those in by_store.values():
            mark = those[0].get_closest_marker("cases")
            for place in set(range(len(those))) - kept(len(those), *mark.args if mark else ()):
                those[place].add_marker("long")
    found = {}
    for name, cases in tests.items():
        marks = [case.get_closest_marker("long") for case in cases]
        held_by = next((mark.kwargs["held_by"] for mark in marks if mark and mark.kwargs), "")
        found[name] = Test([mark is not None for mark in marks], held_by)
    return found


def kept(count: int, most: int | None = None) -> set[int]:
    """Return the places of the cases that are not long: all, or at most so many, the first and the
    last among them."""
    if most is None or count <= most:
        return set(range(count))
    if most == 1:
        return {0}
    return {round(place * (count - 1) / (most - 1)) for place in range(most)}


def _store(item: pytest.Item) -> object:
    """Return the store on which a case runs, if it says so."""
    given = getattr(item, "callspec", None)
    store = given.params.get("store") if given else None
    return store if store in STORES else None
