from __future__ import annotations

import time

import pytest

from lib import passwords
from lib.errors import WrongInput


def test_a_password_is_kept_as_argon2id_and_is_known_again() -> None:
    hashed = passwords.hash_of("correct horse battery")

    assert hashed.startswith("$argon2id$")
    assert passwords.is_right("correct horse battery", hashed)
    assert not passwords.is_right("correct horse batterz", hashed)
    assert not passwords.is_right("nobody's password", None)
    assert not passwords.is_right("anything", "no hash at all")


@pytest.mark.parametrize(
    "password",
    ["short", "x" * 11, "aaaaaaaaaaaaaaa", "password1234", "ana@example.com", "Ana Ana Ana Ana",
     "ababababababab", "billing tasks 1", "y" * 2000],
)  # fmt: skip
def test_what_is_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(WrongInput):
        passwords.check(password, email="ana@example.com", name="Ana")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "anamnesis-lamp-4", "пароль на семь"]
)
def test_several_words_are_a_password(password: str) -> None:
    passwords.check(password, email="ana@example.com", name="Ana")


@pytest.mark.slow
def test_the_time_does_not_say_whether_there_is_an_account() -> None:
    hashed = passwords.hash_of("correct horse battery")

    def seconds(known: str | None) -> float:
        took = []
        for _ in range(3):
            began = time.perf_counter()
            passwords.is_right("guess", known)
            took.append(time.perf_counter() - began)
        return min(took)

    assert 0.5 < seconds(None) / seconds(hashed) < 2
