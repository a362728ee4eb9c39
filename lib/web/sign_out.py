"""Signing out: the session ends on the server, not only in the browser."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lib import people
from lib.web import session
from lib.web.html import sign_out_page


async def ask_to_sign_out(request: Request) -> Response:
    """Follow a link of our own pages at once; ask everybody else first."""
    if _is_followed_link(request):
        return await sign_out(request)
    return HTMLResponse(sign_out_page())


async def sign_out(request: Request) -> Response:
    """End the session and forget its cookie."""
    token = session.token_of(request)
    if token:
        await run_in_threadpool(_close_session, token)
    response = RedirectResponse("/sign-in", 303)
    session.take_back(response)
    return response


def _is_followed_link(request: Request) -> bool:
    """True for a person following a link of ours; not for an image or a prefetch of that address,
    which a text that somebody wrote into a task could bring about."""
    said = request.headers
    if said.get("sec-fetch-dest") != "document" or "sec-purpose" in said:
        return False
    if said.get("sec-fetch-site") == "same-origin":
        return True
    came_from = urlsplit(said.get("referer", "")).netloc
    return said.get("sec-fetch-site") == "none" and came_from == said.get("host")


def _close_session(token: str) -> None:
    with session.connection() as con:
        people.sign_out(con, token, now=datetime.now(UTC))
