"""People, their practices, and their sessions on the server."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from lib.errors import NotSignedIn
from lib.models import Colleague, Membership, Person, Practice, Role
from lib.store.database import Connection, transaction

ASSUMED_ZONE = "America/Chicago"  # of a practice that was not asked yet
COOKIE = "billing_session"  # carries a session's token
IDLE = timedelta(hours=12)  # a session unused for this long has ended
LONGEST = timedelta(hours=24)  # and so has a session in use, after this long
# the time of last use is written at most this often, and never waits for a writer
TOUCH = timedelta(minutes=5)


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
    return con.records(Practice, "SELECT id, name, timezone, due_days FROM practice ORDER BY name")


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
            con.execute(
                "INSERT INTO membership VALUES ($practice_id, $person_id, $role)",
                practice_id=practice_id,
                person_id=person_id,
                role=role,
            )
        return person_id


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
        ORDER BY practice.name
        """,
        person_id=person_id,
    )
    if not rows:
        return None
    return Person(
        person_id,
        rows[0][0],
        rows[0][1],
        tuple(Membership(Practice(*row[2:6]), Role(row[6])) for row in rows),
    )


def sample_people(con: Connection) -> list[Person]:
    """Return the invented people one may sign in as while there is no identity provider."""
    ids = con.rows("SELECT id FROM person WHERE is_sample ORDER BY id")
    return [found for (person_id,) in ids if (found := person(con, person_id))]


def colleagues(con: Connection, practice_id: int) -> list[Colleague]:
    """Return who may take a task of that practice, by name."""
    return con.records(
        Colleague,
        """
        SELECT person.id, person.name, person.email, membership.role
        FROM membership JOIN person ON person.id = membership.person_id
        WHERE membership.practice_id = $practice_id AND role IN ('manager', 'staff')
        ORDER BY person.name
        """,
        practice_id=practice_id,
    )


def display_names(colleagues: Sequence[Colleague]) -> dict[int, str]:
    """Return by id the name to show for each of them, with the e-mail address if two share it."""
    times = Counter(each.name for each in colleagues)
    return {
        each.id: each.name if times[each.name] == 1 else f"{each.name} ({each.email})"
        for each in colleagues
    }


def sign_in(con: Connection, person_id: int, *, now: datetime) -> str:
    """Open a session and return its token (256 random bits); the store keeps only its hash."""
    token = secrets.token_urlsafe(32)
    with transaction(con, invalidates_cache=False):  # nobody has cached a session for a new token
        con.execute(
            "INSERT INTO session VALUES ($hash, $person_id, $now, $now, NULL)",
            hash=_hash(token),
            person_id=person_id,
            now=now,
        )
    return token


def sign_out(con: Connection, token: str, *, now: datetime) -> None:
    """End a session; ending it twice changes nothing."""
    with transaction(con):
        con.execute(
            "UPDATE session SET ended_at = $now WHERE token_hash = $hash AND ended_at IS NULL",
            hash=_hash(token),
            now=now,
        )


def who(con: Connection, token: str | None, *, now: datetime) -> Person:
    """Return the person behind a session's token. Raise NotSignedIn for any other token."""
    known = person(con, session_of(con, token, now=now))
    if known is None:
        raise NotSignedIn
    return known


def session_of(con: Connection, token: str | None, *, now: datetime, is_use: bool = True) -> int:
    """Return the id of the person behind a session's token; called at every click.

    Pass `is_use` False if nobody did anything, so that checking does not keep a session alive.
    Raises NotSignedIn for any other token.
    """
    if not token:
        raise NotSignedIn
    hash_ = _hash(token)
    found = con.store.cached(
        ("session", hash_),
        lambda: con.row(
            """
            SELECT person_id, last_used_at, ended_at, created_at FROM session
            WHERE token_hash = $hash
            """,
            hash=hash_,
        ),
    )
    naive_now = now.astimezone(UTC).replace(tzinfo=None)
    if not found or found[2] is not None:
        raise NotSignedIn
    if naive_now - found[1] > IDLE or naive_now - found[3] > LONGEST:
        raise NotSignedIn
    if is_use and naive_now - found[1] > TOUCH and not con.store.is_written:
        with transaction(con):
            con.execute(
                "UPDATE session SET last_used_at = $now WHERE token_hash = $hash",
                hash=hash_,
                now=now,
            )
    return int(found[0])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
