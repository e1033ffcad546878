"""Events, facts and rulesets to judge, made by hand. Must not hold expectations."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from authshield.judge import Ruleset, compile_ruleset
from authshield.vocabulary.event import (
    Client,
    DeviceSeen,
    Event,
    Kind,
    Login,
    Network,
    Order,
    OrderChange,
    PageRequest,
    ProfileChange,
    Subject,
    Withdrawal,
)
from authshield.vocabulary.facts import MISSING
from authshield.vocabulary.features import Features, LimitHit
from authshield.vocabulary.ruleset import Limit, Rule, RulesetSource, Threshold

AT = datetime(2025, 4, 14, 1, 2, 3, tzinfo=UTC)

ORDER = Order("7203", "buy", Decimal(100), Decimal(2500), 250_000)
SUBJECTS: dict[Kind, Subject] = {
    Kind.LOGIN: Login(succeeded=True),
    Kind.ORDER: ORDER,
    Kind.ORDER_CHANGE: OrderChange("o1", "amend", ORDER, 100_000),
    Kind.WITHDRAWAL: Withdrawal(100_000),
    Kind.PROFILE_CHANGE: ProfileChange("email"),
    Kind.REQUEST: PageRequest("/"),
}


def event(kind: Kind = Kind.ORDER, **changes: Any) -> Event:
    """An event of an ordinary customer; ``changes`` replace its fields."""
    values: dict[str, Any] = {
        "id": "e1",
        "at": AT,
        "kind": kind,
        "account": "A1",
        "session": "s1",
        "client": Client("203.0.113.7"),
        "device": DeviceSeen("d1", "valid"),
        "network": Network(64512, "JP", kind="residential"),
        "subject": SUBJECTS.get(kind),
        "username": "alice" if kind == Kind.LOGIN else "",
    }
    return Event(**values | changes)


def features(over: tuple[LimitHit, ...] = (), *, is_missing: bool = False, **facts: Any) -> Features:
    """Complete features; a fact's dot is written as two underscores."""
    named = {name.replace("__", "."): value for name, value in facts.items()}
    return Features(MISSING | named, over=over, is_missing=is_missing)


def rule(identifier: str, when: str = "true", kind: Kind = Kind.ORDER, **rest: Any) -> Rule:
    """A rule of one kind of event."""
    return Rule(identifier, frozenset({kind}), when, **rest)


def source(
    *rules: Rule, limits: tuple[Limit, ...] = (), thresholds: tuple[Threshold, ...] = (), **rest: Any
) -> RulesetSource:
    """A ruleset of these parts; the models are off, but where ``parameters`` say something else."""
    values: dict[str, Any] = {
        "version": 7,
        "name": "made",
        "rules": rules,
        "limits": limits,
        "thresholds": thresholds,
        "parameters": dict.fromkeys(("model_login", "model_order", "model_campaign"), 0),
    }
    return RulesetSource(**values | rest)


def ruleset(*rules: Rule, **rest: Any) -> Ruleset:
    """The same, compiled."""
    return compile_ruleset(source(*rules, **rest))
