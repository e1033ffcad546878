"""Lines of the interchange format for tests: good ones, to be broken in one place. Must not read the project."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/135.0.0.0 Safari/537.36"
)
OWN_NETWORK = {
    "asn": 64512,
    "country": "JP",
    "lat": 35.68,
    "lon": 139.69,
    "radius_km": 30,
    "kind": "residential",
}
_OWN: dict[str, dict[str, Any]] = {
    "login": {"username": "alice", "outcome": "success", "method": "password"},
    "order": {
        "order": {
            "symbol": "7203",
            "market": "XTKS",
            "side": "buy",
            "quantity": 100,
            "price": 2501.5,
            "currency": "JPY",
            "type": "limit",
        },
        "instrument": {"adv": 91e9, "market_cap": 41e12},
        "portfolio": {
            "cash": 3_200_000,
            "positions_value": 4_100_000,
            "position_quantity": 0,
            "positions": 4,
        },
    },
    "order_change": {"order_id": "O-1", "change": "amend", "quantity": 200, "price": 2500.0},
    "fill": {"order_id": "O-1", "quantity": 200, "price": 2500.0},
    "withdrawal": {"amount": 500_000, "currency": "JPY", "destination_age_days": 410},
    "profile_change": {"field": "email"},
    "request": {"path": "/orders/"},
    "logout": {},
}
KINDS = tuple(_OWN)


def body(kind: str = "login", **changes: Any) -> dict[str, Any]:
    """A good line of a kind as an object; a change of a field to ``...`` leaves it out."""
    whole: dict[str, Any] = {
        "id": "e1",
        "time": "2025-04-14T00:01:00.000Z",
        "kind": kind,
        "account": "A1",
        "session": "s1",
        "ip": "203.0.113.7",
        "user_agent": BROWSER,
        "headers": {"accept_language": "ja", "sec_ch_ua_platform": '"Windows"'},
        "device": {"id": "d-1", "proof": "valid", "fingerprint": {"screen": "1920x1080"}},
        "network": dict(OWN_NETWORK),
        "enrolled": ["email", "totp"],
        "can_pass": ["email", "totp"],
        "label": "legit",
    }
    whole |= json.loads(json.dumps(_OWN.get(kind, {})))
    whole |= changes
    return {name: value for name, value in whole.items() if value is not ...}


def changed(kind: str, path: str, value: object) -> dict[str, Any]:
    """A good line with one field, such as ``order.price``, set to ``value``, or left out for ``...``."""
    whole = body(kind)
    *parents, last = path.split(".")
    place = whole
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return whole


def parsed(line: object) -> Any:
    """The same as the reader's JSON parser hands it on: fractions are decimals."""
    return json.loads(json.dumps(line), parse_float=Decimal)


def write(path: Path, bodies: Iterable[Mapping[str, Any] | str | bytes]) -> Path:
    """Write lines to a file; text and bytes go in as they are."""
    with path.open("wb") as stream:
        for item in bodies:
            raw = item if isinstance(item, bytes) else item.encode() if isinstance(item, str) else None
            stream.write(json.dumps(item).encode() if raw is None else raw)
            stream.write(b"\n")
    return path
