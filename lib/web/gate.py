"""The gate in front of everything the server answers: nothing passes without a session."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.errors import NoSuchDocument, NotSignedIn
from lib.ui import search_url_token
from lib.web import background_jobs, error_reporting, reach, session
from lib.web.client_os_user import OTHER_USER, is_other_user
from lib.web.headers import stamped
from lib.web.same_origin import is_own
from lib.web.sockets import SOCKETS, refuse

# Addresses that check the session themselves, or need none. /news says nothing without one, and
# /typed does nothing.
OPEN = frozenset(
    {
        "/sign-in", "/sign-in/passkey", "/sign-in/openid", "/sign-in/openid/callback", "/sign-out",
        "/invitation", "/set-up", "/plain.js", "/healthz", "/metrics", "/favicon.png", "/news",
        "/typed",
    }
)  # fmt: skip
NOT_PAGES = (
    "/_stcore",
    "/static",
    "/media",
    "/component",
    "/documents/",
    "/answers/",
    "/backlog-table/",
    "/snapshot.zip",
    "/activity.csv",
    "/imports/",
    "/origin/",
)
WATCHING = frozenset({"/healthz", "/metrics"})
READING = frozenset({"GET", "HEAD", "OPTIONS"})
# What Streamlit's frontend asks before it opens its WebSocket. A page whose session ended while it
# was away gets this far, and is then led to sign-in. It is nobody's data.
STREAM = "/_stcore/stream"
KNOCKING = frozenset({"/_stcore/health", "/_stcore/host-config"})
NOT_FORWARDED = (
    "This came through a proxy, and none is set up: Billing Tasks cannot tell who is behind it. "
    "Open http://127.0.0.1 on the computer it runs on, or start it with --behind-proxy."
)
ONLY_LOOPBACK = "Billing Tasks listens on this computer only (127.0.0.1)."
OTHER_NAME = "This server is called localhost or 127.0.0.1."


class Gate:
    """The ASGI middleware. Pure ASGI, because Starlette's base class would let WebSockets pass
    unseen."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.reach = reach.current()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on, one connection."""
        if scope["type"] in {"http", "websocket"}:
            scope = reach.as_the_browser_asked(scope, self.reach)
        if scope["type"] == "http":
            await self._answer(scope, receive, stamped(send, scope))
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
            request = HTTPConnection(scope)
            handler = await self._refusal(request) or self.app
            bound = session.bound(scope, session.token_of(request))
            await handler(bound, receive, send_noting)
        except ClientDisconnect:  # the tab was closed or the upload canceled: no bug
            return
        except Exception as problem:
            told = error_reporting.told(problem)
            if not has_begun:
                status = error_reporting.status_of(problem, 500)
                await PlainTextResponse(told, status)(scope, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HTTPConnection(scope)
        token = session.token_of(request)
        try:
            if self._misdirected(request) or not is_own(request, or_unsaid=True):
                await send({"type": "websocket.close", "code": 1008})  # answered with 403
            elif token and await session.is_open(request):
                bound = session.bound(scope, token)
                await SOCKETS.serve(self.app, bound, receive, send, token=token)
            elif is_own(request) and scope["path"] == STREAM:
                await refuse(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
        except Exception as problem:
            error_reporting.report(problem)

    async def _refusal(self, request: HTTPConnection) -> Response | None:
        """Return the answer to a request that is not passed on, or None."""
        return (
            self._misdirected(request)
            or _foreign(request)
            or _unavailable(request)
            or await _uninvited(request)
        )

    def _misdirected(self, request: HTTPConnection) -> Response | None:
        """Refuse what comes another way or under another name than `serve` was told of, and other
        users of this computer while anybody may sign in by choosing a name."""
        if not reach.arrived_where_it_may(request, self.reach):
            return PlainTextResponse(ONLY_LOOPBACK, 403)
        if not reach.is_believed(request):
            if is_other_user(request) and not session.has_accounts():
                return PlainTextResponse(OTHER_USER, 403)
            if reach.is_forwarded(request):
                return PlainTextResponse(NOT_FORWARDED, 400)
        if not reach.is_called_by_name(request, self.reach):
            return PlainTextResponse(OTHER_NAME, 400)
        return None


def _foreign(request: HTTPConnection) -> Response | None:
    """Refuse a change that somebody else's page asks for."""
    if request.scope["method"] not in READING and not is_own(request):
        return PlainTextResponse("This did not come from a page of Billing Tasks.", 403)
    return None


def _unavailable(request: HTTPConnection) -> Response | None:
    """Refuse everything but /healthz and /metrics while the data folder is not the one that was
    opened."""
    looking = background_jobs.current()
    if looking and looking.moved and request.scope["path"] not in WATCHING:
        return PlainTextResponse(str(looking.moved), 503)
    return None


async def _uninvited(request: HTTPConnection) -> Response | None:
    """Refuse whoever is not signed in; a page is shown after signing in, anything else is not."""
    path = request.scope["path"]
    if path in OPEN or (path in KNOCKING and is_own(request)):
        return None
    person_id = await session.person_of(request)
    if person_id is None:
        if request.scope["method"] in {"GET", "HEAD"} and not path.startswith(NOT_PAGES):
            return RedirectResponse(f"/sign-in?next={_wanted(request)}", 303)
        return PlainTextResponse(str(NotSignedIn()), 401)
    if path.startswith("/media"):  # Streamlit's media store knows no practices: we don't use it
        return PlainTextResponse(str(NoSuchDocument()), 404)
    if request.scope["method"] == "GET" and not path.startswith(NOT_PAGES):
        return _without_words(request, person_id)
    return None


def _without_words(request: HTTPConnection, person_id: int) -> Response | None:
    """Redirect a link that contains search words to one that only refers to them, before the
    browser has the first in its history."""
    asked = parse_qsl(request.scope["query_string"].decode("latin-1"))
    hidden = [
        (key, search_url_token.keep(person_id, text) if key in search_url_token.KEYS else text)
        for key, text in asked
    ]
    if hidden == asked:
        return None
    return RedirectResponse(f"{quote(request.scope['path'])}?{urlencode(hidden)}", 303)


def _wanted(request: HTTPConnection) -> str:
    """Return the requested path and query, to come back to after signing in."""
    query = request.scope["query_string"].decode("latin-1")
    path = quote(request.scope["path"])
    return quote(f"{path}?{query}" if query else path, safe="/")
