"""From an event and what was read to Features: every declared fact, by the definitions of ``vocabulary.facts``.

Pure: no Redis, clock or settings; a worker derives the same Features again from the same reply. Facts come in
groups, each derived when the first of it is asked for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from authshield.measure import surprise
from authshield.measure.derive_network import network_facts
from authshield.measure.derive_order import order_facts, order_own_facts
from authshield.measure.derive_session import session_facts
from authshield.measure.derive_unexpected import UNEXPECTED, unexpected_facts
from authshield.measure.lazy import Fillers, LazyFacts
from authshield.measure.plan import DAY_MS, DEFAULT_TRUST_DAYS, HOUR_MS, order_of
from authshield.measure.reply import Reading, read
from authshield.vocabulary.event import Login, OrderChange, PageRequest, ProfileChange, Withdrawal
from authshield.vocabulary.facts import MISSING, NEVER_HOURS
from authshield.vocabulary.features import Features

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from authshield.measure.plan import Shape
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import FactValue

WARM_LOGINS = 3
"""An account with fewer learnt sign-ins is cold."""

PROVED = "valid"
USED_PROOF = "invalid"
"""What a proof is worth that came before."""


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


class Source(NamedTuple):
    """What the facts of one event are derived from. ``reading`` is None where the store could not be asked."""

    event: Event
    reading: Reading | None
    context: Context
    at_ms: int


Facts = LazyFacts[Source]

_UNEXPECTED = "unexpected"
"""A group of its own, since pages never ask for it."""

_HOUR, _UNUSUAL, _CLONED = "event.hour_surprise", "session.is_unusual", "device.is_cloned"
"""Each by itself: pages never ask for the first two either, and of their device for the last alone."""

_DEFAULTS: dict[str, dict[str, FactValue]] = {}
for _name, _value in MISSING.items():
    _group = _name if _name in {_HOUR, _UNUSUAL, _CLONED} else _name.partition(".")[0]
    _group = _UNEXPECTED if _name in UNEXPECTED else _group
    _DEFAULTS.setdefault(_group, {})[_name] = _value


def derive(
    event: Event,
    shape: Shape,
    replies: Sequence[bytes],
    context: Context,
    *,
    durable: bool = True,
    milliseconds: float = 0.0,
) -> Features:
    """The Features of a measured event. Cost: about 10 µs, and as much again once all facts were asked for.

    ``durable`` False says that there is no durable copy to ask, so that no account is ever cold.
    ``milliseconds`` is how long the store was waited for.
    """
    reading = read(event, shape, replies)
    is_cold = durable and event.account is not None and not reading.account.get("synced")
    facts = LazyFacts(reading.velocity, _FILLERS, Source(event, reading, context, event.at_ms))
    return Features(facts, reading.over, is_cold=is_cold, store_milliseconds=milliseconds)


def without_store(event: Event, context: Context, *, milliseconds: float = 0.0) -> Features:
    """The Features while the store cannot be asked: what the event says of itself, the rest at its default."""
    facts: Facts = LazyFacts({"store.is_missing": True}, _FILLERS, Source(event, None, context, 0))
    return Features(facts, is_missing=True, store_milliseconds=milliseconds)


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _event(facts: Facts, source: Source) -> None:
    event = source.event
    facts["event.kind"] = event.kind.value
    facts["event.hour"] = event.at.astimezone(_zone(source.context.time_zone)).hour


def _hour_surprise(facts: Facts, source: Source) -> None:
    facts[_HOUR] = 0.0
    reading = source.reading
    if reading is not None and source.event.account is not None:
        facts[_HOUR] = surprise.of_entry("hr", reading.entry("hr"), reading, source.at_ms)


def _store(facts: Facts, source: Source) -> None:
    facts["store.is_missing"] = source.reading is None


def _account(facts: Facts, source: Source) -> None:
    event, reading, at = source.event, source.reading, source.at_ms
    subject = event.subject
    facts.update(_DEFAULTS["account"])
    facts["account.exists"] = event.account is not None
    facts["account.is_staff"] = isinstance(subject, Login) and subject.is_staff
    if reading is None:
        return
    if reading.session.get("staff"):
        facts["account.is_staff"] = True
    if event.account is None:
        return
    account = reading.account
    logins, first, changed = account.get("logins", 0), account.get("first", 0), account.get("contact", 0)
    facts["account.is_frozen"] = bool(account.get("frozen"))
    facts["account.is_suspect"] = bool(account.get("suspect"))
    facts["account.must_prove"] = bool(account.get("prove"))
    facts["account.logins"] = logins
    facts["account.is_cold"] = logins < WARM_LOGINS
    facts["account.age_days"] = max(0, at - first) / DAY_MS if first else 0.0
    facts["account.contact_changed_hours"] = max(0, at - changed) / HOUR_MS if changed else NEVER_HOURS


def _device_and_network(facts: Facts, source: Source) -> None:
    event, reading, at = source.event, source.reading, source.at_ms
    network = event.network
    facts.update(_DEFAULTS["device"])
    facts.update(_DEFAULTS["network"])
    facts["device.has_cookie"] = event.device.id is not None
    facts["device.proof"] = event.device.proof
    facts["network.asn"] = network.asn
    facts["network.country"] = network.country
    facts["network.kind"] = network.kind
    if reading is None:
        return
    facts["device.accounts_24h"] = int(reading.device_accounts)
    if reading.is_proof_used:
        facts["device.proof"] = USED_PROOF
    if event.account is None:
        return
    trust_ms = int(source.context.trust_days * DAY_MS)
    device = reading.entry("dev")
    facts["device.is_seen"] = device.is_seen
    # Of two copies nobody knows which is the customer's.
    facts["device.is_trusted"] = device.is_earned(at, trust_ms) and not reading.has_double
    facts["device.age_days"] = max(0, at - device.first) / DAY_MS if device.is_seen else 0.0
    facts["device.browser_seen"] = reading.entry("br").is_seen
    facts["device.fingerprint_seen"] = reading.entry("fp").is_seen
    network_facts(facts, event, reading, trust_ms)


def _cloned(facts: Facts, source: Source) -> None:
    facts[_CLONED] = source.reading is not None and source.reading.has_double


def _unexpected(facts: Facts, source: Source) -> None:
    facts.update(_DEFAULTS[_UNEXPECTED])
    if source.reading is not None and source.event.account is not None:
        trust_ms = int(source.context.trust_days * DAY_MS)
        is_bound = source.event.device.is_bound
        unexpected_facts(facts, source.reading, source.at_ms, trust_ms, is_bound=is_bound)


def _login(facts: Facts, source: Source) -> None:
    subject = source.event.subject
    facts["login.method"] = subject.method if isinstance(subject, Login) else ""


def _session(facts: Facts, source: Source) -> None:
    event, reading, at = source.event, source.reading, source.at_ms
    facts.update(_DEFAULTS["session"])
    is_bound = facts["session.is_bound"] = event.device.is_bound
    is_missing = is_bound and facts["device.proof"] != PROVED
    facts["session.key_missing"] = is_missing
    if reading is None:
        return
    if reading.session:
        session_facts(facts, event, reading, at)


def _unusual(facts: Facts, source: Source) -> None:
    facts[_UNUSUAL] = False
    if source.reading is not None and source.event.account is not None:
        is_strange = not facts["device.is_trusted"] and not facts["network.is_familiar"]
        facts[_UNUSUAL] = is_strange or bool(source.reading.session.get("unusual"))


def _order(facts: Facts, source: Source) -> None:
    event, reading = source.event, source.reading
    order = order_of(event)
    facts.update(_DEFAULTS["order"])
    if reading is not None and event.account is not None:
        facts["order.learnt"] = reading.account.get("orders", 0)
    if order is None:
        return
    order_own_facts(facts, order, source.context.thin_adv_minor)
    if reading is not None:
        order_facts(facts, event, order, reading)


def _change(facts: Facts, source: Source) -> None:
    subject = source.event.subject
    facts.update(_DEFAULTS["change"])
    if isinstance(subject, OrderChange):
        facts["change.kind"] = subject.change
        if subject.order is not None:
            facts["change.value_increase"] = max(0, subject.order.value_minor - subject.previous_value_minor)


def _withdrawal(facts: Facts, source: Source) -> None:
    subject = source.event.subject
    facts.update(_DEFAULTS["withdrawal"])
    if isinstance(subject, Withdrawal):
        facts["withdrawal.value"] = subject.value_minor
        facts["withdrawal.share"] = subject.value_minor / max(1, subject.total_minor)
        facts["withdrawal.destination_age_days"] = subject.destination_age_days


def _profile(facts: Facts, source: Source) -> None:
    subject = source.event.subject
    facts.update(_DEFAULTS["profile"])
    if isinstance(subject, ProfileChange):
        facts["profile.field"] = subject.field
        facts["profile.is_first"] = subject.is_first


def _request(facts: Facts, source: Source) -> None:
    subject = source.event.subject
    facts["request.path"] = subject.path if isinstance(subject, PageRequest) else ""


def _lists(facts: Facts, _: Source) -> None:
    """Who is on which list only the ruleset knows."""
    facts.update({name: [] for name in _DEFAULTS["lists"]})


_GROUPS: dict[str, Callable[[Facts, Source], None]] = {
    "event": _event,
    "store": _store,
    "account": _account,
    "device": _device_and_network,
    "network": _device_and_network,
    "login": _login,
    "session": _session,
    "order": _order,
    "change": _change,
    "withdrawal": _withdrawal,
    "profile": _profile,
    "request": _request,
    "lists": _lists,
    _UNEXPECTED: _unexpected,
    _HOUR: _hour_surprise,
    _UNUSUAL: _unusual,
    _CLONED: _cloned,
}
_FILLERS = Fillers({name: _GROUPS[group] for group, names in _DEFAULTS.items() for name in names})
