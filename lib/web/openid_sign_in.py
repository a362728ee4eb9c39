"""Signing in with an OpenID provider: the way there, and the way back with its answer."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lib import accounts, openid_accounts, sign_in_limits
from lib.authentication_methods import OpenedBy, Proof
from lib.errors import BillingError, OpenIDFailed
from lib.openid_accounts import Identity
from lib.web import forms, openid_provider, reach, second_factor, session, sign_in
from lib.web.openid_provider import Begun
from lib.web.short_lived import ShortLived

PATH = "/sign-in/openid"
CALLBACK = f"{PATH}/callback"
LASTS = 600.0  # seconds in which one signs in at the provider
COOKIE = "billing_openid"  # carries what binds a sign-in to the browser in which it began
TOO_LATE = "That took too long, or was begun in another browser. Sign in again."

_waiting: ShortLived[tuple[Begun, str, str]] = ShortLived(LASTS)


async def begin(request: Request) -> Response:
    """Lead to the provider, and remember what its answer has to fit."""
    wanted = forms.local_path(request.query_params.get("next", "/"))
    provider = openid_provider.current()
    if provider is None:
        return RedirectResponse(f"/sign-in?next={quote(wanted)}", 303)
    browser = _browser_of(request) or secrets.token_urlsafe(32)
    callback = f"{request.url.scheme}://{request.headers.get('host', '')}{CALLBACK}"
    nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    address = reach.address_of(request)
    try:
        await run_in_threadpool(_require_room, address)
        state = secrets.token_urlsafe(32)
        begun = Begun(state, nonce, verifier, callback)
        leads_to = await provider.address(begun, anew="anew" in request.query_params)
    except BillingError as problem:
        return await _refused(request, problem, wanted)
    _waiting.keep(state, (begun, browser, wanted), of=address)
    response = RedirectResponse(leads_to, 303)
    response.set_cookie(
        COOKIE, browser, max_age=int(LASTS), path=PATH, httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return response


async def finish(request: Request) -> Response:
    """Sign in whom the provider has signed in, or say why not."""
    said = request.query_params
    kept, browser = _waiting.take(said.get("state", "")), _browser_of(request)
    provider = openid_provider.current()
    if provider is None or browser is None:
        # Nobody began one here: any page may make a browser ask for this address.
        return await sign_in.refused(request, OpenIDFailed(TOO_LATE, ""), "/")
    if kept is None:
        return await _refused(request, _too_late("another or old sign-in"))
    begun, began_in, wanted = kept
    if not secrets.compare_digest(browser.encode(), began_in.encode()):
        return await _refused(request, _too_late("another browser"))
    address, now = reach.address_of(request), datetime.now(UTC)
    try:
        await run_in_threadpool(_require_room, address)
        if "error" in said:
            raise provider.refusal(said["error"])
        # RFC 9207: where the answer names its issuer, it is ours.
        if said.get("iss", provider.settings.issuer) != provider.settings.issuer:
            raise _too_late("another issuer")
        identity = await provider.identity(begun, said.get("code", ""))
        person_id, proof = await run_in_threadpool(_known, identity, address, now)
    except BillingError as problem:
        return await _refused(request, problem, wanted)
    return await second_factor.go_on(request, person_id, proof, wanted)


async def _refused(request: Request, problem: BillingError, wanted: str = "/") -> Response:
    if isinstance(problem, OpenIDFailed):
        await run_in_threadpool(_note, problem, reach.address_of(request))
    return await sign_in.refused(request, problem, wanted)


def _browser_of(request: Request) -> str | None:
    return request.cookies.get(COOKIE)


def _require_room(address: str) -> None:
    with session.connection() as con:
        sign_in_limits.require_room(con, address=address, now=datetime.now(UTC))


def _known(identity: Identity, address: str, now: datetime) -> tuple[int, Proof]:
    with session.connection() as con:
        person_id = openid_accounts.sign_in(con, identity, address=address, now=now)
        by = OpenedBy.OPENID_BY_TWO if identity.has_two_factors else OpenedBy.OPENID
        return person_id, Proof(by, accounts.openid_since(con, person_id))


def _note(problem: OpenIDFailed, address: str) -> None:
    with session.connection() as con:
        openid_accounts.refuse(
            con, problem.why, address=address, now=datetime.now(UTC), counts=problem.is_of_browser
        )


def _too_late(why: str) -> OpenIDFailed:
    return OpenIDFailed(TOO_LATE, why, is_of_browser=True)
