"""What was decided of one record: the line that is written, and what the report is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from authshield.replay.record import Record
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Final, Reason
from authshield.vocabulary.event import Kind, Order, Withdrawal

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


@dataclass(slots=True)
class Decided:
    """One record's decision and end. ``case_at`` is when its case was opened, where the late scoring did so.

    ``in_warm_up`` is True for an event that was only observed. ``waits`` is True until the late scoring has looked
    at it: only then is its line final. ``steps`` of the event's signs are there if they were asked for.
    """

    record: Record
    action: Action
    required: Strength
    final: Final
    risk: float
    reasons: tuple[Reason, ...] = ()
    rules: tuple[str, ...] = ()
    case: str = ""
    case_at: datetime | None = None
    in_warm_up: bool = False
    waits: bool = False
    evidence: float = 0.0
    steps: Mapping[str, int] | None = None

    @property
    def is_challenged(self) -> bool:
        """Whether a proof was asked for."""
        return self.action is Action.CHALLENGE

    @property
    def is_held(self) -> bool:
        """Whether it waits for a person."""
        return self.final is Final.HELD

    @property
    def is_stopped(self) -> bool:
        """Whether it did not happen, by this decision or by what was decided before."""
        return self.final in {Final.STOPPED, Final.MOOT}

    @property
    def value_minor(self) -> int:
        """Money that the event would move; 0 for events other than orders and withdrawals."""
        subject = self.record.event.subject
        return subject.value_minor if isinstance(subject, (Order, Withdrawal)) else 0

    @property
    def is_order(self) -> bool:
        """Whether it is a new order."""
        return self.record.event.kind is Kind.ORDER

    def line(self) -> str:
        """The decision as one JSON object ("Decisions, version 1"), with a line feed."""
        challenged = self.required is not Strength.NONE and self.is_challenged
        reasons = sorted(self.reasons, key=lambda reason: (-reason.points, reason.code, reason.text))
        body = {
            "id": self.record.id,
            "time": self.record.time,
            "action": self.action.word,
            "required": self.required.word if challenged else None,
            "final": self.final.value,
            "risk": self.risk,
            "reasons": [{"code": r.code, "points": r.points, "text": r.text} for r in reasons],
            "rules": list(self.rules),
            "case": self.case or None,
        }
        return _encode(body) + "\n"
