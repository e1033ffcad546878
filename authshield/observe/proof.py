"""The device's proof: this very request, signed by the key that the browser made and cannot give away.

A proof is ``v1.<key>.<nonce>.<time>.<signature>``, all of it base64url or plain: the P-256 key's x and y, a nonce of
this site, the site's time in milliseconds as the browser reckons it, and r and s over ``signed_text``. It comes in a
header, or as the last field of a form. Asks neither database nor store; that a proof came before, the store says.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

from django.http.request import RawPostDataException, UnreadablePostError

from authshield.observe.device import read_token
from authshield.sealing import POINT_BYTES, is_p256, is_signed_by, keyed_hash

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

META = "HTTP_AUTHSHIELD_PROOF"
FIELD = "authshield_proof"
SESSION = "authshield"
"""Where ``signedin`` keeps what belongs to the sign-in; ``key`` is the thumbprint that it is bound to."""

VALID, INVALID, ABSENT = "valid", "invalid", ""
NONCE_SECONDS = 300
"""How long a nonce can be signed."""

SKEW_SECONDS = 30
"""How far a proof may be ahead; how far behind, the nonce's life says."""

LATE_SECONDS = 120
"""How old a proof may get on its way."""

UNSIGNED = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods of pages: what is opened by a link cannot be signed."""

_PURPOSE = "proof-nonce"
_FORM = re.compile(
    r"v1\.([A-Za-z0-9_-]{86})\.(([0-9a-z]{1,11})\.[A-Za-z0-9_-]{11}\.[0-9a-f]{32})\.([0-9]{1,15})\.([A-Za-z0-9_-]{86})"
)
_LONGEST = 320
_READ = "_authshield_proof"
_LAST_FIELD = f"{FIELD}=".encode()
_UNBOUND_BODY = "multipart/form-data"
_FORM_BODY = "application/x-www-form-urlencoded"


class Proof(NamedTuple):
    """``state``: valid, invalid or absent. ``key``: the thumbprint of whose it is. ``tag`` names this very proof."""

    state: str = ABSENT
    key: str = ""
    tag: str = ""


NONE = Proof()


def new_nonce(now: datetime) -> str:
    """A nonce that needs no memory: its time, something random, and a keyed hash of both. Cost: 3 µs."""
    said = f"{_base36(int(now.timestamp()))}.{secrets.token_urlsafe(8)}"
    return f"{said}.{keyed_hash(said, _PURPOSE)}"


def proof_of(request: HttpRequest, now: datetime) -> Proof:
    """The proof that came, whoever's key it is. Read once a request. Cost: 0.1 ms where there is one."""
    found: Proof | None = getattr(request, _READ, None)
    if found is None:
        found = NONE if request.method in UNSIGNED else _read(request, now)
        setattr(request, _READ, found)
    return found


def seen_proof(request: HttpRequest) -> Proof:
    """The proof as far as somebody has asked for it: for whoever comes after the answer."""
    found: Proof | None = getattr(request, _READ, None)
    return found or NONE


def was_looked_up(request: HttpRequest, state: str) -> None:
    """Let what comes next in this very request go by what the store has said of its proof, and not ask again.

    An answer and the operation that it lets on come in one request with one proof: it did not come before.
    """
    seen = seen_proof(request)
    setattr(request, _READ, Proof(INVALID if state == INVALID else seen.state, seen.key))


def session_key(request: HttpRequest) -> str:
    """The thumbprint that the signed-in session is bound to; empty where it is not."""
    session = getattr(request, "session", None)
    stored = session.get(SESSION) if session is not None else None
    return stored.get("key", "") if isinstance(stored, dict) else ""


def state_of(request: HttpRequest, now: datetime) -> Proof:
    """The proof as it counts here: by the key of the session, else by the key of the device cookie.

    One by a key that neither knows says nothing, as does one without a device cookie, which could come again
    unseen.
    """
    proof, token = proof_of(request, now), read_token(request)
    if not proof.state or token is None:
        return NONE
    known = session_key(request) or token.key
    if not known:
        return NONE
    if proof.state == VALID and not hmac.compare_digest(known, proof.key):
        return Proof(INVALID)
    return proof


def signed_text(method: str, path: str, digest: str, *, stamp: str, nonce: str) -> bytes:
    """What a proof signs. ``path``: decoded, with the query as it was sent; ``digest``: SHA-256 of the body."""
    return f"authshield-proof-v1\n{method}\n{path}\n{digest}\n{stamp}\n{nonce}".encode("utf-8", "replace")


def thumbprint(point: bytes) -> str:
    """A key's name."""
    return _text(hashlib.sha256(point).digest())


def _read(request: HttpRequest, now: datetime) -> Proof:
    raw, body = _sent(request)
    if not raw:
        return NONE
    match = _FORM.fullmatch(raw) if len(raw) <= _LONGEST else None
    if match is None:
        return Proof(INVALID)
    point_text, nonce, issued, stamp, signature = match.groups()
    if not _is_fresh(nonce, issued, stamp, now):
        return NONE
    point = _octets(point_text)
    path = request.path + ("?" + query if (query := request.META.get("QUERY_STRING", "")) else "")
    text = signed_text(request.method or "", path, body, stamp=stamp, nonce=nonce)
    if not is_p256(point) or not is_signed_by(point, _octets(signature), text):
        return Proof(INVALID)
    return Proof(VALID, thumbprint(point), signature[:22])


def _sent(request: HttpRequest) -> tuple[str, str]:
    """The proof as it was sent, and the digest of the body that it has to be of."""
    header = request.META.get(META, "")
    kind = request.content_type
    if kind == _UNBOUND_BODY:
        return header or request.POST.get(FIELD, ""), "-"
    if not header and kind != _FORM_BODY:
        return "", ""
    try:
        body = request.body
    except (RawPostDataException, UnreadablePostError):
        return header, ""
    if header:
        return header, _digest(body)
    # A form's own bytes, up to the field that the script has put behind all others.
    rest, found, value = body.rpartition(_LAST_FIELD)
    if not found or (rest and not rest.endswith(b"&")) or b"&" in value:
        return "", ""
    return value.decode("ascii", "replace"), _digest(rest.removesuffix(b"&"))


def _is_fresh(nonce: str, issued: str, stamp: str, now: datetime) -> bool:
    said, _, mac = nonce.rpartition(".")
    if not hmac.compare_digest(mac, keyed_hash(said, _PURPOSE)):
        return False
    at, began, signed = now.timestamp(), int(issued, 36), int(stamp) / 1000
    is_alive = -SKEW_SECONDS <= at - began <= NONCE_SECONDS + LATE_SECONDS and signed - began <= NONCE_SECONDS
    return is_alive and -SKEW_SECONDS <= at - signed <= LATE_SECONDS


def _digest(body: bytes) -> str:
    return _text(hashlib.sha256(body).digest())


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    """86 characters are 64 octets and four bits too many: those have to be zeros, or one proof had several names."""
    octets = urlsafe_b64decode(text + "==")
    return octets if len(octets) == POINT_BYTES and _text(octets) == text else b""


def _base36(number: int) -> str:
    digits: Any = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = digits[digit] + text
    return text
