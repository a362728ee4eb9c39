"""The page of a one-time link, where the person whom it is for sets a password, or accepts with the
one they have.

The link's secret stands behind its #, which browsers send to nobody: a script of ours (plain.js)
puts it into the form.
"""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from lib import accounts, invitations, membership_offers
from lib.errors import BillingError, TooManyAttempts, WrongInput, WrongLink
from lib.membership_offers import Offer
from lib.models import Person
from lib.web import forms, reach, second_factor, session
from lib.web.plain_pages import invitation_page, link_page, offer_page

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
    offers = await run_in_threadpool(_offers, token)
    if offers:
        return await _accept_offers(request, token, password, offers)
    try:
        invited = await run_in_threadpool(_whose, token)
    except WrongLink as problem:
        return HTMLResponse(link_page("Set your password", "/invitation", said=str(problem)), 403)
    if password is None:
        return HTMLResponse(invitation_page(invited, token))
    try:
        if password != form.get("repeated", ""):
            raise WrongInput(NOT_THE_SAME)
        now = datetime.now(UTC)
        person_id = await run_in_threadpool(_accept, token, password, now)
    except BillingError as problem:
        return HTMLResponse(invitation_page(invited, token, said=str(problem)), 400)
    return await second_factor.after_password(request, person_id, now)


async def _accept_offers(
    request: Request, token: str, password: str | None, offers: list[Offer]
) -> Response:
    """Show what the link offers to somebody who has an account, or let them accept it."""
    if password is None:
        return HTMLResponse(offer_page(offers, token))
    address = reach.address_of(request)
    try:
        person_id, since = await run_in_threadpool(
            _accept_offer, token, password, address, session.browser_of(request),
            offers[0].person_id,
        )  # fmt: skip
    except BillingError as problem:
        status = 429 if isinstance(problem, TooManyAttempts) else 403
        return HTMLResponse(offer_page(offers, token, said=str(problem)), status)
    return await second_factor.after_password(request, person_id, since)


def _offers(token: str) -> list[Offer]:
    with session.connection() as con:
        try:
            return membership_offers.whose(con, token, now=datetime.now(UTC))
        except WrongLink:
            return []


def _accept_offer(
    token: str, password: str, address: str, browser: str | None, offered_to: int
) -> tuple[int, datetime | None]:
    with session.connection() as con:
        since = accounts.password_since(con, offered_to)
        person_id = membership_offers.accept(
            con, token, password, address=address, browser=browser, now=datetime.now(UTC)
        )
        return person_id, since


def _whose(token: str) -> Person:
    with session.connection() as con:
        return invitations.whose(con, token, now=datetime.now(UTC))


def _accept(token: str, password: str, now: datetime) -> int:
    with session.connection() as con:
        return invitations.accept(con, token, password, now=now)
