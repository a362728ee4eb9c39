"""Limit attempts to sign in, kept in the store: of an account from one address, of an account from
everywhere, and of an address. A browser in which the person signed in before has a limit of its own
instead, so that nobody else's guesses keep them out there."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lib.errors import TooManyAttempts
from lib.store.database import Connection, transaction

COOKIE = "billing_browser"  # carries the token of a browser
FREE = {"pair": 5, "browser": 5, "account": 50, "address": 30}  # failures before anybody waits
FIRST_WAIT = timedelta(seconds=30)  # of a pair or a browser, doubled with each failure more
LONGEST_WAIT = timedelta(minutes=15)
# One failure of these is forgotten in this time. A pair that tries as often as it may fails once in
# a quarter of an hour, and so never fills its account.
SINKS = {"account": timedelta(minutes=10), "address": timedelta(minutes=5)}
FORGOTTEN = timedelta(hours=24)  # after the last failure
REMEMBERED = timedelta(days=180)  # a browser that nobody signed in with since
MOST_BROWSERS = 10  # of one person


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was counted: the limits it counts for, by kind."""

    keys: dict[str, str]


def begin(
    con: Connection, *, email: str, address: str, browser: str | None = None, now: datetime
) -> Attempt:
    """Count an attempt before it is looked at, so that many at once are as many; `browser` is the
    token of a browser, if it has one. Raise TooManyAttempts, without counting, where they wait."""
    with transaction(con, invalidates_cache=False):
        con.execute("DELETE FROM sign_in_failure WHERE last_at < $old", old=now - FORGOTTEN)
        keys = _keys(con, email, address_group(address), browser, now)
        levels = {kind: _level(con, kind, whose, now) for kind, whose in keys.items()}
        wait = max(_wait(kind, *level) for kind, level in levels.items())
        if wait > timedelta():
            raise TooManyAttempts(wait)
        for kind, whose in keys.items():
            _set(con, whose, levels[kind][0] + 1, now)
    return Attempt(keys)


def forget(con: Connection, attempt: Attempt) -> None:
    """Take back an attempt that succeeded, and what its pair or browser failed before. The caller's
    verb opens the transaction."""
    for kind, whose in attempt.keys.items():
        if kind in SINKS:
            con.execute(
                "UPDATE sign_in_failure SET level = greatest(level - 1, 0) WHERE whose = $whose",
                whose=whose,
            )
        else:
            con.execute("DELETE FROM sign_in_failure WHERE whose = $whose", whose=whose)


def failed(con: Connection, *, address: str, now: datetime) -> bool:
    """Count an answer of a passkey or a provider that was not accepted. Return False where its
    address failed so often that it is worth no line of the record. The caller's verb opens the
    transaction."""
    whose = key("address", address_group(address))
    level, _ = _level(con, "address", whose, now)
    if level + 1 > FREE["address"]:
        return False
    _set(con, whose, level + 1, now)
    return True


def require_room(con: Connection, *, address: str, now: datetime) -> None:
    """Raise TooManyAttempts where an address has to wait before anything is asked elsewhere."""
    wait = _wait("address", *_level(con, "address", key("address", address_group(address)), now))
    if wait > timedelta():
        raise TooManyAttempts(wait)


def remember(con: Connection, person_id: int, browser: str | None, *, now: datetime) -> str:
    """Return the token by which a browser is known that the person just signed in with: the one it
    has from us, or a new one of 256 random bits."""
    with transaction(con, invalidates_cache=False):
        is_ours = browser and con.value(
            "SELECT count(*) > 0 FROM known_browser WHERE token_hash = $hash", hash=_hash(browser)
        )
        token = browser if browser and is_ours else secrets.token_urlsafe(32)
        con.execute(
            """
            INSERT INTO known_browser VALUES ($hash, $person_id, $now)
            ON CONFLICT (token_hash, person_id) DO UPDATE SET last_at = $now
            """,
            hash=_hash(token),
            person_id=person_id,
            now=now,
        )
        con.execute(
            """
            DELETE FROM known_browser
            WHERE last_at < $old OR person_id = $person_id AND token_hash NOT IN (
                SELECT token_hash FROM known_browser WHERE person_id = $person_id
                ORDER BY last_at DESC LIMIT $most)
            """,
            old=now - REMEMBERED,
            person_id=person_id,
            most=MOST_BROWSERS,
        )
    return token


def key(kind: str, *values: str) -> str:
    """Return under which name the failures of an account, an address or both are kept."""
    return f"{kind} {_hash(' '.join(values))}"


def address_group(address: str) -> str:
    """Return what one network can choose among: an IPv4 address, or a /64 of IPv6."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, 64), strict=False))


def _keys(
    con: Connection, email: str, address: str, browser: str | None, now: datetime
) -> dict[str, str]:
    known = browser and con.value(
        """
        SELECT count(*) > 0 FROM known_browser JOIN person ON person.id = person_id
        WHERE token_hash = $hash AND lower(email) = $email AND last_at >= $old
        """,
        hash=_hash(browser),
        email=email,
        old=now - REMEMBERED,
    )
    if browser and known:
        return {"browser": key("browser", email, browser)}
    return {
        "pair": key("pair", email, address),
        "account": key("account", email),
        "address": key("address", address),
    }


def _level(con: Connection, kind: str, whose: str, now: datetime) -> tuple[float, timedelta]:
    """Return how high the failures stand now, and how long ago the last was."""
    row = con.row("SELECT level, last_at FROM sign_in_failure WHERE whose = $w", w=whose)
    if row is None:
        return 0.0, timedelta()
    passed = max(now.astimezone(UTC) - row[1].replace(tzinfo=UTC), timedelta())
    sunk = passed / SINKS[kind] if kind in SINKS else 0.0
    return max(row[0] - sunk, 0.0), passed


def _wait(kind: str, level: float, passed: timedelta) -> timedelta:
    over = level - FREE[kind]
    if kind in SINKS:  # until there is room for one more
        return max((over + 1) * SINKS[kind], timedelta())
    if over < 0:
        return timedelta()
    wait: timedelta = min(FIRST_WAIT * 2 ** min(int(over), 10), LONGEST_WAIT)
    return max(wait - passed, timedelta())


def _set(con: Connection, whose: str, level: float, now: datetime) -> None:
    con.execute(
        """
        INSERT INTO sign_in_failure VALUES ($whose, $level, $now)
        ON CONFLICT (whose) DO UPDATE SET level = $level, last_at = $now
        """,
        whose=whose,
        level=level,
        now=now,
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
