"""Cookies of this package, set in a tenth of the work that ``set_cookie`` is: none of them has an odd character.

Must not be used for a value that somebody else had a say in.
"""

from __future__ import annotations

from http.cookies import Morsel
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

_FIXED = {"path": "/", "httponly": True, "samesite": "Lax"}


def put_cookie(response: HttpResponseBase, name: str, value: str, *, seconds: int, is_secure: bool) -> None:
    """A cookie of the whole site and of this host alone, shut to scripts; it lives so many seconds."""
    morsel: Any = Morsel()
    morsel.set(name, value, value)
    dict.update(morsel, _FIXED, **{"max-age": seconds, "secure": is_secure})
    dict.__setitem__(response.cookies, name, morsel)
