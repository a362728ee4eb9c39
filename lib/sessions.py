"""Sessions on the server: who signed in where, for how long, and when that ends."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from lib import audit_log, people
from lib.audit_log import Activity, Line
from lib.authentication_methods import OpenedBy
from lib.errors import NotCertain, NotSignedIn, NotWritten
from lib.models import Person
from lib.store import writer_scope
from lib.store.database import Connection, transaction

COOKIE = "billing_session"  # carries a session's token
IDLE = timedelta(minutes=15)  # a session unused for this long has ended, unless a practice differs
SAMPLE_IDLE = timedelta(hours=12)  # of invented people, on this computer only
LONGEST = timedelta(hours=12)  # a session in use has ended after this long
# the time of last use is written at most this often, and never waits for a writer
TOUCH = timedelta(minutes=1)


def sign_in(
    con: Connection, person_id: int, *, by: OpenedBy = OpenedBy.PASSWORD, now: datetime
) -> str:
    """Open a session and return its token (256 random bits); the store keeps only its hash."""
    token = secrets.token_urlsafe(32)
    with transaction(con, invalidates_cache=False):  # nobody has cached a session for a new token
        con.execute(
            "INSERT INTO session VALUES ($hash, $person_id, $now, $now, NULL, $by)",
            hash=hash_of(token),
            person_id=person_id,
            now=now,
            by=by,
        )
        audit_log.write(con, Line(Activity.SIGNED_IN, now, person_id, detail=by.value))
    return token


def sign_out(con: Connection, token: str, *, now: datetime) -> None:
    """End a session; ending it twice changes nothing."""
    with transaction(con):
        person_id = con.value(
            """
            UPDATE session SET ended_at = $now WHERE token_hash = $hash AND ended_at IS NULL
            RETURNING person_id
            """,
            hash=hash_of(token),
            now=now,
        )
        if person_id is not None:
            audit_log.write(con, Line(Activity.SIGNED_OUT, now, person_id))


def end_all(con: Connection, person_id: int, *, now: datetime, but: str | None = None) -> None:
    """End every session of a person, except the one with the token `but`. The caller's verb opens
    the transaction."""
    con.execute(
        """
        UPDATE session SET ended_at = $now
        WHERE person_id = $person_id AND ended_at IS NULL AND token_hash <> $but
        """,
        now=now,
        person_id=person_id,
        but=hash_of(but) if but else "",
    )


def end_of_sample(con: Connection, *, now: datetime) -> None:
    """End every session of people of the sample. The caller's verb opens the transaction."""
    con.execute(
        """
        UPDATE session SET ended_at = $now
        WHERE ended_at IS NULL AND person_id IN (SELECT id FROM person WHERE is_sample)
        """,
        now=now,
    )


def who(con: Connection, token: str | None, *, now: datetime) -> Person:
    """Return the person behind a session's token. Raise NotSignedIn for any other token."""
    known = people.person(con, session_of(con, token, now=now))
    if known is None:
        raise NotSignedIn
    return known


def session_of(con: Connection, token: str | None, *, now: datetime, is_use: bool = True) -> int:
    """Return the id of the person behind a session's token; called at every click.

    Pass `is_use` False if nobody did anything, so that checking does not keep a session alive.
    Raises NotSignedIn for any other token, also for a session that was opened by one factor where a
    practice of the person requires two: from the moment that it does, or that they join it.
    """
    if not token:
        raise NotSignedIn
    hash_ = hash_of(token)
    found = con.store.cached(
        ("session", hash_),
        lambda: con.row(
            """
            SELECT session.person_id, session.last_used_at, session.created_at, person.is_sample,
                   (SELECT min(coalesce(practice.idle_minutes, $idle))
                    FROM membership JOIN practice ON practice.id = membership.practice_id
                    WHERE membership.person_id = person.id),
                   (SELECT bool_or(coalesce(practice.needs_second_factor, false))
                    FROM membership JOIN practice ON practice.id = membership.practice_id
                    WHERE membership.person_id = person.id),
                   session.opened_by
            FROM session JOIN person ON person.id = session.person_id
            WHERE token_hash = $hash AND ended_at IS NULL AND person.deactivated_at IS NULL
            """,
            hash=hash_,
            idle=IDLE // timedelta(minutes=1),
        ),
    )
    if not found:
        raise NotSignedIn
    person_id, last_used_at, created_at, is_sample, minutes, needs_two, opened_by = found
    by = OpenedBy(opened_by or OpenedBy.PASSWORD)
    if needs_two and not is_sample and not by.has_two_factors:
        raise NotSignedIn
    idle = SAMPLE_IDLE if is_sample else timedelta(minutes=minutes) if minutes else IDLE
    naive_now = now.astimezone(UTC).replace(tzinfo=None)
    used_at = max(last_used_at, con.store.unwritten_uses.get(hash_, last_used_at))
    if naive_now - used_at > idle or naive_now - created_at > LONGEST:
        raise NotSignedIn
    if is_use and naive_now - last_used_at > TOUCH:
        _touch(con, int(person_id), hash_, naive_now)
    return int(person_id)


def _touch(con: Connection, person_id: int, hash_: str, naive_now: datetime) -> None:
    """Write that a session is used. While somebody else writes, or the disk takes no more, that is
    kept in memory, so that whoever is at work goes on; the disk is tried again once anything else
    was written."""
    failed = ("session not touched", hash_)
    if not con.store.is_written and not con.store.cached(failed, lambda: None):
        try:
            with transaction(con, of=writer_scope.of_person(person_id)):
                con.execute(
                    "UPDATE session SET last_used_at = $now WHERE token_hash = $hash "
                    "RETURNING person_id",
                    hash=hash_,
                    now=naive_now.replace(tzinfo=UTC),
                )
        except (NotWritten, NotCertain):
            con.store.cached(failed, lambda: naive_now)
        else:
            con.store.unwritten_uses.pop(hash_, None)
            return
    con.store.unwritten_uses[hash_] = naive_now


def opened_by(con: Connection, token: str | None) -> OpenedBy:
    """Return how a session was opened. Raise NotSignedIn where there is none that goes on."""
    by = con.value(
        """
        SELECT coalesce(opened_by, $unknown) FROM session
        WHERE token_hash = $hash AND ended_at IS NULL
        """,
        hash=hash_of(token or ""),
        unknown=OpenedBy.PASSWORD,
    )
    if by is None:
        raise NotSignedIn
    return OpenedBy(by)


def hash_of(token: str) -> str:
    """Return what the store keeps of a secret of 256 random bits: no salt is needed for one."""
    return hashlib.sha256(token.encode()).hexdigest()
