"""From an event and what was read to Features: every declared fact, by the definitions of ``vocabulary.facts``.

Pure: no Redis, clock or settings; a worker derives the same Features again from the same reply.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from authshield.measure.derive_order import order_facts
from authshield.measure.plan import DAY_MS, DEFAULT_TRUST_DAYS, HOUR_MS, order_of
from authshield.measure.reply import Reading, read
from authshield.measure.travel import least_speed_kmh
from authshield.vocabulary.event import Login, OrderChange, PageRequest, ProfileChange, Withdrawal
from authshield.vocabulary.facts import MISSING, NEVER_HOURS, NEVER_SECONDS
from authshield.vocabulary.features import Features

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authshield.measure.plan import Shape
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import FactValue

    Facts = dict[str, FactValue]

WARM_LOGINS = 3
"""An account with fewer learnt sign-ins is cold."""

_LISTED = tuple(name for name, value in MISSING.items() if isinstance(value, list))
_PREFIX_ONLY = frozenset({"hosting", "anonymizer"})
"""Networks whose carrier says nothing of who uses it: there only the address block can be familiar."""


class Context(NamedTuple):
    """What the facts rest on besides the event: the ruleset's parameters and the market's clock."""

    trust_days: float = DEFAULT_TRUST_DAYS
    thin_adv_minor: float = 0.0
    time_zone: str = "Asia/Tokyo"

    @classmethod
    def of(cls, parameters: Mapping[str, float], time_zone: str) -> Context:
        """Pick what is needed."""
        return cls(
            parameters.get("trust_days", DEFAULT_TRUST_DAYS), parameters.get("thin_adv_minor", 0.0), time_zone
        )


def derive(event: Event, shape: Shape, reply: bytes, context: Context, *, durable: bool = True) -> Features:
    """The Features of a measured event. Cost: about 35 µs.

    ``durable`` False says that there is no durable copy to ask, so that no account is ever cold.
    """
    reading = read(event, shape, reply)
    facts = _own_facts(event, context)
    if event.account is not None:
        _account_facts(facts, event, reading)
        _profile_facts(facts, event, reading, context)
        facts["network.travel_kmh"] = least_speed_kmh(event, reading)
    facts["device.accounts_24h"] = int(reading.device_accounts)
    _session_facts(facts, event, reading)
    order = order_of(event)
    if order is not None:
        order_facts(facts, event, order, reading)
    for limit_id, count in reading.counts.items():
        facts["velocity." + limit_id] = count
    is_cold = durable and event.account is not None and not reading.account.get("synced")
    return Features(facts=facts, over=tuple(reading.over), is_cold=is_cold)


def without_store(event: Event, context: Context) -> Features:
    """The Features while the store cannot be asked: what the event says of itself, the rest at its default."""
    facts = _own_facts(event, context)
    facts["store.is_missing"] = True
    return Features(facts=facts, is_missing=True)


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _own_facts(event: Event, context: Context) -> Facts:
    facts: Facts = dict(MISSING)
    for name in _LISTED:
        facts[name] = []
    network, subject = event.network, event.subject
    facts["event.kind"] = event.kind.value
    facts["event.hour"] = event.at.astimezone(_zone(context.time_zone)).hour
    facts["account.exists"] = event.account is not None
    facts["device.has_cookie"] = event.device.id is not None
    facts["device.proof"] = event.device.proof
    facts["network.asn"] = network.asn
    facts["network.country"] = network.country
    facts["network.kind"] = network.kind
    order = order_of(event)
    if order is not None:
        share_of = max(1, order.portfolio.total_minor)
        adv = order.instrument.adv_minor or 0
        facts["order.side"] = order.side
        facts["order.type"] = order.type
        facts["order.symbol"] = order.symbol
        facts["order.market"] = order.market
        facts["order.account_type"] = order.account_type
        facts["order.value"] = order.value_minor
        facts["order.portfolio_share"] = order.value_minor / share_of
        facts["order.adv"] = adv
        facts["order.adv_share"] = order.value_minor / adv if adv else 0.0
        facts["order.is_thin"] = 0 < adv < context.thin_adv_minor
        facts["order.is_queued"] = order.queued
    if isinstance(subject, Login):
        facts["account.is_staff"] = subject.is_staff
        facts["login.method"] = subject.method
    _small_subject(facts, event)
    return facts


def _small_subject(facts: Facts, event: Event) -> None:
    subject = event.subject
    if isinstance(subject, OrderChange):
        facts["change.kind"] = subject.change
        if subject.order is not None:
            facts["change.value_increase"] = max(0, subject.order.value_minor - subject.previous_value_minor)
    elif isinstance(subject, Withdrawal):
        facts["withdrawal.value"] = subject.value_minor
        facts["withdrawal.share"] = subject.value_minor / max(1, subject.total_minor)
        facts["withdrawal.destination_age_days"] = subject.destination_age_days
    elif isinstance(subject, ProfileChange):
        facts["profile.field"] = subject.field
        facts["profile.is_first"] = subject.is_first
    elif isinstance(subject, PageRequest):
        facts["request.path"] = subject.path


def _account_facts(facts: Facts, event: Event, reading: Reading) -> None:
    account = reading.account
    logins, first = account.get("logins", 0), account.get("first", 0)
    changed = account.get("contact", 0)
    facts["account.is_frozen"] = bool(account.get("frozen"))
    facts["account.is_suspect"] = bool(account.get("suspect"))
    facts["account.logins"] = logins
    facts["account.is_cold"] = logins < WARM_LOGINS
    facts["account.age_days"] = max(0, event.at_ms - first) / DAY_MS if first else 0.0
    facts["account.contact_changed_hours"] = (
        max(0, event.at_ms - changed) / HOUR_MS if changed else NEVER_HOURS
    )
    facts["order.learnt"] = account.get("orders", 0)


def _profile_facts(facts: Facts, event: Event, reading: Reading, context: Context) -> None:
    at, trust_ms = event.at_ms, int(context.trust_days * DAY_MS)
    device = reading.entry("dev")
    prefix, carrier = reading.entry("net"), reading.entry("asn")
    by_carrier = event.network.kind not in _PREFIX_ONLY and carrier.is_earned(at, trust_ms)
    facts["device.is_seen"] = device.is_seen
    facts["device.is_trusted"] = device.is_earned(at, trust_ms)
    facts["device.age_days"] = max(0, at - device.first) / DAY_MS if device.is_seen else 0.0
    facts["device.browser_seen"] = reading.entry("br").is_seen
    facts["device.fingerprint_seen"] = reading.entry("fp").is_seen
    # A block that came to another carrier is not the block that the account knows.
    is_same_carrier = event.network.asn == 0 or carrier.is_seen
    facts["network.is_familiar"] = (is_same_carrier and prefix.is_earned(at, trust_ms)) or by_carrier
    facts["network.prefix_seen"] = is_same_carrier and prefix.is_seen
    facts["network.asn_seen"] = carrier.is_seen
    facts["network.country_seen"] = reading.entry("cc").is_seen


def _session_facts(facts: Facts, event: Event, reading: Reading) -> None:
    session, at = reading.session, event.at_ms
    is_strange = not facts["device.is_trusted"] and not facts["network.is_familiar"]
    facts["session.is_unusual"] = event.account is not None and (is_strange or bool(session.get("unusual")))
    if not session:
        return
    proof = session.get("proof", 0)
    facts["session.age_seconds"] = max(0, at - session.get("started", at)) / 1000
    facts["session.login_risk"] = float(session.get("risk", 0.0))
    facts["session.score"] = float(session.get("score", 0.0))
    facts["session.strength"] = session.get("strength", 0)
    facts["session.proof_age_seconds"] = max(0, at - proof) / 1000 if proof else NEVER_SECONDS
    facts["session.is_ended"] = bool(session.get("ended")) or _is_cut_off(reading)
    if session.get("staff"):
        facts["account.is_staff"] = True
    # A device that had a cookie at the sign-in and comes without one now is another device.
    facts["session.device_changed"] = reading.is_other_device
    facts["session.browser_changed"] = _differs(session.get("browser", ""), event.client.browser)
    facts["session.network_changed"] = _differs(session.get("asn", 0), event.network.asn)
    facts["session.country_changed"] = _differs(session.get("country", ""), event.network.country)


def _is_cut_off(reading: Reading) -> bool:
    """Whether all sessions of the account were ended after this one began, and it was not the one to stay."""
    cut = reading.account.get("cut", 0)
    return bool(reading.session.get("started", cut + 1) <= cut and reading.session.get("spared", 0) < cut)


def _differs(then: str | int, now: str | int) -> bool:
    return bool(then) and bool(now) and then != now
