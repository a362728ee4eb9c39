from __future__ import annotations

import time
from contextlib import suppress

import pytest

from lib import passwords
from lib.errors import WrongInput
from tests.conftest import SERVED_HASHER


@pytest.fixture(autouse=True)
def at_full_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash as servers do; elsewhere tests hash at the least cost."""
    monkeypatch.setattr(passwords, "HASHER", SERVED_HASHER)


def test_who_has_no_password_is_compared_at_the_same_cost() -> None:
    assert not passwords.HASHER.check_needs_rehash(passwords.NOBODYS)


def test_a_password_is_kept_as_argon2id_and_is_known_again() -> None:
    hashed = passwords.hash_of("correct horse battery")

    assert hashed.startswith("$argon2id$")
    assert passwords.is_right("correct horse battery", hashed)
    assert not passwords.is_right("correct horse batterz", hashed)
    assert not passwords.is_right("nobody's password", None)
    assert not passwords.is_right("anything", "no hash at all")


def check(password: str) -> None:
    passwords.check(
        password,
        email="ana.silva@lakeside.example",
        name="Ana Silva",
        practices=["Lakeside Clinic"],
    )


@pytest.mark.parametrize(
    "password",
    ["short", "x" * 11, "aaaaaaaaaaaaaaa", "password1234", "ana.silva@lakeside.example",
     "Ana Ana Ana Ana", "ababababababab", "billing tasks 1", "y" * 2000, "y" * 900,
     "abcdefghijkl", "1234567890ab", "qwerty123456", "administrator", "welcome12345",
     "iloveyou1234", "Summer2026!!", "P@ssw0rd1234", "Winter2025Winter", "zaq12wsxcde3",
     "Lakeside2026!", "lakesideclinic", "LakesideClinic1", "anasilva19820301", "silva-lakeside",
     "MedicalBilling1", "asdfghjkl;'12"],
)  # fmt: skip
def test_what_is_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(WrongInput):
        check(password)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "anamnesis-lamp-4", "пароль на семь", "kq8vx2mzp4ht",
     "blue kettle moss", "several good words", "lakeside kettle moss violin"],
)  # fmt: skip
def test_several_words_or_random_characters_are_a_password(password: str) -> None:
    check(password)


@pytest.mark.parametrize("password", ["a1" * 500, "correct horse battery " * 40, "日本" * 400])
def test_a_long_password_is_looked_at_in_a_moment(password: str) -> None:
    began = time.process_time()
    with suppress(WrongInput):
        check(password)

    assert time.process_time() - began < 1


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
