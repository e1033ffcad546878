"""What a settled event teaches its account, its session and its symbol, as ops of the script. Pure.

Must not decide whether anything may be learnt: the ``Settlement`` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authshield.measure.generate_bases import DAY_MS, HOUR_MS, UNUSUAL
from authshield.measure.operands import (
    MOST,
    browser_and_places,
    device_tag,
    field_tag,
    hour_of,
    traits_of,
)
from authshield.measure.travel import radius_km
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.assurance import EXPIRED
from authshield.vocabulary.decision import Decision, Final, Outcome
from authshield.vocabulary.event import HOLDABLE, Event, Kind, Login, Order
from authshield.vocabulary.quick import quick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from authshield.measure.keys import Keys
    from authshield.measure.programs import Op
    from authshield.vocabulary.features import FactValue, Features

PROFILE = {
    "dev": 32,
    "fp": 32,
    "ip": 16,
    "net": 64,
    "asn": 32,
    "cc": 16,
    "br": 16,
    "hr": 24,
    "an": 32,
    "sym": 128,
    "mkt": 16,
}
"""Fields of an account's profile, and how many different values each keeps. ``an``: carriers, used as often as they
brought an address block that was new."""

MOST_NATS = 6
VALID = "valid"
MOVING_SHARE = 0.05
"""An order of this share of a symbol's daily trade moves its price."""

NEWCOMER_DAYS = 3.0
"""A device that is not trusted teaches no symbol before this age."""

LARGE_SALE = 0.25
"""Sold in a day, as a share of the portfolio, from which on it is a large part."""

ISSUED_DEVICE = "issued_device"
"""Key in ``extra``: the device id that the answer to a sign-in brings, where none came with it."""

WITHOUT_COOKIES = "without_cookies"
"""Key in ``extra``: a program signed in without a cookie. One with a token never sends back what it is given, so
that the device issued to it is not the session's until it comes."""

ISSUED_ORDER = "issued_order"
"""Key in ``extra``: the number that the broker gave to an order, where the event did not know it."""


@quick
@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of an event, and what may be learnt from it.

    ``learn``: its device, places and symbols become the account's. ``trust``: and are trusted at once.
    ``login_succeeded``: limits that refund a success give this event's count back.
    """

    decision: Decision
    outcome: Outcome
    learn: bool
    trust: bool
    login_succeeded: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)


def lessons(kind: str, event: Event, features: Features, *, settlement: Settlement, keys: Keys) -> list[Op]:
    """What this kind of entity learns; nothing for most."""
    teacher = _TEACHERS.get(kind)
    return [] if teacher is None else teacher(event, features, settlement, keys)


def _account(event: Event, features: Features, settlement: Settlement, keys: Keys) -> list[Op]:
    if event.account is None or not settlement.outcome.happened:
        return []
    ops: list[Op] = []
    subject = event.subject
    if event.kind is Kind.PROFILE_CHANGE:
        ops.append(["x", {"contact": event.at_ms}])
    elif isinstance(subject, Order):
        ops.append(["h", subject.portfolio.total_minor, DAY_MS])
    if settlement.learn:
        ops += _teach(event, features, settlement, keys)
    return ops


def _teach(event: Event, features: Features, settlement: Settlement, keys: Keys) -> list[Op]:
    ops: list[Op] = []
    subject = event.subject
    trusted = 1 if settlement.trust else 0
    device = device_tag(keys, event) or _issued(settlement, keys)
    if device:
        ops.append(["l", "p:dev", PROFILE["dev"], device, trusted])
        ops += _looks(event, keys, device)
    if isinstance(subject, Login):
        ops += _learn_login(event, features, keys, device=device, trusted=trusted)
    elif isinstance(subject, Order):
        if not _is_strange(features):
            ops += _learn(keys, (("sym", subject.symbol), ("mkt", subject.market)), trusted=0)
            ops += [["i", habit] for habit in habits(subject, features)]
        ops.append(["i", "orders"])
        if subject.account_type == "margin":
            ops.append(["s", {"margin": 1}])
    return ops


def _looks(event: Event, keys: Keys, device: int) -> list[Op]:
    """What the device looked like at the sign-in, and whether it proved itself now."""
    proofs = int(event.device.proof == VALID)
    traits = traits_of(event, keys) if event.kind is Kind.LOGIN else b""
    return [["k", device, proofs, traits]] if proofs or traits.strip(b"\0") else []


def habits(order: Order, features: Features) -> Iterator[str]:
    """What the account is now known to do: it buys, buys what hardly anybody trades, sells most of what it has."""
    facts = features.facts
    if order.side == "buy":
        yield "buys"
        if facts["order.is_thin"] or _number(facts["order.adv_share"]) >= MOVING_SHARE:
            yield "thins"
    if _number(facts["order.liquidation_24h"]) >= LARGE_SALE:
        yield "sales"


def _number(value: FactValue) -> float:
    return value if isinstance(value, (int, float)) else 0.0


def _is_strange(features: Features) -> bool:
    """Whether the account's symbols are none of this session's to teach.

    Otherwise one share, bought first, would make a thief's symbol the customer's own.
    """
    facts = features.facts
    is_newcomer = not facts["device.is_trusted"] and _number(facts["device.age_days"]) < NEWCOMER_DAYS
    return bool(is_newcomer or facts["session.is_unusual"] or facts["session.device_changed"])


def _learn_login(event: Event, features: Features, keys: Keys, *, device: int, trusted: int) -> list[Op]:
    ops = _learn(keys, (*browser_and_places(event), ("hr", hour_of(event))), trusted=trusted)
    if event.network.asn and not features.facts["network.prefix_seen"]:
        ops.append(["l", "p:an", PROFILE["an"], field_tag(keys, "asn", str(event.network.asn)), 0])
    ops += (["i", "logins"], ["n", {"first": event.at_ms}])
    network = event.network
    if network.lat is not None and network.lon is not None:
        place = [network.lat, network.lon, radius_km(network), event.at_ms]
        ops += (["s", {"place": place}], ["b", "P", device])
    return ops


def _learn(keys: Keys, values: tuple[tuple[str, str], ...], *, trusted: int) -> list[Op]:
    return [
        ["l", "p:" + name, PROFILE[name], field_tag(keys, name, value), trusted]
        for name, value in values
        if value
    ]


def _issued(settlement: Settlement, keys: Keys) -> int:
    issued = settlement.extra.get(ISSUED_DEVICE, "")
    return keys.tag("device", issued) if issued else 0


def _session(event: Event, features: Features, settlement: Settlement, keys: Keys) -> list[Op]:
    outcome = settlement.outcome
    if event.kind is Kind.LOGIN:
        return _session_start(event, features, settlement, keys)
    if event.kind is Kind.LOGOUT or _is_over(settlement):
        return [["s", {"ended": 1}]]
    ops: list[Op] = [["q", int(outcome.proved)]] if outcome.proved else []
    evidence = settlement.decision.evidence
    # What came without the session's key was somebody else with its cookie: that is not the customer's record.
    if event.kind in HOLDABLE and evidence > 0 and not features.facts["session.key_missing"]:
        ops.append(["x", {"peak": round(evidence, 2)}])
    return ops


def _is_over(settlement: Settlement) -> bool:
    """Whether the event was refused because its session is too old: asking again must not make it young."""
    decision = settlement.decision
    return decision.action is Action.DENY and any(one.code == EXPIRED for one in decision.reasons)


def _session_start(event: Event, features: Features, settlement: Settlement, keys: Keys) -> list[Op]:
    subject = event.subject
    is_passkey = isinstance(subject, Login) and subject.method == "passkey"
    proved = max(settlement.outcome.proved, Strength.PHISHING_RESISTANT if is_passkey else Strength.NONE)
    is_unusual = bool(features.facts["session.is_unusual"]) and not settlement.trust
    attributes: dict[str, Any] = {
        "started": event.at_ms,
        "risk": settlement.decision.risk,
        "nats": round(settlement.decision.evidence, 2),
        "unusual": int(is_unusual),
        "asn": event.network.asn,
        "country": event.network.country,
        "browser": event.client.browser,
    }
    if isinstance(subject, Login) and subject.is_staff:
        attributes["staff"] = 1
    issued = 0 if WITHOUT_COOKIES in settlement.extra else _issued(settlement, keys)
    ops: list[Op] = [["s", attributes], ["b", "D", device_tag(keys, event) or issued]]
    if proved:
        ops.append(["q", int(proved)])
    return ops


def _symbol(event: Event, features: Features, settlement: Settlement, keys: Keys) -> list[Op]:
    """Every buyer with the evidence against the session, and the sum bought from unusual sessions.

    The first whatever came of the order; a stopped one bought nothing.
    """
    order = event.subject
    is_placed = settlement.outcome.happened or settlement.outcome.final is Final.HELD
    if event.account is None or not isinstance(order, Order) or order.side != "buy":
        return []
    member = keys.tag("acct", event.account)
    ops: list[Op] = [["e", member, octet(settlement.decision.strangeness)]]
    if is_placed and features.facts["session.is_unusual"]:
        ops.append(["w", UNUSUAL, HOUR_MS, min(order.value_minor, MOST), member])
    return ops


def octet(nats: float) -> int:
    """Evidence as it is kept of a buyer: whole nats from -6 to 6, as 0 to 12."""
    return round(min(MOST_NATS, max(-MOST_NATS, nats))) + MOST_NATS


def _address(event: Event, _: Features, settlement: Settlement, keys: Keys) -> list[Op]:
    """A customer who signed in; the script learns it where a limit grows with them."""
    is_customer = event.kind is Kind.LOGIN and settlement.login_succeeded and event.account is not None
    return [["g", keys.tag("acct", event.account or "")]] if is_customer else []


_TEACHERS: dict[str, Callable[[Event, Features, Settlement, Keys], list[Op]]] = {
    "acct": _account,
    "sess": _session,
    "sym": _symbol,
    "ip": _address,
    "net": _address,
}
