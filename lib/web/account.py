"""Your account: the page on which somebody changes their own password."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from lib import accounts, sessions
from lib.errors import BillingError, NotSignedIn, WrongInput
from lib.models import Person
from lib.web import forms, reach, session
from lib.web.invitation import NOT_THE_SAME
from lib.web.plain_pages import account_page
from lib.web.sockets import SOCKETS

CHANGED = "Your password is changed. You are signed out everywhere else."


async def show_account(request: Request) -> Response:
    """Show the page of whoever is signed in."""
    person = await run_in_threadpool(_who, request)
    if person is None:
        return RedirectResponse("/sign-in?next=/account", 303)
    return HTMLResponse(account_page(person))


async def change_password(request: Request) -> Response:
    """Change the password, or say why not."""
    form = await forms.read(request)
    if form is None:
        return forms.TOO_LONG
    person = await run_in_threadpool(_who, request)
    if person is None:
        return PlainTextResponse(str(NotSignedIn()), 401)
    try:
        if form.get("password", "") != form.get("repeated", ""):
            raise WrongInput(NOT_THE_SAME)
        await run_in_threadpool(_change, request, person, form)
    except BillingError as problem:
        return HTMLResponse(account_page(person, said=str(problem)), 400)
    SOCKETS.look()
    return HTMLResponse(account_page(person, done=CHANGED))


def _who(request: Request) -> Person | None:
    with session.connection() as con:
        try:
            return sessions.who(con, session.token_of(request), now=datetime.now(UTC))
        except NotSignedIn:
            return None


def _change(request: Request, person: Person, form: dict[str, str]) -> None:
    with session.connection() as con:
        accounts.change_password(
            con, form.get("old", ""), form.get("password", ""),
            token=session.token_of(request) or "", address=reach.address_of(request),
            actor=person, now=datetime.now(UTC),
        )  # fmt: skip
