"""`make test` runs a case of every test; what it leaves out runs in `make test-all`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import COLLECTED
from tests.long_cases import kept

ROOT = Path(__file__).parents[1]


def test_every_test_has_a_case_that_is_not_long_or_says_who_holds_its_claim(
    request: pytest.FixtureRequest,
) -> None:
    collected = request.config.stash[COLLECTED]

    whole = {name: test.held_by for name, test in collected.items() if all(test.are_long)}
    assert [name for name, held_by in whole.items() if not held_by] == []
    held = {by: collected[by] for by in whole.values() if by in collected}
    assert [by for by, test in held.items() if all(test.are_long)] == []
    assert [by for by in whole.values() if not (ROOT / by.partition("::")[0]).exists()] == []


@pytest.mark.parametrize(
    ("count", "most", "places"),
    [
        (5, None, {0, 1, 2, 3, 4}),
        (2, 3, {0, 1}),
        (5, 1, {0}),
        (5, 2, {0, 4}),
        (10, 4, {0, 3, 6, 9}),
    ],
)
def test_the_cases_that_are_kept_are_spread_from_the_first_to_the_last(
    count: int, most: int | None, places: set[int]
) -> None:
    assert kept(count, most) == places


@pytest.mark.cases(1)
@pytest.mark.parametrize("case", [1, 2])
def test_what_cases_leaves_out_is_long(case: int, request: pytest.FixtureRequest) -> None:
    is_long = request.node.get_closest_marker("long") is not None

    assert is_long == (case == 2)


@pytest.mark.stores
@pytest.mark.cases(1)
@pytest.mark.parametrize("case", [1, 2])
def test_each_store_keeps_a_case(store: object, case: int, request: pytest.FixtureRequest) -> None:
    is_long = request.node.get_closest_marker("long") is not None

    assert is_long == (case == 2)
