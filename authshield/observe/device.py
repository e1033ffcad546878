"""The device cookie: a random id, signed. It recognises a browser; it proves nothing about who holds it.

Its id is issued once and kept; a cookie that does not verify counts as none at all.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from authshield.conf import current
from authshield.sealing import is_signed, sign

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_FORM = re.compile(r"^v1\.([A-Za-z0-9_-]{22})\.([0-9a-f]{64})\Z")
_PURPOSE = "device-cookie"
_ISSUED = "_authshield_issued_device"


def cookie_name(*, is_secure: bool) -> str:
    """The cookie's name. Browsers take the ``__Host-`` prefix over https alone."""
    name = current().DEVICE_COOKIE
    return name if is_secure else name.removeprefix("__Host-")


def read_device(request: HttpRequest) -> str | None:
    """The verified device id that came with the request; None for no, a forged or a foreign cookie."""
    raw = request.COOKIES.get(cookie_name(is_secure=request.is_secure()), "")
    match = _FORM.match(raw)
    if match and is_signed(match[1], match[2], _PURPOSE):
        return match[1]
    return None


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
