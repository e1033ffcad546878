"""Rules, limits and lists as data: what the desk publishes and what everything else reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class State(StrEnum):
    """Whether a rule or a limit counts, is only recorded, or is left out."""

    ON = "on"
    SHADOW = "shadow"
    OFF = "off"


class Measure(StrEnum):
    """What a limit counts."""

    COUNT = "count"
    SUM = "sum"
    DISTINCT = "distinct"


class Dimension(StrEnum):
    """What a limit counts by. An address is a /32 or a /64, a prefix a /24 or a /48."""

    ACCOUNT = "account"
    USERNAME = "username"
    IP = "ip"
    PREFIX = "prefix"
    ASN = "asn"
    DEVICE = "device"
    SESSION = "session"
    SYMBOL = "symbol"


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
    """At most ``capacity`` in any ``window_seconds``, sliding and exact.

    ``capacity`` is a number of events, of different ``distinct_of`` values, or a sum in minor units.
    An event over the limit is not counted. ``refunds_success`` gives a sign-in that succeeds its count back.
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
    """From this risk on, events of these kinds get at least this action."""

    kinds: frozenset[Kind]
    risk: float
    action: Action
    required: Strength = Strength.NONE


class SwitchKind(StrEnum):
    """The desk's panic controls."""

    OBSERVE_ALL = "observe_all"
    RULE_OFF = "rule_off"
    TIGHTEN = "tighten"


@dataclass(frozen=True, slots=True)
class Switch:
    """A panic control with an expiry. ``target`` is a rule id, or a kind of event for TIGHTEN."""

    kind: SwitchKind
    expires_at: datetime
    target: str = ""
    action: Action = Action.ALLOW
    required: Strength = Strength.NONE


@dataclass(frozen=True, slots=True)
class RulesetSource:
    """A published version, before it is compiled.

    ``parameters``: thin_adv_minor, trust_days, fresh_proof_seconds, scoring thresholds and the like.
    """

    version: int
    name: str
    rules: tuple[Rule, ...] = ()
    limits: tuple[Limit, ...] = ()
    lists: tuple[ListEntry, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)
