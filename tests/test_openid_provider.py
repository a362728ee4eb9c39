from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from joserfc.jwk import OctKey

from lib.errors import OpenIDFailed
from lib.openid_accounts import Identity
from lib.web import openid_provider
from lib.web.openid_provider import Begun, Provider
from lib.web.openid_settings import OpenIDSettings
from tests import openid_stand_in
from tests.openid_stand_in import CLIENT, EMAIL, SECRET, StandIn, new_key

pytestmark = pytest.mark.slow  # a provider that answers over HTTP

T = TypeVar("T")
BEGUN = Begun("the state", "the nonce", "v" * 64, "http://127.0.0.1:8501/sign-in/openid/callback")


@pytest.fixture(scope="module")
def running() -> Iterator[StandIn]:
    with openid_stand_in.running() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(running: StandIn) -> StandIn:
    """Return the provider, as it answers rightly."""
    fresh = StandIn(running.issuer, keys=running.keys[:1])
    for name in fresh.__dataclass_fields__:
        setattr(running, name, getattr(fresh, name))
    return running


def run(step: Callable[..., Awaitable[T]], *more: Any) -> T:
    """Run a step in a thread of its own: Playwright's loop may run in this one."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(anyio.run, step, *more).result()


def settings(stand_in: StandIn, **more: Any) -> OpenIDSettings:
    return OpenIDSettings(stand_in.issuer, CLIENT, SECRET, "Example", **more)


def signed_in(stand_in: StandIn, provider: Provider | None = None) -> Identity:
    """Go both steps and return whom the provider signed in."""
    known = provider or Provider(settings(stand_in))

    async def both() -> Identity:
        back = stand_in.sign_in(await known.address(BEGUN))
        return await known.identity(BEGUN, parse_qs(urlsplit(back).query)["code"][0])

    return run(both)


def refused(stand_in: StandIn, provider: Provider | None = None) -> tuple[str, str]:
    """Return why, as the record and as the person read it; nothing of the answer is in either."""
    with pytest.raises(OpenIDFailed) as problem:
        signed_in(stand_in, provider)
    said = str(problem.value)
    for secret in (SECRET, EMAIL, "code-", "eyJ", "an access token", "account-1"):
        assert secret not in said + problem.value.why
    assert not problem.value.is_of_browser
    return problem.value.why, said


def test_the_browser_is_led_there_with_state_nonce_and_challenge(stand_in: StandIn) -> None:
    address = run(Provider(settings(stand_in, acr_values=("2", "3"))).address, BEGUN)

    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{stand_in.issuer}/authorize?")
    assert asked.pop("code_challenge") != [BEGUN.verifier]
    assert asked == {
        "response_type": ["code"], "client_id": [CLIENT], "redirect_uri": [BEGUN.redirect_uri],
        "scope": ["openid email"], "state": ["the state"], "nonce": ["the nonce"],
        "code_challenge_method": ["S256"], "acr_values": ["2 3"],
    }  # fmt: skip


def test_it_asks_anew_by_a_word_that_the_provider_knows(stand_in: StandIn) -> None:
    def prompt() -> str | None:
        address = run(partial(Provider(settings(stand_in)).address, BEGUN, anew=True))
        return parse_qs(urlsplit(address).query)["prompt"][0]

    assert prompt() == "login"
    stand_in.metadata = {"prompt_values_supported": ["none", "login", "select_account"]}
    assert prompt() == "select_account"


def test_whoever_signed_in_there_is_known_by_issuer_and_subject(stand_in: StandIn) -> None:
    stand_in.claims = {"email": " Eva@Example.COM "}

    assert signed_in(stand_in) == Identity(
        stand_in.issuer, "account-1", EMAIL, is_verified=True, has_two_factors=False
    )


NOW = int(time.time())


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "another"}, "wrong aud"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "wrong azp"),
        ({"nonce": "another"}, "wrong nonce"),
        ({"nonce": None}, "wrong nonce"),
        ({"iss": "https://evil.example"}, "wrong iss"),
        ({"sub": None}, "wrong sub"),
        ({"sub": 7}, "wrong sub"),
        ({"sub": ""}, "wrong sub"),
        ({"exp": NOW - 90}, "clocks differ"),
        ({"iat": NOW + 3600}, "clocks differ"),
        ({"nbf": NOW + 3600}, "clocks differ"),
        ({"exp": None}, "wrong exp"),
        ({"at_hash": "another"}, "wrong a claim"),
    ],
)
def test_a_token_that_says_otherwise_signs_nobody_in(
    stand_in: StandIn, claims: dict[str, Any], why: str
) -> None:
    stand_in.claims = claims

    assert refused(stand_in)[0] == why


@pytest.mark.parametrize("claims", [{"exp": NOW - 30}, {"iat": NOW + 40}, {"nbf": NOW + 40}])
def test_clocks_may_differ_by_less_than_a_minute(stand_in: StandIn, claims: dict[str, int]) -> None:
    behind = int(time.time()) - NOW
    stand_in.claims = {name: value + behind for name, value in claims.items()}

    assert signed_in(stand_in).subject == "account-1"


def test_a_new_key_is_looked_for_once(stand_in: StandIn) -> None:
    provider = Provider(settings(stand_in))
    signed_in(stand_in, provider)
    stand_in.keys = [new_key("second")]
    stand_in.asked.clear()

    assert signed_in(stand_in, provider).subject == "account-1"
    assert stand_in.asked.count("/keys") == 1
    signed_in(stand_in, provider)
    assert stand_in.asked.count("/keys") == 1


def test_a_token_without_the_name_of_its_key_is_tried_by_each(stand_in: StandIn) -> None:
    stand_in.keys = [stand_in.keys[0], new_key("second")]
    stand_in.signer, stand_in.header = stand_in.keys[1], {"kid": None}

    assert signed_in(stand_in).subject == "account-1"


def test_what_is_not_signed_by_its_key_signs_nobody_in(stand_in: StandIn) -> None:
    stand_in.signer = new_key("unknown")
    assert refused(stand_in)[0] == "wrong signature"
    assert stand_in.asked.count("/keys") == 2
    stand_in.signer = new_key("first")  # calls itself as the right one
    assert refused(stand_in)[0] == "wrong signature"
    stand_in.signer = OctKey.import_key("0" * 32)
    stand_in.header = {"alg": "HS256", "kid": "first"}
    assert refused(stand_in)[0] == "wrong signature"
    stand_in.header = {"alg": "none", "kid": "first"}
    assert refused(stand_in)[0] == "wrong signature"


def test_a_code_is_good_once_and_for_its_own_sign_in(stand_in: StandIn) -> None:
    provider = Provider(settings(stand_in))

    async def twice() -> None:
        back = stand_in.sign_in(await provider.address(BEGUN))
        code = parse_qs(urlsplit(back).query)["code"][0]
        await provider.identity(BEGUN, code)
        await provider.identity(BEGUN, code)

    async def of_another() -> None:
        other = Begun("a", "b", "w" * 64, BEGUN.redirect_uri)
        back = stand_in.sign_in(await provider.address(other))
        await provider.identity(BEGUN, parse_qs(urlsplit(back).query)["code"][0])

    for steps in (twice, of_another):
        with pytest.raises(OpenIDFailed, match="used already, or took too long") as problem:
            run(steps)
        assert (problem.value.why, problem.value.is_of_browser) == ("invalid grant", True)


DISCOVERY = "/.well-known/openid-configuration"
PLAIN = {"Content-Type": "text/html"}


@pytest.mark.parametrize(
    ("path", "answer", "why"),
    [
        (DISCOVERY, (503, PLAIN, b"down"), "HTTP 503"),
        (DISCOVERY, (200, PLAIN, b"<html>"), "HTTP 200"),
        (DISCOVERY, (302, {"Location": "http://127.0.0.1:1/secret"}, b""), "HTTP 302"),
        (DISCOVERY, (200, {}, b'{"a": "' + b"x" * 1_100_000 + b'"}'), "no answer"),
        ("/keys", (200, {}, b'{"keys": 7}'), "no keys"),
        ("/token", (307, {"Location": "http://127.0.0.1:1/secret"}, b""), "HTTP 307"),
        ("/token", (200, {}, b"[]"), "HTTP 200"),
        ("/token", (200, {}, b"{}"), "no ID token"),
        ("/token", (200, {}, b'{"id_token": "a.b.c"}'), "wrong signature"),
        ("/token", (200, {}, b'{"id_token": "x"}'), "wrong signature"),
    ],
)
def test_a_provider_that_does_not_answer_as_it_should(
    stand_in: StandIn, path: str, answer: tuple[int, dict[str, str], bytes], why: str
) -> None:
    stand_in.status = {path: answer}

    assert refused(stand_in)[0] == why


def test_a_provider_that_is_down_or_slow(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = OpenIDSettings("http://127.0.0.1:9", CLIENT, SECRET, "Example")
    assert refused(stand_in, Provider(nowhere))[1].startswith("Example does not answer. Try again")

    monkeypatch.setattr(openid_provider, "PATIENCE", 0.3)
    stand_in.delay = 0.6
    began = time.monotonic()
    assert refused(stand_in)[0] == "no answer"
    assert time.monotonic() - began < 0.6


def test_a_provider_that_is_another_or_leads_elsewhere(stand_in: StandIn) -> None:
    for metadata, why in (
        ({"issuer": "https://login.example/{tenantid}/v2.0"}, "another issuer"),
        ({"jwks_uri": "http://10.0.0.1/keys"}, "unsafe addresses"),
        ({"token_endpoint": "file:///etc/passwd"}, "unsafe addresses"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "unsafe addresses"),
        ({"token_endpoint": None}, "unsafe addresses"),
    ):
        stand_in.metadata = metadata
        assert refused(stand_in)[0] == why


def test_a_wrong_secret_is_said_to_whoever_runs_it(stand_in: StandIn) -> None:
    wrong = OpenIDSettings(stand_in.issuer, CLIENT, "wrong", "Example")

    assert refused(stand_in, Provider(wrong)) == (
        "invalid client",
        "Example does not accept the client secret of Billing Tasks. Tell whoever runs Billing "
        "Tasks.",
    )


def test_an_error_of_the_provider_is_one_sentence_and_what_it_adds_is_not_repeated(
    stand_in: StandIn,
) -> None:
    provider = Provider(settings(stand_in))

    assert "You did not sign in at Example" in str(provider.refusal("access_denied"))
    unknown = provider.refusal("<script>alert(1)</script>")
    assert (str(unknown), unknown.why) == (
        "Example did not sign you in. Tell whoever runs Billing Tasks.",
        "an error of the provider",
    )


@pytest.mark.parametrize(
    ("claims", "is_verified"),
    [
        ({"email_verified": True}, True),
        ({"email_verified": "true"}, True),
        ({"email_verified": False}, False),
        ({"email_verified": "false"}, False),
        ({"email_verified": None}, False),
        ({"email_verified": None, "xms_edov": True}, True),
        ({"email_verified": None, "xms_edov": "1"}, True),
        ({"email_verified": None, "xms_edov": False}, False),
        ({"email_verified": False, "xms_edov": True}, False),
        ({"email": ["eva@example.com"]}, False),
    ],
)
def test_an_address_counts_only_where_the_provider_says_that_it_is_verified(
    stand_in: StandIn, claims: dict[str, Any], is_verified: bool
) -> None:
    stand_in.claims = claims

    assert signed_in(stand_in).is_verified is is_verified


def test_an_address_that_stands_only_in_userinfo_is_read_there_of_the_same_account(
    stand_in: StandIn,
) -> None:
    stand_in.claims = {"email": None, "email_verified": None}
    stand_in.userinfo = {"sub": "account-1", "email": EMAIL, "email_verified": True, "aud": "x"}
    assert (signed_in(stand_in).email, signed_in(stand_in).is_verified) == (EMAIL, True)

    stand_in.userinfo |= {"sub": "account-2"}
    assert (signed_in(stand_in).email, signed_in(stand_in).is_verified) == ("", False)


def test_two_factors_are_what_the_provider_says_or_whoever_runs_it(stand_in: StandIn) -> None:
    for claims, more, has_two in (
        ({}, {}, False),
        ({"amr": ["pwd"]}, {}, False),
        ({"amr": ["pwd", "mfa"]}, {}, True),
        ({"acr": "2"}, {}, False),
        ({"acr": "2"}, {"acr_values": ("2",)}, True),
        ({"acr": "1"}, {"acr_values": ("2",)}, False),
        ({}, {"always_two_factors": True}, True),
    ):
        stand_in.claims = claims
        provider = Provider(settings(stand_in, **more))
        assert signed_in(stand_in, provider).has_two_factors is has_two, (claims, more)
