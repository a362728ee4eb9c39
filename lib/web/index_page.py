"""Streamlit's own page, told where the server is, what it is called, and how it looks.

Its frontend looks for the server below the address of the page first (`/backlog/_stcore/health`),
is answered 404 and only then asks at the root; a line of ours says that it is at the root. Our
styles stand in the page: what is drawn before they are there would move when they come, and a file
of their own would come after a hundred of Streamlit's, with the page waiting for it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import streamlit
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse

from lib.models import Person
from lib.ui import navigation, report_prefetch
from lib.web import plain_pages, session
from lib.web.same_origin import is_opened

_INDEX = Path(streamlit.__file__).parent / "static/index.html"
_TITLE = re.compile(r"<(title)>Streamlit</\1>")
_BODY = re.compile(r"<(body)>")
_TOP = '<html lang="en">'
_MENU, _FILTERS = "bt-menu-comes", "bt-filters-come"
NARROW = "(max-width: 1100px)"  # where the list and the Backlog reserve no space for what comes
_SCRIPT = re.compile(r"<(script)>(.*?)</\1>", re.DOTALL)


class PageConvertor(StringConvertor):
    """The name of a page, also of the first one, which is empty. Streamlit's own files have a dot
    or a slash."""

    regex = "[^./]*"


register_url_convertor("page", PageConvertor())


@cache
def page(cold_load: str = "all") -> str:
    """Return the page, with our lines before Streamlit's first script, and the screens on which
    `cold_load.css` holds, a media query."""
    head, body = plain_pages.index_head(), plain_pages.index_body(cold_load)
    text, titles = _TITLE.subn(lambda _: head, _INDEX.read_text(encoding="utf-8"))
    text, bodies = _BODY.subn(lambda _: body, text)
    if (titles, bodies, text.count(_TOP)) != (1, 1, 1):
        raise RuntimeError(f"Streamlit's {_INDEX.name} is not the one that is known here")
    return text


def script_hashes() -> str:
    """Return the scripts that stand in the page as a content security policy allows them."""
    found = (hashlib.sha256(script.encode()).digest() for _, script in _SCRIPT.findall(page()))
    return " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in found)


@cache
def page_with_places(cold_load: str, kept: str) -> str:
    """Return the page as `page` does, with the places kept for what comes late: the classes that
    keep them."""
    return page(cold_load).replace(_TOP, _TOP.replace(">", f' class="{kept}">'))


async def send_page(request: Request) -> HTMLResponse:
    """Send the page; what it shows comes through the WebSocket. What a Backlog page will show is
    counted meanwhile. The list, and a Backlog page of somebody who chooses among practices, have
    something on their left."""
    name = request.path_params.get("page", "")
    actor = await run_in_threadpool(_actor, request)
    if actor is not None and not navigation.may_open(name, actor):
        return HTMLResponse(plain_pages.no_page(), 404)
    begin = BackgroundTask(_begin_to_count, request) if is_opened(request) else None
    has_menu = not name or (
        navigation.is_of_backlog(name) and actor is not None and len(actor.memberships) > 1
    )
    cold_load = NARROW if not name or navigation.is_of_backlog(name) else "all"
    kept = [*([_MENU] if has_menu else []), *([] if name else [_FILTERS])]
    text = page_with_places(cold_load, " ".join(kept)) if kept else page(cold_load)
    return HTMLResponse(text, background=begin)


def _actor(request: Request) -> Person | None:
    with session.connection() as con:
        return session.watcher(con, session.token_of(request))


def _begin_to_count(request: Request) -> None:
    with session.connection() as con:
        actor = session.watcher(con, session.token_of(request))
        if actor is not None:
            report_prefetch.begin_ahead(
                con.store, request.path_params.get("page", ""), dict(request.query_params),
                actor=actor, now=datetime.now(UTC),
            )  # fmt: skip
