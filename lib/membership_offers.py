"""Offers: a membership that a practice offers to somebody who has an account already.

It grants nothing and binds nobody until that person accepts it, by its one-time link and their own
password: neither alone is enough, since the one is the practice's and the other may be known to
whoever invited them first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lib import accounts, people, sessions
from lib.audit_log import Activity
from lib.errors import NotSignedIn, WrongLink
from lib.models import Person, Role
from lib.store.database import Connection, transaction


@dataclass(frozen=True, slots=True)
class Offer:
    """What a practice offers to whom."""

    person_id: int
    email: str
    practice_id: int
    practice: str  # its name
    role: Role


def insert(
    con: Connection, person_id: int, roles: dict[int, Role], *, name: str, token: str,
    until: datetime, actor: Person | None, now: datetime,
) -> None:  # fmt: skip
    """Offer a person a role in each of these practices, instead of what these offered before. The
    caller's verb opens the transaction."""
    for practice_id, role in roles.items():
        delete(con, person_id, practice_id)
        con.execute(
            """
            INSERT INTO membership_offer
            VALUES ($practice, $person, $role, $name, $hash, $by, $now, $until)
            """,
            practice=practice_id,
            person=person_id,
            role=role,
            name=name,
            hash=sessions.hash_of(token),
            by=actor.id if actor else None,
            now=now,
            until=until,
        )


def turn_back(con: Connection, person_id: int, practice_ids: list[int], *, now: datetime) -> None:
    """Turn memberships that nobody ever used back into offers, without a link. The caller's verb
    opens the transaction."""
    con.execute(
        """
        INSERT INTO membership_offer
        SELECT practice_id, person_id, role, person.name, NULL, NULL, $now, $now
        FROM membership JOIN person ON person.id = person_id
        WHERE person_id = $person AND list_contains($practices, practice_id)
        """,
        person=person_id,
        practices=practice_ids,
        now=now,
    )
    con.execute(
        """
        DELETE FROM membership
        WHERE person_id = $person AND list_contains($practices, practice_id)
        """,
        person=person_id,
        practices=practice_ids,
    )


def held(con: Connection, person_id: int, practice_id: int) -> tuple[Role, str] | None:
    """Return the role that a practice offers to a person and the name it was told, or None."""
    row = con.row(
        """
        SELECT role, name FROM membership_offer
        WHERE person_id = $person AND practice_id = $practice
        """,
        person=person_id,
        practice=practice_id,
    )
    return (Role(row[0]), str(row[1])) if row else None


def delete(con: Connection, person_id: int, practice_id: int) -> None:
    """Take an offer back. The caller's verb opens the transaction."""
    con.execute(
        "DELETE FROM membership_offer WHERE person_id = $person AND practice_id = $practice",
        person=person_id,
        practice=practice_id,
    )


def whose(con: Connection, token: str, *, now: datetime) -> list[Offer]:
    """Return what a link offers. Raise WrongLink for one that is used, replaced or too old."""
    offers = con.records(
        Offer,
        """
        SELECT person_id, email, practice_id, practice.name AS practice, role
        FROM membership_offer
        JOIN person ON person.id = person_id JOIN practice ON practice.id = practice_id
        WHERE token_hash = $hash AND expires_at > $now AND deactivated_at IS NULL
        ORDER BY practice.name
        """,
        hash=sessions.hash_of(token),
        now=now,
    )
    if not offers:
        raise WrongLink
    return offers


def accept(
    con: Connection, token: str, password: str, *, address: str, browser: str | None = None,
    now: datetime,
) -> int:  # fmt: skip
    """Make the person whom the link is for a member of what it offers. Return the person's id.

    Raises WrongLink, WrongSignIn for another password than theirs, TooManyAttempts.
    """
    email = whose(con, token, now=now)[0].email
    person_id = accounts.check_password(
        con, email, password, address=address, browser=browser, now=now
    )
    with transaction(con):
        _join(con, token, person_id, now)
    return person_id


def accept_signed_in(con: Connection, token: str, session: str | None, *, now: datetime) -> None:
    """Do as `accept` for a person who signs in by an OpenID provider and has no password: a session
    that it opened is the proof. Raises WrongLink, NotSignedIn for any other session."""
    with transaction(con):
        person_id = sessions.session_of(con, session, now=now)
        offers = whose(con, token, now=now)
        if person_id != offers[0].person_id or not sessions.opened_by(con, session).is_by_openid:
            raise NotSignedIn
        _join(con, token, person_id, now)


def _join(con: Connection, token: str, person_id: int, now: datetime) -> None:
    for offer in whose(con, token, now=now):
        people.join(con, person_id, offer.practice_id, offer.role)
        delete(con, person_id, offer.practice_id)
        accounts.note(
            con, Activity.JOINED, person_id, actor=people.person(con, person_id), now=now,
            practice_id=offer.practice_id, detail=offer.role.value,
        )  # fmt: skip
