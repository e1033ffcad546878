"""When each labelled campaign was first noticed, and what the opened cases were made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from authshield.replay.decided import Decided

_CAMPAIGN_ACCOUNTS = 2


@dataclass(slots=True)
class Campaign:
    """A labelled campaign: what it had done before it was noticed. ``value_minor`` is what was executed."""

    first_at: datetime
    noticed_at: datetime | None = None
    accounts: set[str] = field(default_factory=set)
    value_minor: int = 0

    def add(self, decided: Decided) -> None:
        """Count one fraudulent event of it; events come in order of time."""
        event = decided.record.event
        if self.noticed_at is not None and event.at >= self.noticed_at:
            return
        if decided.is_held or decided.is_stopped:
            self.noticed_at = event.at
            return
        if event.account is not None:
            self.accounts.add(event.account)
        self.value_minor += decided.value_minor
        if decided.case:
            at = decided.case_at or event.at
            self.noticed_at = at if self.noticed_at is None else min(self.noticed_at, at)


@dataclass(slots=True)
class Case:
    """An opened case: its accounts and the labels of its events."""

    accounts: set[str] = field(default_factory=set)
    fraud: int = 0
    legit: int = 0

    @property
    def is_campaign(self) -> bool:
        """Whether it joins several accounts."""
        return len(self.accounts) >= _CAMPAIGN_ACCOUNTS


@dataclass(slots=True)
class Campaigns:
    """Labelled campaigns by name, opened cases by id."""

    labelled: dict[str, Campaign] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)

    def add(self, decided: Decided) -> None:
        """Count an event."""
        record = decided.record
        if record.label == "fraud" and record.campaign:
            campaign = self.labelled.get(record.campaign)
            if campaign is None:
                campaign = self.labelled[record.campaign] = Campaign(record.event.at)
            campaign.add(decided)
        if decided.case:
            self._add_to_case(decided)

    def _add_to_case(self, decided: Decided) -> None:
        case = self.cases.setdefault(decided.case, Case())
        if decided.record.event.account is not None:
            case.accounts.add(decided.record.event.account)
        case.fraud += decided.record.label == "fraud"
        case.legit += decided.record.label == "legit"

    def case_figures(self) -> dict[str, int]:
        """How many cases, how many of them join accounts, how many of these are mostly of legitimate events."""
        joined = [case for case in self.cases.values() if case.is_campaign]
        return {
            "opened": len(self.cases),
            "campaigns": len(joined),
            "false_campaigns": sum(case.legit > case.fraud for case in joined),
        }
