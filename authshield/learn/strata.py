"""Whose challenge rate is set: sign-ins and orders, from devices that the account trusts and from all others.

Reads the latest ordinary decisions of each, and works out thresholds for the rates that the desk wants. Nothing is
published here: the result is a proposal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from authshield.vocabulary.ruleset import Limit, Rule, RulesetSource, Scope, State, Threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
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
    least = _least(source.thresholds, stratum, lambda action: action == stratum.action)
    return Standing(stratum, tuple(ordinary(stratum, source, now)), least)


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


def _is_under(thresholds: Iterable[Threshold], stratum: Stratum, risk: float | None) -> bool:
    """Whether something stricter comes before this threshold."""
    stricter = _least(thresholds, stratum, lambda action: action > stratum.action)
    return risk is not None and stricter is not None and stricter < risk


def _least(thresholds: Iterable[Threshold], stratum: Stratum, acts: Callable[[Action], bool]) -> float | None:
    """From which risk on such events meet such an action."""
    found = (
        one.risk
        for one in thresholds
        if one.kinds & stratum.kinds and stratum.scope in _scopes(one) and acts(one.action)
    )
    return min(found, default=None)


def propose(rates: Mapping[str, float], *, by: str, now: datetime) -> Proposal:
    """Work out thresholds for these rates by stratum, as a proposal. Cost: 1 query a stratum."""
    found = [(standing(BY_NAME[name], now), rate) for name, rate in rates.items()]
    told: list[dict[str, Any]] = []
    thresholds = []
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
    after = changed(rulebook.published() or default_source(), thresholds)
    for row, (one, _) in zip(told, found, strict=True):
        row["is_under"] = _is_under(after, one.stratum, row["threshold"])
    return Proposal.objects.create(
        kind=Proposal.Kind.THRESHOLDS,
        created_at=now,
        created_by=by[:150],
        content={"thresholds": thresholds},
        evidence={"strata": told},
    )


def changed(source: RulesetSource, given: Iterable[Mapping[str, Any]]) -> tuple[Threshold, ...]:
    """The thresholds of a ruleset with proposed ones in the place of theirs.

    The least of a stratum's thresholds moves to the proposed risk; stricter ones that would ask before it, too.
    """
    wanted = [(BY_NAME[one["stratum"]], float(one["risk"])) for one in given]
    touched = {(kind, stratum.action) for stratum, _ in wanted for kind in stratum.kinds}
    mine: list[Threshold] = []
    kept: list[Threshold] = []
    for one in source.thresholds:
        for kind in sorted(one.kinds) if any((kind, one.action) in touched for kind in one.kinds) else ():
            mine += [replace(one, kinds=frozenset({kind}), scope=scope) for scope in _scopes(one)]
        if not any((kind, one.action) in touched for kind in one.kinds):
            kept.append(one)
    for stratum, risk in wanted:
        for kind in sorted(stratum.kinds):
            mine = _moved(mine, stratum, kind, risk)
    return (*_gathered(mine), *kept)


def _moved(thresholds: list[Threshold], stratum: Stratum, kind: Kind, risk: float) -> list[Threshold]:
    here = [one for one in thresholds if _is_of(one, stratum, kind)]
    rest = [one for one in thresholds if not _is_of(one, stratum, kind)]
    if not here:
        made = Threshold(frozenset({kind}), risk, stratum.action, stratum.required, scope=stratum.scope)
        return [*rest, made]
    least = min(here, key=lambda one: one.risk)
    return [
        *rest,
        *(replace(one, risk=risk if one is least else max(risk, one.risk)) for one in here),
    ]


def _is_of(one: Threshold, stratum: Stratum, kind: Kind) -> bool:
    return kind in one.kinds and one.action == stratum.action and stratum.scope in _scopes(one)


def _scopes(one: Threshold) -> tuple[Scope, ...]:
    both = (Scope.KNOWN_DEVICE, Scope.UNKNOWN_DEVICE)
    return both if one.scope is Scope.ANY else (one.scope,)


def _gathered(thresholds: Iterable[Threshold]) -> tuple[Threshold, ...]:
    """As few as say the same."""
    by_kind: dict[tuple[Kind, Threshold], set[Scope]] = {}
    for one in thresholds:
        [kind] = one.kinds
        by_kind.setdefault((kind, replace(one, kinds=frozenset(), scope=Scope.ANY)), set()).add(one.scope)
    groups: dict[tuple[Threshold, Scope], set[Kind]] = {}
    for (kind, plain), scopes in by_kind.items():
        groups.setdefault((plain, _of_all(frozenset(scopes))), set()).add(kind)
    made = [replace(plain, kinds=frozenset(kinds), scope=scope) for (plain, scope), kinds in groups.items()]
    return tuple(sorted(made, key=lambda one: (sorted(one.kinds), one.action, one.risk, one.scope)))


def _of_all(scopes: frozenset[Scope]) -> Scope:
    return Scope.ANY if len(scopes) > 1 else next(iter(scopes))


def _plain(stratum: Stratum, risk: float) -> dict[str, Any]:
    return {"stratum": stratum.name, "risk": risk}


def _acting(source: RulesetSource, stratum: Stratum) -> frozenset[str]:
    """Rules and limits that ask of such events by themselves."""
    all_of_them: tuple[Rule | Limit, ...] = (*source.rules, *source.limits)
    found = {
        one.id
        for one in all_of_them
        if one.state == State.ON and one.action >= stratum.action and one.kinds & stratum.kinds
    }
    return frozenset(found) | _ALWAYS


def _is_acting(rules: Any, acting: frozenset[str]) -> bool:
    return any(name in acting or str(name).startswith("failed:") for name in rules)
