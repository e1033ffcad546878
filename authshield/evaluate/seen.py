"""What one detector made of one file: a score for every sign-in, order and withdrawal, and what came of them.

A score is the sum of a decision's points before it is clipped to a risk, so that it ranks beyond 100, and below 0 by
what the models say for the customer. Must not know labels (facts.py does).
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import IntFlag
from math import nan

from authshield.evaluate.calibration import POINTS_A_NAT
from authshield.evaluate.detection import Detections
from authshield.evaluate.facts import Facts
from authshield.replay.decided import Decided
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import Kind

MIN_RISK, MAX_RISK = 0.0, 100.0


class End(IntFlag):
    """What happened in a session, or to an order."""

    CHALLENGED = 1
    HELD = 2
    STOPPED = 4
    ASKED_AT_SIGN_IN = 8


@dataclass(slots=True)
class Scores:
    """By session: the sign-in's score (NaN without one), the highest; by order: its own, the highest so far."""

    sign_in: array[float] = field(default_factory=lambda: array("d"))
    top: array[float] = field(default_factory=lambda: array("d"))
    money: array[float] = field(default_factory=lambda: array("d"))
    so_far: array[float] = field(default_factory=lambda: array("d"))

    def add(self, session: int, money: int, score: float, *, is_sign_in: bool) -> None:
        """Take the score of an event whose places are as ``Facts.add`` returned them.

        Events that the models do not weigh have 0: that raises nothing that speaks for the customer.
        """
        if session == len(self.top):
            self.top.append(score)
            self.sign_in.append(score if is_sign_in else nan)
        elif session >= 0 and (money >= 0 or score > 0):
            self.top[session] = max(self.top[session], score)
        if money >= 0:
            self.money.append(score)
            self.so_far.append(self.top[session] if session >= 0 else score)


@dataclass(slots=True)
class Ends:
    """What was really done, in a replay: by session and by order; campaigns and cases."""

    session: array[int] = field(default_factory=lambda: array("B"))
    money: array[int] = field(default_factory=lambda: array("B"))
    detections: Detections = field(default_factory=Detections)
    cases: dict[str, int] = field(default_factory=dict)

    def add(self, decided: Decided, session: int, money: int) -> None:
        """Take a decision."""
        end = (
            (End.CHALLENGED if decided.is_challenged and not decided.in_warm_up else 0)
            | (End.HELD if decided.is_held else 0)
            | (End.STOPPED if decided.is_stopped else 0)
        )
        if end & End.CHALLENGED and decided.record.event.kind is Kind.LOGIN:
            end |= End.ASKED_AT_SIGN_IN
        if session == len(self.session):
            self.session.append(end)
        elif session >= 0:
            self.session[session] |= end
        if money >= 0:
            self.money.append(end)


@dataclass(slots=True)
class Seen:
    """A detector's view of a file. ``ends`` is None where nothing was replayed: then it only ranks."""

    facts: Facts
    scores: Scores = field(default_factory=Scores)
    ends: Ends | None = None


def score_of(decided: Decided) -> float:
    """All points of a decision together, the models' evidence for the customer where there are none."""
    points = sum(reason.points for reason in decided.reasons)
    return points if points > 0 else POINTS_A_NAT * min(decided.evidence, 0.0)


def risk_of(score: float) -> float:
    """A score as the risk that a threshold is held against."""
    return min(max(score, MIN_RISK), MAX_RISK)


def is_executed(decided: Decided) -> bool:
    """Whether it took effect."""
    return decided.final in {Final.ALLOWED, Final.PASSED}
