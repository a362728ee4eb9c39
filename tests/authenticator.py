"""A device that keeps a passkey and signs with it, in software: what a browser would send."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

from lib.passkeys import Site

IS_THERE, IS_VERIFIED, HAS_KEY = 0x01, 0x04, 0x40  # flags of WebAuthn's authenticator data


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Authenticator:
    """One passkey of a site."""

    site: Site
    key: ec.EllipticCurvePrivateKey = field(default_factory=_new_key)
    id: bytes = field(default_factory=lambda: os.urandom(16))

    def make(self, challenge: bytes | str) -> str:
        """Return what a browser sends for a new passkey."""
        point = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (point.x, point.y))
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        own = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose
        said = self._said(HAS_KEY) + own
        return self._answer(
            clientDataJSON=self._client("webauthn.create", challenge),
            attestationObject=cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": said}),
        )

    def sign(self, challenge: bytes | str) -> str:
        """Return what a browser sends for a challenge that the passkey signed."""
        client, said = self._client("webauthn.get", challenge), self._said()
        signed = said + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=said, signature=signature)

    def _said(self, flags: int = 0) -> bytes:
        site = hashlib.sha256(self.site.name.encode()).digest()
        return site + bytes([IS_THERE | IS_VERIFIED | flags]) + struct.pack(">I", 0)

    def _client(self, kind: str, challenge: bytes | str) -> bytes:
        text = challenge if isinstance(challenge, str) else bytes_to_base64url(challenge)
        return json.dumps({"type": kind, "challenge": text, "origin": self.site.origin}).encode()

    def _answer(self, **response: bytes) -> str:
        named = bytes_to_base64url(self.id)
        return json.dumps(
            {
                "id": named, "rawId": named, "type": "public-key",
                "response": {name: bytes_to_base64url(part) for name, part in response.items()},
            }
        )  # fmt: skip
