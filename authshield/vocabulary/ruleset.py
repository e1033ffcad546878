"""Rules, limits and lists as data: what the desk publishes and what everything else reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.assurance import Assurance
from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from datetime import datetime


class State(StrEnum):
    """Whether a rule or a limit counts, is only recorded, or is left out."""

    ON = "on"
    SHADOW = "shadow"
    OFF = "off"


class Measure(StrEnum):
    """What a limit counts: events, money in minor units, different values, or shares of the portfolio.

    An order's share is its value in basis points (1/100 %) of cash and positions before it, rounded up; an
    amend's that of what it adds. It is 0 where the portfolio is unknown or worth nothing.
    """

    COUNT = "count"
    SUM = "sum"
    DISTINCT = "distinct"
    SHARE = "share"


class Dimension(StrEnum):
    """What a limit counts by. An address is a /32 or a /64, a prefix a /24 or a /48.

    An event that lacks the value (no device cookie, an unknown country) is not counted by it, nor is a pair
    of which one is lacking. GLOBAL is one count for all events of the site.
    """

    ACCOUNT = "account"
    USERNAME = "username"
    IP = "ip"
    PREFIX = "prefix"
    ASN = "asn"
    COUNTRY = "country"
    DEVICE = "device"
    FINGERPRINT = "fingerprint"
    SESSION = "session"
    SYMBOL = "symbol"
    SYMBOL_SIDE = "symbol_side"
    BANK_ACCOUNT = "bank_account"
    GLOBAL = "global"


_ORDERS = frozenset({Kind.ORDER, Kind.ORDER_CHANGE})
_BEFORE_SESSION = frozenset({Kind.LOGIN, Kind.PASSWORD_RESET})
KINDS_WITH: Mapping[Dimension, frozenset[Kind]] = {dimension: frozenset(Kind) for dimension in Dimension} | {
    Dimension.USERNAME: _BEFORE_SESSION,
    Dimension.SESSION: frozenset(Kind) - _BEFORE_SESSION,
    Dimension.SYMBOL: _ORDERS,
    Dimension.SYMBOL_SIDE: _ORDERS,
    Dimension.BANK_ACCOUNT: frozenset({Kind.WITHDRAWAL}),
}
"""The kinds of event that have a value to count by."""

SPARING = frozenset({Kind.LOGIN, Kind.FACTOR_ATTEMPT})
SHARED = frozenset({Dimension.IP, Dimension.PREFIX, Dimension.ASN, Dimension.COUNTRY, Dimension.FINGERPRINT})
AIMED_AT = frozenset({Dimension.USERNAME, Dimension.GLOBAL})
"""Where guesses come from, and what they aim at: limits by these on ``SPARING`` kinds stop strangers, never the
customer's own trusted device, which has the account's own limit besides. Where others' guesses alone fill the limit
(``AIMED_AT``) a device that the account has used is enough."""

EXACT = 64
"""Up to this capacity every window is exact, different values too; above it bounded memory counts."""

MOST_GROWTH = 20
"""A capacity that grows with good customers never grows beyond this many times itself."""


class Scope(StrEnum):
    """Whose events an account's limit counts: everybody's, or strangers' and owner's apart."""

    ANY = "any"
    UNKNOWN_DEVICE = "unknown_device"
    KNOWN_DEVICE = "known_device"


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition over the facts, and what it brings: points, an action, or both."""

    id: str
    kinds: frozenset[Kind]
    when: str
    points: float = 0.0
    action: Action = Action.ALLOW
    required: Strength = Strength.NONE
    code: str = ""
    text: str = ""
    state: State = State.ON


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``capacity`` in any ``window_seconds`` (1 to 2,592,000, which is 30 days), sliding.

    ``capacity`` (1 or more) is a number of events, of different ``distinct_of`` values, a sum in minor units, or
    basis points. An event over the limit is not counted.

    - ``also`` makes a pair: counted by ``dimension`` and ``also`` together, such as address and device.
    - ``burst`` 0: no window ever holds more than ``capacity``; exact up to ``EXACT``, above it refused 1 % early
      at worst. Over 0 (counts only): ``capacity`` a window on average and ``burst`` at once, so that a window
      holds ``capacity + burst`` at most.
    - ``refunds_success`` gives a sign-in or a code that succeeds its count back.
    - ``frees_cancelled`` gives an order that is cancelled its count back (orders only).
    - ``exempt``: names of lists; an event whose address, device, account, symbol, carrier or country is in one
      of them is not counted.
    - ``grows_by``: so much more capacity for every customer who signed in from behind this address within the
      window, up to ``MOST_GROWTH`` times ``capacity`` in all (sign-ins by address or prefix only).
    - ``progressive``: each further refusal in the window doubles the wait, up to the window (denials only).
    """

    id: str
    kinds: frozenset[Kind]
    dimension: Dimension
    window_seconds: int
    capacity: int
    measure: Measure = Measure.COUNT
    distinct_of: Dimension | None = None
    scope: Scope = Scope.ANY
    refunds_success: bool = False
    points: float = 0.0
    action: Action = Action.DENY
    required: Strength = Strength.NONE
    code: str = ""
    text: str = ""
    state: State = State.ON
    also: Dimension | None = None
    burst: int = 0
    exempt: tuple[str, ...] = ()
    frees_cancelled: bool = False
    grows_by: int = 0
    progressive: bool = False


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One value in a named list.

    ``kind`` is ip (address or network), device, account, symbol, asn or country.
    """

    name: str
    kind: str
    value: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """From this risk on, events of these kinds get at least this action.

    A ``lenient`` challenge asks for the strongest factor that the customer has, ``required`` at most; an order of
    somebody who has none that is strong enough for orders goes on. ``scope`` leaves out events from devices that the
    account trusts, or all others: each has a threshold of its own then.
    """

    kinds: frozenset[Kind]
    risk: float
    action: Action
    required: Strength = Strength.NONE
    lenient: bool = False
    scope: Scope = Scope.ANY


class SwitchKind(StrEnum):
    """The desk's panic controls, and what campaigns put on a symbol."""

    OBSERVE_ALL = "observe_all"
    RULE_OFF = "rule_off"
    TIGHTEN = "tighten"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class Switch:
    """A panic control with an expiry. ``target``: a rule id; for TIGHTEN a kind of event; for SYMBOL whose buys."""

    kind: SwitchKind
    expires_at: datetime
    target: str = ""
    action: Action = Action.ALLOW
    required: Strength = Strength.NONE


@dataclass(frozen=True, slots=True)
class RulesetSource:
    """A published version, before it is compiled.

    ``parameters``: thin_adv_minor, trust_days, fresh_proof_seconds, scoring thresholds and the like. ``weights``:
    nats by step of a sign, where they are not the shipped ones. ``assurance`` asks for proofs whatever the risk.
    """

    version: int
    name: str
    rules: tuple[Rule, ...] = ()
    limits: tuple[Limit, ...] = ()
    lists: tuple[ListEntry, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    assurance: Assurance = field(default_factory=Assurance)
