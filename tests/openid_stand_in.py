"""A small OpenID provider that can be told to answer wrongly: real HTTP, real signatures."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "billing-tasks", "the secret of the client"
EMAIL = "eva@example.com"


def new_key(kid: str) -> RSAKey:
    """Return a key to sign with."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


@dataclass
class StandIn:
    """What it is, what it answers, and what it was asked."""

    issuer: str = ""
    keys: list[RSAKey] = field(default_factory=lambda: [new_key("first")])
    claims: dict[str, Any] = field(default_factory=dict)  # instead of the right ones
    header: dict[str, Any] = field(default_factory=dict)  # of its ID tokens
    signer: RSAKey | OctKey | None = None  # instead of its first key
    metadata: dict[str, Any] = field(default_factory=dict)  # instead of the right ones
    userinfo: dict[str, Any] = field(default_factory=dict)
    status: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)  # by path
    codes: dict[str, dict[str, str]] = field(default_factory=dict)  # what a code was asked with
    asked: list[str] = field(default_factory=list)  # paths
    delay: float = 0.0

    def code(self, **asked: str) -> str:
        """Return a new code, as a browser would bring it back."""
        code = f"code-{len(self.codes)}-{time.monotonic_ns()}"
        self.codes[code] = asked
        return code

    def sign_in(self, address: str) -> str:
        """Sign in whoever was led to `address`. Return where the browser is led back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        answer = {"code": self.code(**asked), "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def answer(self, path: str, body: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        """Answer one request."""
        self.asked.append(path)
        time.sleep(self.delay)
        if path in self.status:
            return self.status[path]
        if path.endswith("/openid-configuration"):
            own = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
            }
            return _json(own | self.metadata)
        if path == "/keys":
            return _json({"keys": [key.as_dict(private=False) for key in self.keys]})
        if path == "/userinfo":
            assert authorization == "Bearer an access token"
            return _json(self.userinfo)
        return self._token({name: one[0] for name, one in parse_qs(body).items()}, authorization)

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, str], bytes]:
        scheme, _, told = authorization.partition(" ")
        if (scheme, base64.b64decode(told)) != ("Basic", f"{CLIENT}:{SECRET}".encode()):
            return _json({"error": "invalid_client"}, 401)
        asked = self.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or asked["code_challenge"] != base64.urlsafe_b64encode(proof).decode().rstrip("=")
            or asked["code_challenge_method"] != "S256"
            or asked["redirect_uri"] != form.get("redirect_uri")
        ):
            return _json({"error": "invalid_grant", "error_description": EMAIL}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": "account-1", "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "email": EMAIL, "email_verified": True,
        } | self.claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.signer or self.keys[0]
        header = {"alg": "RS256", "kid": key.kid} | self.header
        header = {name: value for name, value in header.items() if value is not None}
        if header["alg"] == "none":
            token = ".".join((_encoded(header), _encoded(claims), ""))
        else:
            token = jwt.encode(header, claims, key, algorithms=["RS256", "HS256"])
        return _json({"access_token": "an access token", "token_type": "Bearer", "id_token": token})


def _encoded(told: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def _json(told: object, status: int = 200) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(told).encode()


@contextmanager
def running() -> Iterator[StandIn]:
    """Run one on a free port."""
    stand_in = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            status, headers, content = stand_in.answer(
                urlsplit(self.path).path, body, self.headers.get("Authorization", "")
            )
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - as http.server calls it

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stand_in.issuer = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield stand_in
        server.shutdown()
