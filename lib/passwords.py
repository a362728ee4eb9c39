"""Passwords: what may be one, and the hash that the store keeps of it (argon2id)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from zxcvbn import zxcvbn

from lib.errors import WrongInput

SHORTEST, LONGEST = 12, 1000  # characters; NIST SP 800-63B asks for no other composition rule
HASHER = PasswordHasher()  # argon2id with the low-memory costs of RFC 9106: 64 MB, three passes
_AT_ONCE = threading.Semaphore(2)  # a crowd of sign-ins shall not take the memory of the pages
# Checked where an account has no password, so that timing does not reveal who has one: the hash of
# a text that was thrown away, made beforehand, as it takes a fifth of a second and 64 MB.
NOBODYS = (
    "$argon2id$v=19$m=65536,t=3,p=4$JdcBSy4ChAQPsVPOqG3SjA$"
    "y8mK8wINv+K8F7TbbgLcw/khScsetdiSjeZO2/Nyq3Y"
)
# Attempts that somebody needs who tries what people choose first: words, names, dates, rows of
# keys, and each of them with capitals and figures (zxcvbn's highest grade).
LEAST_GUESSES = 10**10
_LOOKED_AT = 72  # characters: more costs zxcvbn seconds, and are never guessed by fewer attempts
_LEAST_OF_ONES_OWN = 6  # characters beside those words
_OUR_WORDS = ("billing", "tasks", "billingtasks", "medical", "practice")


def check(password: str, *, email: str, name: str, practices: Iterable[str]) -> None:
    """Raise WrongInput for what is too short or too easily guessed, also by somebody who knows the
    person's name and e-mail address and the names of their practices."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WrongInput(f"Choose a password of at least {SHORTEST} characters.")
    told = " ".join((email, name, *practices)).casefold()
    words = {word for word in (*told.split(), *re.split(r"\W+", told)) if len(word) > 2}
    inputs = [*sorted(words), "".join(name.casefold().split()), *_OUR_WORDS]
    guesses = zxcvbn(password[:_LOOKED_AT].casefold(), user_inputs=inputs)["guesses"]
    rest = "".join(password.casefold().split())  # zxcvbn does not know words with a space between
    for word in inputs:
        rest = rest.replace(word, "")
    if guesses < LEAST_GUESSES or len(rest) < _LEAST_OF_ONES_OWN:
        raise WrongInput(
            "This password is too easily guessed: it is like one that many people have, or made of "
            "your name, your e-mail address, your practice or a date. Choose several words that "
            "belong to nobody."
        )


def hash_of(password: str) -> str:
    """Return the argon2id hash of a password, with its salt and costs."""
    with _AT_ONCE:
        return HASHER.hash(password)


def is_right(password: str, known: str | None) -> bool:
    """Return True if the password is the one of this hash; it takes as long where there is none."""
    with _AT_ONCE:
        try:
            return HASHER.verify(known or NOBODYS, password[: LONGEST + 1]) and known is not None
        except (Argon2Error, InvalidHashError):
            return False
