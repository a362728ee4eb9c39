"""Who belongs to a practice, in which role, and when they are away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lib import access, accounts, audit_log, membership_offers, sessions
from lib.access import Verb
from lib.audit_log import Activity, Line
from lib.errors import NoSuchPerson, NoSuchPractice, WrongInput
from lib.models import Person, Role
from lib.store.database import Connection, transaction

DaysAway = tuple[date | None, date | None]  # the first and the last; two None: not away


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a practice, as those see them who manage its people."""

    id: int
    name: str
    email: str
    role: Role
    is_sample: bool
    is_active: bool
    is_offered: bool  # did not accept yet
    is_set_up: bool  # can sign in
    last_seen_at: datetime | None
    away_from: date | None
    away_until: date | None


def of_practice(con: Connection, practice_id: int, *, actor: Person) -> list[Member]:
    """Return the people of a practice and those invited to it, by name. Of somebody who has not
    accepted yet, only what the practice typed is shown. Raises NotAllowed, NoSuchPractice."""
    access.require(actor, Verb.MANAGE_PEOPLE, practice_id, NoSuchPractice())
    return con.records(
        Member,
        """
        SELECT person.id, person.name, person.email, membership.role, person.is_sample,
               person.deactivated_at IS NULL AS is_active, false AS is_offered,
               person.is_sample
                   OR EXISTS (SELECT 1 FROM password WHERE password.person_id = person.id)
                   OR EXISTS (SELECT 1 FROM passkey WHERE passkey.person_id = person.id)
                   AS is_set_up,
               (SELECT max(last_used_at) FROM session WHERE session.person_id = person.id)
                   AS last_seen_at,
               membership.away_from, membership.away_until
        FROM membership JOIN person ON person.id = membership.person_id
        WHERE membership.practice_id = $practice_id
        UNION ALL
        SELECT person.id, membership_offer.name, person.email, role, false, true, true, false,
               NULL, NULL, NULL
        FROM membership_offer JOIN person ON person.id = person_id
        WHERE practice_id = $practice_id
        ORDER BY 2, 1
        """,
        practice_id=practice_id,
    )


def change(
    con: Connection, practice_id: int, person_id: int, *, actor: Person, now: datetime,
    role: Role | None = None, away: DaysAway | None = None,
) -> None:  # fmt: skip
    """Give a person another role in a practice, other days away, or both; None leaves it as it is.

    A role counts from the person's next click. Raises LastAdministrator where nobody would manage
    the practice's people any more, WrongInput, NoSuchPerson, NotAllowed, NoSuchPractice; then
    neither is changed.
    """

    def note(kind: Activity, detail: str) -> None:
        audit_log.write(con, Line(kind, now, actor.id, practice_id, person_id, detail=detail))

    with transaction(con):
        before = _role(con, practice_id, person_id, actor)
        if away is not None:
            note(Activity.AWAY, _set_away(con, practice_id, person_id, *away))
        if role is not None and role is not before:
            if before is Role.ADMINISTRATOR:
                accounts.require_another_administrator(con, person_id, practice_id)
                accounts.end_links_made_by(con, person_id, now=now)
            con.execute(
                """
                UPDATE membership SET role = $role
                WHERE practice_id = $practice_id AND person_id = $person_id
                """,
                role=role,
                practice_id=practice_id,
                person_id=person_id,
            )
            note(Activity.ROLE_CHANGED, f"{before.label} → {role.label}")


def remove(
    con: Connection, practice_id: int, person_id: int, *, actor: Person | None, now: datetime
) -> None:
    """Take a person out of a practice, or take back what it offered them: they may do nothing in
    it from then on, whatever other practices they belong to. What they did stays.

    `actor` is None on the command line, which may also remove the last administrator. Raises
    LastAdministrator, NoSuchPerson, NotAllowed, NoSuchPractice.
    """
    with transaction(con):
        if actor is not None:
            access.require(actor, Verb.MANAGE_PEOPLE, practice_id, NoSuchPractice())
        offered = membership_offers.held(con, person_id, practice_id)
        if offered is not None:
            membership_offers.delete(con, person_id, practice_id)
            role = offered[0]
        else:
            role = _role_of(con, practice_id, person_id)
            if actor is not None and role is Role.ADMINISTRATOR:
                accounts.require_another_administrator(con, person_id, practice_id)
            _leave(con, practice_id, person_id, now)
        accounts.note(
            con, Activity.LEFT, person_id, actor=actor, now=now, practice_id=practice_id,
            detail=role.value,
        )  # fmt: skip


def _set_away(
    con: Connection, practice_id: int, person_id: int, since: date | None, until: date | None
) -> str:
    """Write the days and return them in words."""
    if (since is None) is not (until is None):
        raise WrongInput("Choose the first and the last day away, or neither.")
    if since and until and until < since:
        raise WrongInput("The last day away is before the first.")
    con.execute(
        """
        UPDATE membership SET away_from = $since, away_until = $until
        WHERE practice_id = $practice_id AND person_id = $person_id
        """,
        since=since,
        until=until,
        practice_id=practice_id,
        person_id=person_id,
    )
    return f"{since:%m/%d/%Y} to {until:%m/%d/%Y}" if since and until else "back"


def _role(con: Connection, practice_id: int, person_id: int, actor: Person) -> Role:
    access.require(actor, Verb.MANAGE_PEOPLE, practice_id, NoSuchPractice())
    return _role_of(con, practice_id, person_id)


def _leave(con: Connection, practice_id: int, person_id: int, now: datetime) -> None:
    con.execute(
        "DELETE FROM membership WHERE practice_id = $practice_id AND person_id = $person_id",
        practice_id=practice_id,
        person_id=person_id,
    )
    accounts.end_links_made_by(con, person_id, now=now)
    if not con.value("SELECT count(*) FROM membership WHERE person_id = $id", id=person_id):
        accounts.end_links(con, person_id, now=now)
        sessions.end_all(con, person_id, now=now)


def _role_of(con: Connection, practice_id: int, person_id: int) -> Role:
    found = con.value(
        "SELECT role FROM membership WHERE practice_id = $practice_id AND person_id = $person_id",
        practice_id=practice_id,
        person_id=person_id,
    )
    if found is None:
        raise NoSuchPerson
    return Role(found)
