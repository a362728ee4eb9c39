"""Where a request comes from, and which server it means to reach."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from lib.web.start import is_loopback

_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
# What a proxy, a tunnel or an editor's port forwarding adds to a request.
_FORWARDED = re.compile(
    r"forwarded|via|x-forward.*|x-original-.*|x-rewrite-url|x-real-ip|x-proxy.*|x-envoy-.*"
    r"|proxy-.*|(?:x-|true-|cf-|fly-|fastly-|x-cluster-|x-appengine-user-)?(?:client|connecting)-ip"
    r"|x-remote-.*|remote-user|x-host|x-scheme|front-end-https|x-url-scheme|x-arr-.*|cf-ray|cdn-loop"
    r"|x-amz-cf-id|x-azure-.*|x-tunnel.*|x-via"
)
_HTTP = {"ws": "http", "wss": "https"}


def arrived_on_loopback(request: HTTPConnection) -> bool:
    """Return False for a connection over a network, whatever the server was told."""
    server = request.scope.get("server")
    return server is not None and is_loopback(server[0])


def names_this_computer(request: HTTPConnection) -> bool:
    """Return False for a foreign name that somebody points to 127.0.0.1 (DNS rebinding)."""
    return _HOST.fullmatch(request.headers.get("host", "")) is not None


def is_forwarded(request: HTTPConnection) -> bool:
    """Return True if the request says it was forwarded: then it may come from anywhere, and what it
    says about its origin can be forged."""
    return any(_FORWARDED.fullmatch(name) for name in request.headers)


def is_own(request: HTTPConnection, *, or_unsaid: bool = False) -> bool:
    """Return True if the browser says that one of our own pages sent this.

    A page on another port of this computer is not ours, although it gets our cookie. With
    `or_unsaid`, return True also for a client that says nothing, which no browser does for a
    WebSocket or a POST.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is None and origin is None:
        return or_unsaid
    return site in {None, "same-origin"} and origin in {None, _address(request)}


def is_followed_link(request: HTTPConnection) -> bool:
    """Return True if a person followed a link of ours; not for an image or a prefetch of that
    address, which text in a task could cause."""
    said = request.headers
    if said.get("sec-fetch-dest") != "document" or "sec-purpose" in said:
        return False
    if said.get("sec-fetch-site") == "same-origin":
        return True
    came_from = urlsplit(said.get("referer", "")).netloc
    return said.get("sec-fetch-site") == "none" and came_from == said.get("host")


def _address(request: HTTPConnection) -> str:
    scheme = request.scope["scheme"]
    return f"{_HTTP.get(scheme, scheme)}://{request.headers.get('host', '')}"
