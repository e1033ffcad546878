"""The sign that a bound session's browser proved itself a moment ago, from this network: a cookie for plain pages.

A page that is opened by a link cannot be signed. So each proof leaves this cookie, good for some minutes and on one
carrier (or in one address block, where that is not known). It needs no memory. A copy of it is worth as long as it
has left to live, there and nowhere else; it can order nothing.
"""

from __future__ import annotations

import hmac
import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

from authshield.conf import current
from authshield.observe.client_ip import client_ip
from authshield.observe.cookies import put_cookie
from authshield.observe.proof import SESSION, VALID, seen_proof
from authshield.sealing import keyed_hash
from authshield.vocabulary.address import is_ipv4

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from authshield.vocabulary.event import Network

_PURPOSE = "presence"
_LONGEST = 64
_NAME = "authshield-presence"


def cookie_name(*, is_secure: bool) -> str:
    """The cookie's name. Browsers take the ``__Host-`` prefix over https alone."""
    return f"__Host-{_NAME}" if is_secure else _NAME


def seconds_left(request: HttpRequest, place: str, now: datetime) -> int:
    """How long this browser still counts as present at this place; 0 where it does not. Cost: 4 µs."""
    raw = request.COOKIES.get(cookie_name(is_secure=request.is_secure()), "")
    until, _, mac = raw.partition(".")
    if not mac or len(raw) > _LONGEST or not until.isascii() or not until.isdigit():
        return 0
    left = int(until) - int(now.timestamp())
    if not 0 < left <= current().PRESENCE_SECONDS:
        return 0
    return left if hmac.compare_digest(mac.encode(), _mac(_stored(request), place, until).encode()) else 0


def issue_presence(request: HttpRequest, response: HttpResponseBase, place: str, now: datetime) -> None:
    """Renew the sign where this very request was signed by the session's key."""
    stored = _stored(request)
    if (
        not stored.get("key")
        or seen_proof(request).key != stored["key"]
        or seen_proof(request).state != VALID
    ):
        return
    seconds = current().PRESENCE_SECONDS
    until = str(int(now.timestamp()) + seconds)
    is_secure, value = request.is_secure(), f"{until}.{_mac(stored, place, until)}"
    put_cookie(response, cookie_name(is_secure=is_secure), value, seconds=seconds, is_secure=is_secure)


def place_of(request: HttpRequest, network: Network) -> str:
    """Where a sign of presence counts: the carrier, else the address block."""
    return f"as{network.asn}" if network.asn else _block(client_ip(request))


@lru_cache(maxsize=8192)
def _block(ip: str) -> str:
    if is_ipv4(ip):
        return ip.rpartition(".")[0]
    try:
        return str(ipaddress.ip_network(f"{ip.partition('%')[0]}/48", strict=False))
    except ValueError:
        return ip


def _mac(stored: Mapping[str, str], place: str, until: str) -> str:
    return keyed_hash("\x1f".join((stored.get("sid", ""), stored.get("key", ""), place, until)), _PURPOSE)


def _stored(request: HttpRequest) -> Mapping[str, str]:
    stored = request.session.get(SESSION)
    return stored if isinstance(stored, dict) else {}
