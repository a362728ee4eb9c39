"""Invitations: a one-time link by which a person who is on the list sets a password."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from lib import (
    access,
    accounts,
    membership_offers,
    openid_accounts,
    passkeys,
    passwords,
    people,
    sessions,
)
from lib.access import Verb
from lib.audit_log import Activity
from lib.errors import (
    AccountDeactivated,
    NoSuchPerson,
    NoSuchPractice,
    WrongInput,
    WrongLink,
)
from lib.models import Person, Role
from lib.store.database import Connection, transaction

VALID = timedelta(days=7)
PATH = "/invitation"  # its secret stands behind a #, which no server and no log gets to see
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\]{1,64}@[^\s@<>\"(),:;\\]+\.[^\s@<>\"(),:;\\]+")
LONGEST_NAME = 100


def invite(
    con: Connection, email: str, name: str, roles: dict[int, Role], *, actor: Person | None,
    now: datetime,
) -> str:  # fmt: skip
    """Invite a person to a role in each of these practices, by id. Return the token of a one-time
    link: it sets the password of somebody who never signed in, and lets anybody else accept.

    `actor` is None on the command line. Raises WrongInput, NotAllowed, NoSuchPractice,
    AccountDeactivated.
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
            return _invite_known(con, known, name, roles, actor, now)
        person_id = people.insert_person(con, name, email, roles, is_sample=False, now=now)
        _note_invited(con, person_id, roles, actor, now)
        return _link(con, person_id, actor=actor, now=now)


def invite_again(
    con: Connection, practice_id: int, person_id: int, *, actor: Person | None, now: datetime
) -> str:
    """Return the token of a new one-time link for somebody who did not accept yet; the earlier
    links end. Raises NoSuchPerson, NotAllowed, NoSuchPractice, AccountDeactivated."""
    with transaction(con):
        if actor is not None:
            access.require(actor, Verb.MANAGE_PEOPLE, practice_id, NoSuchPractice())
        offered = membership_offers.held(con, person_id, practice_id)
        if offered is None:
            raise NoSuchPerson
        role, name = offered
        return _invite_known(con, person_id, name, {practice_id: role}, actor, now)


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
    """Set the password of the person the link is for; the link and the person's sessions end, and
    their passkeys are removed. Return the person's id.

    Raises WrongLink, WrongInput for a password that is too easily guessed.
    """
    invited = whose(con, token, now=now)
    passwords.check(
        password, email=invited.email, name=invited.name, practices=people.practice_names(invited)
    )
    hashed = passwords.hash_of(password)
    with transaction(con):
        _use_up(con, token, invited, now)
        accounts.set_password(con, invited.id, hashed, now=now)
        sessions.end_of_sample(con, now=now)
        accounts.note(
            con, Activity.CREDENTIAL_SET, invited.id, actor=invited, now=now, detail="password"
        )
    return invited.id


def accept_for_openid(con: Connection, token: str, *, now: datetime) -> None:
    """End the link and all by which the person signed in before: the next account at the OpenID
    provider with their verified e-mail address is theirs. Raises WrongLink."""
    with transaction(con):
        invited = whose(con, token, now=now)
        _use_up(con, token, invited, now)
        con.execute("DELETE FROM password WHERE person_id = $id", id=invited.id)
        accounts.note(
            con,
            Activity.CREDENTIAL_SET,
            invited.id,
            actor=invited,
            now=now,
            detail="OpenID provider",
        )


def _use_up(con: Connection, token: str, invited: Person, now: datetime) -> None:
    whose(con, token, now=now)
    con.execute(
        "UPDATE invitation SET ended_at = $now WHERE token_hash = $hash",
        now=now,
        hash=sessions.hash_of(token),
    )
    passkeys.remove_all(con, invited.id)
    openid_accounts.forget(con, invited.id)
    sessions.end_all(con, invited.id, now=now)


def check_email(email: str) -> None:
    """Raise WrongInput for what is no e-mail address."""
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise WrongInput("This is no e-mail address. It looks like name@practice.com.")


def check_name(name: str) -> None:
    """Raise WrongInput for no name, or one that is too long."""
    if not name or len(name) > LONGEST_NAME:
        raise WrongInput(f"Type a name of at most {LONGEST_NAME} characters.")


def _invite_known(
    con: Connection, person_id: int, name: str, roles: dict[int, Role], actor: Person | None,
    now: datetime,
) -> str:  # fmt: skip
    """Invite somebody who is on the list. Return the token of their link."""
    row = con.row(
        """
        SELECT deactivated_at IS NOT NULL,
               EXISTS (SELECT 1 FROM password WHERE password.person_id = person.id)
               OR EXISTS (SELECT 1 FROM passkey WHERE passkey.person_id = person.id)
               OR EXISTS (
                   SELECT 1 FROM provider_account WHERE provider_account.person_id = person.id
               )
        FROM person WHERE id = $id
        """,
        id=person_id,
    )
    is_deactivated, is_set_up = row or (False, False)
    if is_deactivated:
        raise AccountDeactivated
    member_of = [
        int(practice_id)
        for (practice_id,) in con.rows(
            "SELECT practice_id FROM membership WHERE person_id = $id", id=person_id
        )
    ]
    if set(member_of) & set(roles):
        raise WrongInput("Somebody with this e-mail address is on the list of the practice.")
    if is_set_up and member_of:
        _note_invited(con, person_id, roles, actor, now)
        token = secrets.token_urlsafe(32)
        membership_offers.insert(
            con, person_id, roles, name=name, token=token, until=now + VALID, actor=actor, now=now
        )
        return token
    _begin_anew(con, person_id, name, member_of, actor, now)
    for practice_id, role in roles.items():
        membership_offers.delete(con, person_id, practice_id)
        people.join(con, person_id, practice_id, role)
    _note_invited(con, person_id, roles, actor, now)
    return _link(con, person_id, actor=actor, now=now)


def _begin_anew(
    con: Connection, person_id: int, name: str, member_of: list[int], actor: Person | None,
    now: datetime,
) -> None:  # fmt: skip
    """Reset an account with which nobody can do anything yet: links that others made for the same
    address before, and the memberships these would have given, are no longer valid."""
    managed = access.may_anywhere(actor, Verb.MANAGE_PEOPLE) if actor else member_of
    others = sorted(set(member_of) - set(managed))
    membership_offers.turn_back(con, person_id, others, now=now)
    if not set(member_of) & set(managed):
        con.execute("UPDATE person SET name = $name WHERE id = $id", name=name, id=person_id)
    con.execute("DELETE FROM password WHERE person_id = $id", id=person_id)
    passkeys.remove_all(con, person_id)
    openid_accounts.forget(con, person_id)
    sessions.end_all(con, person_id, now=now)


def _link(con: Connection, person_id: int, *, actor: Person | None, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    accounts.end_links(con, person_id, now=now)
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
    con: Connection, person_id: int, roles: dict[int, Role], actor: Person | None, now: datetime
) -> None:
    for practice_id, role in roles.items():
        accounts.note(
            con, Activity.INVITED, person_id, actor=actor, now=now, practice_id=practice_id,
            detail=role.value,
        )  # fmt: skip
