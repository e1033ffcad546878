"""The late scoring of a replay: what a worker would find out, taking effect some event time later.

Must not decide on events. Case ids are derived from what is in the file, so that two runs agree.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from authshield.judge import Ruleset
from authshield.replay.decided import Decided
from authshield.score.guard import guard_of
from authshield.score.scan import LONGEST, Campaign, InMemory, Join
from authshield.score.session import SCORED, LateScore, score
from authshield.vocabulary.event import Event
from authshield.vocabulary.features import Features
from authshield.vocabulary.ruleset import Switch


@dataclass(frozen=True, slots=True)
class Verdict:
    """A late score that has come due. ``session_score`` is the highest of its session so far."""

    at: datetime
    decided: Decided
    features: Features
    late: LateScore
    session_score: float
    is_new_high: bool


@dataclass(slots=True)
class LateScoring:
    """Scores that wait for their time. ``cases`` and ``scores`` are those of sessions that have one."""

    ruleset: Ruleset
    delay: timedelta
    cases: dict[str, str] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    _waiting: deque[tuple[datetime, Decided, Features]] = field(default_factory=deque)
    _members: InMemory = field(default_factory=lambda: InMemory({}))
    _campaigns: dict[Join, tuple[str, datetime]] = field(default_factory=dict)
    _guards: dict[str, Switch] = field(default_factory=dict)

    def look_at(self, decided: Decided, features: Features) -> None:
        """Have a decided event's session scored, if it is of a kind that is."""
        event = decided.record.event
        if event.kind in SCORED and event.session is not None and event.account is not None:
            decided.waits = True
            self._waiting.append((event.at + self.delay, decided, features))

    def due(self, now: datetime | None) -> Iterator[Verdict]:
        """The verdicts up to ``now``, or all that are left."""
        while self._waiting and (now is None or self._waiting[0][0] <= now):
            at, decided, features = self._waiting.popleft()
            decided.waits = False
            event = decided.record.event
            late = score(event, features, self.ruleset, self._members)
            before = self.scores.get(event.session or "", 0.0)
            highest = self.scores[event.session or ""] = max(late.score, before)
            yield Verdict(at, decided, features, late, session_score=highest, is_new_high=highest > before)

    def case_for(self, event: Event, record_id: str, campaign: Campaign | None) -> str:
        """The open case of the event's session or campaign, opened by this event if there is none."""
        session = event.session or ""
        if campaign is not None:
            named = self._campaign_case(campaign, event.at)
            self.cases |= {member.sid: named for member in campaign.members} | {session: named}
        elif session not in self.cases:
            digest = hashlib.sha256(f"{session}\x00{record_id}".encode()).hexdigest()
            self.cases[session] = f"case-{digest[:12]}"
        return self.cases[session]

    def guard(self, campaign: Campaign, at: datetime, *, is_thin: bool) -> None:
        """Put the campaign's symbol under guard, or have its guard last longer, as a worker would."""
        wanted = guard_of(campaign, self.ruleset.source.parameters, at, is_thin=is_thin)
        if wanted is None:
            return
        symbol = wanted.switch.target
        if symbol in self._guards or len(self.guards(at)) < wanted.most:
            self._guards[symbol] = wanted.switch

    def guards(self, at: datetime) -> tuple[Switch, ...]:
        """The guards in force."""
        if self._guards:
            self._guards = {name: one for name, one in self._guards.items() if one.expires_at > at}
        return tuple(self._guards.values())

    def _campaign_case(self, campaign: Campaign, at: datetime) -> str:
        """One case for as long as a campaign goes on: it ends when nobody joined it for a day."""
        name, last = self._campaigns.get(campaign.join, ("", at))
        if not name or at - last > LONGEST:
            named = f"{campaign.join}\x00{at.isoformat()}".encode()
            name = f"campaign-{hashlib.sha256(named).hexdigest()[:12]}"
        self._campaigns[campaign.join] = name, at
        return name
