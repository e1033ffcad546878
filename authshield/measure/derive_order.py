"""What an order does to its account and its symbol, as shares of what was there before. Pure.

Definitions, all in minor units and none above 1:

liquidation    sold in the window, this order included, over the portfolio before: the greater of the total at the
               first order of the last 24 hours and the total now (a deposit only makes the share smaller)
reuse          min(bought, sold) / sold, over 24 hours
concentration  bought of this symbol in 24 hours, this order included, over all buying power of that time: cash
               before this order and what was bought before it, but never less than what was sold (proceeds can be
               spent before they are settled) or bought in all
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.measure import surprise
from authshield.measure.lessons import LARGE_SALE, MOVING_SHARE
from authshield.measure.mixture import clean_of, worst_of
from authshield.measure.operands import MOST
from authshield.measure.plan import DAY_MS, amount_of

if TYPE_CHECKING:
    from authshield.measure.reply import Reading
    from authshield.vocabulary.event import Event, Order
    from authshield.vocabulary.features import FactValue


def order_own_facts(facts: dict[str, FactValue], order: Order, thin_adv_minor: float) -> None:
    """Fill in what the order says of itself."""
    value, adv = order.value_minor, order.instrument.adv_minor or 0
    facts["order.side"] = order.side
    facts["order.type"] = order.type
    facts["order.symbol"] = order.symbol
    facts["order.market"] = order.market
    facts["order.account_type"] = order.account_type
    facts["order.value"] = value
    facts["order.portfolio_share"] = value / max(1, order.portfolio.total_minor)
    facts["order.adv"] = adv
    facts["order.adv_share"] = value / adv if adv else 0.0
    facts["order.is_thin"] = 0 < adv < thin_adv_minor
    facts["order.is_queued"] = order.queued


def order_facts(facts: dict[str, FactValue], event: Event, order: Order, reading: Reading) -> None:
    """Fill in the facts of an order, or of what an amend would make of one."""
    before = _portfolio_before(event, order, reading)
    facts["order.symbol_seen"] = reading.entry("sym").is_seen or _is_held(event, order, reading)
    facts["order.market_seen"] = reading.entry("mkt").is_seen
    facts["order.is_first_margin"] = order.account_type == "margin" and not reading.account.get("margin")
    facts["order.count_10m"] = reading.orders
    facts["order.turnover_24h"] = max(reading.sold, reading.bought, order.value_minor)
    facts["order.sold_24h"] = reading.sold
    facts["order.bought_24h"] = reading.bought
    facts["order.symbol_bought_24h"] = reading.symbol_bought
    facts["order.liquidation_30m"] = min(1.0, reading.sold_lately / before)
    facts["order.liquidation_24h"] = min(1.0, reading.sold / before)
    facts["order.reuse"] = min(reading.bought, reading.sold) / max(1, reading.sold)
    facts["order.concentration"] = _concentration(event, order, reading)
    _surprises(facts, order, reading)
    _symbol_facts(facts, order, reading, is_unusual=bool(facts["session.is_unusual"]))


def _surprises(facts: dict[str, FactValue], order: Order, reading: Reading) -> None:
    account, numbers = reading.account, reading.numbers
    orders, buys = account.get("orders", 0), account.get("buys", 0)
    if order.side == "buy":
        if not facts["order.symbol_seen"]:
            facts["order.symbol_surprise"] = surprise.of_new("sym", numbers.get("sym", 0), buys)
        if facts["order.is_thin"] or order.value_minor >= MOVING_SHARE * (order.instrument.adv_minor or MOST):
            facts["order.thin_surprise"] = surprise.of_doing("thins", account.get("thins", 0), buys)
        facts["order.campaign"] = worst_of(reading.buyers)
        facts["order.crowd"] = clean_of(reading.buyers)
    if not facts["order.market_seen"] and order.market:
        facts["order.market_surprise"] = surprise.of_new("mkt", numbers.get("mkt", 0), orders)
    if float(facts["order.liquidation_24h"]) >= LARGE_SALE:  # type: ignore[arg-type]
        facts["order.sale_surprise"] = surprise.of_doing("sales", account.get("sales", 0), orders)


def _is_held(event: Event, order: Order, reading: Reading) -> bool:
    """Whether the account holds the symbol, and more of it than it may just have bought.

    What was bought in 24 hours may be the first step of a large purchase: it makes no symbol a familiar one.
    """
    held = order.portfolio.position_quantity
    lately = reading.symbol_bought - (amount_of(event) if order.side == "buy" else 0)
    if held <= 0 or lately <= 0:
        return held > 0
    return held * order.value_minor > 2 * lately * order.quantity


def _portfolio_before(event: Event, order: Order, reading: Reading) -> int:
    total = order.portfolio.total_minor
    account = reading.account
    if account.get("pv0_at", 0) + DAY_MS > event.at_ms:
        total = max(total, account.get("pv0", 0))
    return max(1, total)


def _concentration(event: Event, order: Order, reading: Reading) -> float:
    this = amount_of(event) if order.side == "buy" else 0
    power = max(order.portfolio.cash_minor + reading.bought - this, reading.sold, reading.bought, 1)
    return min(1.0, reading.symbol_bought / power)


def _symbol_facts(facts: dict[str, FactValue], order: Order, reading: Reading, *, is_unusual: bool) -> None:
    buyers, value = reading.unusual_buyers, reading.unusual_value
    if is_unusual and order.side == "buy":
        buyers += 0 if reading.is_unusual_buyer else 1
        value += order.value_minor
    adv = order.instrument.adv_minor or 0
    facts["order.symbol_buyers_60m"] = buyers
    facts["order.symbol_unusual_adv_60m"] = value / adv if adv else 0.0
