"""The open WebSockets: each ends with the session it was opened in.

A page shows what its socket brought until somebody clicks. So a tab whose session has ended is sent
to sign-in at once, even if nobody clicks: by Streamlit's own message for that, which its frontend
follows in a hidden tab too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from lib.web import error_reporting, session

OFTEN = 2.0  # seconds between two checks of the sessions; signing out does not wait for the next
LEAVING = 1.0  # seconds that the tab which signs out has to leave by itself
SIGN_IN = "/sign-in?ended"  # the sign-in page takes the page to come back to from the Referer
_POLICY = 1008  # WebSocket close code 1008: policy violation


class Sockets:
    """Every open WebSocket by the token of its session."""

    def __init__(self) -> None:
        self._ends: dict[str, set[asyncio.Event]] = {}
        self._hurry = asyncio.Event()

    async def serve(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, token: str
    ) -> None:
        """Pass a WebSocket on to `app` until it is closed or the session has ended."""
        end = asyncio.Event()
        self._ends.setdefault(token, set()).add(end)
        serving = asyncio.ensure_future(app(scope, receive, send))
        ending = asyncio.ensure_future(end.wait())
        try:
            await asyncio.wait({serving, ending}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
                return
            await _stop(serving)
            with suppress(OSError, RuntimeError):  # the tab was closed at this very moment
                await _lead_to_sign_in(send)
        finally:
            self._forget(token, end)
            ending.cancel()
            await _stop(serving)

    def look(self) -> None:
        """Check the sessions now, since one was ended."""
        self._hurry.set()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Close the sockets of sessions that ended, as long as the server runs."""
        watching = asyncio.ensure_future(self._watch())
        try:
            yield
        finally:
            await _stop(watching)

    async def _watch(self) -> None:
        is_known = False
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), OFTEN)
                await asyncio.sleep(LEAVING)
            self._hurry.clear()
            try:
                for token in await run_in_threadpool(session.ended, list(self._ends)):
                    for end in self._ends.get(token, ()):
                        end.set()
                is_known = False
            except Exception as problem:  # a store that cannot be read: reported once, tried again
                if not is_known:
                    error_reporting.report(problem)
                is_known = True

    def _forget(self, token: str, end: asyncio.Event) -> None:
        ends = self._ends[token]
        ends.discard(end)
        if not ends:
            del self._ends[token]


SOCKETS = Sockets()


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Send a page whose session ended while it was away to sign-in.

    Streamlit's frontend would otherwise try again for ever, with patients on the screen.
    """
    await receive()  # websocket.connect
    asked = scope.get("subprotocols") or [None]
    await send({"type": "websocket.accept", "subprotocol": asked[0]})
    with suppress(OSError, RuntimeError):
        await _lead_to_sign_in(send)


async def _lead_to_sign_in(send: Send) -> None:
    message = ForwardMsg()
    message.auth_redirect.url = SIGN_IN
    await send({"type": "websocket.send", "bytes": message.SerializeToString()})
    await send({"type": "websocket.close", "code": _POLICY})


async def _stop(running: asyncio.Future[None]) -> None:
    """Cancel what runs and wait for it, so that its own cleanup comes first."""
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
