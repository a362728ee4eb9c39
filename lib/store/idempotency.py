"""Recognize a form that was already submitted, so that a second click does nothing twice."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from lib.models import Person
from lib.store.database import Connection


@dataclass(frozen=True, slots=True)
class FormSubmission:
    """A form as somebody submitted it. The same form with other values is another submission: the
    page may have kept its token, since a click elsewhere can end a run right after its write."""

    token: str  # made when the form opened
    verb: str
    actor: Person
    said: tuple[object, ...]  # every value of the form

    @property
    def key(self) -> str:
        """Return the text that identifies this submission: its token and a hash of who sent
        what."""
        content = repr((self.verb, self.actor.id, self.said))
        return f"{self.token}:{hashlib.sha256(content.encode()).hexdigest()}"


def new_token() -> str:
    """Return a new token, which a form carries from the moment it opens."""
    return secrets.token_hex(16)  # also part of widget keys, in which Streamlit allows no "__"


def is_repeat(con: Connection, sent: FormSubmission, *, now: datetime) -> bool:
    """Return True if this form was submitted before; otherwise record it, in the caller's
    transaction."""
    if con.value("SELECT token FROM submission WHERE token = $key", key=sent.key):
        return True
    con.execute(
        "INSERT INTO submission VALUES ($key, $person_id, $verb, $now, NULL)",
        key=sent.key,
        person_id=sent.actor.id,
        verb=sent.verb,
        now=now,
    )
    return False


def has_completed(con: Connection, sent: FormSubmission, task_id: int, *, now: datetime) -> bool:
    """Return `is_repeat` for a form that completes a task; a reopened task can be completed
    again."""
    return is_repeat(con, sent, now=now) and bool(
        con.value("SELECT NOT is_open FROM task WHERE id = $id", id=task_id)
    )


def keep_result(con: Connection, sent: FormSubmission, result_id: int) -> None:
    """Record what the form created, in the caller's transaction."""
    con.execute(
        "UPDATE submission SET result_id = $result_id WHERE token = $key",
        result_id=result_id,
        key=sent.key,
    )


def result(con: Connection, sent: FormSubmission) -> int:
    """Return the id of what the form created when it was first submitted."""
    return int(con.value("SELECT result_id FROM submission WHERE token = $key", key=sent.key))
