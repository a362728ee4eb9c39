"""Passwords: what may be one, and the hash that the store keeps of it (argon2id)."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from lib.errors import WrongInput

SHORTEST, LONGEST = 12, 1000  # characters; NIST SP 800-63B asks for no other composition rule
_HASHER = PasswordHasher()  # argon2id with the low-memory costs of RFC 9106: 64 MB, three passes
_AT_ONCE = threading.Semaphore(2)  # a crowd of sign-ins shall not take the memory of the pages
# Checked where an account has no password, so that timing does not reveal who has one.
_NOBODYS = _HASHER.hash("nobody's password")
TOO_COMMON = ("password", "passwort", "123456789012", "qwertyuiop", "letmein", "billingtasks")


def check(password: str, *, email: str, name: str) -> None:
    """Raise WrongInput for what is too short or too easily guessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WrongInput(f"Choose a password of at least {SHORTEST} characters.")
    plain = "".join(password.casefold().split())
    rest = plain
    for word in (email.casefold(), email.casefold().partition("@")[0], name.casefold()):
        rest = rest.replace("".join(word.split()), "") if len(word) > 2 else rest
    for word in TOO_COMMON:
        rest = rest.replace(word, "")
    if len(rest) < 6 or len(set(plain)) < 5:
        raise WrongInput(
            "This password is too easily guessed: it is made of your name, your e-mail address, a "
            "common word or very few characters. Choose several words that belong to nobody."
        )


def hash_of(password: str) -> str:
    """Return the argon2id hash of a password, with its salt and costs."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_right(password: str, known: str | None) -> bool:
    """Return True if the password is the one of this hash; it takes as long where there is none."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(known or _NOBODYS, password[: LONGEST + 1]) and known is not None
        except (Argon2Error, InvalidHashError):
            return False
