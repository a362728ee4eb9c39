"""Who belongs to a practice, in which role, and when they are away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lib import access, accounts, audit_log
from lib.access import Verb
from lib.audit_log import Activity, Line
from lib.errors import NoSuchPerson, NoSuchPractice, WrongInput
from lib.models import Person, Role
from lib.store.database import Connection, transaction


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a practice, as those see them who manage its people."""

    id: int
    name: str
    email: str
    role: Role
    is_sample: bool
    is_active: bool
    is_set_up: bool  # can sign in
    last_seen_at: datetime | None
    away_from: date | None
    away_until: date | None


def of_practice(con: Connection, practice_id: int, *, actor: Person) -> list[Member]:
    """Return the people of a practice, by name. Raises NotAllowed, NoSuchPractice."""
    access.require(actor, Verb.MANAGE_PEOPLE, practice_id, NoSuchPractice())
    return con.records(
        Member,
        """
        SELECT person.id, person.name, person.email, membership.role, person.is_sample,
               person.deactivated_at IS NULL AS is_active,
               person.is_sample
                   OR EXISTS (FROM password WHERE password.person_id = person.id)
                   OR EXISTS (FROM passkey WHERE passkey.person_id = person.id) AS is_set_up,
               (SELECT max(last_used_at) FROM session WHERE session.person_id = person.id)
                   AS last_seen_at,
               person.away_from, person.away_until
        FROM membership JOIN person ON person.id = membership.person_id
        WHERE membership.practice_id = $practice_id
        ORDER BY person.name, person.id
        """,
        practice_id=practice_id,
    )


def change_role(
    con: Connection, practice_id: int, person_id: int, role: Role, *, actor: Person, now: datetime
) -> None:
    """Give a person another role in a practice; it counts from their next click.

    Raises LastAdministrator where nobody would manage the practice's people any more,
    NoSuchPerson, NotAllowed, NoSuchPractice.
    """
    with transaction(con):
        before = _role(con, practice_id, person_id, actor)
        if before is role:
            return
        if before is Role.ADMINISTRATOR:
            accounts.require_another_administrator(con, person_id, practice_id)
        con.execute(
            """
            UPDATE membership SET role = $role
            WHERE practice_id = $practice_id AND person_id = $person_id
            """,
            role=role,
            practice_id=practice_id,
            person_id=person_id,
        )
        audit_log.write(
            con,
            Line(
                Activity.ROLE_CHANGED, now, actor.id, practice_id, person_id,
                detail=f"{before.label} → {role.label}",
            ),
        )  # fmt: skip


def set_away(
    con: Connection, practice_id: int, person_id: int, since: date | None, until: date | None, *,
    actor: Person, now: datetime,
) -> None:  # fmt: skip
    """Write from when until when a person is away, both days included; two None end it.

    Raises WrongInput, NoSuchPerson, NotAllowed, NoSuchPractice.
    """
    if (since is None) is not (until is None):
        raise WrongInput("Choose the first and the last day away, or neither.")
    if since and until and until < since:
        raise WrongInput("The last day away is before the first.")
    with transaction(con):
        _role(con, practice_id, person_id, actor)
        con.execute(
            "UPDATE person SET away_from = $since, away_until = $until WHERE id = $person_id",
            since=since,
            until=until,
            person_id=person_id,
        )
        said = f"{since:%m/%d/%Y} to {until:%m/%d/%Y}" if since and until else "back"
        audit_log.write(
            con, Line(Activity.AWAY, now, actor.id, practice_id, person_id, detail=said)
        )


def _role(con: Connection, practice_id: int, person_id: int, actor: Person) -> Role:
    access.require(actor, Verb.MANAGE_PEOPLE, practice_id, NoSuchPractice())
    found = con.value(
        "SELECT role FROM membership WHERE practice_id = $practice_id AND person_id = $person_id",
        practice_id=practice_id,
        person_id=person_id,
    )
    if found is None:
        raise NoSuchPerson
    return Role(found)
