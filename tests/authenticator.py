"""An authenticator in software: makes passkeys and signs with them, rightly or wrongly in any one point.

Builds its bytes with the libraries that come with py_webauthn. Must not know anything of the site.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url, encode_cbor

if TYPE_CHECKING:
    from collections.abc import Mapping

ORIGIN = "http://localhost:8000"
RP_ID = "localhost"
UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
CURVE = 32


@dataclass(frozen=True)
class How:
    """How an answer is made; whatever differs from the defaults is somebody's trick."""

    origin: str = ORIGIN
    rp_id: str = RP_ID
    kind: str = ""
    challenge: bytes | None = None
    flags: int = UP | UV
    counter: int | None = None
    client: Mapping[str, Any] = field(default_factory=dict)
    key: ec.EllipticCurvePrivateKey | None = None
    credential_id: bytes | None = None
    user_handle: bytes | None = None
    names_owner: bool = True


@dataclass
class Authenticator:
    """One passkey. ``is_synced`` sets the backup flags; a synced one counts nothing."""

    is_synced: bool = False
    counter: int = 0
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user_handle: bytes = b""

    def create(self, options: Mapping[str, Any], how: How | None = None) -> str:
        """Answer ``navigator.credentials.create``: what ``credential.toJSON()`` gives, as text."""
        how = how or How()
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + self._cose()
        data = self._data(how, more=attested, flags=AT)
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": _text(self._client(options, how, "webauthn.create")),
            "attestationObject": _text(attestation),
            "transports": ["internal"],
        }
        return self._answer(how, response, {"credProps": {"rk": True}})

    def get(self, options: Mapping[str, Any], how: How | None = None) -> str:
        """Answer ``navigator.credentials.get``; the counter goes on, unless it is synced."""
        how = how or How()
        self.counter += not self.is_synced
        client = self._client(options, how, "webauthn.get")
        data = self._data(how)
        signed = (how.key or self.key).sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": _text(client),
            "authenticatorData": _text(data),
            "signature": _text(signed),
        }
        if how.names_owner:
            response["userHandle"] = _text(how.user_handle or self.user_handle)
        return self._answer(how, response, {})

    def _answer(self, how: How, response: Mapping[str, Any], results: Mapping[str, Any]) -> str:
        name = _text(how.credential_id or self.credential_id)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": response,
                "clientExtensionResults": results,
                "authenticatorAttachment": "platform",
            }
        )

    def _client(self, options: Mapping[str, Any], how: How, kind: str) -> bytes:
        challenge = options["challenge"] if how.challenge is None else _text(how.challenge)
        client = {
            "type": how.kind or kind,
            "challenge": challenge,
            "origin": how.origin,
            "crossOrigin": False,
        }
        return json.dumps({**client, **how.client}).encode()

    def _data(self, how: How, *, more: bytes = b"", flags: int = 0) -> bytes:
        flags |= how.flags | ((BE | BS) if self.is_synced else 0)
        counter = self.counter if how.counter is None else how.counter
        return hashlib.sha256(how.rp_id.encode()).digest() + struct.pack(">BI", flags, counter) + more

    def _cose(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(CURVE, "big"), numbers.y.to_bytes(CURVE, "big")
        return encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})


def _text(raw: bytes) -> str:
    return bytes_to_base64url(raw)
