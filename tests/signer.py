"""A browser's key in software: makes the proofs that the script makes, and wrong ones on purpose."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from authshield.clock import now as clock_now
from authshield.observe.proof import FIELD, new_nonce, signed_text
from tests.site import PASSWORD, Guest

HEADER = "HTTP_AUTHSHIELD_PROOF"
FORM = "application/x-www-form-urlencoded"


def text(octets: bytes) -> str:
    """Base64url as JSON Web Signatures have it."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


@dataclass
class Signer:
    """One key. Time and nonce are the site's own of now, unless others are given."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def point(self) -> bytes:
        """Its x and y."""
        numbers = self.key.public_key().public_numbers()
        return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")

    def sign(self, message: bytes) -> bytes:
        """Both numbers of a signature."""
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def proof(self, method: str, path: str, body: bytes | None, *, nonce: str = "", stamp: str = "") -> str:
        """A proof of this request; ``body`` None stands for a form of several parts."""
        nonce = nonce or new_nonce(clock_now())
        stamp = stamp or str(int(clock_now().timestamp() * 1000))
        digest = "-" if body is None else text(hashlib.sha256(body).digest())
        signature = self.sign(signed_text(method, path, digest, stamp=stamp, nonce=nonce))
        return f"v1.{text(self.point)}.{nonce}.{stamp}.{text(signature)}"


@dataclass
class Keyed(Guest):
    """A browser that runs the script: it signs what it posts, registers its key, shows its presence."""

    signer: Signer | None = None

    def __post_init__(self) -> None:
        """Open the browser."""
        super().__post_init__()
        self.signer = self.signer or Signer()

    def post_form(self, path: str, fields: dict[str, str], **extra: Any) -> Any:
        """Send a form as the script does, with the proof as its last field."""
        assert self.signer
        body = urlencode(fields)
        proof = self.signer.proof("POST", path, body.encode())
        return self.client.post(path, f"{body}&{FIELD}={proof}", content_type=FORM, **extra)

    def sign_in(self, name: str, password: str | None = None, **extra: Any) -> Any:
        """Send the signed sign-in form."""
        fields = {"username": name, "password": password or PASSWORD.format(name)}
        return self.post_form("/login/", fields, **extra)

    def api(self, method: str, path: str, body: object = None, **extra: Any) -> Any:
        """Send signed JSON."""
        assert self.signer
        raw = b"" if body is None else json.dumps(body).encode()
        if method != "GET":
            extra.setdefault(HEADER, self.signer.proof(method, path, raw))
        return super().api(method, path, body, **extra)

    def show(self, **extra: Any) -> Any:
        """Register the key, or say that this browser is still there."""
        return self.api("POST", "/security/api/device", **extra)

    def settle_in(self, name: str) -> Keyed:
        """Sign in twice, as a customer who has been here before: from now on sessions begin with the key."""
        assert self.sign_in(name).status_code == 302
        assert self.show().status_code == 204
        self.client.cookies.pop("sessionid")
        assert self.sign_in(name).status_code == 302
        return self


def cookies_of(guest: Guest) -> dict[str, str]:
    """All of a browser's cookies, as malware copies them."""
    return {name: morsel.value for name, morsel in guest.client.cookies.items()}


def thief_of(victim: Guest, address: str, *, agent: str | None = None) -> Guest:
    """Somebody else with all cookies of a browser, its headers cloned, on another network and without its key."""
    thief = Guest(address, agent or victim.agent)
    for name, value in cookies_of(victim).items():
        thief.client.cookies[name] = value
    return thief


def nonce_in(page: str) -> str:
    """The nonce that a page gives to the script."""
    found = re.search(r'data-nonce="([^"]+)"', page)
    assert found
    return found[1]
