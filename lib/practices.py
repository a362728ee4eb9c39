"""Practices: name, place, numbers on claims, and how people sign in there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from lib import access, accounts, audit_log, invitations, passwords, people, practice_settings
from lib.access import Verb
from lib.audit_log import Activity, Line
from lib.errors import NoSuchPractice, WrongInput
from lib.models import Person, Role
from lib.scrubber import is_npi
from lib.store.database import Connection, transaction

LONGEST_NAME = 100
IDLE_MINUTES = range(5, 12 * 60 + 1)


@dataclass(frozen=True, slots=True)
class Details:
    """What an administrator says of a practice."""

    name: str
    timezone: str
    npi: str = ""  # as it stands on its claims, NM1*85
    tax_id: str = ""  # nine digits, REF*EI
    idle_minutes: int = 15  # after which a session that nobody uses ends
    needs_second_factor: bool = False


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who looks after the first practice."""

    name: str
    email: str
    password: str


def details(con: Connection, practice_id: int, *, actor: Person | None) -> Details:
    """Return what is said of a practice; `actor` is None on the command line. Raise
    NoSuchPractice."""
    if actor is not None:
        access.require(actor, Verb.SEE, practice_id, NoSuchPractice())
    found = con.records(
        Details,
        """
        SELECT name, timezone, coalesce(npi, '') AS npi, coalesce(tax_id, '') AS tax_id,
               coalesce(idle_minutes, 15) AS idle_minutes,
               coalesce(needs_second_factor, false) AS needs_second_factor
        FROM practice WHERE id = $id
        """,
        id=practice_id,
    )
    if not found:
        raise NoSuchPractice
    return found[0]


def add(con: Connection, wanted: Details, *, actor: Person | None, now: datetime) -> int:
    """Make a practice, with the actor as its administrator. Return its id. Raises WrongInput,
    NotAllowed for somebody who is nowhere an administrator."""
    if actor is not None and not access.may_anywhere(actor, Verb.MANAGE_PRACTICE):
        access.require(
            actor, Verb.MANAGE_PRACTICE, actor.practice_ids[0] if actor.practice_ids else 0,
            NoSuchPractice(),
        )  # fmt: skip
    with transaction(con):
        practice_id = _insert(con, wanted, actor, now)
        if actor is not None:
            people.join(con, actor.id, practice_id, Role.ADMINISTRATOR)
        _note(con, practice_id, "added", actor=actor, now=now)
    return practice_id


def change(
    con: Connection, practice_id: int, wanted: Details, *, actor: Person | None, now: datetime
) -> None:
    """Write what is said of a practice. Raises WrongInput, NotAllowed, NoSuchPractice."""
    if actor is not None:
        access.require(actor, Verb.MANAGE_PRACTICE, practice_id, NoSuchPractice())
    with transaction(con):
        write(con, practice_id, wanted, by=actor, now=now)


def write(
    con: Connection, practice_id: int, wanted: Details, *, by: Person | None, now: datetime
) -> None:
    """Write what is said of a practice. The caller's verb opens the transaction, and has asked
    whether the actor may. Raises WrongInput."""
    before = details(con, practice_id, actor=by)
    wanted = _checked(con, wanted, practice_id, by)
    if wanted.timezone != before.timezone:  # else one that was only assumed stays so
        practice_settings.write_timezone(
            con, practice_id, wanted.timezone, actor_id=by.id if by else None, now=now
        )
    con.execute(
        """
        UPDATE practice SET name = $name, npi = $npi, tax_id = $tax_id,
               idle_minutes = $idle_minutes, needs_second_factor = $needs_second_factor
        WHERE id = $id
        """,
        id=practice_id,
        name=wanted.name,
        npi=wanted.npi,
        tax_id=wanted.tax_id,
        idle_minutes=wanted.idle_minutes,
        needs_second_factor=wanted.needs_second_factor,
    )
    old, new = asdict(before), asdict(wanted)
    for name in (name for name in new if name != "timezone" and old[name] != new[name]):
        said = f"{name.replace('_', ' ')}: {old[name]} → {new[name]}"
        _note(con, practice_id, said, actor=by, now=now)


def set_up(con: Connection, wanted: Details | None, first: Administrator, *, now: datetime) -> int:
    """Make the first practice and its administrator, of an empty store. Return the person's id.

    Where practices came in by files before anybody could sign in, `wanted` is None and the
    administrator gets those. Raises WrongInput, also for a store that is set up.
    """
    name, email = " ".join(first.name.split()), accounts.tidy(first.email)
    invitations.check_name(name)
    invitations.check_email(email)
    names = [practice.name for practice in people.practices(con)]
    passwords.check(
        first.password, email=email, name=name, practices=[*names, wanted.name if wanted else ""]
    )
    hashed = passwords.hash_of(first.password)
    with transaction(con):
        if not accounts.is_empty(con):
            raise WrongInput("Billing Tasks is set up already. Sign in.")
        held = [practice.id for practice in people.practices(con)]
        if wanted is not None:
            held.append(_insert(con, wanted, None, now))
        if not held:
            raise WrongInput("Name the practice.")
        roles = dict.fromkeys(held, Role.ADMINISTRATOR)
        person_id = people.insert_person(con, name, email, roles, is_sample=False, now=now)
        accounts.set_password(con, person_id, hashed, now=now)
        accounts.note(con, Activity.CREDENTIAL_SET, person_id, actor=None, now=now, detail="set-up")
        return person_id


def _note(
    con: Connection, practice_id: int, said: str, *, actor: Person | None, now: datetime
) -> None:
    actor_id = actor.id if actor else None
    audit_log.write(con, Line(Activity.PRACTICE_CHANGED, now, actor_id, practice_id, detail=said))


def _insert(con: Connection, wanted: Details, actor: Person | None, now: datetime) -> int:
    wanted = _checked(con, wanted, None, actor)
    return int(
        con.value(
            """
            INSERT INTO practice (name, timezone, timezone_is_assumed, due_days, created_at,
                                  npi, tax_id, idle_minutes, needs_second_factor)
            VALUES ($name, $timezone, false, 30, $now, $npi, $tax_id, $idle_minutes,
                    $needs_second_factor)
            RETURNING id
            """,
            now=now,
            name=wanted.name,
            timezone=wanted.timezone,
            npi=wanted.npi,
            tax_id=wanted.tax_id,
            idle_minutes=wanted.idle_minutes,
            needs_second_factor=wanted.needs_second_factor,
        )
    )


def _checked(
    con: Connection, wanted: Details, practice_id: int | None, actor: Person | None
) -> Details:
    """Return the details as they are kept. Raise WrongInput for what cannot be."""
    name = " ".join(wanted.name.split())
    tax_id = wanted.tax_id.replace("-", "").strip()
    npi = wanted.npi.strip()
    if not name or len(name) > LONGEST_NAME:
        raise WrongInput(f"Type a name of the practice of at most {LONGEST_NAME} characters.")
    # An administrator learns of their own practices only, and two others may have one name.
    if con.value(
        """
        SELECT count(*) FROM practice
        WHERE name = $name AND id IS DISTINCT FROM $id
          AND ($everywhere OR list_contains($theirs, id))
        """,
        name=name,
        id=practice_id,
        everywhere=actor is None,
        theirs=actor.practice_ids if actor else [0],
    ):
        raise WrongInput(f"There is a practice named {name} already.")
    if wanted.timezone not in practice_settings.zones():
        raise WrongInput("Choose the practice's time zone, such as America/New_York.")
    if npi and not is_npi(npi):
        raise WrongInput("The NPI has ten digits, the last of which checks the others.")
    if tax_id and not (len(tax_id) == 9 and tax_id.isascii() and tax_id.isdigit()):
        raise WrongInput("The tax ID has nine digits, as 12-3456789.")
    if wanted.idle_minutes not in IDLE_MINUTES:
        raise WrongInput(
            f"A session may be unused for {IDLE_MINUTES[0]} to {IDLE_MINUTES[-1]} minutes."
        )
    return Details(
        name, wanted.timezone, npi, tax_id, wanted.idle_minutes, wanted.needs_second_factor
    )
