"""What an order does to its account and its symbol: the figures that late and early rules rest on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.measure import Store, measure, settle
from authshield.measure.derive_order import order_facts
from authshield.measure.reply import Reading
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import Client, DeviceSeen, Event, Kind, Order, OrderChange, Portfolio
from authshield.vocabulary.facts import FACTS, MISSING
from authshield.vocabulary.features import Features
from tests.measure.making import event, login, order, published, settlement

RULES = published(thin_adv_minor=20_000)
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def place(made: Event, store: Store, final: Final = Final.ALLOWED) -> Features:
    """Measure and settle an order."""
    features = measure(made, RULES, store)
    settle(made, features, settlement(made, final), store)
    return features


def holding(made: Event, *, cash_minor: int, positions_value_minor: int = 0) -> Event:
    """The same order of an account that holds this."""
    assert isinstance(made.subject, Order)
    return replace(
        made, subject=replace(made.subject, portfolio=Portfolio(cash_minor, positions_value_minor))
    )


def test_every_declared_fact_has_a_value_of_its_type(store: Store) -> None:
    """No rule finds a fact missing, whatever the kind of event."""
    types: dict[str, type | tuple[type, ...]]
    types = {"bool": bool, "int": int, "double": (int, float), "string": str, "list<string>": list}
    for made in [order(), login(), *(event(kind) for kind in Kind)]:
        facts = measure(made, RULES, store).facts
        for fact in FACTS:
            assert isinstance(facts[fact.name], types[fact.type]), (made.kind, fact.name)


def test_sales_add_up_over_half_an_hour_and_a_day(store: Store) -> None:
    """What was sold counts as a share of the portfolio before the first of the orders."""
    place(order(2_000, "sell"), store)
    facts = place(order(3_000, "sell", after=20 * MINUTE), store).facts
    assert (facts["order.sold_24h"], facts["order.liquidation_30m"]) == (5_000, 0.5)
    facts = place(order(1_000, "sell", after=40 * MINUTE), store).facts
    assert (facts["order.liquidation_30m"], facts["order.liquidation_24h"]) == (0.4, 0.6)
    facts = place(order(1_000, "sell", after=DAY), store).facts
    assert facts["order.liquidation_24h"] == 0.5


def test_a_portfolio_that_shrinks_on_the_way_counts_as_it_was_before(store: Store) -> None:
    """Money that left between the orders does not hide nor swell what was sold."""
    place(order(1_000, "sell"), store)
    later = holding(order(1_000, "sell", after=HOUR), cash_minor=0, positions_value_minor=2_000)
    assert place(later, store).facts["order.liquidation_24h"] == 0.2


def test_a_stopped_order_moved_nothing_and_a_held_one_keeps_its_place(store: Store) -> None:
    """What was stopped is not counted; what waits may still happen, and is."""
    place(order(5_000, "sell"), store, Final.STOPPED)
    place(order(300), store, Final.HELD)
    facts = place(order(100, "sell"), store).facts
    assert (facts["order.sold_24h"], facts["order.bought_24h"], facts["order.count_10m"]) == (100, 300, 2)


def test_reuse_is_what_part_of_the_proceeds_is_spent(store: Store) -> None:
    """Sold 4,000, bought for 1,000: a quarter."""
    place(order(4_000, "sell"), store)
    assert place(order(1_000), store).facts["order.reuse"] == 0.25


def test_concentration_is_one_symbol_s_share_of_all_buying_power(store: Store) -> None:
    """What was already spent is part of the power; the proceeds of the day are too."""
    place(order(200, symbol="A"), store)
    facts = place(holding(order(300, symbol="B"), cash_minor=800), store).facts
    assert (facts["order.symbol_bought_24h"], facts["order.concentration"]) == (300, 0.3)
    place(order(3_000, "sell", symbol="A"), store)
    facts = place(holding(order(300, symbol="B"), cash_minor=500), store).facts
    assert facts["order.concentration"] == 0.2


@given(
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.integers(1, 10**12),
    st.booleans(),
)
def test_shares_are_never_above_one(  # noqa: PLR0917 - Hypothesis draws them
    cash: int, sold: int, before: int, this: int, is_buy: bool
) -> None:
    """Whatever a portfolio claims to hold, a share is a share."""
    made = holding(order(this, "buy" if is_buy else "sell"), cash_minor=cash)
    bought = before + this if is_buy else before
    reading = Reading(sold=sold + this, sold_lately=sold, bought=bought, symbol_bought=bought)
    facts = dict(MISSING)
    assert isinstance(made.subject, Order)
    order_facts(facts, made, made.subject, reading)
    for name in ("liquidation_30m", "liquidation_24h", "reuse", "concentration"):
        share = facts[f"order.{name}"]
        assert isinstance(share, float)
        assert 0 <= share <= 1


def test_orders_are_counted_for_ten_minutes(store: Store) -> None:
    """Right-open: an order does not count any more when it is ten minutes old."""
    place(order(), store)
    assert place(order(after=599.999), store).facts["order.count_10m"] == 2
    assert place(order(after=600), store).facts["order.count_10m"] == 2


def test_an_amend_counts_what_it_adds(store: Store) -> None:
    """Raising an order from 100 to 250 buys 150 more, and is not another order."""
    place(order(100), store)
    amended = order(250).subject
    assert isinstance(amended, Order)
    made = event(Kind.ORDER_CHANGE, OrderChange("1", "amend", amended, 100))
    facts = measure(made, RULES, store).facts
    assert (facts["change.kind"], facts["change.value_increase"]) == ("amend", 150)
    assert (facts["order.bought_24h"], facts["order.count_10m"]) == (250, 1)
    assert (
        measure(event(Kind.ORDER_CHANGE, OrderChange("1", "cancel")), RULES, store).facts["change.kind"]
        == "cancel"
    )


def test_a_held_symbol_is_a_seen_one(store: Store) -> None:
    """What the account holds it has traded, wherever that was."""
    made = order()
    assert isinstance(made.subject, Order)
    assert measure(made, RULES, store).facts["order.symbol_seen"] is False
    held = replace(made, subject=replace(made.subject, portfolio=Portfolio(1, 1, made.subject.quantity, 1)))
    assert measure(held, RULES, store).facts["order.symbol_seen"] is True


def test_a_symbol_s_size_puts_an_order_in_proportion(store: Store) -> None:
    """Shares of the traded value, thin or not, and no guess where it is unknown."""
    facts = measure(order(500), RULES, store).facts
    assert (facts["order.adv_share"], facts["order.is_thin"], facts["order.portfolio_share"]) == (
        0.05,
        True,
        0.05,
    )
    made = order(500)
    assert isinstance(made.subject, Order)
    unknown = replace(made, subject=replace(made.subject, instrument=type(made.subject.instrument)()))
    facts = measure(unknown, RULES, store).facts
    assert (facts["order.adv"], facts["order.adv_share"], facts["order.is_thin"]) == (0, 0.0, False)


def sign_in(account: str, store: Store, *, trust: bool) -> None:
    """Sign this account in from home."""
    made = login(account=account, session=f"{account}-session")
    settle(made, measure(made, RULES, store), replace(settlement(made), trust=trust), store)


def buy(
    account: str, store: Store, *, value: int = 100, final: Final = Final.ALLOWED, after: float = 1
) -> Features:
    """An order of this account in its session."""
    made = order(value, after=after, account=account, session=f"{account}-session")
    return place(made, store, final)


def test_only_unusual_sessions_count_towards_a_campaign(store: Store) -> None:
    """Many ordinary customers may buy one symbol; three strange sessions may not do so unnoticed."""
    for name in ("carol", "dave"):
        sign_in(name, store, trust=True)
        assert buy(name, store).facts["order.symbol_buyers_60m"] == 0
    for number, name in enumerate(("eve", "mallory", "trent"), start=1):
        sign_in(name, store, trust=False)
        facts = buy(name, store, value=500).facts
        assert facts["order.symbol_buyers_60m"] == number
        assert facts["order.symbol_unusual_adv_60m"] == pytest.approx(0.05 * number)
    assert buy("eve", store).facts["order.symbol_buyers_60m"] == 3
    assert buy("carol", store).facts["order.symbol_buyers_60m"] == 3
    assert buy("carol", store, after=HOUR + 1).facts["order.symbol_buyers_60m"] == 0


def test_a_held_buy_counts_towards_a_campaign_and_a_stopped_one_does_not(store: Store) -> None:
    """What waits may still be bought; what was stopped was not."""
    for name, final in (("eve", Final.HELD), ("mallory", Final.STOPPED)):
        sign_in(name, store, trust=False)
        buy(name, store, final=final)
    sign_in("trent", store, trust=False)
    assert buy("trent", store).facts["order.symbol_buyers_60m"] == 2


def test_accounts_on_one_device_are_counted(store: Store) -> None:
    """A family shares a computer; a thief's has many accounts."""
    for number, name in enumerate(("alice", "bob", "bob", "carol")):
        facts = measure(login(account=name), RULES, store).facts
        assert facts["device.accounts_24h"] == [1, 2, 2, 3][number]
    assert measure(login(account=None), RULES, store).facts["device.accounts_24h"] == 3
    assert measure(login(device=DeviceSeen(None)), RULES, store).facts["device.accounts_24h"] == 0


def test_the_hour_is_the_market_s(store: Store) -> None:
    """One minute past midnight in London is nine in Tokyo."""
    assert measure(login(), RULES, store).facts["event.hour"] == 9


def test_an_address_that_is_none_is_still_counted(store: Store) -> None:
    """A broken proxy does not break the sign-in."""
    assert measure(login(client=Client("unknown")), RULES, store).is_missing is False
