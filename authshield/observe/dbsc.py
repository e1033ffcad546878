"""Device bound session credentials on the wire: headers, proofs, instructions, and the cookie that is kept alive.

The browser makes a key in hardware where it can, and renews a short cookie by signing a challenge; a copied cookie
dies within minutes. Both forms of each header are read, quoted and bare. Must not touch a table: ``enforce.bound``.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

from authshield.conf import current
from authshield.observe.cookies import put_cookie as put
from authshield.sealing import POINT_BYTES, is_p256, is_signed_by, is_signed_by_rsa, keyed_hash

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

REGISTRATION = "Secure-Session-Registration"
CHALLENGE = "Secure-Session-Challenge"
PROOF_META = "HTTP_SECURE_SESSION_RESPONSE"
ID_META = "HTTP_SEC_SECURE_SESSION_ID"
COOKIE = "__Host-authshield-bound"
ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
ALGORITHMS = ("ES256", "RS256")
GRACE_SECONDS = 30
"""How long an old cookie, and an answer that got lost, still count."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIME = re.compile(r"[0-9]{1,12}")
_COMPACT = re.compile(r"([A-Za-z0-9_-]{1,2048})\.([A-Za-z0-9_-]{1,2048})\.([A-Za-z0-9_-]{1,1024})")
_COORDINATE = POINT_BYTES // 2
_USUAL_EXPONENT = "AQAB"
_COOKIE_PURPOSE = "dbsc-cookie"


class BadProof(Exception):  # noqa: N818 - what it is, not what went wrong
    """A proof that is none; the text says why, for the log."""


class SessionProof(NamedTuple):
    """A well-formed proof, not verified yet. ``key`` came with it at a registration, and is empty at a refresh."""

    algorithm: str
    challenge: str
    authorization: str
    key: bytes
    message: bytes
    signature: bytes

    def is_by(self, algorithm: str, key: bytes) -> bool:
        """Whether the holder of this key made it."""
        if self.algorithm != algorithm:
            return False
        verify = is_signed_by if algorithm == "ES256" else is_signed_by_rsa
        return verify(key, self.signature, self.message)


def bare(value: str) -> str:
    """What a header says, in quotes as its draft has it or without as browsers send it."""
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def session_id(request: HttpRequest) -> str:
    """The session that a refresh is of; empty where none is named."""
    found = bare(request.META.get(ID_META, ""))
    return found if _TOKEN.fullmatch(found) else ""


def read_proof(text: str) -> SessionProof:
    """Take a proof apart; raises ``BadProof`` for whatever is not exactly one of ours.

    No algorithm but the two, and no other type: what a token says of itself decides nothing else.
    """
    match = _COMPACT.fullmatch(bare(text))
    if match is None:
        raise BadProof("no compact token")
    header, payload = _object(match[1]), _object(match[2])
    algorithm = header.get("alg")
    if header.get("typ") != "dbsc+jwt" or algorithm not in ALGORITHMS:
        raise BadProof("another type or algorithm")
    challenge, authorization = payload.get("jti"), payload.get("authorization", "")
    if not isinstance(challenge, str) or not isinstance(authorization, str):
        raise BadProof("no challenge")
    key = _key(algorithm, header["jwk"]) if "jwk" in header else b""
    message = f"{match[1]}.{match[2]}".encode()
    return SessionProof(algorithm, challenge, authorization, key, message, _octets(match[3]))


def _key(algorithm: str, jwk: Any) -> bytes:
    """The key as it is kept: x and y, or the modulus."""
    if not isinstance(jwk, dict):
        raise BadProof("no key")
    if algorithm == "ES256" and (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256"):
        x, y = _octets(jwk.get("x")), _octets(jwk.get("y"))
        if len(x) == len(y) == _COORDINATE and is_p256(x + y):
            return x + y
    if algorithm == "RS256" and (jwk.get("kty"), jwk.get("e")) == ("RSA", _USUAL_EXPONENT):
        return _octets(jwk.get("n"))
    raise BadProof("not a key of that algorithm")


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(_octets(text))
    except (ValueError, RecursionError) as error:
        raise BadProof("no JSON") from error
    if not isinstance(found, dict):
        raise BadProof("no object")
    return found


def _octets(text: object) -> bytes:
    if not isinstance(text, str) or not text.isascii():
        raise BadProof("no base64url")
    try:
        found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise BadProof("no base64url") from error
    if urlsafe_b64encode(found).rstrip(b"=").decode() != text:
        raise BadProof("no base64url")
    return found


def registration_header(path: str, challenge: str, authorization: str) -> str:
    """Asks the browser to bind the session that this answer opens."""
    return f'(ES256 RS256);path="{path}";challenge="{challenge}";authorization="{authorization}"'


def challenge_header(challenge: str, identifier: str) -> str:
    """What the next proof of this session has to be of."""
    return f'"{challenge}";id="{identifier}"'


def instructions(identifier: str, refresh_url: str, origin: str) -> dict[str, Any]:
    """What the browser is told at the registration. Static files need no fresh cookie."""
    scope = {
        "origin": origin,
        "include_site": False,
        "scope_specification": [
            {"type": "exclude", "domain": "*", "path": path} for path in current().DBSC_EXCLUDE
        ],
    }
    return {
        "session_identifier": identifier,
        "refresh_url": refresh_url,
        "continue": True,
        "scope": scope,
        "credentials": [{"type": "cookie", "name": COOKIE, "attributes": ATTRIBUTES}],
        "allowed_refresh_initiators": [],
    }


def put_cookie(response: HttpResponseBase, identifier: str, sid: str, now: datetime) -> None:
    """Set the short cookie anew."""
    seconds = current().DBSC_COOKIE_SECONDS
    until = str(int(now.timestamp()) + seconds)
    value = f"{until}.{identifier}.{_mac(identifier, sid, until)}"
    put(response, COOKIE, value, seconds=seconds, is_secure=True)


def is_held(request: HttpRequest, sid: str, now: datetime) -> bool:
    """Whether the cookie came that only the session's own browser can renew, and has not run out. Cost: 2 µs."""
    until, _, rest = request.COOKIES.get(COOKIE, "").partition(".")
    identifier, _, mac = rest.partition(".")
    if not mac or not _TIME.fullmatch(until):
        return False
    is_ours = hmac.compare_digest(mac.encode(), _mac(identifier, sid, until).encode())
    return is_ours and now.timestamp() <= int(until) + GRACE_SECONDS


def _mac(identifier: str, sid: str, until: str) -> str:
    return keyed_hash(f"{identifier}\x1f{sid}\x1f{until}", _COOKIE_PURPOSE)
