"""The session cookie of a request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import Response

from lib import people
from lib.errors import NotSignedIn
from lib.store import process
from lib.store.database import Connection


@contextmanager
def connection() -> Iterator[Connection]:
    """A connection for the time of one request."""
    con = process.connection()
    try:
        yield con
    finally:
        con.close()


async def is_open(request: HTTPConnection) -> bool:
    """True where the request comes with the token of a session."""
    token = token_of(request)
    return token is not None and await run_in_threadpool(_is_open, token)


def token_of(request: HTTPConnection) -> str | None:
    return request.cookies.get(people.COOKIE)


def give(response: Response, token: str, *, is_https: bool) -> None:
    response.set_cookie(
        people.COOKIE,
        token,
        max_age=int(people.IDLE.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_https,
    )


def take_back(response: Response) -> None:
    response.delete_cookie(people.COOKIE, path="/", httponly=True, samesite="lax")


def _is_open(token: str) -> bool:
    with connection() as con:
        try:
            people.session_of(con, token, now=datetime.now(UTC))
        except NotSignedIn:
            return False
        return True
