"""Take what was typed last on a page that is being left.

Streamlit sends a field over the page's WebSocket some moments after the cursor has left it. A page
that is reloaded or closed may be gone by then, so its script tells the same text in a beacon, which
the browser delivers all the same.
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from lib.ui import streamlit_patches
from lib.web import session

_MOST = 65_536  # bytes; browsers send no longer beacon


async def hear_typed(request: Request) -> Response:
    """Have a session of the same browser handle what its fields said last: 204, or 400 for a body
    that is not ours. Without a session nothing is done: a page that is led to sign-in has ended."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST:
            return Response(status_code=413)
    try:
        sent = json.loads(body)
        session_id, said = sent["session"], sent["said"]
        is_ours = isinstance(session_id, str) and all(
            isinstance(text, str) for text in said.values()
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        is_ours = False
    if not is_ours:
        return Response(status_code=400)
    token = session.token_of(request)
    if token:
        streamlit_patches.hear_last(session_id, session.binding(token), said)
    return Response(status_code=204)
