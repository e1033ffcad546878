"""A guarded symbol: whose buys need more, and whose do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from authshield.judge import judge
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Decision
from authshield.vocabulary.event import Event, Kind, Order, OrderChange
from authshield.vocabulary.ruleset import Switch, SwitchKind
from tests.judge.events import event, features, ruleset

BUY = Order(symbol="7992", side="buy", quantity=Decimal(1), price=Decimal(1), value_minor=1)


def guard(action: Action = Action.CHALLENGE, *, symbol: str = "7992") -> Switch:
    """A guard of a symbol for an hour."""
    required = Strength.PHISHING_RESISTANT if action is Action.CHALLENGE else Strength.NONE
    return Switch(SwitchKind.SYMBOL, event().at + timedelta(hours=1), symbol, action, required)


def decided(of: Event, switch: Switch, **facts: Any) -> Decision:
    """The decision on an event with this switch on."""
    return judge(of, features(**facts), ruleset(), [switch])


def test_a_buy_of_it_needs_what_the_guard_says() -> None:
    """A phishing-resistant proof, or a person who looks at it; and the reason is told."""
    asked = decided(event(Kind.ORDER, subject=BUY), guard())
    assert (asked.action, asked.required) == (Action.CHALLENGE, Strength.PHISHING_RESISTANT)
    assert "symbol_guarded" in {reason.code for reason in asked.reasons}
    assert decided(event(Kind.ORDER, subject=BUY), guard(Action.HOLD)).action is Action.HOLD


def test_an_amend_that_buys_more_is_a_buy() -> None:
    """Else a small order would be let in and grown; to take it back is nobody's harm."""
    amend = event(Kind.ORDER_CHANGE, subject=OrderChange("O-1", "amend", order=BUY))
    assert decided(amend, guard()).action is Action.CHALLENGE
    cancel = event(Kind.ORDER_CHANGE, subject=OrderChange("O-1", "cancel", order=BUY))
    assert decided(cancel, guard()).action is Action.ALLOW


@pytest.mark.parametrize(
    "order", [replace(BUY, side="sell"), replace(BUY, symbol="7203")], ids=["a sell", "another symbol"]
)
def test_other_orders_go_on(order: Order) -> None:
    """The guard is on buys of the symbol alone."""
    assert decided(event(Kind.ORDER, subject=order), guard()).action is Action.ALLOW


def test_who_trades_it_anyhow_on_a_trusted_device_goes_on() -> None:
    """A rally of those who had it before stops none of them; a new device or a new symbol is not enough."""
    own: dict[str, Any] = {"order__symbol_seen": True, "device__is_trusted": True}
    bought = event(Kind.ORDER, subject=BUY)
    assert decided(bought, guard(), **own).action is Action.ALLOW
    for name in own:
        assert decided(bought, guard(), **own | {name: False}).action is Action.CHALLENGE


def test_a_guard_ends_by_itself() -> None:
    """At its time."""
    late = event(Kind.ORDER, subject=BUY, at=event().at + timedelta(hours=1))
    assert decided(late, guard()).action is Action.ALLOW
