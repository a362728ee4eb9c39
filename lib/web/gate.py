"""The gate around everything the server answers: nothing passes without a session."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.errors import NoSuchDocument, NotSignedIn
from lib.web import errors, session
from lib.web.headers import stamped
from lib.web.same_origin import arrived_on_loopback, is_own, names_this_computer
from lib.web.start import ONLY_LOOPBACK

OPEN = frozenset({"/sign-in", "/sign-out", "/healthz", "/favicon.png"})
NOT_PAGES = (
    "/_stcore",
    "/static",
    "/media",
    "/component",
    "/documents/",
    "/answers/",
    "/imports/",
    "/origin/",
)
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """Pure ASGI, because Starlette's own base class would let WebSockets pass unseen."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, stamped(send, scope["path"]))
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            handler = await _refusal(HTTPConnection(scope)) or self.app
            await handler(scope, receive, send_noting)
        except Exception as problem:
            told = errors.told(problem)
            if not has_begun:
                await PlainTextResponse(told, 500)(scope, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if await _may_connect(HTTPConnection(scope)):
                await self.app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})  # answered with 403
        except Exception as problem:
            errors.report(problem)


async def _refusal(request: HTTPConnection) -> Response | None:
    """Why a request is not passed on, or None."""
    return _misdirected(request) or await _uninvited(request)


def _misdirected(request: HTTPConnection) -> Response | None:
    """Refuses what comes over a network, under a foreign name or from somebody else's page."""
    if not arrived_on_loopback(request):
        return PlainTextResponse(ONLY_LOOPBACK, 403)
    if not names_this_computer(request):
        return PlainTextResponse("This server is called localhost or 127.0.0.1.", 400)
    if request.scope["method"] not in READING and not is_own(request):
        return PlainTextResponse("This did not come from a page of Billing Tasks.", 403)
    return None


async def _uninvited(request: HTTPConnection) -> Response | None:
    """Refuses who is not signed in; a page is shown after signing in, the rest is not."""
    path = request.scope["path"]
    if path in OPEN:
        return None
    if not await session.is_open(request):
        if request.scope["method"] in {"GET", "HEAD"} and not path.startswith(NOT_PAGES):
            return RedirectResponse(f"/sign-in?next={_wanted(request)}", 303)
        return PlainTextResponse(str(NotSignedIn()), 401)
    if path.startswith("/media"):  # Streamlit's media store knows no practices: we don't use it
        return PlainTextResponse(str(NoSuchDocument()), 404)
    return None


async def _may_connect(request: HTTPConnection) -> bool:
    return (
        arrived_on_loopback(request)
        and names_this_computer(request)
        and is_own(request, or_unsaid=True)
        and await session.is_open(request)
    )


def _wanted(request: HTTPConnection) -> str:
    """The path and query somebody asked for, to come back to after signing in."""
    query = request.scope["query_string"].decode("latin-1")
    path = quote(request.scope["path"])
    return quote(f"{path}?{query}" if query else path, safe="/")
