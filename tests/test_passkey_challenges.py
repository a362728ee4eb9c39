from __future__ import annotations

from lib.web import passkey_challenges

HERE = "10.0.0.1"


def test_a_challenge_is_answered_once_and_each_is_another() -> None:
    token, made = passkey_challenges.begin(address=HERE, person_id=7, wanted="/documents")
    other, second = passkey_challenges.begin(address=HERE)

    assert passkey_challenges.take(token) == made
    assert passkey_challenges.take(token) is None
    assert made.challenge != second.challenge
    assert token != other
    assert passkey_challenges.take("guessed") is None
