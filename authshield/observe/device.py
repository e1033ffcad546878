"""The device cookie: a random id, signed. It recognises a browser; it proves nothing about who holds it.

Its id is issued once and kept; a cookie that does not verify counts as none at all.
"""

from __future__ import annotations

import re
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from authshield.conf import current, sealing_keys
from authshield.sealing import is_signed, sign

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_FORM = re.compile(r"^v1\.([A-Za-z0-9_-]{22})\.([0-9a-f]{64})\Z")
_PURPOSE = "device-cookie"
_ISSUED = "_authshield_issued_device"
_READ = "_authshield_device"
_UNREAD: Any = object()
_LENGTH = len("v1.") + 22 + len(".") + 64
_CACHED = 8192


def cookie_name(*, is_secure: bool) -> str:
    """The cookie's name. Browsers take the ``__Host-`` prefix over https alone."""
    name = current().DEVICE_COOKIE
    return name if is_secure else name.removeprefix("__Host-")


def read_device(request: HttpRequest) -> str | None:
    """The verified device id that came with the request; None for no, a forged or a foreign cookie.

    Read once a request. Cost: 1 µs for a cookie that this process has verified before, 10 µs for another.
    """
    device: str | None = getattr(request, _READ, _UNREAD)
    if device is _UNREAD:
        raw = request.COOKIES.get(cookie_name(is_secure=request.is_secure()))
        device = _verified(raw, sealing_keys()) if raw and len(raw) == _LENGTH else None
        setattr(request, _READ, device)
    return device


@lru_cache(maxsize=_CACHED)
def _verified(raw: str, _keys: tuple[bytes, ...]) -> str | None:
    match = _FORM.match(raw)
    return match[1] if match and is_signed(match[1], match[2], _PURPOSE) else None


def device_or_issued(request: HttpRequest) -> str:
    """The device id that came, or the one that the answer to this request will bring."""
    device = read_device(request) or getattr(request, _ISSUED, None)
    if device is None:
        device = secrets.token_urlsafe(16)
        setattr(request, _ISSUED, device)
    return device


def issue_device(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set the cookie if the browser has none that verifies."""
    if read_device(request) is not None:
        return
    device = device_or_issued(request)
    settings = current()
    response.set_cookie(
        cookie_name(is_secure=request.is_secure()),
        f"v1.{device}.{sign(device, _PURPOSE)}",
        max_age=settings.DEVICE_COOKIE_SECONDS,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
        path="/",
    )
