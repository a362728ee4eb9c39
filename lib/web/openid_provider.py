"""An OpenID provider: where it is, which keys are its own, and whom it has signed in.

OpenID Connect Core 1.0, code flow with PKCE (RFC 7636), state and nonce. Requests go out beside the
pages' work, end after ten seconds at most, and follow no redirect.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import (
    ClaimError,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidKeyIdError,
    JoseError,
)
from joserfc.jwk import KeySet

from lib import accounts
from lib.errors import OpenIDFailed
from lib.openid_accounts import Identity
from lib.web.openid_settings import OpenIDSettings, is_safe

PATIENCE = 10.0  # seconds for all requests of one step
LEEWAY = 60  # seconds by which its clock and ours may differ
KEPT = 15.0  # seconds for which what it says of itself is believed, so that its end is soon told
LARGEST = 1_000_000  # bytes of one answer
SCOPE = "openid email"
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
_DISCOVERY = "/.well-known/openid-configuration"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_GOOGLE = "https://accounts.google.com"
_TRY_AGAIN = "Try again in a few minutes."
_TELL = "Tell whoever runs Billing Tasks."
# What a provider answers instead of a code or a token (RFC 6749 4.1.2.1 and 5.2, OpenID 3.1.2.6).
_ERRORS = {
    "access_denied": "You did not sign in at {name}, or may not use it for Billing Tasks.",
    "login_required": "You did not sign in at {name}. Try again.",
    "interaction_required": "You did not sign in at {name}. Try again.",
    "temporarily_unavailable": "{name} cannot sign anybody in at the moment. " + _TRY_AGAIN,
    "server_error": "{name} cannot sign anybody in at the moment. " + _TRY_AGAIN,
    "invalid_grant": "This sign-in was used already, or took too long. Sign in again.",
    "invalid_client": "{name} does not accept the client secret of Billing Tasks. " + _TELL,
    "unauthorized_client": "{name} does not know Billing Tasks. " + _TELL,
    "invalid_scope": "{name} does not tell e-mail addresses. " + _TELL,
}


_provider: Provider | None = None


def use(settings: OpenIDSettings | None) -> None:
    """Let people sign in with this provider from now on, or with none."""
    global _provider  # noqa: PLW0603 - a process has one provider
    _provider = Provider(settings) if settings else None


def current() -> Provider | None:
    """Return the provider that people sign in with, or None."""
    return _provider


def settings() -> OpenIDSettings | None:
    """Return what is told of that provider."""
    return _provider.settings if _provider else None


def only() -> str:
    """Return why nobody signs in by a password or passkey of ours; empty where people may."""
    if _provider is None or not _provider.settings.is_only:
        return ""
    return f"Everybody signs in with {_provider.settings.name} here."


@dataclass(frozen=True, slots=True)
class Begun:
    """What is known of a sign-in between its two steps."""

    state: str
    nonce: str
    verifier: str  # of PKCE
    redirect_uri: str


class Provider:
    """One provider, and what it said of itself lately."""

    def __init__(self, settings: OpenIDSettings) -> None:
        self.settings = settings
        self.trusted = httpx.create_ssl_context()  # read once: it costs what a click costs
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_at = float("-inf")

    async def address(self, begun: Begun, *, anew: bool = False) -> str:
        """Return where the browser goes to sign in; `anew` asks there who it is even if that is
        known. Raises OpenIDFailed."""
        async with _Requests(self) as requests:
            metadata = await self._known(requests)
        more = (
            {"acr_values": " ".join(self.settings.acr_values)} if self.settings.acr_values else {}
        )
        if anew:
            more["prompt"] = self._prompt(metadata)
        client = self._client(metadata, begun)
        url, _ = client.create_authorization_url(
            metadata["authorization_endpoint"],
            state=begun.state,
            nonce=begun.nonce,
            code_verifier=begun.verifier,
            **more,
        )
        return str(url)

    async def identity(self, begun: Begun, code: str) -> Identity:
        """Return whom the provider has signed in. Raises OpenIDFailed."""
        async with _Requests(self) as requests:
            metadata = await self._known(requests)
            answer = await self._token(requests, metadata, begun, code)
            token, access_token = answer.get("id_token"), answer.get("access_token")
            if not isinstance(token, str):
                raise self._failed("{name} sent no identity. " + _TELL, "no ID token")
            claims = await self._claims(requests, token, begun.nonce, access_token)
            if "email" not in claims and isinstance(access_token, str):
                claims = {
                    **await self._userinfo(requests, metadata, access_token, claims),
                    **claims,
                }
        email = claims.get("email")
        return Identity(
            self.settings.issuer,
            str(claims["sub"]),
            accounts.tidy(email) if isinstance(email, str) else "",
            isinstance(email, str) and _is_verified(claims),
            self._has_two_factors(claims),
        )

    def refusal(self, error: str) -> OpenIDFailed:
        """Return what a provider's own error means; what it says beside it is not repeated."""
        if error in _ERRORS:
            said = _ERRORS[error].format(name=self.settings.name)
            is_of_browser = error == "invalid_grant"
            return OpenIDFailed(said, error.replace("_", " "), is_of_browser=is_of_browser)
        return self._failed("{name} did not sign you in. " + _TELL, "an error of the provider")

    async def _known(self, requests: _Requests, *, anew: bool = False) -> dict[str, Any]:
        """Return what the provider says of itself, with its keys read, both for a while."""
        if not anew and time.monotonic() - self._read_at < KEPT:
            return self._metadata
        issuer = self.settings.issuer
        metadata = await requests.get(issuer.rstrip("/") + _DISCOVERY)
        if metadata.get("issuer") != issuer:
            raise self._failed(
                "{name} calls itself otherwise than it should. " + _TELL, "another issuer"
            )
        if not all(is_safe(str(metadata.get(name, ""))) for name in _ENDPOINTS):
            raise self._failed(
                "{name} names no safe addresses of its own. " + _TELL, "unsafe addresses"
            )
        try:
            keys = KeySet.import_key_set(await requests.get(str(metadata["jwks_uri"])))  # type: ignore[arg-type]
        except (JoseError, KeyError, TypeError, ValueError):
            raise self._failed(
                "The keys of {name} cannot be read. " + _TRY_AGAIN, "no keys"
            ) from None
        self._metadata, self._keys, self._read_at = metadata, keys, time.monotonic()
        return metadata

    def _client(self, metadata: Mapping[str, Any], begun: Begun) -> OAuth2Client:
        told = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        method = "client_secret_basic" if "client_secret_basic" in told else "client_secret_post"
        return OAuth2Client(
            None, self.settings.client_id, self.settings.client_secret,
            token_endpoint_auth_method=method, scope=SCOPE, redirect_uri=begun.redirect_uri,
            code_challenge_method="S256",
        )  # fmt: skip

    def _prompt(self, metadata: Mapping[str, Any]) -> str:
        """Return by which word the provider asks anew; Google knows one of the two only."""
        told = metadata.get("prompt_values_supported", [])
        asks_which = "select_account" in told or self.settings.issuer == _GOOGLE
        return "select_account" if asks_which else "login"

    async def _token(
        self, requests: _Requests, metadata: Mapping[str, Any], begun: Begun, code: str
    ) -> dict[str, Any]:
        client, endpoint = self._client(metadata, begun), str(metadata["token_endpoint"])
        form = {
            "grant_type": "authorization_code", "code": code, "code_verifier": begun.verifier,
            "redirect_uri": begun.redirect_uri,
        }  # fmt: skip
        auth: Any = client.client_auth(client.token_endpoint_auth_method)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        signed = auth.prepare("POST", endpoint, headers, str(httpx.QueryParams(form)))
        return await requests.post(str(signed[0]), str(signed[2]), signed[1])

    async def _claims(
        self, requests: _Requests, token: str, nonce: str, access_token: object
    ) -> dict[str, Any]:
        """Return what a signed token says. A key that is not known may be new: the keys are read
        once more."""
        try:
            try:
                read = self._decoded(token)
            except InvalidKeyIdError:
                await self._known(requests, anew=True)
                read = self._decoded(token)
        except (JoseError, ValueError):
            raise self._failed(
                "The answer of {name} is not signed by a key of its own. " + _TELL,
                "wrong signature",
            ) from None
        claims = CodeIDToken(
            read.claims, read.header,
            {"iss": {"essential": True, "value": self.settings.issuer},
             "aud": {"essential": True, "value": self.settings.client_id}},
            {"nonce": nonce, "client_id": self.settings.client_id, "access_token": access_token},
        )  # fmt: skip
        try:
            claims.validate(leeway=LEEWAY)
        except ClaimError as problem:
            raise self._wrong_claim(problem.claim, is_late=_is_of_time(problem)) from None
        except (JoseError, ValueError, TypeError):
            raise self._wrong_claim("") from None
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise self._wrong_claim("sub")
        return dict(claims)

    def _decoded(self, token: str) -> jwt.Token:
        assert self._keys is not None
        kid = jws.extract_compact(token.encode()).headers().get("kid")
        if kid is None and len(self._keys.keys) > 1:
            return self._decoded_by_any(token, self._keys)
        return jwt.decode(token, self._keys, algorithms=ALGORITHMS)

    def _decoded_by_any(self, token: str, keys: KeySet) -> jwt.Token:
        """Return what a token says that does not name its key."""
        for key in keys.keys:
            try:
                return jwt.decode(token, key, algorithms=ALGORITHMS)
            except (JoseError, ValueError):
                continue
        raise InvalidKeyIdError

    async def _userinfo(
        self, requests: _Requests, metadata: Mapping[str, Any], access_token: str,
        claims: Mapping[str, Any],
    ) -> dict[str, Any]:  # fmt: skip
        """Return what the provider says of the same account on request: some tell the e-mail
        address only there (OpenID Connect Core 5.3)."""
        endpoint = str(metadata.get("userinfo_endpoint", ""))
        if not is_safe(endpoint):
            return {}
        told = await requests.get(endpoint, {"Authorization": f"Bearer {access_token}"})
        return told if told.get("sub") == claims["sub"] else {}

    def _has_two_factors(self, claims: Mapping[str, Any]) -> bool:
        amr, acr = claims.get("amr"), claims.get("acr")
        return (
            self.settings.always_two_factors
            or (isinstance(amr, list) and "mfa" in amr)  # RFC 8176
            or (isinstance(acr, str) and acr in self.settings.acr_values)
        )

    def _wrong_claim(self, claim: str, *, is_late: bool = False) -> OpenIDFailed:
        if is_late:
            return self._failed(
                f"The clocks of {{name}} and of Billing Tasks differ by more than {LEEWAY} s, or "
                "its answer is too old. Try again.", "clocks differ",
            )  # fmt: skip
        other = "The answer of {name} is for another application: the client ID is wrong. " + _TELL
        said = {
            "aud": other,
            "azp": other,
            "iss": "The answer of {name} is of another provider. " + _TELL,
            "nonce": "The answer of {name} belongs to another sign-in. Sign in again.",
        }.get(claim, "The answer of {name} is incomplete. " + _TELL)
        known = claim if claim in {"aud", "azp", "iss", "nonce", "sub", "exp", "iat"} else "a claim"
        return self._failed(said, f"wrong {known}")

    def _failed(self, said: str, why: str) -> OpenIDFailed:
        return OpenIDFailed(said.format(name=self.settings.name), why)


class _Requests:
    """The requests of one step, and the time that is left for them."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def __aenter__(self) -> _Requests:
        self._until = anyio.current_time() + PATIENCE
        self._client = httpx.AsyncClient(
            timeout=PATIENCE / 2, follow_redirects=False, verify=self._provider.trusted
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return an answer of the provider as an object."""
        return await self._ask("GET", url, None, headers or {})

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> dict[str, Any]:
        """Send a form and return the answer; raise OpenIDFailed for an error it names."""
        return await self._ask("POST", url, body, headers)

    async def _ask(
        self, method: str, url: str, body: str | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        provider = self._provider
        accepted = {"Accept": "application/json", **headers}
        content = b""
        try:
            with anyio.fail_after(max(self._until - anyio.current_time(), 0)):
                async with self._client.stream(
                    method, url, content=body, headers=accepted
                ) as answer:
                    async for chunk in answer.aiter_bytes():
                        content += chunk
                        if len(content) > LARGEST:
                            raise httpx.DecodingError("too long")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
            raise provider._failed("{name} does not answer. " + _TRY_AGAIN, "no answer") from None
        try:
            told = json.loads(content)
        except ValueError:
            told = None
        if answer.status_code in {400, 401} and isinstance(told, dict) and "error" in told:
            raise provider.refusal(str(told["error"]))
        if answer.status_code != 200 or not isinstance(told, dict):
            raise provider._failed(
                "{name} does not answer as it should. " + _TRY_AGAIN, f"HTTP {answer.status_code}"
            )
        return told


def _is_of_time(problem: ClaimError) -> bool:
    return isinstance(problem, ExpiredTokenError) or (
        isinstance(problem, InvalidClaimError) and problem.claim in {"iat", "nbf"}
    )


def _is_verified(claims: Mapping[str, Any]) -> bool:
    """Return True if the provider made sure that the e-mail address is the account's own. Microsoft
    Entra says so by a claim of its own, xms_edov."""
    told = claims.get("email_verified", claims.get("xms_edov"))
    return told is True or told in ("true", "1", 1)
