"""Whether a request comes from a page of ours."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

_HTTP = {"ws": "http", "wss": "https"}


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


def is_opened(request: HTTPConnection) -> bool:
    """Return True if a browser opens the address as a page of its own; not for an image, a frame or
    a prefetch of it."""
    said = request.headers
    return said.get("sec-fetch-dest") == "document" and "sec-purpose" not in said


def is_followed_link(request: HTTPConnection) -> bool:
    """Return True if a person followed a link of ours; not for an image or a prefetch of that
    address, which text in a task could cause."""
    said = request.headers
    if not is_opened(request):
        return False
    if said.get("sec-fetch-site") == "same-origin":
        return True
    came_from = urlsplit(said.get("referer", "")).netloc
    return said.get("sec-fetch-site") == "none" and came_from == said.get("host")


def _address(request: HTTPConnection) -> str:
    scheme = request.scope["scheme"]
    return f"{_HTTP.get(scheme, scheme)}://{request.headers.get('host', '')}"
