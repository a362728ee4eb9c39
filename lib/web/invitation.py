"""The page of a one-time link, where the person whom it is for sets a password, or accepts with the
one they have.

The link's secret stands behind its #, which browsers send to nobody: a script of ours (plain.js)
puts it into the form.
"""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lib import accounts, invitations, membership_offers, sessions
from lib.authentication_methods import OpenedBy, Proof
from lib.errors import BillingError, NotSignedIn, TooManyAttempts, WrongInput, WrongLink
from lib.membership_offers import Offer
from lib.models import Person
from lib.web import forms, openid_provider, reach, second_factor, session
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
    return await _accept_link(request, token, form, invited)


async def _accept_link(
    request: Request, token: str, form: dict[str, str], invited: Person
) -> Response:
    """Show whom the link is for, or let them begin with a password or the provider."""
    provider, password = openid_provider.settings(), form.get("password")
    if provider and "provider" in form:
        await run_in_threadpool(_accept_for_openid, token)
        return RedirectResponse("/sign-in", 303)
    if password is None or openid_provider.only():
        return HTMLResponse(invitation_page(invited, token, provider=provider))
    try:
        if password != form.get("repeated", ""):
            raise WrongInput(NOT_THE_SAME)
        now = datetime.now(UTC)
        person_id = await run_in_threadpool(_accept, token, password, now)
    except BillingError as problem:
        page = invitation_page(invited, token, provider=provider, said=str(problem))
        return HTMLResponse(page, 400)
    return await second_factor.go_on(request, person_id, Proof(OpenedBy.PASSWORD, now))


async def _accept_offers(
    request: Request, token: str, password: str | None, offers: list[Offer]
) -> Response:
    """Show what the link offers to somebody who has an account, or let them accept it."""
    provider = openid_provider.settings()
    is_proven = await run_in_threadpool(_came_by_openid, request, offers)
    if provider and is_proven:
        if password is None:
            return HTMLResponse(offer_page(offers, token, is_proven=True))
        await run_in_threadpool(_accept_signed_in, token, session.token_of(request))
        return RedirectResponse("/", 303)
    if password is None or openid_provider.only():
        return HTMLResponse(offer_page(offers, token, provider=provider))
    address = reach.address_of(request)
    try:
        person_id, since = await run_in_threadpool(
            _accept_offer, token, password, address, session.browser_of(request),
            offers[0].person_id,
        )  # fmt: skip
    except BillingError as problem:
        status = 429 if isinstance(problem, TooManyAttempts) else 403
        return HTMLResponse(offer_page(offers, token, provider=provider, said=str(problem)), status)
    return await second_factor.go_on(request, person_id, Proof(OpenedBy.PASSWORD, since))


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


def _came_by_openid(request: Request, offers: list[Offer]) -> bool:
    """Return True if a provider opened a session here of the person whom the link is for."""
    token = session.token_of(request)
    with session.connection() as con:
        try:
            person_id = sessions.session_of(con, token, now=datetime.now(UTC))
            by = sessions.opened_by(con, token)
        except NotSignedIn:
            return False
        return person_id == offers[0].person_id and by.is_by_openid


def _accept_signed_in(token: str, of: str | None) -> None:
    with session.connection() as con:
        membership_offers.accept_signed_in(con, token, of, now=datetime.now(UTC))


def _accept_for_openid(token: str) -> None:
    with session.connection() as con:
        invitations.accept_for_openid(con, token, now=datetime.now(UTC))


def _whose(token: str) -> Person:
    with session.connection() as con:
        return invitations.whose(con, token, now=datetime.now(UTC))


def _accept(token: str, password: str, now: datetime) -> int:
    with session.connection() as con:
        return invitations.accept(con, token, password, now=now)
