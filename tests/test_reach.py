"""From where the server is reached, and what a proxy may tell it."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from lib.errors import WrongInput
from lib.web import reach
from lib.web.reach import Reach

PROXY = Reach(names=("billing.example.com",), proxies=("127.0.0.1",))
FORWARDED = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}


def asked(
    told: Reach,
    headers: dict[str, str],
    *,
    host: str = "billing.example.com",
    client: str = "127.0.0.1",
    kind: str = "http",
) -> HTTPConnection:
    given = {"host": host} | headers
    scope = {
        "type": kind, "scheme": "ws" if kind == "websocket" else "http", "path": "/",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": (client, 5000), "server": ("127.0.0.1", 8501), "query_string": b"",
    }  # fmt: skip
    return HTTPConnection(reach.as_the_browser_asked(scope, told))


def test_a_proxy_that_was_named_tells_who_asks_and_how() -> None:
    request = asked(PROXY, FORWARDED)

    assert reach.is_believed(request)
    assert request.scope["scheme"] == "https"
    assert reach.address_of(request) == "203.0.113.9"
    assert reach.is_called_by_name(request, PROXY)
    assert asked(PROXY, FORWARDED, kind="websocket").scope["scheme"] == "wss"


def test_this_computer_asks_itself_through_no_proxy() -> None:
    assert reach.is_from_this_computer(asked(PROXY, {}, client="127.0.0.1"))
    assert reach.is_from_this_computer(asked(PROXY, {}, client="::1"))
    own = FORWARDED | {"x-forwarded-for": "127.0.0.1"}  # as somebody behind the proxy may write
    assert not reach.is_from_this_computer(asked(PROXY, own))
    assert not reach.is_from_this_computer(asked(Reach(), FORWARDED))
    assert not reach.is_from_this_computer(asked(Reach(host="0.0.0.0"), {}, client="10.0.0.5"))


def test_only_the_last_entry_is_the_proxys_own() -> None:
    forged = FORWARDED | {"x-forwarded-for": "10.9.9.9, 203.0.113.9"}

    assert reach.address_of(asked(PROXY, forged)) == "203.0.113.9"


@pytest.mark.parametrize(
    ("told", "headers", "client"),
    [
        (Reach(), FORWARDED, "127.0.0.1"),  # none was named
        (PROXY, FORWARDED, "10.0.0.5"),  # it came from elsewhere
        (PROXY, {"x-forwarded-for": "203.0.113.9"}, "127.0.0.1"),
        (PROXY, {"x-forwarded-proto": "https"}, "127.0.0.1"),
        (PROXY, FORWARDED | {"x-forwarded-for": "somebody"}, "127.0.0.1"),
        (PROXY, FORWARDED | {"x-forwarded-proto": "gopher"}, "127.0.0.1"),
        (PROXY, {"via": "1.1 x"}, "127.0.0.1"),
    ],
)
def test_nobody_else_is_believed(told: Reach, headers: dict[str, str], client: str) -> None:
    request = asked(told, headers, client=client)

    assert not reach.is_believed(request)
    assert reach.is_forwarded(request)  # and the gate refuses it
    assert request.scope["scheme"] == "http"
    assert reach.address_of(request) == client


@pytest.mark.parametrize(
    ("host", "is_known"),
    [("billing.example.com", True), ("BILLING.example.com:8443", True), ("localhost:8501", True),
     ("evil.example", False), ("billing.example.com.evil.example", False), ("", False)],
)  # fmt: skip
def test_only_names_that_were_named_are_answered(host: str, is_known: bool) -> None:
    request = asked(Reach(names=("billing.example.com",)), {}, host=host)

    assert reach.is_called_by_name(request, Reach(names=("billing.example.com",))) is is_known


def test_behind_a_proxy_this_computers_own_names_are_foreign() -> None:
    assert not reach.is_called_by_name(asked(PROXY, FORWARDED, host="localhost"), PROXY)


@pytest.mark.parametrize(
    "told",
    [Reach(host="0.0.0.0"), Reach(proxies=("127.0.0.1",)), Reach(names=("https://x.org",)),
     Reach(names=("x.org",), proxies=("proxy",))],
)  # fmt: skip
def test_what_cannot_be_served_is_said_at_the_start(told: Reach) -> None:
    with pytest.raises(WrongInput):
        told.check()


def test_this_computer_alone_needs_no_names() -> None:
    Reach().check()
    assert not Reach().is_open
    assert PROXY.is_open
