from __future__ import annotations

import pytest

from lib.web import ceremonies

HERE = "10.0.0.1"


def test_a_challenge_is_answered_once_and_each_is_another() -> None:
    token, made = ceremonies.begin(address=HERE, person_id=7, wanted="/documents")
    other, second = ceremonies.begin(address=HERE)

    assert ceremonies.take(token) == made
    assert ceremonies.take(token) is None
    assert made.challenge != second.challenge
    assert token != other
    assert ceremonies.take("guessed") is None


def test_a_challenge_is_forgotten_after_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    token, _ = ceremonies.begin(address=HERE)
    monkeypatch.setattr(ceremonies, "LASTS", 0.0)

    assert ceremonies.take(token) is None


def test_no_crowd_of_challenges_takes_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ceremonies, "MOST", 3)
    tokens = [ceremonies.begin(address=f"10.0.0.{n}")[0] for n in range(5)]

    assert [ceremonies.take(token) is not None for token in tokens] == [False] * 2 + [True] * 3


def test_a_crowd_from_one_address_pushes_out_its_own_challenges_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ceremonies, "MOST_OF_ONE", 2)
    other, _ = ceremonies.begin(address="10.0.0.2")
    crowd = [ceremonies.begin(address=HERE)[0] for _ in range(4)]

    assert ceremonies.take(other)
    assert [ceremonies.take(token) is not None for token in crowd] == [False, False, True, True]
