"""Where a request comes from and which server it means to reach."""

from __future__ import annotations

import re

from starlette.requests import HTTPConnection

from lib.web.start import is_loopback

_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_HTTP = {"ws": "http", "wss": "https"}


def arrived_on_loopback(request: HTTPConnection) -> bool:
    """False for a connection that came in over a network, whatever the server was told."""
    server = request.scope.get("server")
    return server is not None and is_loopback(server[0])


def names_this_computer(request: HTTPConnection) -> bool:
    """False for a foreign name that somebody lets point to 127.0.0.1 (DNS rebinding)."""
    return _HOST.fullmatch(request.headers.get("host", "")) is not None


def is_own(request: HTTPConnection, *, or_unsaid: bool = False) -> bool:
    """True where the browser says that one of our own pages sent this.

    A page on another port of this computer is not ours, although it gets our cookie. `or_unsaid`:
    true as well for a client that says nothing, which no browser does for a WebSocket or a POST.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is None and origin is None:
        return or_unsaid
    return site in {None, "same-origin"} and origin in {None, _address(request)}


def _address(request: HTTPConnection) -> str:
    scheme = request.scope["scheme"]
    return f"{_HTTP.get(scheme, scheme)}://{request.headers.get('host', '')}"
