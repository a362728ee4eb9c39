"""What a browser was asked to sign with a passkey: a challenge, known for minutes and used once."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass

from starlette.requests import Request

from lib.authentication_methods import Proof
from lib.passkeys import Site
from lib.web.short_lived import ShortLived

LASTS = 300.0  # seconds


@dataclass(frozen=True, slots=True)
class Ceremony:
    """A challenge, whom it was given to, and the page that follows."""

    challenge: bytes
    person_id: int | None = None  # who proved themself, or is signed in
    is_new: bool = False  # the answer is a new passkey
    wanted: str = "/"
    proof: Proof | None = None  # by which they proved who they are


_waiting: ShortLived[Ceremony] = ShortLived(LASTS)


def begin(
    *, address: str, person_id: int | None = None, is_new: bool = False, wanted: str = "/",
    proof: Proof | None = None,
) -> tuple[str, Ceremony]:  # fmt: skip
    """Return a new ceremony, and the token by which its answer names it."""
    made = Ceremony(secrets.token_bytes(32), person_id, is_new, wanted, proof)
    token = secrets.token_urlsafe(32)
    _waiting.keep(token, made, of=address)
    return token, made


def take(token: str) -> Ceremony | None:
    """Return the ceremony of that token, once; None if it is over or there is none."""
    return _waiting.take(token)


def site(request: Request) -> Site | None:
    """Return whom passkeys of this address are for; None where browsers make none: at a number."""
    host = request.url.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return Site(host, f"{request.url.scheme}://{request.headers.get('host', '')}")
    return None
