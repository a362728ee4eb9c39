from __future__ import annotations

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
