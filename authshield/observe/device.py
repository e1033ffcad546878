"""The device cookie: a random id with a generation, signed. It recognises a browser; who holds it, its key proves.

The id is kept. Each sign-in turns the generation up and mixes a new mark in, so that of a copied cookie one of the
two grows old; whether it did, the store sees. A cookie that does not verify counts as none at all.
"""

from __future__ import annotations

import re
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from authshield.conf import current, sealing_keys
from authshield.observe.cookies import put_cookie
from authshield.sealing import is_signed, sign

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_FORM = re.compile(
    r"^v2\.(([A-Za-z0-9_-]{22})\.([0-9a-f]{4})\.([0-9a-f]{12})\.((?:[A-Za-z0-9_-]{43})?))\.([0-9a-f]{64})\Z"
)
_FIRST_FORM = re.compile(r"^v1\.([A-Za-z0-9_-]{22})\.([0-9a-f]{64})\Z")
_PURPOSE = "device-cookie"
_ISSUED = "_authshield_issued_device"
_READ = "_authshield_device"
_UNREAD: Any = object()
_LONGEST = 154
_CACHED = 8192
_LAST_GENERATION = 0xFFFF


class Token(NamedTuple):
    """What a device cookie says.

    ``generation`` counts its sign-ins, ``mark`` tells two copies of one generation apart, ``key`` is the thumbprint
    of the key that the device registered. A cookie of the first form has an id alone.
    """

    id: str
    generation: int = 0
    mark: str = ""
    key: str = ""

    @property
    def cookie(self) -> str:
        """Generation and mark as an event carries them: 16 digits, empty for a cookie of the first form."""
        return f"{self.generation:04x}{self.mark}" if self.generation else ""


def cookie_name(*, is_secure: bool) -> str:
    """The cookie's name. Browsers take the ``__Host-`` prefix over https alone."""
    name = current().DEVICE_COOKIE
    return name if is_secure else name.removeprefix("__Host-")


def read_token(request: HttpRequest) -> Token | None:
    """The verified cookie that came with the request; None for no, a forged or a foreign cookie.

    Read once a request. Cost: 1 µs for a cookie that this process has verified before, 10 µs for another.
    """
    token: Token | None = getattr(request, _READ, _UNREAD)
    if token is _UNREAD:
        raw = request.COOKIES.get(cookie_name(is_secure=request.is_secure()))
        token = _verified(raw, sealing_keys()) if raw and len(raw) <= _LONGEST else None
        setattr(request, _READ, token)
    return token


def read_device(request: HttpRequest) -> str | None:
    """The verified device id that came with the request. Cost: ``read_token``."""
    token = read_token(request)
    return None if token is None else token.id


@lru_cache(maxsize=_CACHED)
def _verified(raw: str, _keys: tuple[bytes, ...]) -> Token | None:
    match = _FORM.match(raw)
    if match:
        text, device, generation, mark, key, signature = match.groups()
        return Token(device, int(generation, 16), mark, key) if is_signed(text, signature, _PURPOSE) else None
    match = _FIRST_FORM.match(raw)
    return Token(match[1]) if match and is_signed(match[1], match[2], _PURPOSE) else None


def device_or_issued(request: HttpRequest) -> str:
    """The device id that the browser has from this answer on: the one that came, or the one that is issued."""
    issued: Token | None = getattr(request, _ISSUED, None)
    if issued is None:
        issued = read_token(request)
    if issued is None:
        issued = Token(secrets.token_urlsafe(16), 1, _mark())
        setattr(request, _ISSUED, issued)
    return issued.id


def rotate_device(request: HttpRequest, *, key: str | None = None) -> None:
    """Let the answer bring the next generation of the cookie; ``key`` is the thumbprint of a key it registered."""
    device_or_issued(request)
    token: Token = getattr(request, _ISSUED, None) or read_token(request)  # type: ignore[assignment]
    generation = min(token.generation + 1, _LAST_GENERATION)
    rotated = Token(token.id, generation, _mark(), token.key if key is None else key)
    setattr(request, _ISSUED, rotated)


def renew_device(request: HttpRequest) -> str:
    """Let the answer bring another id: the one that came has a double, and is nobody's any more."""
    token = Token(secrets.token_urlsafe(16), 1, _mark())
    setattr(request, _ISSUED, token)
    return token.id


def issue_device(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set the cookie where the browser has none that verifies, or shall have another one."""
    token: Token | None = getattr(request, _ISSUED, None)
    if token is None:
        if read_token(request) is not None:
            return
        device_or_issued(request)
        token = getattr(request, _ISSUED)
    is_secure = request.is_secure()
    name, seconds = cookie_name(is_secure=is_secure), current().DEVICE_COOKIE_SECONDS
    put_cookie(response, name, _written(token), seconds=seconds, is_secure=is_secure)


def _written(token: Token) -> str:
    text = f"{token.id}.{token.generation:04x}.{token.mark}.{token.key}"
    return f"v2.{text}.{sign(text, _PURPOSE)}"


def _mark() -> str:
    return secrets.token_hex(6)
