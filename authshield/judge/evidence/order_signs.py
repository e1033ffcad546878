"""What is done? Signs of orders and withdrawals. Each grows with suspicion. Pure.

-1 stands for what the account does anyway, or what the order cannot be suspected of.
"""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING

from authshield.judge.evidence.session_signs import OWN, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authshield.vocabulary.features import FactValue

    Facts = Mapping[str, FactValue]

LEAST = -9.0
"""Below every step: not a buy, or nothing known of the symbol."""

STAKE = 1_000_000
"""Yen; an ordinary order. What a wrong hold costs is the same for every order, what a thief takes is not."""

DESTINATION_DAYS = (1.0, 7.0, 30.0)


def _is_buy(facts: Facts) -> bool:
    return facts["order.side"] == "buy"


def symbol(facts: Facts) -> float:
    """How unexpected it is that the account buys this symbol."""
    if not _is_buy(facts) or facts["order.symbol_seen"]:
        return OWN
    return number(facts, "order.symbol_surprise")


def impact(facts: Facts) -> float:
    """The logarithm of the buy as a share of the symbol's daily trade."""
    share = number(facts, "order.adv_share")
    return log10(share) if share > 0 and _is_buy(facts) else LEAST


def concentration(facts: Facts) -> float:
    """Bought of the symbol in a day, as a share of all buying power."""
    return number(facts, "order.concentration") if _is_buy(facts) else 0.0


def sold(facts: Facts) -> float:
    """Sold within half an hour as a share of the portfolio before: a thief's pace. ``sale`` looks at the day."""
    return number(facts, "order.liquidation_30m")


def sale(facts: Facts) -> float:
    """How unexpected it is that the account sells a large part of what it has."""
    found = number(facts, "order.sale_surprise")
    return found if found > 0 else OWN


def reuse(facts: Facts) -> float:
    """Share of large sales already spent on buying."""
    is_spent = _is_buy(facts) and number(facts, "order.liquidation_24h") >= 0.1  # noqa: PLR2004 - a tenth
    return number(facts, "order.reuse") if is_spent else 0.0


def market(facts: Facts) -> float:
    """How unexpected the market is."""
    return number(facts, "order.market_surprise")


def margin(facts: Facts) -> float:
    """Whether it is the account's first order on margin."""
    return float(bool(facts["order.is_first_margin"]))


def pace(facts: Facts) -> float:
    """Orders in ten minutes."""
    return number(facts, "order.count_10m")


def stake(facts: Facts) -> float:
    """The logarithm of the order's value, in units of ``STAKE``."""
    value = number(facts, "order.value")
    return log10(value) - log10(STAKE) if value > 0 else LEAST  # the quotient of a tiny value would be 0


def hurry(facts: Facts) -> float:
    """How soon after the sign-in, in seconds below 0."""
    return -number(facts, "session.age_seconds")


def pump(facts: Facts) -> float:
    """Whether a large part was sold and goes into a new symbol that this order moves the price of."""
    is_moved = bool(facts["order.is_thin"]) or number(facts, "order.adv_share") >= 0.02  # noqa: PLR2004 - 2 %
    is_sold = number(facts, "order.liquidation_24h") >= 0.3  # noqa: PLR2004 - 30 %
    return float(_is_buy(facts) and not facts["order.symbol_seen"] and is_moved and is_sold)


def withdrawn(facts: Facts) -> float:
    """Share of the account that is to leave."""
    return number(facts, "withdrawal.share")


def destination(facts: Facts) -> float:
    """How new the bank account is: 0 over a month, 3 not a day."""
    days = number(facts, "withdrawal.destination_age_days")
    return float(sum(days < limit for limit in DESTINATION_DAYS)) if facts["withdrawal.value"] else 0.0


def crowd(facts: Facts) -> float:
    """How few customers buy the symbol too: news moves many, a thief moves those whom he has hijacked."""
    return -number(facts, "order.crowd") if _is_buy(facts) else 0.0


def campaign(facts: Facts) -> float:
    """Evidence against the others who buy this symbol; nothing for those who had it before."""
    return number(facts, "order.campaign") if _is_buy(facts) and not facts["order.symbol_seen"] else 0.0
