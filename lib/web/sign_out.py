"""Signing out: the session ends on the server, not only in the browser."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lib import sessions
from lib.web import session
from lib.web.plain_pages import sign_out_page
from lib.web.same_origin import is_followed_link
from lib.web.sockets import SOCKETS


async def ask_to_sign_out(request: Request) -> Response:
    """Sign out at once if a page of ours led here; ask everybody else first."""
    if is_followed_link(request):
        return await sign_out(request)
    return HTMLResponse(sign_out_page())


async def sign_out(request: Request) -> Response:
    """End the session and delete its cookie."""
    token = session.token_of(request)
    if token:
        await run_in_threadpool(_close_session, token)
        SOCKETS.look()
    response = RedirectResponse("/sign-in?out=yes", 303)
    session.take_back(response)
    return response


def _close_session(token: str) -> None:
    with session.connection() as con:
        sessions.sign_out(con, token, now=datetime.now(UTC))
