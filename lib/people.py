"""People and their practices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lib import earlier_zones
from lib.access import WORKERS
from lib.models import Colleague, Membership, Person, Practice, Role
from lib.store.database import Connection, transaction

ASSUMED_ZONE = "America/Chicago"  # of a practice that was not asked yet


def add_practice(
    con: Connection,
    name: str,
    *,
    timezone: str | None = None,
    due_days: int = 30,
    now: datetime,
) -> int:
    """Make a practice and return its id.

    Where nobody names its time zone, one is assumed, and the practice is asked for its own.
    """
    with transaction(con):
        return int(
            con.value(
                """
                INSERT INTO practice (name, timezone, timezone_is_assumed, due_days, created_at)
                VALUES ($name, $timezone, $is_assumed, $due_days, $now) RETURNING id
                """,
                name=name,
                timezone=timezone or ASSUMED_ZONE,
                is_assumed=timezone is None,
                due_days=due_days,
                now=now,
            )
        )


def practices(con: Connection) -> list[Practice]:
    """Return every practice of the store, by name: for the command line and the sign-in page
    only."""
    return told_apart(
        con.records(Practice, "SELECT id, name, timezone, due_days FROM practice ORDER BY name, id")
    )


def told_apart(practices: Sequence[Practice]) -> list[Practice]:
    """Return the practices, of two with one name the later with its number: "Northside (7)"."""
    first: dict[str, int] = {}
    for each in practices:
        key = each.name.casefold()
        first[key] = min(first.get(key, each.id), each.id)
    return [
        each
        if first[each.name.casefold()] == each.id
        else replace(each, name=f"{each.name} ({each.id})")
        for each in practices
    ]


def add_person(
    con: Connection,
    name: str,
    email: str,
    roles: dict[int, Role],
    *,
    is_sample: bool,
    now: datetime,
) -> int:
    """Insert a person with a role in each of these practices, by id. Return the person's id."""
    with transaction(con):
        return insert_person(con, name, email, roles, is_sample=is_sample, now=now)


def insert_person(
    con: Connection,
    name: str,
    email: str,
    roles: dict[int, Role],
    *,
    is_sample: bool,
    now: datetime,
) -> int:
    """Do as `add_person`, in the transaction of the caller's verb."""
    person_id = int(
        con.value(
            """
            INSERT INTO person (name, email, is_sample, created_at)
            VALUES ($name, $email, $is_sample, $now) RETURNING id
            """,
            name=name,
            email=email,
            is_sample=is_sample,
            now=now,
        )
    )
    for practice_id, role in roles.items():
        join(con, person_id, practice_id, role)
    return person_id


def join(con: Connection, person_id: int, practice_id: int, role: Role) -> None:
    """Make a person a member of a practice. The caller's verb opens the transaction."""
    con.execute(
        """
        INSERT INTO membership (practice_id, person_id, role)
        VALUES ($practice_id, $person_id, $role)
        """,
        practice_id=practice_id,
        person_id=person_id,
        role=role,
    )


def person(con: Connection, person_id: int) -> Person | None:
    """Return one person with their practices, or None."""
    rows = con.rows(
        """
        SELECT person.name, person.email, practice.id, practice.name, practice.timezone,
               practice.due_days, membership.role
        FROM person
        JOIN membership ON membership.person_id = person.id
        JOIN practice ON practice.id = membership.practice_id
        WHERE person.id = $person_id
        ORDER BY practice.name, practice.id
        """,
        person_id=person_id,
    )
    if not rows:
        return None
    zones = earlier_zones.of_practices(con, [row[2] for row in rows])
    held = [
        Practice(row[2], row[3], row[4], row[5], tuple(z for z in zones if z.practice_id == row[2]))
        for row in rows
    ]
    return Person(
        person_id,
        rows[0][0],
        rows[0][1],
        tuple(
            Membership(practice, Role(row[6]))
            for practice, row in zip(told_apart(held), rows, strict=True)
        ),
    )


def practice_names(person: Person) -> list[str]:
    """Return the names of a person's practices."""
    return [membership.practice.name for membership in person.memberships]


def sample_people(con: Connection) -> list[Person]:
    """Return the invented people one may sign in as while there is no identity provider."""
    ids = con.rows("SELECT id FROM person WHERE is_sample ORDER BY id")
    return [found for (person_id,) in ids if (found := person(con, person_id))]


def colleagues(con: Connection, practice_id: int) -> list[Colleague]:
    """Return everybody of that practice who may have tasks, by name, also who was deactivated."""
    return con.records(
        Colleague,
        """
        SELECT person.id, person.name, person.email, membership.role,
               person.deactivated_at IS NULL AS is_active
        FROM membership JOIN person ON person.id = membership.person_id
        WHERE membership.practice_id = $practice_id AND list_contains($workers, role)
        ORDER BY person.name
        """,
        practice_id=practice_id,
        workers=WORKERS,
    )


def takers(con: Connection, practice_id: int) -> list[Colleague]:
    """Return whom a task of that practice can be given to, by name."""
    return [each for each in colleagues(con, practice_id) if each.is_active]


def display_names(colleagues: Sequence[Colleague]) -> dict[int, str]:
    """Return by id the name to show for each of them, with the e-mail address if two share it."""
    times = Counter(each.name for each in colleagues)
    return {
        each.id: each.name if times[each.name] == 1 else f"{each.name} ({each.email})"
        for each in colleagues
    }
