"""The columns that the ledger and the journal share, filled from an event and what was decided of it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from authshield.backends.geo import place_of
from authshield.backends.loader import geo_locator
from authshield.record import redact
from authshield.sealing import keyed_hash
from authshield.vocabulary.decision import Decision
from authshield.vocabulary.event import Client, DeviceSeen, Event


def device_hash(device_id: str | None) -> str:
    """Under what a device is kept: the keyed hash of its cookie's id, empty for none."""
    return keyed_hash(device_id, "device") if device_id else ""


def fingerprint_hash(device: DeviceSeen) -> str:
    """Under what a fingerprint is kept, empty for none: the same text as the counters hash."""
    fingerprint = device.fingerprint
    text = "\x1f".join(f"{name}={fingerprint[name]}" for name in sorted(fingerprint))
    return keyed_hash(text, "fingerprint") if text else ""


def label_of(client: Client) -> str:
    """Browser and system in words, such as ``Chrome, Windows``."""
    return _label(client.browser)


@lru_cache(maxsize=1024)
def _label(browser: str) -> str:
    return redact.line(browser.replace("/", ", "), 100)


def place_in_words(event: Event) -> str:
    """Where the event came from, for people; empty if unknown."""
    place = place_of(event.client.ip, event.network, geo_locator())
    return redact.line(place, 100) if place else ""


def event_columns(event: Event) -> dict[str, Any]:
    """Who, where and with what. Holds keyed hashes where nobody needs to read the value."""
    return {
        "event_id": redact.line(event.id, 64),
        "at": event.at,
        "kind": str(event.kind),
        "account": redact.line(event.account or "", 64),
        "sid": redact.line(event.session or "", 64),
        "ip": redact.address(event.client.ip),
        "device_hash": event.device.key or device_hash(event.device.id),
        "label": label_of(event.client),
        "place": place_in_words(event),
    }


def decision_columns(decision: Decision) -> dict[str, Any]:
    """What the rules said, with its reasons largest first."""
    reasons = sorted(decision.reasons, key=lambda reason: -reason.points)
    return {
        "action": decision.action.word,
        "required": decision.required.word if decision.required else "",
        "risk": decision.risk,
        "reasons": [
            {"code": reason.code, "points": reason.points, "text": redact.plain(reason.text)}
            for reason in reasons
        ],
        "rules": list(decision.rules),
        "ruleset_version": decision.ruleset_version,
        "is_observed": decision.observe_only,
    }
