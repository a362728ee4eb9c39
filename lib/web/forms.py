"""What a form of ours sends, and the session that begins with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from lib import accounts, sessions, sign_in_limits
from lib.web import session
from lib.web.sockets import SOCKETS

LONGEST = 16_384  # bytes
TOO_LONG = PlainTextResponse("This form is too long.", 413)
_LOCAL = re.compile(r"/(?!/)[\x21-\x5b\x5d-\x7e]*")  # printable ASCII without a backslash
_OWN = re.compile(r"/(?:sign-(?:in|out)|set-up|invitation)(?:[/?#]|$)")


async def read(request: Request) -> dict[str, str] | None:
    """Return the fields of a form, each with its first value; None for one that is too long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            return None
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def local_path(wanted: str) -> str:
    """Return `wanted` if it is an address of ours, else "/": no link may lead elsewhere."""
    is_ours = _LOCAL.fullmatch(wanted) and not _OWN.match(wanted)
    return wanted if is_ours else "/"


async def signed_in(request: Request, person_id: int, wanted: str = "/") -> Response:
    """Open a session, end the one that this browser had, and go on to `wanted`."""
    token, browser = await run_in_threadpool(
        _open_session, person_id, session.token_of(request), session.browser_of(request)
    )
    SOCKETS.look()  # end the tabs of whoever was signed in here before
    response = RedirectResponse(local_path(wanted), 303)
    session.give(response, token, browser=browser, is_https=request.url.scheme == "https")
    return response


def _open_session(
    person_id: int, former: str | None, browser: str | None
) -> tuple[str, str | None]:
    """Return the token of the new session, and that by which the browser is known again."""
    now = datetime.now(UTC)
    with session.connection() as con:
        if former:
            sessions.sign_out(con, former, now=now)
        token = sessions.sign_in(con, person_id, now=now)
        if not accounts.has_one(con, person_id):
            return token, None
        return token, sign_in_limits.remember(con, person_id, browser, now=now)
