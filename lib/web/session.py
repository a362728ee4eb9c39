"""The session cookie of a request, and what Streamlit is told of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from lib import accounts, audit_log, people, sessions, sign_in_limits
from lib.errors import BillingError, NotSignedIn
from lib.models import Person
from lib.store import process_store
from lib.store.database import Connection

_BINDING = b"x-billing-tasks-session"  # server.trustedUserHeaders in .streamlit/config.toml


@contextmanager
def connection() -> Iterator[Connection]:
    """Yield a connection for the duration of one request."""
    con = process_store.connection()
    try:
        yield con
    finally:
        con.close()


@contextmanager
def refusals_written(con: Connection, actor: Person, what: str, now: datetime) -> Iterator[None]:
    """Write into the record what is refused inside the block; `what` names it by its id."""
    try:
        yield
    except BillingError as problem:
        audit_log.refused(con, problem, actor=actor, now=now, what=what)
        raise


async def is_open(request: HTTPConnection) -> bool:
    """Return True if the request carries the token of an open session."""
    return await person_of(request) is not None


async def person_of(request: HTTPConnection) -> int | None:
    """Return the id of the person whose session the request belongs to, or None."""
    token = token_of(request)
    return None if token is None else await run_in_threadpool(_person_of, token)


def has_accounts() -> bool:
    """Return True if real people sign in here, so that nobody does by choosing a name."""
    with connection() as con:
        return bool(con.store.cached("has_accounts", lambda: accounts.are_there_any(con)))


def watcher(con: Connection, token: str | None) -> Person | None:
    """Return whose session it is, for a page that only looks on: that does not count as use."""
    person_id = None if token is None else _person_behind(con, token, is_use=False)
    found: Person | None = con.store.cached(
        ("person", person_id), lambda: people.person(con, person_id) if person_id else None
    )
    return found


def ended(tokens: Collection[str]) -> list[str]:
    """Return those tokens whose session is no longer open; checking does not count as use."""
    with connection() as con:
        return [token for token in tokens if _person_behind(con, token, is_use=False) is None]


def bound(scope: Scope, token: str | None) -> Scope:
    """Return `scope` with the one header by which Streamlit knows whose page it serves.

    What a client sent under that name is dropped, so that a page of one session cannot be had with
    another session's cookie, even by somebody who knows its id.
    """
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != _BINDING]
    if token:
        headers.append((_BINDING, binding(token).encode()))
    return {**scope, "headers": headers}


def binding(token: str) -> str:
    """Return a session's name inside Streamlit: neither its token nor the hash we store."""
    return hashlib.sha256(f"streamlit {token}".encode()).hexdigest()


def token_of(request: HTTPConnection) -> str | None:
    """Return the session token in a request's cookie, or None."""
    return request.cookies.get(sessions.COOKIE)


def browser_of(request: HTTPConnection) -> str | None:
    """Return the token of a browser in which somebody signed in before, or None."""
    return request.cookies.get(sign_in_limits.COOKIE)


def give(response: Response, token: str, *, browser: str | None = None, is_https: bool) -> None:
    """Set the session cookie, and the one by which the browser is known again."""
    # The first as long as the session can last: if the cookie were gone first, whoever signs in
    # next in this browser could not end the session, and its tabs would go on.
    _set_cookie(response, sessions.COOKIE, token, sessions.LONGEST, is_https=is_https)
    if browser:
        lasts = sign_in_limits.REMEMBERED
        _set_cookie(response, sign_in_limits.COOKIE, browser, lasts, is_https=is_https)


def take_back(response: Response) -> None:
    """Delete the session cookie."""
    response.delete_cookie(sessions.COOKIE, path="/", httponly=True, samesite="lax")


def _set_cookie(
    response: Response, name: str, value: str, lasts: timedelta, *, is_https: bool
) -> None:
    response.set_cookie(
        name, value, max_age=int(lasts.total_seconds()), path="/", httponly=True, samesite="lax",
        secure=is_https,
    )  # fmt: skip


def _person_of(token: str) -> int | None:
    with connection() as con:
        return _person_behind(con, token, is_use=True)


def _person_behind(con: Connection, token: str, *, is_use: bool) -> int | None:
    try:
        return sessions.session_of(con, token, now=datetime.now(UTC), is_use=is_use)
    except NotSignedIn:
        return None
