"""Events, decisions and outcomes as plain values for msgpack and JSON, and back, without loss.

Dataclasses become lists in the order of their fields, so a field may only ever be added at the end, with a
default: what was written before can then still be read. Decimals travel as text, times as microseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Decision, Final, Outcome, Reason
from authshield.vocabulary.event import (
    Client,
    DeviceSeen,
    Event,
    Fill,
    Instrument,
    Kind,
    Login,
    Network,
    Order,
    OrderChange,
    PageRequest,
    Portfolio,
    ProfileChange,
    Withdrawal,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authshield.vocabulary.event import Subject

Plain = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def event_to_plain(event: Event) -> Plain:
    """One dict of numbers, strings, lists and None. Cost: about 5 µs."""
    return occasion_to_plain(event) | visitor_to_plain(event.client, event.device, event.network)


def occasion_to_plain(event: Event) -> Plain:
    """As much of it as is not the visitor's."""
    plain: Plain = {
        "i": event.id,
        "t": (event.at - _EPOCH) // _MICROSECOND,
        "k": str(event.kind),
        "a": event.account,
        "s": event.session,
        "u": event.username,
    }
    if event.proof:
        plain["p"] = event.proof
    if event.cookie:
        plain["o"] = event.cookie
    if event.subject is not None:
        name = type(event.subject).__name__
        plain["x"] = [name, *_WRITERS[name](event.subject)]
    return plain


def visitor_to_plain(client: Client, device: DeviceSeen, network: Network) -> Plain:
    """The rest of it: what one browser's events at one address have in common."""
    return {
        "c": [
            client.ip,
            client.user_agent,
            client.accept_language,
            client.sec_ch_ua,
            client.sec_ch_ua_platform,
            client.sec_ch_ua_mobile,
            client.ja4,
            client.browser,
        ],
        "d": _device_to_list(device),
        "n": [network.asn, network.country, network.lat, network.lon, network.radius_km, network.kind],
    }


def event_from_plain(plain: Mapping[str, Any]) -> Event:
    """The event that ``event_to_plain`` wrote; its time is UTC."""
    subject = plain.get("x")
    return Event(
        id=plain["i"],
        at=_EPOCH + plain["t"] * _MICROSECOND,
        kind=Kind(plain["k"]),
        account=plain["a"],
        session=plain["s"],
        client=Client(*plain["c"]),
        device=DeviceSeen(*plain["d"]),
        network=Network(*plain["n"]),
        subject=None if subject is None else _READERS[subject[0]](subject[1:]),
        username=plain["u"],
        proof=plain.get("p", ""),
        cookie=plain.get("o", ""),
    )


def _device_to_list(device: DeviceSeen) -> list[Any]:
    row: list[Any] = [device.id, device.proof, dict(device.fingerprint), device.key]
    if device.is_bound or device.is_held:
        row += [device.is_bound, device.is_held]
    return row


def decision_to_plain(decision: Decision) -> Plain:
    """One dict of numbers, strings and lists."""
    return {
        "event_id": decision.event_id,
        "action": decision.action.word,
        "required": decision.required.word,
        "risk": decision.risk,
        "reasons": [[reason.code, reason.points, reason.text] for reason in decision.reasons],
        "rules": list(decision.rules),
        "ruleset_version": decision.ruleset_version,
        "retry_after_seconds": decision.retry_after_seconds,
        "observe_only": decision.observe_only,
        "degraded": decision.degraded,
        "evidence": decision.evidence,
        "prefers": decision.prefers.word,
    }


def decision_from_plain(plain: Mapping[str, Any]) -> Decision:
    """The decision that ``decision_to_plain`` wrote."""
    return Decision(
        event_id=plain["event_id"],
        action=Action.of(plain["action"]),
        required=Strength.of(plain["required"]),
        risk=plain["risk"],
        reasons=tuple(Reason(*reason) for reason in plain["reasons"]),
        rules=tuple(plain["rules"]),
        ruleset_version=plain["ruleset_version"],
        retry_after_seconds=plain["retry_after_seconds"],
        observe_only=plain["observe_only"],
        degraded=plain["degraded"],
        evidence=plain.get("evidence", 0.0),
        prefers=Strength.of(plain.get("prefers", "none")),
    )


def outcome_to_plain(outcome: Outcome) -> Plain:
    """One dict of strings."""
    return {
        "final": str(outcome.final),
        "proved": outcome.proved.word,
        "challenge_id": outcome.challenge_id,
        "hold_id": outcome.hold_id,
        "case_id": outcome.case_id,
    }


def outcome_from_plain(plain: Mapping[str, Any]) -> Outcome:
    """The outcome that ``outcome_to_plain`` wrote."""
    return Outcome(
        final=Final(plain["final"]),
        proved=Strength.of(plain["proved"]),
        challenge_id=plain["challenge_id"],
        hold_id=plain["hold_id"],
        case_id=plain["case_id"],
    )


def _order_to_list(order: Order) -> list[Any]:
    portfolio = order.portfolio
    return [
        order.symbol,
        order.side,
        str(order.quantity),
        str(order.price),
        order.value_minor,
        order.market,
        order.currency,
        order.type,
        order.order_id,
        order.account_type,
        order.queued,
        [order.instrument.adv_minor, order.instrument.market_cap_minor],
        [
            portfolio.cash_minor,
            portfolio.positions_value_minor,
            str(portfolio.position_quantity),
            portfolio.positions,
        ],
    ]


def _order_from_list(row: list[Any]) -> Order:
    cash, value, quantity, positions = row[12]
    return Order(
        symbol=row[0],
        side=row[1],
        quantity=Decimal(row[2]),
        price=Decimal(row[3]),
        value_minor=row[4],
        market=row[5],
        currency=row[6],
        type=row[7],
        order_id=row[8],
        account_type=row[9],
        queued=row[10],
        instrument=Instrument(*row[11]),
        portfolio=Portfolio(cash, value, Decimal(quantity), positions),
    )


def _change_to_list(change: OrderChange) -> list[Any]:
    order = None if change.order is None else _order_to_list(change.order)
    return [change.order_id, change.change, order, change.previous_value_minor]


def _change_from_list(row: list[Any]) -> OrderChange:
    order = None if row[2] is None else _order_from_list(row[2])
    return OrderChange(row[0], row[1], order, row[3])


_WRITERS: dict[str, Callable[[Any], list[Any]]] = {
    "Login": lambda it: [it.succeeded, it.method, it.is_staff],
    "Order": _order_to_list,
    "OrderChange": _change_to_list,
    "Fill": lambda it: [it.order_id, str(it.quantity), str(it.price)],
    "Withdrawal": lambda it: [it.value_minor, it.currency, it.destination_age_days, it.total_minor],
    "ProfileChange": lambda it: [it.field, it.is_first],
    "PageRequest": lambda it: [it.path, it.act] if it.act else [it.path],
}
_READERS: dict[str, Callable[[list[Any]], Subject]] = {
    "Login": lambda row: Login(*row),
    "Order": _order_from_list,
    "OrderChange": _change_from_list,
    "Fill": lambda row: Fill(row[0], Decimal(row[1]), Decimal(row[2])),
    "Withdrawal": lambda row: Withdrawal(*row),
    "ProfileChange": lambda row: ProfileChange(*row),
    "PageRequest": lambda row: PageRequest(*row),
}
