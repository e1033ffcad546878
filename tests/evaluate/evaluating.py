"""A small labelled world for tests, with figures that can be worked out by hand. Must not judge results."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from authshield.conf import current
from authshield.evaluate import outcome
from authshield.evaluate.job import Plan
from authshield.evaluate.outcome import Outcome, Wanted
from authshield.replay.run import Options
from authshield.vocabulary.ruleset import RulesetSource
from tests.replay.lines import body, write
from tests.replay.replaying import Silent, order, simple_rules

START = datetime(2025, 4, 1, 1, tzinfo=UTC)
WARM_UP = timedelta(days=3)
CUSTOMERS = ("A1", "A2", "A3", "A4")
DAYS = 6
VALUE = 250_150
"""What each order of the world is worth, in yen."""
THIEF = {
    "ip": "198.51.100.66",
    "network": {"asn": 64999, "country": "SG", "lat": 1.3, "lon": 103.8, "kind": "hosting"},
    "device": {"id": None, "proof": None},
}


def world(*, attack: bool = True) -> list[dict[str, Any]]:
    """Four customers sign in and buy each day; on the last one a thief in two accounts.

    In A1 the thief's orders are executed, held and denied, an hour apart, in A2 one is executed. A3's ordinary last
    order is held too. A1 comes back after the thief.
    """
    lines = []
    for day in range(DAYS):
        for number, account in enumerate(CUSTOMERS):
            at = START + timedelta(days=day, minutes=number)
            symbol = "HOLD" if account == "A3" and day == DAYS - 1 else "7203"
            lines += visit(account, at, f"{account}-{day}", [symbol])
    if attack:
        at = START + timedelta(days=DAYS)
        told: dict[str, Any] = {"label": "fraud", "campaign": "pump-1"} | THIEF
        lines += visit("A1", at, "T1", ["7203", "HOLD", "DENY"], step=timedelta(hours=1), **told)
        lines += visit("A2", at + timedelta(hours=4), "T2", ["7203"], **told)
        lines += visit("A1", at + timedelta(hours=6), "A1-back", ["7203"])
    ordered = sorted(lines, key=lambda line: line["time"])
    return [line | {"id": f"e{number}"} for number, line in enumerate(ordered)]


def visit(
    account: str,
    at: datetime,
    session: str,
    symbols: Iterable[str],
    *,
    step: timedelta = timedelta(seconds=10),
    **changes: Any,
) -> list[dict[str, Any]]:
    """A sign-in and orders, one ``step`` apart."""
    device = {"id": f"d-{account}", "proof": "valid", "fingerprint": {"screen": account}}
    shared = {"account": account, "session": session, "device": device} | changes
    lines = [body(username=account, **shared), *(order(symbol, **shared) for symbol in symbols)]
    return [
        line | {"time": f"{(at + number * step).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"}
        for number, line in enumerate(lines)
    ]


class Watched(Silent):
    """Keeps the steps that it is told of."""

    def __init__(self) -> None:
        """Nothing yet."""
        super().__init__()
        self.steps: list[str] = []

    def of(self, step: str) -> Watched:
        """What comes next."""
        self.steps.append(step)
        return self


def evaluate(
    folder: Path,
    *worlds: Iterable[Any],
    source: RulesetSource | None = None,
    baselines: Iterable[str] = (),
    watcher: Watched | None = None,
    **plan: Any,
) -> Outcome:
    """Write each world to a file and evaluate them, with rules by which a symbol says what becomes of an order."""
    folder.mkdir(exist_ok=True)
    files = [write(folder / f"w{number}.jsonl", lines) for number, lines in enumerate(worlds)]
    made = Plan(files=files, detectors=[], settings=current(), options=Options(WARM_UP))
    wanted = Wanted(
        replace(made, **plan), frozenset(baselines), simple_rules().source if source is None else source
    )
    return outcome.of(wanted, (watcher or Watched()).of)


def ours(found: Outcome) -> dict[str, Any]:
    """The figures of the last detector, as a program would read them."""
    figures: dict[str, Any] = json.loads(json.dumps(found.figures, allow_nan=False))
    last: dict[str, Any] = figures["detectors"][-1]
    return last
