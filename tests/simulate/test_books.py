"""What customers own is right at every moment."""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.simulate.made import Event, made, value


@pytest.mark.parametrize("name", ["quiet", "april", "patient"])
def test_positions_are_what_was_held_and_what_was_filled(name: str) -> None:
    """The quantity held at an order is the last one known, plus the fills in between."""
    run = made(name, hijacked=0.08) if name != "quiet" else made(name)
    checked = 0
    for _, events in run.accounts():
        held: dict[str, float] = {}
        orders: dict[str, Event] = {}
        for event in events:
            if event["kind"] == "order":
                order = event["order"]
                quantity = event["portfolio"]["position_quantity"]
                assert held.setdefault(order["symbol"], quantity) == quantity
                orders[order["order_id"]] = order
                checked += 1
            elif event["kind"] == "fill":
                order = orders[event["order_id"]]
                held[order["symbol"]] += event["quantity"] * (1 if order["side"] == "buy" else -1)
    assert checked > 300


def test_nobody_sells_what_they_have_not_nor_spends_what_they_have_not() -> None:
    """An order is covered by the portfolio that stands beside it."""
    for event in made("april", hijacked=0.08).of("order"):
        portfolio, order = event["portfolio"], event["order"]
        if order["side"] == "sell":
            assert order["quantity"] <= portfolio["position_quantity"]
        else:
            assert value(event) <= portfolio["cash"] + 1


def test_an_order_is_filled_or_cancelled_once() -> None:
    """Nothing happens to an order after it was filled or cancelled, and nothing to one that nobody placed."""
    done: dict[str, int] = defaultdict(int)
    placed: set[str] = set()
    for event in made("quiet").events:
        if event["kind"] == "order":
            placed.add(event["order"]["order_id"])
        elif event["kind"] in ("fill", "order_change"):
            assert event["order_id"] in placed
            assert not done[event["order_id"]]
            done[event["order_id"]] += event.get("change") != "amend"
    assert done


def test_an_order_outside_trading_hours_is_queued() -> None:
    """Where an order is queued it is filled hours later, if at all; others may be filled at once."""
    run = made("quiet")
    queued = {e["order"]["order_id"] for e in run.of("order") if e["order"].get("queued")}
    assert 0.05 < len(queued) / len(run.of("order")) < 0.6
    for fill in run.of("fill"):
        hour = int(fill["time"][11:13]) + int(fill["time"][14:16]) / 60
        assert hour < 9 or hour > 13, "Tokyo, Hong Kong and New York are closed then"
