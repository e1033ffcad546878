"""Baselines that need no replay of their own: they read along with ours, event by event, and only rank.

What a sign-in labelled as fraud would teach them is kept from them, in their favour. Must not decide.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import datetime
from math import isnan
from typing import Protocol

from authshield.evaluate import forest
from authshield.evaluate.freeman import Freeman
from authshield.evaluate.history import SIGN_IN_FIGURES, History
from authshield.evaluate.seen import Scores
from authshield.replay.decided import Decided
from authshield.vocabulary.event import Login, Order, Withdrawal


class Rider(Protocol):
    """Reads along. The places are those of ``Facts.add``."""

    def add(self, decided: Decided, session: int, money: int) -> None:
        """Take an event."""

    def scores(self) -> Scores:
        """What it made of the file, once all of it was seen."""


@dataclass(slots=True)
class FreemanRider:
    """Sign-ins are scored, orders carry the score of their session's sign-in."""

    model: Freeman = field(default_factory=Freeman)
    found: Scores = field(default_factory=Scores)

    def add(self, decided: Decided, session: int, money: int) -> None:
        """Score a sign-in, then learn it."""
        event = decided.record.event
        is_sign_in = isinstance(event.subject, Login) and event.session is not None
        score = self.model.log_odds(event) if is_sign_in else self._carried(session)
        self.found.add(session, money, score, is_sign_in=is_sign_in)
        if is_sign_in and event.account is not None and decided.record.label != "fraud":
            self.model.learn_event(event)

    def scores(self) -> Scores:
        """All of it."""
        return self.found

    def _carried(self, session: int) -> float:
        return self.found.top[session] if 0 <= session < len(self.found.top) else 0.0


@dataclass(slots=True)
class ForestRider:
    """Two forests: one over sign-ins, one over orders with their sign-in's features."""

    seed: int
    history: History = field(default_factory=History)
    sign_ins: forest.Rows = field(default_factory=forest.Rows)
    orders: forest.Rows = field(default_factory=forest.Rows)
    sign_in_places: array[int] = field(default_factory=lambda: array("i"))
    money_sessions: array[int] = field(default_factory=lambda: array("i"))
    _at: dict[int, datetime] = field(default_factory=dict)

    def add(self, decided: Decided, session: int, money: int) -> None:
        """Put an event into figures."""
        event = decided.record.event
        subject, normal = event.subject, decided.in_warm_up
        if isinstance(subject, Login):
            self._sign_in(decided, session)
        elif session == len(self.sign_in_places):
            self.sign_in_places.append(-1)
        if money >= 0 and isinstance(subject, (Order, Withdrawal)):
            row = self.history.order(event, subject, self._at.get(session))
            self.orders.add((*row, *self._features_of(session)), normal=normal)
            self.money_sessions.append(session)

    def scores(self) -> Scores:
        """Fit both forests and score every row."""
        sign_ins = forest.take(forest.anomalies(self.sign_ins, self.seed), self.sign_in_places)
        money = forest.anomalies(self.orders, self.seed + 1)
        top = array("d", (score if not isnan(score) else float("-inf") for score in sign_ins))
        so_far = array("d")
        for session, score in zip(self.money_sessions, money, strict=True):
            if session >= 0:
                top[session] = max(top[session], score)
            so_far.append(top[session] if session >= 0 else score)
        return Scores(sign_ins, top, money, so_far)

    def _sign_in(self, decided: Decided, session: int) -> None:
        event, subject = decided.record.event, decided.record.event.subject
        if event.account is None or session < 0 or not isinstance(subject, Login) or not subject.succeeded:
            self.history.failed(event)
            return
        row = self.history.sign_in(event)
        place = self.sign_ins.add(row, normal=decided.in_warm_up)
        if session == len(self.sign_in_places):
            self.sign_in_places.append(place)
            self._at[session] = event.at
        if decided.record.label != "fraud":
            self.history.learn(event)

    def _features_of(self, session: int) -> tuple[float, ...]:
        place = self.sign_in_places[session] if session >= 0 else -1
        if place < 0:
            return (0.0,) * SIGN_IN_FIGURES
        return tuple(self.sign_ins.figures[place * SIGN_IN_FIGURES : (place + 1) * SIGN_IN_FIGURES])
