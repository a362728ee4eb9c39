from __future__ import annotations

import pytest

from lib.web import ceremonies


def test_a_challenge_is_answered_once_and_each_is_another() -> None:
    token, made = ceremonies.begin(person_id=7, wanted="/documents")
    other, second = ceremonies.begin()

    assert ceremonies.take(token) == made
    assert ceremonies.take(token) is None
    assert made.challenge != second.challenge
    assert token != other
    assert ceremonies.take("guessed") is None


def test_a_challenge_is_forgotten_after_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    token, _ = ceremonies.begin()
    monkeypatch.setattr(ceremonies, "LASTS", 0.0)

    assert ceremonies.take(token) is None


def test_no_crowd_of_challenges_takes_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ceremonies, "MOST", 3)
    tokens = [ceremonies.begin()[0] for _ in range(5)]

    assert [ceremonies.take(token) is not None for token in tokens] == [False] * 2 + [True] * 3
