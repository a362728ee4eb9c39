"""The index finds exactly the charges whose number could be the one that is said."""

from __future__ import annotations

import itertools

import pytest

from lib.intake.matching.claim_numbers import is_but_for_separators, is_cut, is_same
from lib.intake.matching.number_index import NumberIndex

LONG = "VISIT-2025-0110-0001"
NUMBERS = [
    "12-3", "1-23", "123", "00123", "12/3", "0", "00", "---", "a-b", "AB", "é7", f"{LONG}-77",
    LONG, LONG.replace("-", ""), f"{LONG[:16]}", "VISIT2025-01100001", "VISIT2025011000019",
    "2025-0110-0001-00", "2025011000010077", "0002025-0110-0001", "1-2-3", "12-34", "1-2-34",
    "VISIT-2025-01100001", "VISIT2025-01-100001",
]  # fmt: skip


@pytest.mark.parametrize("said", NUMBERS)
def test_what_is_found_is_what_could_be_meant(said: str) -> None:
    index = NumberIndex()
    for id_, number in enumerate(NUMBERS):
        index.add(id_, [number])

    assert set(index.like(said)) == {
        id_
        for id_, held in enumerate(NUMBERS)
        if is_same(said, held) or is_cut(said, held) or is_but_for_separators(said, held)
    }


@pytest.mark.parametrize(("one", "other"), [*itertools.product(NUMBERS[:5], repeat=2)])
def test_a_charge_added_later_is_found_too(one: str, other: str) -> None:
    index = NumberIndex()
    index.add(1, [one])
    assert set(index.like(one)) == {1}

    index.add(2, [other, one])

    assert set(index.like(one)) == {1, 2}
