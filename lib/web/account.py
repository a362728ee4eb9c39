"""Your account: the page on which somebody changes their own password and passkeys."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from lib import accounts, passkeys, sessions
from lib.authentication_methods import OpenedBy, Proof
from lib.errors import BillingError, NotSignedIn, WrongInput, WrongPasskey
from lib.models import Person
from lib.passkeys import Passkey, Site
from lib.store.database import Connection
from lib.web import forms, openid_provider, passkey_challenges, reach, session
from lib.web.invitation import NOT_THE_SAME
from lib.web.plain_pages import account_page
from lib.web.second_factor import Asked
from lib.web.sockets import SOCKETS

CHANGED = "Your password is changed. You are signed out everywhere else."
PASSKEYS_STAY = "Your passkeys below still sign in: remove those you do not know or no longer have."


async def show_account(request: Request) -> Response:
    """Show the page of whoever is signed in."""
    person = await run_in_threadpool(_who, request)
    if person is None:  # or of the sample, who has none
        return RedirectResponse("/", 303)
    return await _page(request, person)


async def change_account(request: Request) -> Response:
    """Change the password, add or remove a passkey, or say why not."""
    form = await forms.read(request)
    if form is None:
        return forms.TOO_LONG
    person = await run_in_threadpool(_who, request)
    if person is None:
        return PlainTextResponse(str(NotSignedIn()), 401)
    try:
        done = await run_in_threadpool(_change, request, person, form)
    except BillingError as problem:
        return await _page(request, person, said=str(problem))
    SOCKETS.look()
    return await _page(request, person, done=done)


async def ask_for_new_passkey(request: Request) -> Response:
    """Send what a new passkey is made of, to whoever is signed in and knows the password."""
    form, site = await forms.read(request), passkey_challenges.site(request)
    if form is None:
        return forms.TOO_LONG
    person = await run_in_threadpool(_who, request)
    if person is None or site is None:
        problem = WrongPasskey() if person else NotSignedIn()
        return JSONResponse({"said": str(problem)}, 400 if person else 401)
    try:
        asked = await run_in_threadpool(_asked, request, person, site, form)
    except BillingError as problem:
        return JSONResponse({"said": str(problem)}, 400)
    return JSONResponse({"ceremony": asked.token, "options": asked.options})


async def _page(request: Request, person: Person, *, said: str = "", done: str = "") -> Response:
    held, has_password = await run_in_threadpool(_held, person)
    page = account_page(
        person, held, has_passkeys=passkey_challenges.site(request) is not None, said=said,
        done=done, has_password=has_password, provider=openid_provider.settings(),
    )  # fmt: skip
    return HTMLResponse(page, 400 if said else 200)


def _who(request: Request) -> Person | None:
    with session.connection() as con:
        try:
            person = sessions.who(con, session.token_of(request), now=datetime.now(UTC))
            return person if accounts.has_one(con, person.id) else None
        except NotSignedIn:
            return None


def _held(person: Person) -> tuple[list[Passkey], bool]:
    """Return the person's passkeys, and whether they have a password."""
    with session.connection() as con:
        return passkeys.of(con, person.id), accounts.password_since(con, person.id) is not None


def _asked(request: Request, person: Person, site: Site, form: dict[str, str]) -> Asked:
    with session.connection() as con:
        since = _confirm(con, request, person, form)
        token, ceremony = passkey_challenges.begin(
            address=reach.address_of(request), person_id=person.id, is_new=True,
            proof=Proof(OpenedBy.PASSWORD, since),
        )  # fmt: skip
        told = passkeys.new_options(con, person, site=site, challenge=ceremony.challenge)
        return Asked(token, told, is_new=True)


def _confirm(
    con: Connection, request: Request, person: Person, form: dict[str, str]
) -> datetime | None:
    return accounts.confirm(
        con, form.get("old", ""), address=reach.address_of(request),
        browser=session.browser_of(request), actor=person, now=datetime.now(UTC),
    )  # fmt: skip


def _change(request: Request, person: Person, form: dict[str, str]) -> str:
    """Do what the form says and return what was done. Raises BillingError."""
    now = datetime.now(UTC)
    with session.connection() as con:
        if "remove" in form:
            passkey_id = int(form["remove"]) if re.fullmatch(r"[0-9]{1,18}", form["remove"]) else 0
            _confirm(con, request, person, form)
            passkeys.remove(con, passkey_id, actor=person, now=now)
            return "The passkey is removed."
        if "credential" in form:
            site, ceremony = (
                passkey_challenges.site(request),
                passkey_challenges.take(form.get("ceremony", "")),
            )
            if not site or not ceremony or not ceremony.is_new or ceremony.person_id != person.id:
                raise WrongPasskey
            passkeys.add(
                con, form["credential"], name=form.get("name", ""), site=site,
                challenge=ceremony.challenge, proof=ceremony.proof,
                actor=person, now=now,
            )  # fmt: skip
            return "The passkey is added. You sign in with it from now on, if you like."
        if form.get("password", "") != form.get("repeated", ""):
            raise WrongInput(NOT_THE_SAME)
        accounts.change_password(
            con, form.get("old", ""), form.get("password", ""),
            token=session.token_of(request) or "", address=reach.address_of(request),
            browser=session.browser_of(request), actor=person, now=now,
            without_passkeys="forget" in form,
        )  # fmt: skip
        left = passkeys.of(con, person.id)
        if "forget" in form:
            return f"{CHANGED} Your passkeys are removed."
        return f"{CHANGED} {PASSKEYS_STAY}" if left else CHANGED
