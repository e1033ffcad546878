"""The verdict on one event: pure arithmetic over what was measured and what was published.

Must not touch Django, Redis, a clock or a setting: a replay and a live request run the very same code.
Findings are combined by sums and maxima alone, so that one more finding never softens anything.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from authshield.judge.assurance import assured
from authshield.judge.evidence.weigh import weigh
from authshield.judge.findings import guards, limit_findings, outage, points_before, rule_findings, takes_back
from authshield.judge.guarded import symbol_guards
from authshield.judge.usual import allowed
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Decision, Finding, Reason
from authshield.vocabulary.event import HOLDABLE, Kind
from authshield.vocabulary.reasons import Reasons
from authshield.vocabulary.ruleset import Scope, SwitchKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from authshield.judge.compiled import Ruleset
    from authshield.judge.evidence.weigh import Weighed
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import Features
    from authshield.vocabulary.ruleset import Switch, Threshold

MAX_RISK = 100.0


def judge(event: Event, features: Features, ruleset: Ruleset, switches: Sequence[Switch] = ()) -> Decision:
    """Decide. ``switches`` that have expired at the event's time are ignored. Cost: see docs/rules.md."""
    active = [switch for switch in switches if switch.expires_at > event.at] if switches else ()
    findings = rule_findings(event, features, ruleset)
    if features.over:
        findings += limit_findings(event, features, ruleset)
    if active:
        off = {switch.target for switch in active if switch.kind == SwitchKind.RULE_OFF}
        findings = [finding for finding in findings if finding.id.removeprefix("failed:") not in off]
        findings += _tightened(event, active)
        findings += symbol_guards(event, features, active)
    if features.is_missing:
        findings += outage(event, features)
    findings += guards(event, features)
    if (policy := ruleset.assured.get(event.kind)) is not None:
        findings += assured(event, features, policy)
    weighed = _weighed(event, features, ruleset)
    evidence = weighed.own if weighed is not None else 0.0
    strangeness = weighed.strangeness if weighed is not None and event.kind in _BUYING else 0.0
    if weighed is not None and weighed.points <= 0:
        weighed = None  # there is nothing to tell
    observe_only = bool(active) and _observes(active)
    before = points_before(event, features)
    if (
        not (findings or before)
        and weighed is None
        and not _is_reached(ruleset.thresholds_by_kind[event.kind], 0.0)
    ):
        return allowed(
            event.id, ruleset.source.version, observe_only, features.is_missing, evidence, strangeness
        )
    seen = _Seen(findings, weighed, evidence, strangeness, before, features, observe_only)
    return _decide(event, seen, ruleset)


_BUYING = frozenset({Kind.ORDER, Kind.ORDER_CHANGE})
_BEFORE = "what the session did before"


class _Seen(NamedTuple):
    """What a decision rests on. ``weighed`` is None where it tells nothing against the customer."""

    findings: list[Finding]
    weighed: Weighed | None
    evidence: float
    strangeness: float
    before: float
    features: Features
    observe_only: bool


def _weighed(event: Event, features: Features, ruleset: Ruleset) -> Weighed | None:
    """What the signs weigh; None where there are none, or nobody whom they could be compared with."""
    scales = ruleset.scales.get(event.kind)
    is_comparable = event.account is not None and not (features.is_missing or takes_back(event, features))
    return weigh(features.facts, scales) if scales is not None and is_comparable else None


def _observes(active: Iterable[Switch]) -> bool:
    return any(switch.kind == SwitchKind.OBSERVE_ALL for switch in active)


def _tightened(event: Event, active: Iterable[Switch]) -> list[Finding]:
    if event.kind in {Kind.FILL, Kind.LOGOUT}:  # nobody is kept from signing out, and what is done is done
        return []
    return [
        Finding(
            "switch:tighten", "tightened", 0.0, switch.action, switch.required, "tightened by a panic switch"
        )
        for switch in active
        if switch.kind == SwitchKind.TIGHTEN and switch.target == event.kind
    ]


def _decide(event: Event, seen: _Seen, ruleset: Ruleset) -> Decision:
    kind, weighed = event.kind, seen.weighed
    counting = [finding for finding in seen.findings if not finding.shadow]
    points = [finding.points for finding in counting]
    if weighed is not None:
        points += weighed.shares()
    risk = min(sum(points, 0.0), MAX_RISK)
    if seen.before > risk:
        counting.append(Finding("session", "session_before", seen.before - risk, text=_BEFORE))
        risk = seen.before
    reached = [
        _reached(limit)
        for limit in ruleset.thresholds_by_kind[kind]
        if risk >= limit.risk and (limit.scope is Scope.ANY or _is_for(limit, seen.features))
    ]
    counting += reached
    action = max(
        [_possible(finding.action, kind) for finding in counting if finding.action], default=Action.ALLOW
    )
    waits = [
        one.retry_after_seconds
        for one in counting
        if one.retry_after_seconds and _possible(one.action, kind) == action
    ]
    return Decision(
        event.id,
        action,
        _required(counting, kind) if action == Action.CHALLENGE else Strength.NONE,
        risk,
        Reasons(partial(_reasons, counting, weighed)),
        _ids(seen.findings, counting),
        ruleset.source.version,
        max(waits, default=0),
        seen.observe_only,
        seen.features.is_missing,
        seen.evidence,
        _preferred(counting) if action == Action.CHALLENGE else Strength.NONE,
        seen.strangeness,
    )


@cache
def _reached(threshold: Threshold) -> Finding:
    return Finding(
        f"threshold:{threshold.action.word}",
        "risk_threshold",
        0.0,
        threshold.action,
        threshold.required,
        "the risk",
        lenient=threshold.lenient,
    )


def _is_for(threshold: Threshold, features: Features) -> bool:
    return bool(features.facts["device.is_trusted"]) == (threshold.scope is Scope.KNOWN_DEVICE)


def _is_reached(thresholds: Iterable[Threshold], risk: float) -> bool:
    for threshold in thresholds:  # noqa: SIM110 - a generator would take longer than all else in the usual case
        if risk >= threshold.risk:
            return True
    return False


def _possible(action: Action, kind: Kind) -> Action:
    """A hold becomes its stricter neighbour where nothing can wait."""
    return Action.DENY if action == Action.HOLD and kind not in HOLDABLE else action


def _required(counting: Iterable[Finding], kind: Kind) -> Strength:
    asked = [
        one.required or Strength.OTP for one in counting if one.action == Action.CHALLENGE and not one.lenient
    ]
    if not asked:
        return Strength.NONE
    least = Strength.OTP if kind in HOLDABLE else Strength.ANY
    return max(least, *asked)


def _preferred(counting: Iterable[Finding]) -> Strength:
    return max((one.required for one in counting if one.lenient), default=Strength.NONE)


def _reasons(counting: Iterable[Finding], weighed: Weighed | None) -> tuple[Reason, ...]:
    told = [*counting, *(weighed.lines() if weighed is not None else ())]
    reasons = [Reason(one.code, one.points, one.text) for one in told]
    return tuple(sorted(reasons, key=lambda reason: (-reason.points, reason.code, reason.text)))


def _ids(findings: Iterable[Finding], counting: Iterable[Finding]) -> tuple[str, ...]:
    shadows = {f"shadow:{one.id}" for one in findings if one.shadow}
    return tuple(sorted({one.id for one in counting})) + tuple(sorted(shadows))
