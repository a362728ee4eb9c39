"""Numbers that a file uses more than once are counted, in a few bytes for each number."""

from __future__ import annotations

import pickle

from lib.intake.files.repeated_numbers import RepeatedNumbers


def test_numbers_used_again_are_counted_wherever_they_stand() -> None:
    numbers = RepeatedNumbers()

    numbers.add(["A1", "A2", "A1", ""])
    numbers.add(f"B{n}" for n in range(5000))
    numbers.add(["A1", "B7", ""])

    assert numbers.counted() == (3, 7)


def test_a_number_takes_some_bytes_however_long_it_is() -> None:
    numbers = RepeatedNumbers()

    numbers.add(f"{'long' * 10}{n}" for n in range(20_000))

    assert len(pickle.dumps(numbers)) < 20_000 * 12
