"""Signing in as one of the sample people, while there is no identity provider."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from lib import people, sessions
from lib.models import Person
from lib.web import session
from lib.web.plain_pages import sign_in_page
from lib.web.sockets import SOCKETS

LONGEST_FORM = 16_384  # bytes
_LOCAL = re.compile(r"/(?!/)[\x21-\x5b\x5d-\x7e]*")  # printable ASCII without a backslash
_OWN = re.compile(r"/sign-(?:in|out)(?:[/?#]|$)")


async def choose_person(request: Request) -> Response:
    """Show the page with everybody one may sign in as."""
    wanted = local_path(_left(request) or request.query_params.get("next", "/"))
    return HTMLResponse(sign_in_page(await run_in_threadpool(_sample_people), wanted))


async def sign_in(request: Request) -> Response:
    """Open a session for the chosen person and go on to what they wanted to see."""
    form = await _form(request)
    if form is None:
        return PlainTextResponse("This form is too long.", 413)
    token = await run_in_threadpool(
        _open_session, form.get("person", ""), session.token_of(request)
    )
    if token is None:
        return PlainTextResponse("There is no such person in the sample data.", 403)
    SOCKETS.look()  # end the tabs of whoever was signed in here before
    response = RedirectResponse(local_path(form.get("next", "/")), 303)
    session.give(response, token, is_https=request.url.scheme == "https")
    return response


def local_path(wanted: str) -> str:
    """Return `wanted` if it is an address of ours, else "/": no link may lead elsewhere."""
    is_ours = _LOCAL.fullmatch(wanted) and not _OWN.match(wanted)
    return wanted if is_ours else "/"


def _left(request: Request) -> str | None:
    """Return the page whose session ended, for a tab that the server itself sent here."""
    came_from = urlsplit(request.headers.get("referer", ""))
    if "ended" not in request.query_params or came_from.netloc != request.headers.get("host"):
        return None
    return f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path


async def _form(request: Request) -> dict[str, str] | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            return None
    fields = parse_qs(body.decode("utf-8", "replace"))
    return {name: values[0] for name, values in fields.items()}


def _sample_people() -> list[Person]:
    with session.connection() as con:
        return people.sample_people(con)


def _open_session(person_id: str, former: str | None) -> str | None:
    now = datetime.now(UTC)
    with session.connection() as con:
        if person_id not in {str(person.id) for person in people.sample_people(con)}:
            return None
        if former:
            sessions.sign_out(con, former, now=now)
        return sessions.sign_in(con, int(person_id), now=now)
