"""Signing in: with an e-mail address and a password, or, in the sample, by choosing a name."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from lib import accounts, passkeys, people
from lib.authentication_methods import OpenedBy, Proof
from lib.errors import (
    BillingError,
    OpenIDFailed,
    TooManyAttempts,
    WrongPasskey,
    WrongSignIn,
)
from lib.models import Person
from lib.web import (
    forms,
    openid_provider,
    passkey_challenges,
    plain_pages,
    reach,
    second_factor,
    session,
)

TOO_LATE = "That took too long, or was done already. Try again."


async def show_sign_in(request: Request) -> Response:
    """Show the form to sign in, or everybody one may sign in as where nobody is real."""
    wanted = forms.local_path(_left(request) or request.query_params.get("next", "/"))
    return await _page(request, wanted)


async def sign_in(request: Request) -> Response:
    """Open a session and go on to what the person wanted to see."""
    form = await forms.read(request)
    if form is None:
        return forms.TOO_LONG
    wanted = forms.local_path(form.get("next", "/"))
    if "person" in form:
        return await _choose(request, form["person"], wanted)
    if "credential" in form:
        return await _by_passkey(request, form)
    return await _by_password(request, form, wanted)


async def _by_password(request: Request, form: dict[str, str], wanted: str) -> Response:
    email = form.get("email", "")
    try:
        if only := openid_provider.only():
            raise OpenIDFailed(only, "not by the provider")
        person_id, since = await run_in_threadpool(
            _check, email, form.get("password", ""), reach.address_of(request),
            session.browser_of(request),
        )  # fmt: skip
    except (WrongSignIn, TooManyAttempts, OpenIDFailed) as problem:
        return await refused(request, problem, wanted, email=email)
    return await second_factor.go_on(request, person_id, Proof(OpenedBy.PASSWORD, since), wanted)


async def refused(
    request: Request, problem: BillingError, wanted: str, *, email: str = ""
) -> Response:
    """Show the form again, with why somebody was not signed in."""
    if isinstance(problem, TooManyAttempts):
        response = await _page(request, wanted, email=email, said=str(problem), status=429)
        response.headers["Retry-After"] = str(int(problem.wait.total_seconds()) + 1)
        return response
    return await _page(request, wanted, said=str(problem), status=403)


async def ask_for_passkey(request: Request) -> Response:
    """Send what a passkey is to sign, to a browser whose person wants to sign in with one."""
    form, site = await forms.read(request), passkey_challenges.site(request)
    if form is None:
        return forms.TOO_LONG
    if site is None or not await run_in_threadpool(session.has_accounts):
        return JSONResponse({"said": str(WrongPasskey())}, 400)
    if only := openid_provider.only():
        return JSONResponse({"said": only}, 400)
    wanted, address = forms.local_path(form.get("next", "/")), reach.address_of(request)
    asked = await run_in_threadpool(_asked, site, wanted, address)
    return JSONResponse({"ceremony": asked.token, "options": asked.options})


async def _by_passkey(request: Request, form: dict[str, str]) -> Response:
    """Sign in by a passkey: instead of a password, after one, or by one made after it."""
    site, ceremony = (
        passkey_challenges.site(request),
        passkey_challenges.take(form.get("ceremony", "")),
    )
    if site is None or ceremony is None:
        return await _page(request, "/", said=TOO_LATE, status=403)
    if (only := openid_provider.only()) and not ceremony.proof:
        return await _page(request, ceremony.wanted, said=only, status=403)
    try:
        address = reach.address_of(request)
        person_id = await run_in_threadpool(second_factor.checked, form, ceremony, site, address)
    except WrongPasskey as problem:
        return await _page(request, ceremony.wanted, said=str(problem), status=403)
    by = ceremony.proof.by.with_passkey if ceremony.proof else OpenedBy.PASSKEY
    return await forms.signed_in(request, person_id, ceremony.wanted, by=by)


async def _choose(request: Request, person: str, wanted: str) -> Response:
    chosen = {str(each.id): each.id for each in await run_in_threadpool(_sample_people)}
    if person not in chosen:
        return PlainTextResponse("There is no such person in the sample data.", 403)
    return await forms.signed_in(request, chosen[person], wanted, by=OpenedBy.CHOICE)


async def _page(
    request: Request, wanted: str, *, email: str = "", said: str = "", status: int = 200
) -> HTMLResponse:
    provider = openid_provider.settings()
    # After an end or a refusal it is to be another person's turn there, too.
    anew = bool(said) or bool({"out", "ended"} & request.query_params.keys())
    if await run_in_threadpool(session.has_accounts):
        has_passkeys = passkey_challenges.site(request) is not None
        page = plain_pages.sign_in_page(
            wanted,
            email=email,
            said=said,
            has_passkeys=has_passkeys,
            provider=provider,
            anew=anew,
        )
    else:
        listed = await run_in_threadpool(_sample_people)
        page = plain_pages.sample_page(listed, wanted, said=said, provider=provider, anew=anew)
    return HTMLResponse(page, status)


def _left(request: Request) -> str | None:
    """Return the page whose session ended, for a tab that the server itself sent here."""
    came_from = urlsplit(request.headers.get("referer", ""))
    if "ended" not in request.query_params or came_from.netloc != request.headers.get("host"):
        return None
    return f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path


def _asked(site: passkeys.Site, wanted: str, address: str) -> second_factor.Asked:
    token, ceremony = passkey_challenges.begin(address=address, wanted=wanted)
    with session.connection() as con:
        told = passkeys.options(con, None, site=site, challenge=ceremony.challenge)
    return second_factor.Asked(token, told, is_new=False)


def _check(
    email: str, password: str, address: str, browser: str | None
) -> tuple[int, datetime | None]:
    """Return who it is, and since when they have this password: read first, so that one set
    meanwhile is another."""
    with session.connection() as con:
        since = accounts.password_since(con, accounts.find(con, email))
        person_id = accounts.check_password(
            con, email, password, address=address, browser=browser, now=datetime.now(UTC)
        )
        return person_id, since


def _sample_people() -> list[Person]:
    """Return whom one may choose to be: nobody where a real person is on the list."""
    with session.connection() as con:
        return [] if accounts.are_there_any(con) else people.sample_people(con)
