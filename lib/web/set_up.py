"""The page that sets up an empty data folder: the practice and its first administrator.

Whoever starts the server is shown its address, with a secret that this process alone knows. It is
good until somebody is on the list.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lib import accounts, people, practice_settings, practices, samples
from lib.authentication_methods import OpenedBy
from lib.errors import BillingError, WrongInput
from lib.models import Practice
from lib.store import process_store
from lib.web import forms, reach, session
from lib.web.invitation import NOT_THE_SAME
from lib.web.plain_pages import link_page, set_up_page

_SECRET = secrets.token_urlsafe(32)
TITLE = "Set up Billing Tasks"
WRONG = (
    "This is not the address that Billing Tasks printed when it started. Look at where it was "
    "started, and open the last one."
)


def link() -> str | None:
    """Return the address of the page; None once somebody is on the list."""
    return f"{process_store.address()}/set-up#{_SECRET}" if _is_empty() else None


async def show_set_up(_request: Request) -> Response:
    """Show the page that puts the address's secret into a form and sends it."""
    if not await run_in_threadpool(_is_empty):
        return RedirectResponse("/sign-in", 303)
    return HTMLResponse(link_page(TITLE, "/set-up"))


async def set_up(request: Request) -> Response:
    """Show the form, or set up what it says and sign its administrator in."""
    form = await forms.read(request)
    if form is None:
        return forms.TOO_LONG
    if not await run_in_threadpool(_is_empty):
        return RedirectResponse("/sign-in", 303)
    if not secrets.compare_digest(form.get("token", "").encode(), _SECRET.encode()):
        return HTMLResponse(link_page(TITLE, "/set-up", said=WRONG), 403)
    held = await run_in_threadpool(_held)
    may_sample = not held and not reach.current().is_open
    if "sample" in form and may_sample:
        await run_in_threadpool(_sample)
        return RedirectResponse("/sign-in", 303)
    said = ""
    if "email" in form:
        try:
            person_id = await run_in_threadpool(_begin, form, held)
            return await forms.signed_in(request, person_id, by=OpenedBy.PASSWORD)
        except BillingError as problem:
            said = str(problem)
    page = set_up_page(
        form, held, practice_settings.zones(), said=said, may_sample=may_sample, token=_SECRET
    )
    return HTMLResponse(page, 400 if said else 200)


def _is_empty() -> bool:
    with session.connection() as con:
        return accounts.is_empty(con)


def _held() -> list[Practice]:
    with session.connection() as con:
        return people.practices(con)


def _begin(form: dict[str, str], held: list[Practice]) -> int:
    if form.get("password", "") != form.get("repeated", ""):
        raise WrongInput(NOT_THE_SAME)
    first = practices.Administrator(
        form.get("name", ""), form.get("email", ""), form.get("password", "")
    )
    wanted = None if held else practices.Details(
        form.get("practice", ""), form.get("zone", ""), form.get("npi", ""), form.get("tax_id", "")
    )  # fmt: skip
    with session.connection() as con:
        return practices.set_up(con, wanted, first, now=datetime.now(UTC))


def _sample() -> None:
    with session.connection() as con:
        samples.load(con, con.store.folder, now=datetime.now(UTC))
