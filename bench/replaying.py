"""How many recorded events a second a replay decides on one core, its Valkey included."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bench.conductor import ROOT, on_core, site_environ
from bench.traffic import CHROME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = 20250414
BEGIN = datetime(2025, 4, 14, tzinfo=UTC)
ACCOUNTS = 400
SYMBOLS = ("7203", "6758", "9984", "8306", "7974", "4063")
LIMIT_SECONDS = 240


def write_events(path: Path, events: int) -> None:
    """A quiet month: everybody at home, a sign-in, some pages, some orders. The same for the same number."""
    numbers = random.Random(SEED)  # noqa: S311 - made-up events
    with path.open("w", encoding="utf-8") as lines:
        for number, event in zip(range(events), _events(numbers), strict=False):
            lines.write(json.dumps({"id": f"e{number}", **event}) + "\n")


def _events(numbers: random.Random) -> Iterator[dict[str, Any]]:
    at, visit = BEGIN, 0
    while True:
        visit += 1
        account = numbers.randrange(ACCOUNTS)
        who = {
            "account": f"a{account}",
            "session": f"s{visit}",
            "ip": f"10.{account // 250}.{account % 250}.7",
            "user_agent": CHROME,
            "network": {
                "asn": 64500 + account % 9,
                "country": "JP",
                "lat": 35.7,
                "lon": 139.7,
                "radius_km": 20,
            },
            "device": {"id": f"d{account}", "proof": None},
            "enrolled": ["totp"],
            "can_pass": ["totp"],
        }
        visits = [{"kind": "login", "username": f"user{account}", "outcome": "success", "method": "password"}]
        visits += [_visit(numbers) for _ in range(numbers.randint(1, 6))]
        for one in visits:
            at += timedelta(milliseconds=numbers.randint(5, 9000))
            yield {"time": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z", **who, **one}


def _visit(numbers: random.Random) -> dict[str, Any]:
    if numbers.random() < 0.5:  # noqa: PLR2004 - as many pages as orders
        return {"kind": "request", "path": "/"}
    return {
        "kind": "order",
        "order": {
            "symbol": numbers.choice(SYMBOLS),
            "market": "XTKS",
            "side": "buy",
            "quantity": 100,
            "price": numbers.randint(500, 3000),
            "currency": "JPY",
            "type": "limit",
        },
        "instrument": {"adv": 5e9, "market_cap": 8e11},
        "portfolio": {"cash": 2e6, "positions_value": 8e6, "position_quantity": 200, "positions": 12},
    }


def replayed(folder: Path, events: int) -> dict[str, Any]:
    """Write the events and replay them; the report's own speed, and what became of the orders."""
    folder.mkdir()
    path = folder / "events.jsonl"
    write_events(path, events)
    argv = [sys.executable, "manage.py", "authshield_replay", str(path), "--warm-up", "1h", "--json"]
    environ = site_environ("authshield", folder, f"unix://{folder}/nothing.sock")
    with on_core(0):
        done = subprocess.run(
            argv, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS
        )
    if done.returncode:
        raise SystemExit(f"bench: the replay failed: {done.stderr.strip()}")
    report = json.loads(done.stdout)
    return {name: report[name] for name in ("events", "seconds", "events_per_second", "by_kind")}
