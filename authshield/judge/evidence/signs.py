"""The signs that are looked at: what each is read from, and the steps in which it is weighed.

A sign is a number that only grows with suspicion; its ``edges`` cut it into steps, and each step has a weight of its
own (``weights``), never less than that of the step before. So every verdict is a sum that can be shown line by line,
and a weight can be counted anew from labelled events.

Must not weigh anything: that is ``weigh``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authshield.judge.evidence import order_signs, session_signs
from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authshield.vocabulary.features import FactValue

    Facts = Mapping[str, FactValue]
    Read = Callable[[Facts], float]

SESSION, ORDER, CAMPAIGN = "login", "order", "campaign"
"""Groups: who it is, what is done, and what others do. Each can be switched off by a parameter ``model_<group>``."""

_ALL = frozenset({Kind.LOGIN, Kind.ORDER, Kind.ORDER_CHANGE, Kind.WITHDRAWAL, Kind.PROFILE_CHANGE})
_LATER = _ALL - {Kind.LOGIN}
_ORDERS = frozenset({Kind.ORDER, Kind.ORDER_CHANGE})
_MONEY = frozenset({Kind.WITHDRAWAL})


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign: its reason code, where its steps begin, how it is read from which facts, and on which events."""

    code: str
    group: str
    kinds: frozenset[Kind]
    edges: tuple[float, ...]
    read: Read
    facts: tuple[str, ...]
    text: str

    @property
    def steps(self) -> int:
        """How many weights it needs."""
        return len(self.edges) + 1


SIGNS: tuple[Sign, ...] = (
    Sign(
        "who:device",
        SESSION,
        _ALL,
        edges=(-0.5, 0.3, 1.0, 2.0, 3.0),
        read=session_signs.device,
        facts=(
            "device.is_trusted",
            "device.surprise",
        ),
        text="device",
    ),
    Sign(
        "who:network",
        SESSION,
        _ALL,
        edges=(-0.5, 0.01, 0.7, 1.5, 2.5, 3.5),
        read=session_signs.network,
        facts=(
            "network.surprise",
            "network.is_familiar",
        ),
        text="network",
    ),
    Sign(
        "who:relay",
        SESSION,
        _ALL,
        edges=(0.5,),
        read=session_signs.relay,
        facts=(
            "network.kind",
            "network.is_familiar",
        ),
        text="hosting or anonymizing network",
    ),
    Sign(
        "who:looks",
        SESSION,
        _ALL,
        edges=(-6.0, -2.0, -0.01, 0.01, 2.0, 5.0),
        read=session_signs.looks,
        facts=("device.likeness",),
        text="the browser's looks",
    ),
    Sign(
        "who:device_proof",
        SESSION,
        _ALL,
        edges=(0.5, 1.5, 2.5),
        read=session_signs.device_proof,
        facts=(
            "device.proof",
            "device.proof_missed",
        ),
        text="the device's proof",
    ),
    Sign(
        "who:browser",
        SESSION,
        _ALL,
        edges=(0.5,),
        read=session_signs.browser,
        facts=("device.browser_seen",),
        text="browser never used before",
    ),
    Sign(
        "who:hour",
        SESSION,
        _ALL,
        edges=(0.3, 1.0, 2.0),
        read=session_signs.hour,
        facts=("event.hour_surprise",),
        text="hour of the day",
    ),
    Sign(
        "who:travel",
        SESSION,
        _ALL,
        edges=(0.5,),
        read=session_signs.travel,
        facts=(
            "network.travel_kmh",
            "device.is_trusted",
        ),
        text="too far from the last sign-in",
    ),
    Sign(
        "who:moved",
        SESSION,
        _LATER,
        edges=(0.5, 1.5, 2.5),
        read=session_signs.moved,
        facts=(
            "session.browser_changed",
            "session.device_changed",
            "session.network_changed",
            "session.country_changed",
            "network.is_familiar",
        ),
        text="changed since the sign-in",
    ),
    Sign(
        "who:sign_in",
        SESSION,
        _LATER,
        edges=(5.0, 15.0, 25.0, 40.0),
        read=session_signs.sign_in,
        facts=("session.login_risk",),
        text="risk of the sign-in",
    ),
    Sign(
        "who:unproved",
        SESSION,
        _LATER,
        edges=(0.5, 1.5),
        read=session_signs.unproved,
        facts=("session.strength",),
        text="proof in the session",
    ),
    Sign(
        "who:changed",
        SESSION,
        _LATER,
        edges=(0.5, 1.5, 2.5),
        read=session_signs.changed,
        facts=("account.contact_changed_hours",),
        text="contact data or factors changed",
    ),
    Sign(
        "who:guessed",
        SESSION,
        frozenset({Kind.LOGIN}),
        edges=(1.5, 3.5, 8.5),
        read=session_signs.guessed,
        facts=("velocity.login-strangers-24h",),
        text="guessed at",
    ),
    Sign(
        "order:symbol",
        ORDER,
        _ORDERS,
        edges=(-0.5, 0.3, 0.8, 1.5, 2.5),
        read=order_signs.symbol,
        facts=(
            "order.side",
            "order.symbol_seen",
            "order.symbol_surprise",
        ),
        text="symbol",
    ),
    Sign(
        "order:impact",
        ORDER,
        _ORDERS,
        edges=(-2.5, -2.0, -1.3, -0.7, 0.0),
        read=order_signs.impact,
        facts=(
            "order.side",
            "order.adv_share",
        ),
        text="share of daily trade",
    ),
    Sign(
        "order:thin",
        ORDER,
        _ORDERS,
        edges=(-1.7, -1.0, -0.5, 0.0, 0.5),
        read=order_signs.thin,
        facts=(
            "order.side",
            "order.adv",
        ),
        text="thinness of the symbol",
    ),
    Sign(
        "order:unlike",
        ORDER,
        _ORDERS,
        edges=(-0.5, 1.0, 2.0, 3.0),
        read=order_signs.unlike,
        facts=("order.thin_surprise",),
        text="moving a price is unlike them",
    ),
    Sign(
        "order:concentration",
        ORDER,
        _ORDERS,
        edges=(0.1, 0.25, 0.5, 0.75, 0.9),
        read=order_signs.concentration,
        facts=(
            "order.side",
            "order.concentration",
        ),
        text="into one",
    ),
    Sign(
        "order:size",
        ORDER,
        _ORDERS,
        edges=(0.05, 0.1, 0.2, 0.4, 0.7),
        read=order_signs.size,
        facts=(
            "order.side",
            "order.portfolio_share",
        ),
        text="share of the portfolio",
    ),
    Sign(
        "order:sold",
        ORDER,
        _ORDERS,
        edges=(0.02, 0.1, 0.25, 0.5, 0.75),
        read=order_signs.sold,
        facts=("order.liquidation_24h",),
        text="sold in a day",
    ),
    Sign(
        "order:sale",
        ORDER,
        _ORDERS,
        edges=(-0.5, 1.0, 2.0, 3.0),
        read=order_signs.sale,
        facts=("order.sale_surprise",),
        text="selling so much is unlike them",
    ),
    Sign(
        "order:reuse",
        ORDER,
        _ORDERS,
        edges=(0.1, 0.4, 0.7),
        read=order_signs.reuse,
        facts=(
            "order.side",
            "order.liquidation_24h",
            "order.reuse",
        ),
        text="proceeds spent at once",
    ),
    Sign(
        "order:market",
        ORDER,
        _ORDERS,
        edges=(0.1, 1.5, 3.0),
        read=order_signs.market,
        facts=("order.market_surprise",),
        text="market never used",
    ),
    Sign(
        "order:margin",
        ORDER,
        _ORDERS,
        edges=(0.5,),
        read=order_signs.margin,
        facts=("order.is_first_margin",),
        text="first order on margin",
    ),
    Sign(
        "order:pace",
        ORDER,
        _ORDERS,
        edges=(2.5, 5.5, 11.5),
        read=order_signs.pace,
        facts=("order.count_10m",),
        text="orders in ten minutes",
    ),
    Sign(
        "order:pump",
        ORDER,
        _ORDERS,
        edges=(0.5,),
        read=order_signs.pump,
        facts=(
            "order.side",
            "order.is_thin",
            "order.adv_share",
            "order.liquidation_24h",
            "order.symbol_seen",
        ),
        text="sold out, then into one symbol that moves",
    ),
    Sign(
        "money:share",
        ORDER,
        _MONEY,
        edges=(0.05, 0.2, 0.5, 0.8),
        read=order_signs.withdrawn,
        facts=("withdrawal.share",),
        text="share withdrawn",
    ),
    Sign(
        "money:destination",
        ORDER,
        _MONEY,
        edges=(0.5, 1.5, 2.5),
        read=order_signs.destination,
        facts=(
            "withdrawal.destination_age_days",
            "withdrawal.value",
        ),
        text="new bank account",
    ),
    Sign(
        "campaign:symbol",
        CAMPAIGN,
        _ORDERS,
        edges=(0.5, 2.0, 4.0, 6.0, 9.0),
        read=order_signs.campaign,
        facts=(
            "order.side",
            "order.campaign",
            "order.symbol_seen",
        ),
        text="others who buy it",
    ),
)

BY_CODE = {sign.code: sign for sign in SIGNS}


def facts_weighed(kind: Kind) -> frozenset[str]:
    """The facts that the signs of such an event are read from."""
    return frozenset(name for sign in SIGNS if kind in sign.kinds for name in sign.facts)
