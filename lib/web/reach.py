"""From where the server may be reached: this computer, other names, or a proxy in front of it.

`python -m lib serve` writes what it was told into the environment of the process that it becomes.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.types import Scope

from lib.errors import WrongInput

LOOPBACK = "127.0.0.1"
HOST_VARIABLE = "BILLING_TASKS_HOST"
NAMES_VARIABLE = "BILLING_TASKS_ALLOWED_HOSTS"  # comma-separated
PROXIES_VARIABLE = "BILLING_TASKS_BEHIND_PROXY"  # the proxies' addresses, comma-separated
_THIS_COMPUTER = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]+\]")
# What a proxy, a tunnel or an editor's port forwarding adds to a request.
_FORWARDED = re.compile(
    r"forwarded|via|x-forward.*|x-original-.*|x-rewrite-url|x-real-ip|x-proxy.*|x-envoy-.*"
    r"|proxy-.*|(?:x-|true-|cf-|fly-|fastly-|x-cluster-|x-appengine-user-)?(?:client|connecting)-ip"
    r"|x-remote-.*|remote-user|x-host|x-scheme|front-end-https|x-url-scheme|x-arr-.*|cf-ray|cdn-loop"
    r"|x-amz-cf-id|x-azure-.*|x-tunnel.*|x-via"
)
_BELIEVED = "billing_tasks.proxy"  # in the scope of a request that a proxy of ours passed on


@dataclass(frozen=True, slots=True)
class Reach:
    """What `serve` was told."""

    host: str = LOOPBACK  # the address the server listens on
    names: tuple[str, ...] = ()  # by which browsers may call it, beside localhost
    proxies: tuple[str, ...] = ()  # whose forwarding headers are believed

    @property
    def is_open(self) -> bool:
        """Return True if other computers can get here, so that everybody needs an account."""
        return bool(self.proxies) or not is_loopback(self.host)

    def check(self) -> None:
        """Raise WrongInput for what cannot be served."""
        for name in self.names:
            if not _NAME.fullmatch(name):
                raise WrongInput(f"{name} is no host name: write it without https:// or a port.")
        for proxy in self.proxies:
            try:
                ipaddress.ip_address(proxy)
            except ValueError:
                raise WrongInput(f"{proxy} is no address of a proxy, as 127.0.0.1.") from None
        if self.is_open and not self.names:
            raise WrongInput(
                "Say with --allowed-hosts by which name browsers open Billing Tasks, such as "
                "billing.example.com: a request under any other name is refused."
            )


def current() -> Reach:
    """Return what this process was told."""
    return Reach(
        os.environ.get(HOST_VARIABLE) or LOOPBACK,
        _listed(os.environ.get(NAMES_VARIABLE, "")),
        _listed(os.environ.get(PROXIES_VARIABLE, "")),
    )


def is_loopback(address: str | None) -> bool:
    """Return True for an address that no other computer can reach."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def as_the_browser_asked(scope: Scope, reach: Reach) -> Scope:
    """Return the scope with the scheme and the client that a proxy of ours tells; unchanged where
    none of ours passed it on."""
    client = scope.get("client")
    if not client or client[0] not in reach.proxies:
        return scope
    request = HTTPConnection(scope)
    if not is_forwarded(request):
        return scope
    # The last entry is what our own proxy added; those before it anybody can write.
    near = request.headers.getlist("x-forwarded-for")[-1:]
    address = near[0].rpartition(",")[2].strip() if near else ""
    scheme = (request.headers.getlist("x-forwarded-proto") or [""])[-1].rpartition(",")[2].strip()
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return scope
    if scheme not in {"http", "https"}:
        return scope
    asked = scheme.replace("http", "ws") if scope["type"] == "websocket" else scheme
    return {**scope, "scheme": asked, "client": (address, 0), _BELIEVED: True}


def is_believed(request: HTTPConnection) -> bool:
    """Return True if a proxy of ours passed the request on."""
    return bool(request.scope.get(_BELIEVED))


def is_from_this_computer(request: HTTPConnection) -> bool:
    """Return False for what another computer asks, itself or through a proxy."""
    asks = request.client.host if request.client else None
    return is_loopback(asks) and not is_believed(request) and not is_forwarded(request)


def is_forwarded(request: HTTPConnection) -> bool:
    """Return True if the request says it was forwarded: then it may come from anywhere, and what it
    says about its origin can be forged."""
    return any(_FORWARDED.fullmatch(name) for name in request.headers)


def arrived_where_it_may(request: HTTPConnection, reach: Reach) -> bool:
    """Return False for a connection over a network, unless the server was told to take those."""
    server = request.scope.get("server")
    return server is not None and (is_loopback(server[0]) or not is_loopback(reach.host))


def is_called_by_name(request: HTTPConnection, reach: Reach) -> bool:
    """Return False for a foreign name that somebody points to this server (DNS rebinding)."""
    host = request.headers.get("host", "").lower()
    name = re.sub(r":\d{1,5}$", "", host)
    if name in reach.names:
        return True
    return not is_believed(request) and _THIS_COMPUTER.fullmatch(host) is not None


def address_of(request: HTTPConnection) -> str:
    """Return from which address somebody asks, to limit their attempts."""
    return request.client.host if request.client else "unknown"


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())
