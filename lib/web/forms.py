"""What a form of ours sends, and the session that begins with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from lib import accounts, sessions, sign_in_limits
from lib.authentication_methods import OpenedBy
from lib.web import session
from lib.web.sockets import SOCKETS

LONGEST = 16_384  # bytes
TOO_LONG = PlainTextResponse("This form is too long.", 413)
# One name without a dot or a slash, as pages have, then printable ASCII without a backslash.
_PAGE = re.compile(r"/([A-Za-z0-9_-]*)(?:\?[\x21-\x5b\x5d-\x7e]*)?")
_NO_PAGES = frozenset({"sign-in", "sign-out", "set-up", "invitation", "healthz", "metrics", "news"})


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
    """Return `wanted` if it is the address of a page of ours, else "/": no link may lead elsewhere,
    to a download, or out again."""
    page = _PAGE.fullmatch(wanted)
    return wanted if page and page[1] not in _NO_PAGES else "/"


async def signed_in(
    request: Request, person_id: int, wanted: str = "/", *, by: OpenedBy
) -> Response:
    """Open a session, end the one that this browser had, and go on to `wanted`."""
    token, browser = await run_in_threadpool(
        _open_session, person_id, by, session.token_of(request), session.browser_of(request)
    )
    SOCKETS.look()  # end the tabs of whoever was signed in here before
    response = RedirectResponse(local_path(wanted), 303)
    session.give(response, token, browser=browser, is_https=request.url.scheme == "https")
    return response


def _open_session(
    person_id: int, by: OpenedBy, former: str | None, browser: str | None
) -> tuple[str, str | None]:
    """Return the token of the new session, and that by which the browser is known again."""
    now = datetime.now(UTC)
    with session.connection() as con:
        if former:
            sessions.sign_out(con, former, now=now)
        token = sessions.sign_in(con, person_id, by=by, now=now)
        if not accounts.has_one(con, person_id):
            return token, None
        return token, sign_in_limits.remember(con, person_id, browser, now=now)
