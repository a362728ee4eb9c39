"""Accounts of an OpenID provider: which of them is whose, and who may sign in by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lib import accounts, audit_log, passkeys, people, sessions, sign_in_limits
from lib.audit_log import Activity, Line
from lib.errors import NotOnTheList, UnverifiedEmail
from lib.store.database import Connection, transaction


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider says it has signed in."""

    issuer: str
    subject: str  # the account, by a name that its issuer gives to no other
    email: str
    is_verified: bool  # the provider made sure that the e-mail address is theirs
    has_two_factors: bool = False


def sign_in(con: Connection, identity: Identity, *, address: str, now: datetime) -> int:
    """Return the id of the person whose account this is. The first time that is who has its
    verified e-mail address on the list; then the account is kept, and no other of the same issuer
    is theirs.

    The first time ends the person's password, passkeys, sessions and one-time links: whoever was
    handed them need not be the owner of the address. Raises NotOnTheList, in the same words
    whether or not there is such a person, and UnverifiedEmail.
    """
    with transaction(con):
        known = con.value(
            """
            SELECT person_id FROM provider_account
            WHERE issuer = $issuer AND subject = $subject
            """,
            issuer=identity.issuer,
            subject=identity.subject,
        )
        person_id = known
        if known is None and identity.is_verified:
            person_id = accounts.find(con, identity.email)
        if person_id is not None and _may(con, person_id):
            if known is not None:
                return int(known)
            if not _has_another(con, person_id, identity.issuer):
                _link(con, identity, person_id, now)
                return int(person_id)
    refuse(con, "not on the list", person_id=person_id, address=address, now=now)
    if known is None and not identity.is_verified:
        raise UnverifiedEmail
    raise NotOnTheList


def refuse(
    con: Connection, why: str, *, person_id: int | None = None, address: str, now: datetime,
    counts: bool = True,
) -> None:  # fmt: skip
    """Write into the record that a sign-in by the provider failed, and why, as often as may fail
    at one address; let the address wait for it unless it does not count."""
    address = address if counts else f"no fault of {address}"
    line = Line(Activity.SIGN_IN_REFUSED, now, person_id=person_id, detail=f"OpenID: {why}")
    with transaction(con, invalidates_cache=False):
        if sign_in_limits.failed(con, address=address, now=now):
            audit_log.write(con, line)


def forget(con: Connection, person_id: int) -> None:
    """Forget which account of a provider is a person's: a new link begins anew. The caller's verb
    opens the transaction."""
    con.execute("DELETE FROM provider_account WHERE person_id = $id", id=person_id)


def _may(con: Connection, person_id: int) -> bool:
    is_active = con.value(
        "SELECT NOT is_sample AND deactivated_at IS NULL FROM person WHERE id = $id", id=person_id
    )
    return bool(is_active) and people.person(con, person_id) is not None


def _has_another(con: Connection, person_id: int, issuer: str) -> bool:
    count = con.value(
        "SELECT count(*) FROM provider_account WHERE person_id = $id AND issuer = $issuer",
        id=person_id,
        issuer=issuer,
    )
    return bool(count)


def _link(con: Connection, identity: Identity, person_id: int, now: datetime) -> None:
    con.execute(
        "INSERT INTO provider_account VALUES ($issuer, $subject, $person, $now)",
        issuer=identity.issuer,
        subject=identity.subject,
        person=person_id,
        now=now,
    )
    con.execute("DELETE FROM password WHERE person_id = $id", id=person_id)
    passkeys.remove_all(con, person_id)
    accounts.end_links(con, person_id, now=now)
    sessions.end_all(con, person_id, now=now)
    sessions.end_of_sample(con, now=now)
    accounts.note(
        con, Activity.CREDENTIAL_SET, person_id, actor=people.person(con, person_id), now=now,
        detail="account at the OpenID provider",
    )  # fmt: skip
