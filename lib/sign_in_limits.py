"""Limit attempts to sign in: per account and per address, with growing waits kept in the store."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from lib.errors import TooManyAttempts
from lib.store.database import Connection, transaction

FREE = {"account": 5, "address": 30}  # attempts before anybody waits; a practice shares an address
FIRST_WAIT = timedelta(seconds=30)  # doubled with each attempt more
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN = timedelta(hours=24)  # after the last attempt


def begin(con: Connection, *, email: str, address: str, now: datetime) -> None:
    """Count an attempt before it is looked at, so that many at once are as many. Raise
    TooManyAttempts, without counting, where its account or address has to wait."""
    keys = {kind: key(kind, value) for kind, value in (("account", email), ("address", address))}
    with transaction(con, invalidates_cache=False):
        con.execute("DELETE FROM sign_in_attempts WHERE last_at < $old", old=now - FORGOTTEN)
        waits = [_wait(con, kind, whose, now) for kind, whose in keys.items()]
        if max(waits) > timedelta():
            raise TooManyAttempts(max(waits))
        for whose in keys.values():
            con.execute(
                """
                INSERT INTO sign_in_attempts VALUES ($whose, 1, $now)
                ON CONFLICT (whose)
                DO UPDATE SET attempts = sign_in_attempts.attempts + 1, last_at = $now
                """,
                whose=whose,
                now=now,
            )


def forget(con: Connection, *, email: str, address: str) -> None:
    """Forget the attempts of an account that has signed in; of its address, this one and one that
    failed before, so that the slips of a whole office do not add up for ever. The caller's verb
    opens the transaction."""
    con.execute("DELETE FROM sign_in_attempts WHERE whose = $whose", whose=key("account", email))
    con.execute(
        "UPDATE sign_in_attempts SET attempts = greatest(attempts - 2, 0) WHERE whose = $whose",
        whose=key("address", address),
    )


def key(kind: str, value: str) -> str:
    """Return under which name the attempts of an account or an address are kept."""
    return f"{kind} {hashlib.sha256(value.encode()).hexdigest()}"


def _wait(con: Connection, kind: str, whose: str, now: datetime) -> timedelta:
    row = con.row("SELECT attempts, last_at FROM sign_in_attempts WHERE whose = $w", w=whose)
    if row is None or row[0] < FREE[kind]:
        return timedelta()
    wait = min(FIRST_WAIT * 2 ** min(row[0] - FREE[kind], 10), LONGEST_WAIT)
    passed = now.astimezone(UTC) - row[1].replace(tzinfo=UTC)
    left: timedelta = wait - passed
    return max(left, timedelta())
