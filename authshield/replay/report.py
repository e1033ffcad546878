"""The report of a replay, as the format's page defines it; docs/replay.md says how each figure is counted.

Fed with every decision in order, it keeps sums only. Must not influence a decision.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from authshield.replay.campaigns import Campaigns
from authshield.replay.decided import Decided
from authshield.replay.money import Base
from authshield.replay.sessions import Sessions
from authshield.vocabulary.decision import Final

THRESHOLDS = range(101)
_FINALS = tuple(final.value for final in Final)


@dataclass(slots=True)
class _Rule:
    """What a rule matched."""

    matched: int = 0
    fraud: int = 0
    legit: int = 0
    value_stopped: int = 0

    def add(self, decided: Decided) -> None:
        fraud = decided.record.label == "fraud"
        self.matched += 1
        self.fraud += fraud
        self.legit += decided.record.label == "legit"
        if fraud and decided.is_stopped:
            self.value_stopped += decided.value_minor


@dataclass(slots=True)
class _Fraud:
    """Fraudulent events, and their value by what became of it. ``weights`` pairs risk and value."""

    events: int = 0
    attempted: int = 0
    stopped: int = 0
    held: int = 0
    executed: int = 0
    weights: list[tuple[float, int]] = field(default_factory=list)

    def add(self, decided: Decided) -> None:
        value = decided.value_minor
        self.events += 1
        self.attempted += value
        if decided.is_stopped:
            self.stopped += value
        elif decided.is_held:
            self.held += value
        else:
            self.executed += value
        if value:
            self.weights.append((decided.risk, value))


class Tally:
    """Counts decisions as they are made; ``report`` may be asked once all are in."""

    def __init__(self, base: Base, rules: Iterable[str] = ()) -> None:
        """``rules`` are the ids that are reported even if they never match, shadow ones marked."""
        self._base = base
        self._events = 0
        self._labelled = False
        self._by_kind: dict[str, dict[str, int]] = {}
        self._rules = {rule: _Rule() for rule in rules}
        self._fraud = _Fraud()
        self._sessions = Sessions()
        self._campaigns = Campaigns()

    def add(self, decided: Decided) -> None:
        """Count one event; they come in order of time."""
        record = decided.record
        self._events += 1
        self._labelled = self._labelled or bool(record.label)
        if not self._sessions.add(decided):
            return
        kind = record.event.kind.value
        finals = self._by_kind.get(kind)
        if finals is None:
            finals = self._by_kind[kind] = dict.fromkeys(_FINALS, 0)
        finals[decided.final.value] += 1
        for rule in decided.rules:
            self._rules.setdefault(rule, _Rule()).add(decided)
        if record.label == "fraud":
            self._fraud.add(decided)
        self._campaigns.add(decided)

    def report(self, seconds: float) -> dict[str, Any]:
        """The whole report; ``seconds`` is how long deciding took."""
        body: dict[str, Any] = {
            "events": self._events,
            "seconds": round(seconds, 3),
            "events_per_second": round(self._events / seconds, 1) if seconds > 0 else 0.0,
            "by_kind": {kind: self._by_kind[kind] for kind in sorted(self._by_kind)},
        }
        if self._labelled:
            body["fraud"] = self._fraud_figures()
            body["first_detection"] = self._first_detection()
        body["cases"] = self._campaigns.case_figures()
        if self._labelled:
            body["legit"] = self._sessions.figures("legit")
            body["victims"] = self._sessions.figures("victims")
        body["rules"] = {rule: self._rule_figures(self._rules[rule]) for rule in sorted(self._rules)}
        if self._labelled:
            body["curve"] = self._curve()
        return body

    def _fraud_figures(self) -> dict[str, Any]:
        fraud, plain = self._fraud, self._base.plain
        sessions = self._sessions.under("fraud")
        return {
            "events": fraud.events,
            "value": {
                "attempted": plain(fraud.attempted),
                "stopped": plain(fraud.stopped),
                "held": plain(fraud.held),
                "executed": plain(fraud.executed),
            },
            "sessions": len(sessions),
            "sessions_stopped": sum(session.stopped for session in sessions),
        }

    def _first_detection(self) -> dict[str, dict[str, Any] | None]:
        found: dict[str, dict[str, Any] | None] = {}
        for name in sorted(self._campaigns.labelled):
            campaign = self._campaigns.labelled[name]
            found[name] = None
            if campaign.noticed_at is not None:
                found[name] = {
                    "seconds": (campaign.noticed_at - campaign.first_at).total_seconds(),
                    "accounts_before": len(campaign.accounts),
                    "value_before": self._base.plain(campaign.value_minor),
                }
        return found

    def _rule_figures(self, rule: _Rule) -> dict[str, Any]:
        if not self._labelled:
            return {"matched": rule.matched}
        labelled = rule.fraud + rule.legit
        return {
            "matched": rule.matched,
            "fraud": rule.fraud,
            "legit": rule.legit,
            "precision": round(rule.fraud / labelled, 4) if labelled else None,
            "value_stopped": self._base.plain(rule.value_stopped),
        }

    def _curve(self) -> list[dict[str, Any]]:
        frauds = sorted(self._fraud.weights)
        risks, total = [risk for risk, _ in frauds], self._fraud.attempted
        under = [0]
        for _, value in frauds:
            under.append(under[-1] + value)
        legit = sorted(session.risk for session in self._sessions.under("legit"))
        return [
            {
                "risk": threshold,
                "fraud_value": _share(total - under[bisect_left(risks, threshold)], total),
                "legit_sessions": _share(len(legit) - bisect_left(legit, threshold), len(legit)),
            }
            for threshold in THRESHOLDS
        ]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
