"""A ring of thieves who buy one symbol, and what the doors and a worker make of them. Must not judge results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from authshield import clock, tasks
from authshield.backends.loader import geo_locator
from authshield.judge import Ruleset, judge, learning
from authshield.judge.evidence.weigh import POINTS_A_NAT
from authshield.learn.work import HANDLERS
from authshield.measure import Settlement, Store, measure, settle
from authshield.measure.stream import ack, read
from authshield.models import Session
from authshield.record import outbox
from authshield.replay import reader
from authshield.replay.money import Base
from authshield.replay.parse import Setting
from authshield.replay.record import Record
from authshield.replay.settle import as_judged, demand_of, outcome_of
from authshield.score.drain import process
from authshield.tune import rulebook, switches
from authshield.vocabulary.event import Login
from tests.hijack import no_weights
from tests.replay.lines import OWN_NETWORK, body, write
from tests.replay.replaying import order, simple_rules, story

DOUBTFUL = 5.0
"""Nats: no case alone, a campaign together with others like it."""

ALONE = POINTS_A_NAT * DOUBTFUL
CASE, CONTAIN = ALONE + 0.5 * POINTS_A_NAT, ALONE + 2 * POINTS_A_NAT
"""Thresholds that nobody passes alone, and everybody in a campaign."""

RING = 6
"""Enough for a campaign."""


def ruleset(**parameters: float) -> Ruleset:
    """What is doubtful is that much was sold: nothing else weighs."""
    weights = no_weights()
    weights["order:sold"] = (0.0, 0.0, 0.0, DOUBTFUL, DOUBTFUL, DOUBTFUL)
    return simple_rules(weights=weights, limits=(), score_case=CASE, score_contain=CONTAIN, **parameters)


def thief(number: int, symbol: str = "9999") -> list[dict[str, Any]]:
    """Not quite half sold and put into one thin symbol; each from a place of its own."""
    who: dict[str, Any] = {
        "account": f"90{number}",
        "session": f"s{number}",
        "username": f"victim{number}",
        "ip": f"198.51.{number}.9",
        "network": OWN_NETWORK | {"asn": 64000 + number},
        "device": {"id": f"d-{number}", "proof": None},
    }
    everything = {"cash": 0, "positions_value": 7_000_000, "position_quantity": 2000, "positions": 3}
    proceeds = {"cash": 3_150_000, "positions_value": 3_850_000, "position_quantity": 0, "positions": 3}
    thin = {"adv": 9_000_000, "market_cap": 10**9}
    sell = order("7203", side="sell", quantity=900, price=3500, portfolio=everything, **who)
    buy = order(symbol, side="buy", quantity=3150, price=1000, portfolio=proceeds, instrument=thin, **who)
    name = who.pop("username")
    return [body(**who, username=name), sell, buy]


def attack(count: int) -> list[dict[str, Any]]:
    """So many in turns, and a look at a page by each of them at the end."""
    doings = [one for number in range(1, count + 1) for one in thief(number)]
    pages = [
        body("request", account=f"90{number}", session=f"s{number}", ip=f"198.51.{number}.9")
        for number in range(1, count + 1)
    ]
    return story(*doings, *pages, step=timedelta(seconds=10))


def publish(**parameters: float) -> None:
    """Have the ruleset in force."""
    rulebook.publish_source(ruleset(**parameters).source, None, "test", clock.now())
    rulebook.forget()


def live(
    folder: Path,
    lines: list[dict[str, Any]],
    store: Store,
    *,
    by: Ruleset | None = None,
    works: bool = True,
) -> list[str]:
    """What the doors make of the lines, and with ``works`` a worker that is never behind; what became of each."""
    setting = Setting(Base.of("JPY"), geo_locator().locate)
    records = reader.read(
        [write(folder / "live.jsonl", lines)], setting, lambda problem: pytest.fail(str(problem))
    )
    return [_door(record, by or ruleset(), store, works=works) for record in records]


def _door(record: Record, by: Ruleset, store: Store, *, works: bool) -> str:
    event = record.event
    if Session.objects.filter(pk=event.session, ended_at__isnull=False).exists():
        return "moot"
    judged = as_judged(event)
    features = measure(judged, by, store)
    features = replace(features, is_cold=False)
    decision = judge(judged, features, by, switches.live(clock.now()))
    outcome = outcome_of(demand_of(decision, record), record, in_warm_up=False)
    lesson = learning(event, outcome, features, warm_up=False)
    succeeded = isinstance(event.subject, Login) and event.subject.succeeded and outcome.happened
    settle(
        event,
        features,
        Settlement(
            decision, outcome, learn=lesson.learn, trust=lesson.trust, login_succeeded=succeeded, extra={}
        ),
        store,
    )
    store.flush()
    if works:
        work_off(store)
    return outcome.final.value


def work_off(store: Store) -> None:
    """Do what is in the stream and what comes of it."""
    entries = read(store, count=100, block_ms=1)
    process(entries, store, tasks._work())
    ack(store, entries)
    outbox.run_due(clock.now(), HANDLERS)


def records_of(folder: Path, lines: list[dict[str, Any]]) -> Iterator[Record]:
    """The lines as a replay reads them."""
    setting = Setting(Base.of("JPY"), geo_locator().locate)
    yield from reader.read(
        [write(folder / "again.jsonl", lines)], setting, lambda problem: pytest.fail(str(problem))
    )
