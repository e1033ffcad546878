"""Events, limits and rulesets for the tests of measuring, and the journey of one of them. Must hold no test."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from authshield.measure import Settlement, Store, measure, settle
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Decision, Final, Outcome
from authshield.vocabulary.event import (
    Client,
    DeviceSeen,
    Event,
    Instrument,
    Kind,
    Login,
    Network,
    Order,
    Portfolio,
    Subject,
)
from authshield.vocabulary.features import Features
from authshield.vocabulary.ruleset import Dimension, Limit, RulesetSource

START = datetime(2025, 4, 14, 0, 1, 2, 345000, tzinfo=UTC)
HOME = Client("203.0.113.9", "Mozilla/5.0", "ja", browser="Chrome/Windows")
TOKYO = Network(64512, "JP", 35.68, 139.77, 20.0, "residential")
PARIS = Network(64999, "FR", 48.85, 2.35, 20.0, "residential")
ALL_KINDS = frozenset(Kind)

_numbers = count()


@dataclass(frozen=True)
class Listed:
    """Lists that hold every event, by name."""

    names: tuple[str, ...] = ()

    def facts(self, event: Event) -> dict[str, list[str]]:
        """All of them, if there is an event."""
        return {"lists.ip": [name for name in self.names if event.id]}


@dataclass(frozen=True)
class Published:
    """As much of a compiled ruleset as measuring needs."""

    source: RulesetSource
    limits: tuple[Limit, ...] = ()
    lists: Listed = Listed()
    by_kind: dict[Kind, tuple[Limit, ...]] = field(default_factory=dict)

    def limits_for(self, kind: Kind) -> tuple[Limit, ...]:
        """The limits of a kind, the same tuple each time."""
        if kind not in self.by_kind:
            self.by_kind[kind] = tuple(limit for limit in self.limits if kind in limit.kinds)
        return self.by_kind[kind]


def published(*limits: Limit, **parameters: float) -> Published:
    """A ruleset of these limits."""
    return Published(RulesetSource(1, "test", limits=limits, parameters=parameters), limits)


def limit(name: str, dimension: Dimension, capacity: int, **changes: Any) -> Limit:
    """A limit on every kind of event, of one minute."""
    base = Limit(id=name, kinds=ALL_KINDS, dimension=dimension, window_seconds=60, capacity=capacity)
    return replace(base, **changes)


def event(kind: Kind, subject: Subject = None, *, after: float = 0.0, **changes: Any) -> Event:
    """Alice's event of this kind, ``after`` seconds from the start, from home on her device."""
    base = Event(
        id=f"event-{next(_numbers)}",
        at=START + timedelta(seconds=after),
        kind=kind,
        account="alice",
        session="alice-session",
        client=HOME,
        device=DeviceSeen("alice-device", "", {"screen": "1920x1080", "timezone": "Asia/Tokyo"}),
        network=TOKYO,
        subject=subject,
    )
    return replace(base, **changes)


def login(*, after: float = 0.0, **changes: Any) -> Event:
    """A sign-in with her password."""
    changes = {"username": "alice", "subject": Login(succeeded=True), **changes}
    return event(Kind.LOGIN, after=after, **changes)


def order(
    value: int = 100, side: str = "buy", *, after: float = 0.0, symbol: str = "7203", **changes: Any
) -> Event:
    """An order of a portfolio of 1,000 in cash and 9,000 in positions, on a symbol that trades 10,000 a day."""
    subject = Order(
        symbol=symbol,
        side=side,
        quantity=Decimal(1),
        price=Decimal(value),
        value_minor=value,
        market="XTKS",
        instrument=Instrument(adv_minor=10_000),
        portfolio=Portfolio(cash_minor=1_000, positions_value_minor=9_000),
    )
    return event(Kind.ORDER, subject, after=after, **changes)


def decision(of: Event, risk: float = 7.0) -> Decision:
    """Nothing against it."""
    return Decision(of.id, Action.ALLOW, Strength.NONE, risk, (), (), 1)


def settlement(of: Event, final: Final = Final.ALLOWED, **changes: Any) -> Settlement:
    """It took effect, and the profile may learn from it."""
    proved = changes.pop("proved", Strength.NONE)
    base = Settlement(decision=decision(of), outcome=Outcome(final, proved=proved), learn=True, trust=False)
    return replace(base, **changes)


def with_order(made: Event, **changes: Any) -> Event:
    """The same event of an order with other fields."""
    assert isinstance(made.subject, Order)
    return replace(made, subject=replace(made.subject, **changes))


NO_LIMITS = published()


def page(*, after: float = 1.0, **changes: Any) -> Event:
    """A page of her session."""
    return event(Kind.REQUEST, after=after, **changes)


def take(made: Event, store: Store, rules: Published = NO_LIMITS, **changes: Any) -> Features:
    """Measure and settle; the Features are those from before it was settled."""
    features = measure(made, rules, store)
    settle(made, features, replace(settlement(made), **changes), store)
    return features
