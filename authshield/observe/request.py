"""The request becomes an Event. Reads headers, cookie and session; asks no database and no network."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from authshield.backends.loader import load
from authshield.conf import current
from authshield.observe.client_ip import client_ip, peer_is_trusted
from authshield.observe.device import read_device
from authshield.observe.fingerprint import clean
from authshield.observe.user_agent import MAX_LENGTH, summarise
from authshield.sealing import keyed_hash
from authshield.vocabulary.event import Client, DeviceSeen, Event, Kind, Network, Subject, Who

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from authshield.vocabulary.ports import GeoLocator

FINGERPRINT_KEY = "authshield_fingerprint"
_JA4 = re.compile(r"^[tqd](?:\d\d|s[23]|d[123])[di]\d{4}[0-9A-Za-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}\Z", re.ASCII)


def observe(
    request: HttpRequest,
    kind: Kind,
    who: Who,
    *,
    now: datetime,
    subject: Subject = None,
) -> Event:
    """Describe what is happening. Whatever cannot be read is unknown; nothing raises.

    Cost: no query, no network; about 30 µs, 60 µs for a browser never seen by this process.
    """
    client = observe_client(request)
    return Event(
        id=f"{int(now.timestamp() * 1000):011x}{secrets.token_hex(10)}",
        at=now,
        kind=kind,
        account=who.account,
        session=who.session,
        client=client,
        device=_device(request),
        network=_locate(client.ip),
        subject=subject,
        username=who.username,
    )


def observe_client(request: HttpRequest) -> Client:
    """Address and browser of the request."""
    meta = request.META
    agent = meta.get("HTTP_USER_AGENT", "")[:MAX_LENGTH]
    hints = meta.get("HTTP_SEC_CH_UA", "")[:MAX_LENGTH]
    platform = meta.get("HTTP_SEC_CH_UA_PLATFORM", "")[:64]
    return Client(
        ip=client_ip(request),
        user_agent=agent,
        accept_language=meta.get("HTTP_ACCEPT_LANGUAGE", "")[:200],
        sec_ch_ua=hints,
        sec_ch_ua_platform=platform,
        sec_ch_ua_mobile=meta.get("HTTP_SEC_CH_UA_MOBILE", "")[:8],
        ja4=_ja4(request),
        browser=summarise(agent, hints, platform).key,
    )


def _ja4(request: HttpRequest) -> str:
    name = current().JA4_HEADER
    if not name or not peer_is_trusted(request):
        return ""
    value = request.META.get("HTTP_" + name.upper().replace("-", "_"), "")
    return value if _JA4.match(value) else ""


def _device(request: HttpRequest) -> DeviceSeen:
    device = read_device(request)
    key = keyed_hash(device, "device") if device else ""
    return DeviceSeen(id=device, fingerprint=_fingerprint(request), key=key)


def _fingerprint(request: HttpRequest) -> dict[str, str]:
    session = getattr(request, "session", None)
    stored = session.get(FINGERPRINT_KEY) if session is not None else None
    return clean(stored) if isinstance(stored, dict) else {}


def _locate(ip: str) -> Network:
    locator: GeoLocator = load(current().GEO_LOCATOR)
    return locator.locate(ip)
