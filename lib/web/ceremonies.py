"""What a browser was asked to sign with a passkey: a challenge, known for minutes and used once."""

from __future__ import annotations

import ipaddress
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from lib.passkeys import Site

LASTS = 300.0  # seconds
MOST = 10_000  # at once; the oldest is forgotten first
MOST_OF_ONE = 100  # from one address, whose oldest go before those of others


@dataclass(frozen=True, slots=True)
class Ceremony:
    """A challenge, whom it was given to, and the page that follows."""

    challenge: bytes
    person_id: int | None = None  # of whom the password was right, or who is signed in
    is_new: bool = False  # the answer is a new passkey
    wanted: str = "/"
    password_since: datetime | None = None  # when that password was set


_waiting: dict[str, tuple[float, str, Ceremony]] = {}
_room = threading.Lock()


def begin(
    *, address: str, person_id: int | None = None, is_new: bool = False, wanted: str = "/",
    password_since: datetime | None = None,
) -> tuple[str, Ceremony]:  # fmt: skip
    """Return a new ceremony, and the token by which its answer names it."""
    made = Ceremony(secrets.token_bytes(32), person_id, is_new, wanted, password_since)
    token = secrets.token_urlsafe(32)
    with _room:
        own = [each for each, (_, of, _) in _waiting.items() if of == address]
        for oldest in own[: len(own) - MOST_OF_ONE + 1] if len(own) >= MOST_OF_ONE else []:
            del _waiting[oldest]
        while len(_waiting) >= MOST:
            _waiting.pop(next(iter(_waiting)))
        _waiting[token] = (time.monotonic(), address, made)
    return token, made


def take(token: str) -> Ceremony | None:
    """Return the ceremony of that token, once; None if it is over or there is none."""
    with _room:
        began, _, known = _waiting.pop(token, (float("-inf"), "", None))
    return known if time.monotonic() - began < LASTS else None


def site(request: Request) -> Site | None:
    """Return whom passkeys of this address are for; None where browsers make none: at a number."""
    host = request.url.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return Site(host, f"{request.url.scheme}://{request.headers.get('host', '')}")
    return None
