"""Invitations: a one-time link by which a person who is on the list sets a password."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from lib import access, accounts, passkeys, passwords, people, sessions
from lib.access import Verb
from lib.audit_log import Activity
from lib.errors import NoSuchPractice, WrongInput, WrongLink
from lib.models import Person, Role
from lib.store.database import Connection, transaction

VALID = timedelta(days=7)
PATH = "/invitation"  # its secret stands behind a #, which no server and no log gets to see
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\]{1,64}@[^\s@<>\"(),:;\\]+\.[^\s@<>\"(),:;\\]+")
LONGEST_NAME = 100


def invite(
    con: Connection, email: str, name: str, roles: dict[int, Role], *, actor: Person | None,
    now: datetime,
) -> str | None:  # fmt: skip
    """Put a person on the list with a role in each of these practices, by id. Return the token of
    their one-time link; None for somebody who was on the list already and signs in as before.

    `actor` is None on the command line. Raises WrongInput, NotAllowed, NoSuchPractice.
    """
    email, name = accounts.tidy(email), " ".join(name.split())
    check_name(name)
    check_email(email)
    if not roles:
        raise WrongInput("Choose a practice and the role in it.")
    with transaction(con):
        for practice_id in roles:
            if actor is not None:
                access.require(actor, Verb.MANAGE_PEOPLE, practice_id, NoSuchPractice())
        if (
            actor
            and Role.ADMINISTRATOR not in roles.values()
            and not accounts.has_administrator(con)
        ):
            raise WrongInput(
                "Invite an administrator first: once somebody has a password here, nobody gets in "
                "by choosing a name of the sample any more."
            )
        known = accounts.find(con, email)
        if known is not None:
            for practice_id, role in roles.items():
                _join(con, known, practice_id, role)
                _note_invited(con, known, practice_id, role, actor, now)
            return None
        person_id = people.insert_person(con, name, email, roles, is_sample=False, now=now)
        for practice_id, role in roles.items():
            _note_invited(con, person_id, practice_id, role, actor, now)
        return _link(con, person_id, actor=actor, now=now)


def link(con: Connection, person_id: int, *, actor: Person | None, now: datetime) -> str:
    """Return the token of a new one-time link for a person who lost theirs or the password; the
    earlier links end. Raises NoSuchPerson, NotAllowed."""
    with transaction(con):
        accounts.require_whole(con, person_id, actor=actor)
        if con.value(
            "SELECT is_sample OR deactivated_at IS NOT NULL FROM person WHERE id = $id",
            id=person_id,
        ):
            raise WrongInput("Only active people who are not of the sample get a link.")
        return _link(con, person_id, actor=actor, now=now)


def whose(con: Connection, token: str, *, now: datetime) -> Person:
    """Return whom a link is for. Raise WrongLink for one that is used, replaced or too old."""
    person_id = con.value(
        """
        SELECT person_id FROM invitation JOIN person ON person.id = person_id
        WHERE token_hash = $hash AND ended_at IS NULL AND expires_at > $now
          AND deactivated_at IS NULL
        """,
        hash=sessions.hash_of(token),
        now=now,
    )
    found = people.person(con, person_id) if person_id is not None else None
    if found is None:
        raise WrongLink
    return found


def accept(con: Connection, token: str, password: str, *, now: datetime) -> int:
    """Set the password of whom the link is for; the link and the person's sessions end, and their
    passkeys are removed. Return the person's id.

    Raises WrongLink, WrongInput for a password that is too easily guessed.
    """
    invited = whose(con, token, now=now)
    passwords.check(password, email=invited.email, name=invited.name)
    hashed = passwords.hash_of(password)
    with transaction(con):
        whose(con, token, now=now)
        con.execute(
            "UPDATE invitation SET ended_at = $now WHERE token_hash = $hash",
            now=now,
            hash=sessions.hash_of(token),
        )
        accounts.set_password(con, invited.id, hashed, now=now)
        sessions.end_of_sample(con, now=now)
        passkeys.remove_all(con, invited.id)
        sessions.end_all(con, invited.id, now=now)
        accounts.note(
            con, Activity.CREDENTIAL_SET, invited.id, actor=invited, now=now, detail="password"
        )
    return invited.id


def check_email(email: str) -> None:
    """Raise WrongInput for what is no e-mail address."""
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise WrongInput("This is no e-mail address. It looks like name@practice.com.")


def check_name(name: str) -> None:
    """Raise WrongInput for no name, or one that is too long."""
    if not name or len(name) > LONGEST_NAME:
        raise WrongInput(f"Type a name of at most {LONGEST_NAME} characters.")


def _join(con: Connection, person_id: int, practice_id: int, role: Role) -> None:
    taken = con.value(
        "SELECT role FROM membership WHERE practice_id = $practice AND person_id = $person",
        practice=practice_id,
        person=person_id,
    )
    if taken is not None:
        raise WrongInput("Somebody with this e-mail address is on the list of the practice.")
    con.execute(
        "INSERT INTO membership VALUES ($practice, $person, $role)",
        practice=practice_id,
        person=person_id,
        role=role,
    )


def _link(con: Connection, person_id: int, *, actor: Person | None, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    con.execute(
        "UPDATE invitation SET ended_at = $now WHERE person_id = $id AND ended_at IS NULL",
        now=now,
        id=person_id,
    )
    con.execute(
        "INSERT INTO invitation VALUES ($hash, $person_id, $by, $now, $expires, NULL)",
        hash=sessions.hash_of(token),
        person_id=person_id,
        by=actor.id if actor else None,
        now=now,
        expires=now + VALID,
    )
    accounts.note(con, Activity.LINK_MADE, person_id, actor=actor, now=now)
    return token


def _note_invited(
    con: Connection, person_id: int, practice_id: int, role: Role, actor: Person | None,
    now: datetime,
) -> None:  # fmt: skip
    accounts.note(
        con, Activity.INVITED, person_id, actor=actor, now=now, practice_id=practice_id,
        detail=role.value,
    )  # fmt: skip
