"""How soon each labelled campaign was noticed: time and accounts from its first fraudulent order to the first alert.

An alert is a held or stopped event of the campaign, or a case with one of its events. Must not decide.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from authshield.replay.decided import Decided


@dataclass(frozen=True, slots=True)
class Detection:
    """When a campaign was noticed. ``minutes`` is None where it never was, 0 where it was before any order.

    ``accounts_before`` had fraudulent orders executed before the alert, worth ``value_before_minor``.
    """

    minutes: float | None
    accounts_before: int
    value_before_minor: int


@dataclass(slots=True)
class _Campaign:
    first_order_at: datetime | None = None
    alert_at: datetime | None = None
    executed: list[tuple[datetime, str, int]] = field(default_factory=list)

    def add(self, decided: Decided, *, executed: bool) -> None:
        event = decided.record.event
        if decided.is_order and self.first_order_at is None:
            self.first_order_at = event.at
        if decided.is_held or decided.is_stopped:
            self._alert(event.at)
        if decided.case:
            self._alert(decided.case_at or event.at)
        if decided.is_order and executed:
            self.executed.append((event.at, event.account or "", decided.value_minor))

    def _alert(self, at: datetime) -> None:
        self.alert_at = at if self.alert_at is None else min(at, self.alert_at)

    def detection(self) -> Detection | None:
        if self.first_order_at is None:
            return None
        before = [one for one in self.executed if self.alert_at is None or one[0] < self.alert_at]
        minutes = None
        if self.alert_at is not None:
            minutes = max((self.alert_at - self.first_order_at).total_seconds() / 60, 0.0)
        return Detection(minutes, len({account for _, account, _ in before}), sum(v for *_, v in before))


@dataclass(slots=True)
class Detections:
    """The labelled campaigns of one file."""

    campaigns: dict[str, _Campaign] = field(default_factory=dict)

    def add(self, decided: Decided, *, executed: bool) -> None:
        """Take an event; what began in the warm-up is to be kept away."""
        record = decided.record
        if record.label == "fraud" and record.campaign:
            self.campaigns.setdefault(record.campaign, _Campaign()).add(decided, executed=executed)

    def by_name(self) -> dict[str, Detection]:
        """The campaigns that ordered anything."""
        found = {name: campaign.detection() for name, campaign in self.campaigns.items()}
        return {name: detection for name, detection in found.items() if detection is not None}
