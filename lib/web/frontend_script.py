"""Streamlit's own script for the browser, mended where a page that is left goes white.

A click on a link takes the parts of the old page away at once, while what its run has drawn is
still on the way (Streamlit 1.67.0, `onPageChange`). A part whose place is gone ends the whole page
with an error there. The run of the next page draws everything anew, so such a part is left out.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import streamlit
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
CACHED = "public, max-age=86400"


def _address() -> str:
    """Return the path of the script, as Streamlit's page names it."""
    found = _MAIN.search((_STATIC / "index.html").read_text(encoding="utf-8"))
    if found is None:
        raise RuntimeError("Streamlit's index.html is not the one that is known here")
    return f"/{found[1]}"


ADDRESS = _address()


@cache
def script() -> str:
    """Return the script. Raises RuntimeError where Streamlit's is not the one that is known."""
    text = (_STATIC / ADDRESS.lstrip("/")).read_text(encoding="utf-8")
    for before, after in MENDED.items():
        if text.count(before) != 1:
            raise RuntimeError(f"Streamlit's {ADDRESS} is not the one that is known here")
        text = text.replace(before, after)
    return text


class FrontendScript:
    """The ASGI middleware that sends the script in place of Streamlit's own, whose routes take no
    address of ours below theirs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the script where it is asked for."""
        if scope["type"] != "http" or scope["path"] != ADDRESS:
            await self._app(scope, receive, send)
            return
        answer = Response(script(), media_type="text/javascript", headers={"Cache-Control": CACHED})
        await answer(scope, receive, send)
