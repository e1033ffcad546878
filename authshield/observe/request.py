"""The request becomes an Event. Reads headers, cookie and session; asks no database and no network."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from authshield.backends.loader import load
from authshield.conf import current, sealing_keys
from authshield.observe.client_ip import client_ip, peer_is_trusted
from authshield.observe.dbsc import is_held as is_bound_by_browser
from authshield.observe.device import read_token
from authshield.observe.fingerprint import clean
from authshield.observe.presence import issue_presence, place_of, seconds_left
from authshield.observe.proof import NONE, SESSION, UNSIGNED, VALID, Proof, state_of
from authshield.observe.user_agent import MAX_LENGTH, summarise
from authshield.sealing import keyed_hash
from authshield.vocabulary.event import Client, DeviceSeen, Event, Kind, Network, Subject, Who

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from authshield.vocabulary.ports import GeoLocator

FINGERPRINT_KEY = "authshield_fingerprint"
_CACHED = 8192
_NOTHING: dict[str, str] = {}
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

    Cost: no query, no network; about 8 µs, 60 µs for a browser never seen by this process.
    """
    client = observe_client(request)
    network, token = _locate(client.ip), read_token(request)
    session = getattr(request, "session", None)
    stored, prints = (
        (session.get(SESSION), session.get(FINGERPRINT_KEY)) if session is not None else (None, None)
    )
    if not isinstance(stored, dict):
        stored = _NOTHING
    proof, is_bound = _proof(request, kind, stored, network, now=now)
    is_held = current().DBSC and is_bound_by_browser(request, stored.get("sid", ""), now)
    fingerprint = tuple(clean(prints).items()) if isinstance(prints, dict) else ()
    return Event(
        id=f"{int(now.timestamp() * 1000):011x}{os.urandom(10).hex()}",
        at=now,
        kind=kind,
        account=who.account,
        session=who.session,
        client=client,
        device=_seen(
            token.id if token else None, fingerprint, sealing_keys(), proof.state, (is_bound, is_held)
        ),
        network=network,
        subject=subject,
        username=who.username,
        proof=proof.tag,
        cookie=token.cookie if token else "",
    )


def observe_client(request: HttpRequest) -> Client:
    """Address and browser of the request."""
    header = request.META.get
    return _client(
        client_ip(request),
        header("HTTP_USER_AGENT", "")[:MAX_LENGTH],
        header("HTTP_ACCEPT_LANGUAGE", "")[:200],
        header("HTTP_SEC_CH_UA", "")[:MAX_LENGTH],
        header("HTTP_SEC_CH_UA_PLATFORM", "")[:64],
        header("HTTP_SEC_CH_UA_MOBILE", "")[:8],
        _ja4(request),
    )


@lru_cache(maxsize=_CACHED)
def _client(ip: str, agent: str, language: str, *rest: str) -> Client:
    hints, platform, mobile, ja4 = rest
    return Client(ip, agent, language, hints, platform, mobile, ja4, summarise(agent, hints, platform).key)


def _ja4(request: HttpRequest) -> str:
    name = current().JA4_HEADER
    if not name or not peer_is_trusted(request):
        return ""
    value = request.META.get("HTTP_" + name.upper().replace("-", "_"), "")
    return value if _JA4.match(value) else ""


def renew_presence(request: HttpRequest, response: HttpResponseBase, now: datetime) -> None:
    """Let the answer to a proved request bring the sign of presence."""
    issue_presence(request, response, place_of(request, _locate(client_ip(request))), now)


def presence_left(request: HttpRequest, now: datetime) -> int:
    """How many seconds this browser still counts as present here."""
    return seconds_left(request, place_of(request, _locate(client_ip(request))), now)


def _proof(
    request: HttpRequest, kind: Kind, stored: Mapping[str, str], network: Network, *, now: datetime
) -> tuple[Proof, bool]:
    """The device's proof, and whether the session owes one. For a page it is enough that one was given lately.

    A session that was confirmed after its key was lost still owes one for everything but pages.
    """
    proof = NONE if request.method in UNSIGNED else state_of(request, now)
    if "key" not in stored or kind is not Kind.REQUEST:
        return proof, "key" in stored
    if stored["key"] and not proof.state and seconds_left(request, place_of(request, network), now):
        return Proof(VALID), True
    return proof, bool(stored["key"])


@lru_cache(maxsize=_CACHED)
def _seen(
    device: str | None,
    fingerprint: tuple[tuple[str, str], ...],
    _keys: tuple[bytes, ...],
    proof: str,
    bindings: tuple[bool, bool],
) -> DeviceSeen:
    prints = dict(fingerprint)
    if device is None:
        return DeviceSeen(None, proof, prints, "", *bindings)
    key = keyed_hash(device, "device")
    return DeviceSeen(device, proof, prints, key, *bindings)


def _locate(ip: str) -> Network:
    locator: GeoLocator = load(current().GEO_LOCATOR)
    return locator.locate(ip)
