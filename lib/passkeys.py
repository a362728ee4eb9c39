"""Passkeys: keys that a person's device keeps and unlocks by finger, face or PIN (WebAuthn)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from lib import accounts, audit_log, sign_in_limits
from lib.audit_log import Activity, Line
from lib.authentication_methods import Proof
from lib.errors import NoSuchPasskey, WrongInput, WrongPasskey
from lib.models import Person
from lib.store.database import Connection, transaction

MOST = 10  # of one person


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner sees it."""

    id: int
    name: str
    added_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Site:
    """Whom a passkey is for, as the browser knows us."""

    name: str  # the host name
    origin: str  # with the scheme and the port


def of(con: Connection, person_id: int) -> list[Passkey]:
    """Return a person's passkeys, the oldest first."""
    return con.records(
        Passkey,
        "SELECT id, name, added_at, last_used_at FROM passkey WHERE person_id = $id ORDER BY id",
        id=person_id,
    )


def is_needed(con: Connection, person_id: int) -> bool:
    """Return True if a practice of the person requires a second factor."""
    return bool(
        con.value(
            """
            SELECT bool_or(coalesce(needs_second_factor, false))
            FROM membership JOIN practice ON practice.id = membership.practice_id
            WHERE person_id = $id
            """,
            id=person_id,
        )
    )


def new_options(con: Connection, person: Person, *, site: Site, challenge: bytes) -> str:
    """Return, as JSON, what a browser needs to make a passkey."""
    return options_to_json(
        generate_registration_options(
            rp_id=site.name,
            rp_name="Billing Tasks",
            user_id=str(person.id).encode(),
            user_name=person.email,
            user_display_name=person.name,
            challenge=challenge,
            exclude_credentials=_descriptors(con, person.id),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
    )


def options(con: Connection, person_id: int | None, *, site: Site, challenge: bytes) -> str:
    """Return, as JSON, what a browser needs to sign with a passkey: one of the person's, or any."""
    return options_to_json(
        generate_authentication_options(
            rp_id=site.name,
            challenge=challenge,
            allow_credentials=_descriptors(con, person_id) if person_id else None,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def add(
    con: Connection, answer: str, *, name: str, site: Site, challenge: bytes,
    proof: Proof | None, actor: Person, now: datetime, is_first: bool = False,
) -> None:  # fmt: skip
    """Keep the passkey that a browser made for the actor, who showed `proof`. Raises WrongPasskey,
    also where that is no longer good, the actor was deactivated, or it `is_first` and there is one;
    WrongInput for one too many."""
    name = " ".join(name.split())[:60] or "Passkey"
    try:
        made = verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site.name,
            expected_origin=site.origin, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as problem:
        raise WrongPasskey from problem
    credential = bytes_to_base64url(made.credential_id)
    with transaction(con):
        require(con, actor.id, proof)
        count = len(of(con, actor.id))
        if is_first and count:
            raise WrongPasskey
        if count >= MOST:
            raise WrongInput(f"Remove a passkey first: there are {MOST} already.")
        if con.value("SELECT id FROM passkey WHERE credential = $it", it=credential):
            raise WrongPasskey
        con.execute(
            """
            INSERT INTO passkey (person_id, credential, public_key, uses, name, added_at)
            VALUES ($person, $credential, $key, $uses, $name, $now)
            """,
            person=actor.id,
            credential=credential,
            key=bytes_to_base64url(made.credential_public_key),
            uses=made.sign_count,
            name=name,
            now=now,
        )
        accounts.note(
            con, Activity.CREDENTIAL_SET, actor.id, actor=actor, now=now, detail="passkey added"
        )


def remove(con: Connection, passkey_id: int, *, actor: Person, now: datetime) -> None:
    """Remove one of the actor's passkeys. Raises NoSuchPasskey; WrongInput for the last one where
    a practice requires it."""
    with transaction(con):
        own = of(con, actor.id)
        if passkey_id not in {each.id for each in own}:
            raise NoSuchPasskey
        if len(own) == 1 and is_needed(con, actor.id):
            raise WrongInput("Your practice requires a passkey. Add another one first.")
        con.execute("DELETE FROM passkey WHERE id = $id", id=passkey_id)
        accounts.note(
            con, Activity.CREDENTIAL_SET, actor.id, actor=actor, now=now, detail="passkey removed"
        )


def require(con: Connection, person_id: int, proof: Proof | None) -> None:
    """Raise WrongPasskey unless the person is active and the proof still good."""
    if not accounts.is_good(con, person_id, proof):
        raise WrongPasskey


def check(
    con: Connection, answer: str, *, of_person: int | None, site: Site, challenge: bytes,
    address: str, now: datetime,
) -> int:  # fmt: skip
    """Return the id of the person whose passkey signed the challenge. Raises WrongPasskey for any
    other answer, also for another person's than `of_person` if that is given; the record keeps as
    many of those from one address as may fail there."""
    row = con.row(
        """
        SELECT passkey.id, person_id, public_key, uses
        FROM passkey JOIN person ON person.id = person_id
        WHERE credential = $it AND deactivated_at IS NULL AND NOT is_sample
          AND EXISTS (SELECT 1 FROM membership WHERE membership.person_id = person.id)
        """,
        it=_id_in(answer),
    )
    try:
        if row is None or of_person not in {None, row[1]}:
            raise WrongPasskey
        signed = verify_authentication_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site.name,
            expected_origin=site.origin, credential_public_key=base64url_to_bytes(row[2]),
            credential_current_sign_count=row[3], require_user_verification=True,
        )  # fmt: skip
    except (WrongPasskey, WebAuthnException, ValueError, KeyError, TypeError) as problem:
        line = Line(
            Activity.SIGN_IN_REFUSED, now, person_id=row[1] if row else of_person, detail="passkey"
        )
        with transaction(con, invalidates_cache=False):
            if sign_in_limits.failed(con, address=address, now=now):
                audit_log.write(con, line)
        raise WrongPasskey from problem
    with transaction(con, invalidates_cache=False):
        con.execute(
            "UPDATE passkey SET uses = $uses, last_used_at = $now WHERE id = $id",
            uses=signed.new_sign_count,
            now=now,
            id=row[0],
        )
    return int(row[1])


def remove_all(con: Connection, person_id: int) -> None:
    """Remove a person's passkeys: a new link begins anew. The caller's verb opens the
    transaction."""
    con.execute("DELETE FROM passkey WHERE person_id = $id", id=person_id)


def _descriptors(con: Connection, person_id: int) -> list[PublicKeyCredentialDescriptor]:
    rows = con.rows("SELECT credential FROM passkey WHERE person_id = $id", id=person_id)
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(row[0])) for row in rows]


def _id_in(answer: str) -> str:
    try:
        said = json.loads(answer)
    except ValueError:
        return ""
    return str(said.get("id", "")) if isinstance(said, dict) else ""
