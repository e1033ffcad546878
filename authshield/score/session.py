"""The late look at a session after one of its orders: is this somebody else, and is it the pump?

Pure: facts in, points out, the same in a replay. Every part grows with its fact and none is negative, so that
more evidence never lowers a score. What is done with the money counts in full only if the session is strange:
an owner who sells everything on a known device stays far below a case. Source: the stages of the 2025 attacks
(strange session, liquidation, proceeds into one thin symbol that was never held).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from authshield.vocabulary.actions import Strength
from authshield.vocabulary.decision import Reason
from authshield.vocabulary.event import Kind
from authshield.vocabulary.facts import MISSING

if TYPE_CHECKING:
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import FactValue, Features

MODEL = "session-1"
SCORED = frozenset({Kind.ORDER, Kind.ORDER_CHANGE, Kind.WITHDRAWAL})
"""Kinds of event after which a session is looked at again."""

SCORE_CASE = 50.0
SCORE_CONTAIN = 70.0

_LEAST = 0.005
"""Points that round to nothing are no reason."""

_LIQUID = 0.35
"""What buying a liquid symbol counts of what a thin one does: it moves no price, but may still be a thief's."""


@dataclass(frozen=True, slots=True)
class LateScore:
    """0 to 100, with the points of each part, largest first; they add up to the score before it is clipped.

    ``opens_case`` and ``contains`` compare it with the ruleset's ``score_case`` and ``score_contain``.
    """

    score: float
    reasons: tuple[Reason, ...]
    opens_case: bool = False
    contains: bool = False


@dataclass(frozen=True, slots=True)
class _Facts:
    """The facts by name, numbers as floats; what is missing has its declared value."""

    values: Mapping[str, FactValue]

    def number(self, name: str) -> float:
        value = self.values.get(name, MISSING[name])
        return float(value) if isinstance(value, bool | int | float) else 0.0

    def flag(self, name: str) -> bool:
        return bool(self.values.get(name, MISSING[name]))

    def word(self, name: str) -> str:
        return str(self.values.get(name, MISSING[name]))


def score(event: Event, features: Features, parameters: Mapping[str, float]) -> LateScore:
    """Score the session of an order, order change or withdrawal. Every other kind scores 0. Cost: 10 µs.

    ``parameters`` are the ruleset's: ``score_case`` (50) and ``score_contain`` (70).
    """
    if event.kind not in SCORED:
        return LateScore(0.0, ())
    facts = _Facts(features.facts)
    strange, why = strangeness(facts.values)
    parts = [
        Reason("session:strange", 30 * strange, why),
        *_account_parts(facts, strange),
        *_trade_parts(facts, strange),
        *_withdrawal_parts(facts, strange),
    ]
    reasons = tuple(
        Reason(part.code, round(part.points, 2), part.text)
        for part in sorted(parts, key=lambda part: (-part.points, part.code))
        if part.points >= _LEAST
    )
    total = round(min(100.0, sum(reason.points for reason in reasons)), 2)
    return LateScore(
        total,
        reasons,
        opens_case=total >= parameters.get("score_case", SCORE_CASE),
        contains=total >= parameters.get("score_contain", SCORE_CONTAIN),
    )


def strangeness(values: Mapping[str, FactValue]) -> tuple[float, str]:
    """How strange the session is to its account, 0 to 1, and why. A proof that cannot be relayed clears it."""
    facts = _Facts(values)
    if facts.number("session.strength") >= Strength.PHISHING_RESISTANT:
        return 0.0, ""
    # The browser cookie moved to other hands: another browser, from elsewhere.
    is_other = facts.flag("session.browser_changed") or facts.flag("session.device_changed")
    has_moved = facts.flag("session.network_changed") or facts.flag("session.country_changed")
    if facts.flag("session.is_unusual"):
        return 1.0, "opened on an unknown device from an unfamiliar network"
    if is_other and has_moved:
        return 1.0, "goes on in another browser on another network than it was opened with"
    if not facts.flag("device.is_trusted"):
        return 0.5, "on a device that is not trusted yet"
    return (0.3, "device or network changed since the sign-in") if is_other or has_moved else (0.0, "")


def _account_parts(facts: _Facts, strange: float) -> Iterator[Reason]:
    risk = facts.number("session.login_risk")
    yield Reason("session:login_risk", 5 * _ramp(risk, 30, 90), f"sign-in risk {risk:.0f}")
    hours = facts.number("account.contact_changed_hours")
    fresh = 1 - _ramp(hours, 24, 72)
    yield Reason(
        "account:contact_changed",
        (5 + 5 * strange) * fresh,
        f"contact data or factors changed {hours:.0f} h ago",
    )


def _trade_parts(facts: _Facts, strange: float) -> Iterator[Reason]:
    sold = max(facts.number("order.liquidation_30m"), facts.number("order.liquidation_24h"))
    liquidated = _ramp(sold, 0.1, 0.5)
    yield Reason("order:liquidation", (10 + 12 * strange) * liquidated, f"{sold:.0%} of the portfolio sold")
    thin = 1.0 if facts.flag("order.is_thin") else _LIQUID
    reuse = facts.number("order.reuse")
    yield Reason(
        "order:reuse",
        (3 + 7 * strange) * liquidated * _ramp(reuse, 0, 1) * thin,
        f"{reuse:.0%} of the proceeds spent on buying",
    )
    share = facts.number("order.concentration")
    yield Reason(
        "order:concentration",
        (5 + 7 * strange) * _ramp(share, 0.25, 0.75) * thin,
        f"{share:.0%} of the buying power into one symbol",
    )
    if facts.word("order.side") == "buy":
        yield from _symbol_parts(facts, strange, thin)


def _symbol_parts(facts: _Facts, strange: float, thin: float) -> Iterator[Reason]:
    if facts.flag("order.is_thin"):
        yield Reason("symbol:thin", 4 + 8 * strange, "buys a thinly traded symbol")
    impact = facts.number("order.adv_share")
    yield Reason(
        "symbol:impact",
        (2 + 2 * strange) * _ramp(impact, 0.02, 0.2),
        f"{impact:.0%} of the symbol's daily trade",
    )
    if not facts.flag("order.symbol_seen"):
        yield Reason("symbol:new", (3 + 6 * strange) * thin, "never held or traded this symbol")
    buyers = facts.number("order.symbol_buyers_60m")
    yield Reason(
        "symbol:campaign",
        10 * strange * _ramp(buyers, 1, 4),
        f"{buyers:.0f} accounts buy it from unusual sessions",
    )


def _withdrawal_parts(facts: _Facts, strange: float) -> Iterator[Reason]:
    share = facts.number("withdrawal.share")
    yield Reason(
        "withdrawal:share",
        (8 + 22 * strange) * _ramp(share, 0.1, 0.5),
        f"{share:.0%} of the account withdrawn",
    )
    if share > 0:
        age = facts.number("withdrawal.destination_age_days")
        yield Reason(
            "withdrawal:destination",
            (4 + 12 * strange) * (1 - _ramp(age, 1, 30)),
            f"to an account registered {age:.0f} days ago",
        )


def _ramp(value: float, low: float, high: float) -> float:
    """0 up to ``low``, 1 from ``high`` on, straight between them."""
    return min(1.0, max(0.0, (value - low) / (high - low)))
