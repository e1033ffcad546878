"""Sessions as the report counts them: whole, and each under the heading where it belongs.

Must not look at single rules or campaigns (report.py, campaigns.py do).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from authshield.replay.decided import Decided

Heading = Literal["fraud", "legit", "victims", "left out"]
COUNTED = (
    "sessions",
    "sessions_challenged",
    "sessions_held",
    "sessions_stopped",
    "orders",
    "orders_challenged",
    "orders_held",
    "orders_stopped",
)


@dataclass(slots=True)
class SignedIn:
    """One signed-in session so far."""

    account: str | None
    began: int
    in_warm_up: bool
    is_fraud: bool = False
    challenged: bool = False
    held: bool = False
    stopped: bool = False
    risk: float = 0.0
    orders: int = 0
    orders_challenged: int = 0
    orders_held: int = 0
    orders_stopped: int = 0

    def add(self, decided: Decided) -> None:
        """Count one of its events."""
        challenged, held, stopped = decided.is_challenged, decided.is_held, decided.is_stopped
        self.is_fraud |= decided.record.label == "fraud"
        self.challenged |= challenged
        self.held |= held
        self.stopped |= stopped
        self.risk = max(self.risk, decided.risk)
        if decided.is_order:
            self.orders += 1
            self.orders_challenged += challenged
            self.orders_held += held
            self.orders_stopped += stopped

    def count_into(self, figures: dict[str, int]) -> None:
        """Add it to the figures of its heading."""
        own = (1, self.challenged, self.held, self.stopped)
        orders = (self.orders, self.orders_challenged, self.orders_held, self.orders_stopped)
        for name, value in zip(COUNTED, own + orders, strict=True):
            figures[name] += value


@dataclass(slots=True)
class Sessions:
    """All sessions of a replay. Memory: some 300 bytes a session."""

    seen: int = 0
    by_id: dict[str, SignedIn] = field(default_factory=dict)
    first_fraud: dict[str, int] = field(default_factory=dict)

    def add(self, decided: Decided) -> bool:
        """Count an event; returns whether the report counts it (it leaves out sessions begun in the warm-up)."""
        event = decided.record.event
        self.seen += 1
        if decided.record.label == "fraud" and event.account is not None:
            self.first_fraud.setdefault(event.account, self.seen)
        if event.session is None:
            return not decided.in_warm_up
        session = self.by_id.get(event.session)
        if session is None:
            session = self.by_id[event.session] = SignedIn(event.account, self.seen, decided.in_warm_up)
        session.add(decided)
        return not session.in_warm_up

    def heading(self, session: SignedIn) -> Heading:
        """Where a session is counted, once all events are known."""
        if session.in_warm_up:
            return "left out"
        if session.is_fraud:
            return "fraud"
        first = self.first_fraud.get(session.account) if session.account is not None else None
        return "victims" if first is not None and session.began > first else "legit"

    def under(self, heading: Heading) -> list[SignedIn]:
        """All sessions of a heading."""
        return [session for session in self.by_id.values() if self.heading(session) == heading]

    def figures(self, heading: Heading) -> dict[str, int]:
        """The eight figures of a heading."""
        figures = dict.fromkeys(COUNTED, 0)
        for session in self.under(heading):
            session.count_into(figures)
        return figures
