"""Whose challenge rate is set: sign-ins and orders, from devices that the account trusts and from all others.

Reads the latest ordinary decisions of each, and works out thresholds for the rates that the desk wants. Nothing is
published here: the result is a proposal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from authshield.judge.evidence.weigh import POINTS_A_NAT
from authshield.learn.rates import RULES_ALONE, Ordinary, curve, rate_at, threshold_for
from authshield.models import Case, JournalEntry, LabelledEvent, LedgerEntry, Proposal, Verdict
from authshield.record.journal import FAILED
from authshield.tune import rulebook
from authshield.tune.transfer import default_source
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import RulesetSource, Scope, State, Threshold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

WINDOW_DAYS, MOST = 60, 20_000
SUDDEN_POINTS = POINTS_A_NAT / 2
"""A threshold that rises by more than half a nat at once may follow an attack rather than the customers."""

_ALWAYS = frozenset({"account-frozen", "session-ended", "outage", "switch:tighten"})
_TRUSTED = "device.is_trusted"


@dataclass(frozen=True, slots=True)
class Stratum:
    """Decisions that are alike, and what is asked of them."""

    name: str
    kinds: frozenset[Kind]
    scope: Scope
    action: Action
    required: Strength = Strength.NONE

    @property
    def is_known(self) -> bool:
        """Whether it is that of trusted devices."""
        return self.scope is Scope.KNOWN_DEVICE


_LOGIN, _ORDER = frozenset({Kind.LOGIN}), frozenset({Kind.ORDER, Kind.ORDER_CHANGE})
STRATA = (
    Stratum("login_known", _LOGIN, Scope.KNOWN_DEVICE, Action.CHALLENGE, Strength.OTP),
    Stratum("login_unknown", _LOGIN, Scope.UNKNOWN_DEVICE, Action.CHALLENGE, Strength.OTP),
    Stratum("order_known", _ORDER, Scope.KNOWN_DEVICE, Action.CHALLENGE, Strength.OTP),
    Stratum("order_unknown", _ORDER, Scope.UNKNOWN_DEVICE, Action.CHALLENGE, Strength.OTP),
    Stratum("order_known_held", _ORDER, Scope.KNOWN_DEVICE, Action.HOLD),
    Stratum("order_unknown_held", _ORDER, Scope.UNKNOWN_DEVICE, Action.HOLD),
)
BY_NAME = {stratum.name: stratum for stratum in STRATA}


@dataclass(frozen=True, slots=True)
class Standing:
    """A stratum as it stands: its latest ordinary decisions, and the threshold in force."""

    stratum: Stratum
    ordinary: tuple[Ordinary, ...]
    threshold: float | None

    @property
    def rate(self) -> float:
        """The share that is asked now."""
        return rate_at(self.ordinary, self.threshold)


def standing(stratum: Stratum, now: datetime) -> Standing:
    """How a stratum stands. Cost: 1 query over the window, ``MOST`` rows of it; some 50 ms."""
    source = rulebook.published() or default_source()
    in_force = _expanded(source.thresholds)
    mine = [in_force.get((kind, stratum.scope, stratum.action)) for kind in sorted(stratum.kinds)]
    risks = [one.risk for one in mine if one is not None]
    return Standing(stratum, tuple(ordinary(stratum, source, now)), min(risks, default=None))


def ordinary(stratum: Stratum, source: RulesetSource, now: datetime) -> Iterable[Ordinary]:
    """The latest decisions of a stratum that nobody called fraud and no case is about."""
    acting = _acting(source, stratum)
    table = JournalEntry.objects if stratum.kinds == _LOGIN else LedgerEntry.objects
    rows = table.filter(
        kind__in=sorted(stratum.kinds), at__gte=now - timedelta(days=WINDOW_DAYS), at__lte=now
    )
    rows = rows.exclude(final=FAILED).exclude(account="").exclude(Q(facts__has_key="store.is_missing"))
    rows = rows.exclude(event_id__in=LabelledEvent.objects.filter(verdict=Verdict.FRAUD).values("event_id"))
    rows = rows.exclude(
        sid__in=Case.objects.exclude(sid="").exclude(verdict=Case.Verdict.LEGIT).values("sid")
    )
    is_trusted = Q(
        facts__has_key=_TRUSTED
    )  # kept only where it differs from its default, so it is true there
    rows = rows.filter(is_trusted) if stratum.is_known else rows.exclude(is_trusted)
    for risk, action, rules in rows.order_by("-at").values_list("risk", "action", "rules")[:MOST]:
        yield Ordinary(risk, action != Action.ALLOW.word and _is_acting(rules, acting))


def propose(rates: Mapping[str, float], *, by: str, now: datetime) -> Proposal:
    """Work out thresholds for these rates by stratum, as a proposal. Cost: 1 query a stratum."""
    found = [(standing(BY_NAME[name], now), rate) for name, rate in rates.items()]
    told, thresholds = [], []
    for one, rate in found:
        result = threshold_for(one.ordinary, rate)
        if result.threshold is not None:
            thresholds.append(_plain(one.stratum, result.threshold))
        told.append(
            {
                "stratum": one.stratum.name,
                "rate": rate,
                "threshold": result.threshold,
                "number": result.number,
                "spread": result.spread,
                "why": result.why,
                "least": rate_at(one.ordinary, None) if result.why == RULES_ALONE else None,
                "before": one.threshold,
                "rate_before": one.rate,
                "is_sudden": one.threshold is not None
                and result.threshold is not None
                and result.threshold - one.threshold > SUDDEN_POINTS,
                "curve": curve(one.ordinary),
            }
        )
    return Proposal.objects.create(
        kind=Proposal.Kind.THRESHOLDS,
        created_at=now,
        created_by=by[:150],
        content={"thresholds": thresholds},
        evidence={"strata": told},
    )


def changed(source: RulesetSource, given: Iterable[Mapping[str, Any]]) -> tuple[Threshold, ...]:
    """The thresholds of a ruleset with proposed ones in the place of theirs."""
    by_place = _expanded(source.thresholds)
    for one in given:
        stratum = BY_NAME[one["stratum"]]
        for kind in stratum.kinds:
            place = (kind, stratum.scope, stratum.action)
            before = by_place.get(place)
            made = Threshold(
                frozenset({kind}),
                one["risk"],
                stratum.action,
                before.required if before is not None else stratum.required,
                lenient=before is not None and before.lenient,
                scope=stratum.scope,
            )
            by_place[place] = made
    return _gathered(by_place)


Place = tuple[Kind, Scope, Action]


def _expanded(thresholds: Iterable[Threshold]) -> dict[Place, Threshold]:
    """One for each kind of event, device and action; the least where there are several."""
    found: dict[Place, Threshold] = {}
    for one in thresholds:
        both = (Scope.KNOWN_DEVICE, Scope.UNKNOWN_DEVICE)
        for scope in both if one.scope is Scope.ANY else (one.scope,):
            for kind in one.kinds:
                place = (kind, scope, one.action)
                if place not in found or one.risk < found[place].risk:
                    found[place] = one
    return found


def _gathered(by_place: Mapping[Place, Threshold]) -> tuple[Threshold, ...]:
    """As few as say the same."""
    groups: dict[tuple[float, Action, Strength, bool, frozenset[Scope]], set[Kind]] = {}
    by_kind: dict[tuple[Kind, float, Action, Strength, bool], set[Scope]] = {}
    for (kind, scope, action), one in by_place.items():
        by_kind.setdefault((kind, one.risk, action, one.required, one.lenient), set()).add(scope)
    for (kind, risk, action, required, lenient), scopes in by_kind.items():
        groups.setdefault((risk, action, required, lenient, frozenset(scopes)), set()).add(kind)
    made = [
        Threshold(frozenset(kinds), risk, action, required, lenient, _of_all(scopes))
        for (risk, action, required, lenient, scopes), kinds in groups.items()
    ]
    return tuple(sorted(made, key=lambda one: (sorted(one.kinds), one.action, one.scope)))


def _of_all(scopes: frozenset[Scope]) -> Scope:
    return Scope.ANY if len(scopes) > 1 else next(iter(scopes))


def _plain(stratum: Stratum, risk: float) -> dict[str, Any]:
    return {"stratum": stratum.name, "risk": risk}


def _acting(source: RulesetSource, stratum: Stratum) -> frozenset[str]:
    """Rules and limits that ask of such events by themselves."""
    found = {
        one.id
        for one in (*source.rules, *source.limits)
        if one.state == State.ON and one.action >= stratum.action and one.kinds & stratum.kinds
    }
    return frozenset(found) | _ALWAYS


def _is_acting(rules: Any, acting: frozenset[str]) -> bool:
    return any(name in acting or str(name).startswith("failed:") for name in rules)
