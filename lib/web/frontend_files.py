"""Streamlit's own files for the browser, sent from memory, and its script mended.

A page that was never opened in a browser asks for a hundred of them. Streamlit reads each from disk
in pieces, behind layers of its own that have nothing to do with them; from memory one costs half.

In its script a page that is left goes white: a click on a link takes the parts of the old page away
at once, while what its run has drawn is still on the way (Streamlit 1.67.0, `onPageChange`). A part
whose place is gone ends the whole page with an error there. The run of the next page draws
everything anew, so such a part is left out here.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_STATIC = Path(streamlit.__file__).parent / "static"
_MAIN = re.compile(r'src="\./(static/js/index\.[\w-]+\.js)"')
# What Streamlit's script does with a part that has no place, and what it does here.
MENDED = {
    "if(r.length>0)throw Error(`Cannot set a node at a delta path`)": "if(r.length>0)return t",
    "if(n<0||n>t.children.length)throw Error(`Bad delta path index ${n} "
    "(should be between [0, ${t.children.length}])`)": "if(n<0||n>t.children.length)return t",
    "if(this.deltaPath.length>0)throw Error(`'setIn' cannot be called on an ElementNode`)": (
        "if(this.deltaPath.length>0)return e"
    ),
}
DAY = "public, max-age=86400"  # the mended script has Streamlit's name: a later one has it too
YEAR = "public, immutable, max-age=31536000"  # as Streamlit says: other content has another name
_TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
_LARGEST = 1_000_000  # bytes; larger ones draw maps and charts that no page of ours has
_PARTLY = ("range", "if-none-match", "if-modified-since")


def _address() -> str:
    """Return the path of the script, as Streamlit's page names it."""
    found = _MAIN.search((_STATIC / "index.html").read_text(encoding="utf-8"))
    if found is None:
        raise RuntimeError("Streamlit's index.html is not the one that is known here")
    return f"/{found[1]}"


ADDRESS = _address()


def _addresses() -> frozenset[str]:
    """Return the paths of the files that are sent from memory."""
    return frozenset(
        f"/{path.relative_to(_STATIC).as_posix()}"
        for path in _STATIC.glob("static/*/*")
        if path.suffix in _TYPES and path.stat().st_size <= _LARGEST
    )


ADDRESSES = _addresses()


@cache
def script() -> str:
    """Return the script. Raises RuntimeError where Streamlit's is not the one that is known."""
    text = (_STATIC / ADDRESS.lstrip("/")).read_text(encoding="utf-8")
    for before, after in MENDED.items():
        if text.count(before) != 1:
            raise RuntimeError(f"Streamlit's {ADDRESS} is not the one that is known here")
        text = text.replace(before, after)
    return text


@cache
def _content(address: str) -> bytes:
    """Return what is sent for one of `ADDRESSES`; what was never asked for is not held."""
    if address == ADDRESS:
        return script().encode()
    return (_STATIC / address.lstrip("/")).read_bytes()


class FrontendFiles:
    """The ASGI middleware that sends them in place of Streamlit's own routes, which take no address
    of ours below theirs. Who asks for a part of a file, or whether it changed, asks Streamlit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file that is asked for, or pass the request on."""
        if not _is_ours(scope):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        answer = Response(
            _content(path),
            media_type=_TYPES[Path(path).suffix],
            headers={"Cache-Control": DAY if path == ADDRESS else YEAR},
        )
        await answer(scope, receive, send)


def _is_ours(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["path"] not in ADDRESSES:
        return False
    if scope["path"] == ADDRESS:
        return True
    headers = Headers(scope=scope)
    return scope["method"] == "GET" and not any(name in headers for name in _PARTLY)
