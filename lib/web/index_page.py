"""Streamlit's own page, told where the server is and what it is called.

Its frontend looks for the server below the address of the page first (`/backlog/_stcore/health`),
is answered 404 and only then asks at the root. One line in the page says that it is at the root.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse

from lib.web import html

SCRIPT = "window.__streamlit={BACKEND_BASE_URL:location.origin,MAIN_PAGE_BASE_URL:location.origin}"
_INDEX = Path(streamlit.__file__).parent / "static/index.html"
_TITLE = re.compile(r"<(title)>Streamlit</\1>")


class PageConvertor(StringConvertor):
    """The name of a page, also of the first one, which is empty. Streamlit's own files have a dot
    or a slash."""

    regex = "[a-z_]*"


register_url_convertor("page", PageConvertor())


def script_hash() -> str:
    """Return the script as a content security policy allows it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}'"


@cache
def page() -> str:
    """Return the page, with our lines before Streamlit's first script."""
    ours = html.index_head(SCRIPT)
    text, places = _TITLE.subn(lambda _: ours, _INDEX.read_text(encoding="utf-8"))
    if places != 1:
        raise RuntimeError(f"Streamlit's {_INDEX.name} is not the one that is known here")
    return text


async def send_page(_request: Request) -> HTMLResponse:
    """Send the page; what it shows comes through the WebSocket."""
    return HTMLResponse(page())
