"""Buys of a symbol that a campaign has put under guard. Must not set or lift a guard: it comes as a switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.vocabulary.decision import Finding
from authshield.vocabulary.event import Order, OrderChange
from authshield.vocabulary.ruleset import SwitchKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import Features
    from authshield.vocabulary.ruleset import Switch


def symbol_guards(event: Event, features: Features, switches: Iterable[Switch]) -> list[Finding]:
    """What buys of guarded symbols need; nothing for an account that trades it anyhow, on a device that it trusts."""
    bought = _bought(event)
    found = (
        [one for one in switches if one.kind == SwitchKind.SYMBOL and one.target == bought] if bought else []
    )
    if not found or (features.facts.get("order.symbol_seen") and features.facts.get("device.is_trusted")):
        return []
    text = "a campaign buys this symbol"
    return [Finding("switch:symbol", "symbol_guarded", 0.0, one.action, one.required, text) for one in found]


def _bought(event: Event) -> str:
    """The symbol that the event would buy, or buy more of; none for a cancel."""
    subject = event.subject
    if isinstance(subject, OrderChange):
        order = subject.order if subject.change != "cancel" else None
    else:
        order = subject if isinstance(subject, Order) else None
    return order.symbol if order is not None and order.side == "buy" else ""
