"""Forms that were sent: a second click on the same form is known again."""

from __future__ import annotations

import secrets
from datetime import datetime

from lib.db import Connection
from lib.models import Person


def new_token() -> str:
    """The token a form carries from the moment it opens."""
    return secrets.token_hex(16)  # also part of keys, in which Streamlit allows no "__"


def is_repeat(con: Connection, token: str, verb: str, *, actor: Person, now: datetime) -> bool:
    """True where this form was already taken; else take it, inside the caller's transaction."""
    if con.value("SELECT token FROM submission WHERE token = $token", token=token):
        return True
    con.execute(
        "INSERT INTO submission VALUES ($token, $person_id, $verb, $now, NULL)",
        token=token,
        person_id=actor.id,
        verb=verb,
        now=now,
    )
    return False


def keep_result(con: Connection, token: str, result_id: int) -> None:
    """Remember what the form made, inside the caller's transaction."""
    con.execute(
        "UPDATE submission SET result_id = $result_id WHERE token = $token",
        result_id=result_id,
        token=token,
    )


def result(con: Connection, token: str) -> int:
    """What the form made when it was sent first."""
    return int(con.value("SELECT result_id FROM submission WHERE token = $token", token=token))
