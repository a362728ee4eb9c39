"""Accounts: how a person proves who they are, and whether they still may."""

from __future__ import annotations

from datetime import UTC, datetime

from lib import access, audit_log, passwords, people, sessions, sign_in_limits
from lib.access import Verb
from lib.audit_log import Activity, Line
from lib.authentication_methods import Proof
from lib.errors import (
    AlsoElsewhere,
    LastAdministrator,
    NoSuchPerson,
    NotAllowed,
    WrongInput,
    WrongSignIn,
)
from lib.models import Account, Person, Role
from lib.store.database import Connection, transaction


def find(con: Connection, email: str) -> int | None:
    """Return the id of the real person with that e-mail address, or None."""
    found: int | None = con.value(
        "SELECT id FROM person WHERE lower(email) = $email AND NOT is_sample ORDER BY id",
        email=tidy(email),
    )
    return found


def tidy(email: str) -> str:
    """Return an e-mail address as addresses are compared."""
    return email.strip().lower()


def are_there_any(con: Connection) -> bool:
    """Return True if people sign in with accounts of their own: then nobody does by choosing a
    name. With the sample, that begins once the first of them has signed in or has a password."""
    return bool(
        con.value(
            """
            SELECT bool_or(NOT is_sample) AND (NOT bool_or(is_sample) OR bool_or(
                NOT is_sample AND coalesce(password.hash, provider_account.subject) IS NOT NULL))
            FROM person LEFT JOIN password ON password.person_id = person.id
            LEFT JOIN provider_account ON provider_account.person_id = person.id
            """
        )
    )


def has_administrator(con: Connection) -> bool:
    """Return True if an administrator who is not of the sample is on the list."""
    return bool(
        con.value(
            """
            SELECT count(*) > 0 FROM membership JOIN person ON person.id = person_id
            WHERE role = $administrator AND NOT is_sample AND deactivated_at IS NULL
            """,
            administrator=Role.ADMINISTRATOR,
        )
    )


def has_one(con: Connection, person_id: int) -> bool:
    """Return True if the person has an account of their own, and is not of the sample."""
    return con.value("SELECT NOT is_sample FROM person WHERE id = $id", id=person_id) is True


def is_empty(con: Connection) -> bool:
    """Return True if nobody is on the list yet, so that somebody has to set up the first."""
    return not con.value("SELECT count(*) FROM person")


def listed(con: Connection, *, actor: Person | None) -> list[Account]:
    """Return the people of the practices whose people the actor manages, by name; everybody on the
    command line, where `actor` is None."""
    return con.records(
        Account,
        """
        SELECT person.id, person.name, person.email, person.is_sample,
               person.deactivated_at IS NULL AS is_active,
               (SELECT max(last_used_at) FROM session WHERE session.person_id = person.id)
                   AS last_seen_at,
               EXISTS (SELECT 1 FROM password WHERE password.person_id = person.id)
                   OR EXISTS (SELECT 1 FROM passkey WHERE passkey.person_id = person.id)
                   OR EXISTS (
                       SELECT 1 FROM provider_account WHERE provider_account.person_id = person.id
                   ) AS is_set_up
        FROM person
        WHERE $everybody OR person.id IN (
            SELECT person_id FROM membership WHERE list_contains($practices, practice_id))
        ORDER BY person.name, person.id
        """,
        everybody=actor is None,
        practices=access.may_anywhere(actor, Verb.MANAGE_PEOPLE) if actor else [0],
    )


def require_whole(con: Connection, person_id: int, *, actor: Person | None) -> None:
    """Raise NoSuchPerson if actor and person share no practice, NotAllowed if the actor manages
    people in none of those they share, AlsoElsewhere if the person also belongs to a practice
    whose people the actor does not manage: an account is changed in all its practices at once."""
    theirs = [
        practice_id
        for (practice_id,) in con.rows(
            "SELECT practice_id FROM membership WHERE person_id = $id", id=person_id
        )
    ]
    if actor is None:
        if con.value("SELECT id FROM person WHERE id = $id", id=person_id) is None:
            raise NoSuchPerson
        return
    if not any(actor.role_in(practice_id) for practice_id in theirs):
        raise NoSuchPerson
    managed = access.may_anywhere(actor, Verb.MANAGE_PEOPLE)
    if not set(theirs) & set(managed):
        raise NotAllowed(Verb.MANAGE_PEOPLE.value, whom=access.whom_to_ask(Verb.MANAGE_PEOPLE))
    if not set(theirs) <= set(managed):
        raise AlsoElsewhere


def deactivate(con: Connection, person_id: int, *, actor: Person | None, now: datetime) -> None:
    """End a person's sessions and let them sign in no more; what they did stays.

    Raises LastAdministrator where a practice would have none, though not on the command line,
    NoSuchPerson, NotAllowed, AlsoElsewhere.
    """
    with transaction(con):
        require_whole(con, person_id, actor=actor)
        if actor is not None:
            require_another_administrator(con, person_id)
        con.execute(
            "UPDATE person SET deactivated_at = coalesce(deactivated_at, $now) WHERE id = $id",
            now=now,
            id=person_id,
        )
        end_links(con, person_id, now=now)
        end_links_made_by(con, person_id, now=now)
        sessions.end_all(con, person_id, now=now)
        note(con, Activity.DEACTIVATED, person_id, actor=actor, now=now)


def reactivate(con: Connection, person_id: int, *, actor: Person | None, now: datetime) -> None:
    """Let a deactivated person sign in again, as they did before. Raises as `deactivate` does."""
    with transaction(con):
        require_whole(con, person_id, actor=actor)
        con.execute("UPDATE person SET deactivated_at = NULL WHERE id = $id", id=person_id)
        note(con, Activity.REACTIVATED, person_id, actor=actor, now=now)


def require_another_administrator(
    con: Connection, person_id: int, practice_id: int | None = None
) -> None:
    """Raise LastAdministrator if the person is the only administrator of a practice who can sign
    in, of `practice_id` if it is given. People of the sample can while nobody real can."""
    alone = con.value(
        """
        SELECT count(*) FROM membership
        WHERE person_id = $id AND role = $role
          AND ($practice_id IS NULL OR practice_id = $practice_id)
          AND NOT EXISTS (
            SELECT 1 FROM membership AS other JOIN person ON person.id = other.person_id
            WHERE other.practice_id = membership.practice_id AND other.person_id <> $id
              AND other.role = $role AND person.deactivated_at IS NULL
              AND CASE WHEN person.is_sample THEN NOT $are_there_any
                  ELSE EXISTS (SELECT 1 FROM password WHERE password.person_id = person.id)
                       OR EXISTS (SELECT 1 FROM passkey WHERE passkey.person_id = person.id)
                       OR EXISTS (
                         SELECT 1 FROM provider_account WHERE provider_account.person_id = person.id
                       ) END)
        """,
        id=person_id,
        role=Role.ADMINISTRATOR,
        practice_id=practice_id,
        are_there_any=are_there_any(con),
    )
    if alone:
        raise LastAdministrator


def end_links(con: Connection, person_id: int, *, now: datetime) -> None:
    """End the one-time links by which a person would set a password. The caller's verb opens the
    transaction."""
    con.execute(
        "UPDATE invitation SET ended_at = $now WHERE person_id = $id AND ended_at IS NULL",
        now=now,
        id=person_id,
    )


def end_links_made_by(con: Connection, person_id: int, *, now: datetime) -> None:
    """End the one-time links made by a person who no longer manages people: they may have kept
    some. The caller's verb opens the transaction."""
    con.execute(
        "UPDATE invitation SET ended_at = $now WHERE invited_by = $id AND ended_at IS NULL",
        now=now,
        id=person_id,
    )
    con.execute(
        "UPDATE membership_offer SET token_hash = NULL WHERE offered_by = $id", id=person_id
    )


def check_password(
    con: Connection, email: str, password: str, *, address: str, browser: str | None = None,
    now: datetime,
) -> int:  # fmt: skip
    """Return the id of the person with that e-mail address and password; `browser` is the token of
    a browser in which somebody signed in before.

    Raises WrongSignIn for anybody else, the same whether or not there is such an account, and
    TooManyAttempts where the account, the address or the browser has to wait.
    """
    email = tidy(email)
    attempt = sign_in_limits.begin(con, email=email, address=address, browser=browser, now=now)
    row = con.row(
        """
        SELECT person.id, password.hash
        FROM person JOIN password ON password.person_id = person.id
        WHERE lower(email) = $email AND NOT is_sample AND deactivated_at IS NULL
        """,
        email=email,
    )
    person_id, known = row or (None, None)
    if not passwords.is_right(password, known) or person_id is None:
        _note_refusal(con, email, now)
        raise WrongSignIn
    with transaction(con, invalidates_cache=False):
        sign_in_limits.forget(con, attempt)
    if people.person(con, person_id) is None:  # belongs to no practice any more
        raise WrongSignIn
    return int(person_id)


def password_since(con: Connection, person_id: int | None) -> datetime | None:
    """Return since when an active person has their present password; None for anybody else.

    Whatever a right password has opened stays valid only while this time stays the same.
    """
    since: datetime | None = con.value(
        """
        SELECT set_at FROM password JOIN person ON person.id = person_id
        WHERE person_id = $id AND deactivated_at IS NULL
        """,
        id=person_id,
    )
    return since and since.replace(tzinfo=UTC)


def openid_since(con: Connection, person_id: int | None) -> datetime | None:
    """Return since when an active person signs in by an OpenID provider; None for anybody else."""
    since: datetime | None = con.value(
        """
        SELECT max(linked_at) FROM provider_account JOIN person ON person.id = person_id
        WHERE person_id = $id AND deactivated_at IS NULL
        """,
        id=person_id,
    )
    return since and since.replace(tzinfo=UTC)


def is_good(con: Connection, person_id: int, proof: Proof | None) -> bool:
    """Return True if the person is active, and what they proved themself by is still theirs."""
    if proof is None or proof.since is None:
        return False
    since = openid_since if proof.by.is_by_openid else password_since
    return since(con, person_id) == proof.since


def set_password(con: Connection, person_id: int, hashed: str, *, now: datetime) -> None:
    """Write the hash of a person's password. The caller's verb opens the transaction."""
    con.execute(
        """
        INSERT INTO password VALUES ($person_id, $hash, $now)
        ON CONFLICT (person_id) DO UPDATE SET hash = $hash, set_at = $now
        """,
        person_id=person_id,
        hash=hashed,
        now=now,
    )


def change_password(
    con: Connection, old: str, new: str, *, token: str, address: str, browser: str | None = None,
    actor: Person, now: datetime, without_passkeys: bool = False,
) -> None:  # fmt: skip
    """Change one's own password and end one's other sessions; `token` is of the one that stays.
    One's passkeys sign in as before, unless they are removed too.

    Raises WrongInput where the old one is wrong or the new one too easily guessed,
    TooManyAttempts.
    """
    confirm(con, old, address=address, browser=browser, actor=actor, now=now)
    passwords.check(new, email=actor.email, name=actor.name, practices=people.practice_names(actor))
    hashed = passwords.hash_of(new)
    with transaction(con):
        set_password(con, actor.id, hashed, now=now)
        detail = "password"
        if without_passkeys:
            con.execute("DELETE FROM passkey WHERE person_id = $id", id=actor.id)
            detail = "password, passkeys removed"
        sessions.end_all(con, actor.id, now=now, but=token)
        note(con, Activity.CREDENTIAL_SET, actor.id, actor=actor, now=now, detail=detail)


def confirm(
    con: Connection, password: str, *, address: str, browser: str | None = None, actor: Person,
    now: datetime,
) -> datetime | None:  # fmt: skip
    """Return since when the actor has this password. It is asked for again before anything that
    a stolen session must not be able to do. Raises WrongInput for any other, TooManyAttempts."""
    since = password_since(con, actor.id)  # read first: one set meanwhile is another
    try:
        check_password(con, actor.email, password, address=address, browser=browser, now=now)
    except WrongSignIn:
        raise WrongInput("The present password is not right. Nothing was changed.") from None
    return since


def note(
    con: Connection, kind: Activity, person_id: int, *, actor: Person | None, now: datetime,
    practice_id: int | None = None, detail: str = "",
) -> None:  # fmt: skip
    """Write into the record what was done to an account, in the transaction of the caller."""
    actor_id = actor.id if actor else None
    line = Line(kind, now, actor_id, practice_id, person_id=person_id, detail=detail)
    audit_log.write(con, line)


def _note_refusal(con: Connection, email: str, now: datetime) -> None:
    """Write that a sign-in failed, in whose name if there is such an account; what was typed is
    not kept, since it may be a password in the wrong field. Who has to wait leaves no line: the
    record cannot be filled by asking often."""
    audit_log.record(con, Line(Activity.SIGN_IN_REFUSED, now, person_id=find(con, email)))
