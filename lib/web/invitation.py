"""The page of a one-time link, where the person whom it is for sets a password.

The link's secret stands behind its #, which browsers send to nobody: a script of ours (plain.js)
puts it into the form.
"""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from lib import invitations
from lib.errors import BillingError, WrongInput, WrongLink
from lib.models import Person
from lib.web import forms, second_factor, session
from lib.web.plain_pages import invitation_page, link_page

NOT_THE_SAME = "The two passwords are not the same. Type them again."


async def show_invitation(_request: Request) -> Response:
    """Show the page that puts the link's secret into a form and sends it."""
    return HTMLResponse(link_page("Set your password", "/invitation"))


async def accept_invitation(request: Request) -> Response:
    """Show whom the link is for, or set the password and sign in."""
    form = await forms.read(request)
    if form is None:
        return forms.TOO_LONG
    token, password = form.get("token", ""), form.get("password")
    try:
        invited = await run_in_threadpool(_whose, token)
    except WrongLink as problem:
        return HTMLResponse(link_page("Set your password", "/invitation", said=str(problem)), 403)
    if password is None:
        return HTMLResponse(invitation_page(invited, token))
    try:
        if password != form.get("repeated", ""):
            raise WrongInput(NOT_THE_SAME)
        person_id = await run_in_threadpool(_accept, token, password)
    except BillingError as problem:
        return HTMLResponse(invitation_page(invited, token, said=str(problem)), 400)
    return await second_factor.after_password(request, person_id)


def _whose(token: str) -> Person:
    with session.connection() as con:
        return invitations.whose(con, token, now=datetime.now(UTC))


def _accept(token: str, password: str) -> int:
    with session.connection() as con:
        return invitations.accept(con, token, password, now=datetime.now(UTC))
