"""What becomes of a judged event in a replay: the challenge is put to whoever stands behind it, and settled.

Pure. Source: "How a challenge is settled in a replay" of the format's page. Must not look at labels.
"""

from __future__ import annotations

from dataclasses import replace

from authshield.judge import Demand, resolve
from authshield.replay.record import Record
from authshield.vocabulary.actions import FACTOR_STRENGTH, Action, Strength
from authshield.vocabulary.decision import Decision, Final, Outcome
from authshield.vocabulary.event import Event, Login

_ENDS = {Action.ALLOW: Final.ALLOWED, Action.HOLD: Final.HELD, Action.DENY: Final.STOPPED}


def demand_of(decision: Decision, record: Record) -> Demand:
    """What is asked of this customer, or what a challenge becomes that nobody enrolled for could pass."""
    return resolve(decision, record.event.kind, record.enrolled)


def outcome_of(demand: Demand, record: Record, *, in_warm_up: bool) -> Outcome:
    """What came of it. In the warm-up nothing is stopped and nothing is asked."""
    if in_warm_up:
        return Outcome(Final.ALLOWED)
    if demand.action is not Action.CHALLENGE:
        return Outcome(_ENDS[demand.action])
    proved = _proved(demand, record)
    return Outcome(Final.PASSED, proved=proved) if proved else Outcome(Final.STOPPED)


def _proved(demand: Demand, record: Record) -> Strength:
    """The strength that was shown: the passkey of this very sign-in, or the weakest factor that is enough."""
    subject = record.event.subject
    if isinstance(subject, Login):
        if not subject.succeeded:
            return Strength.NONE
        if subject.method == "passkey" and demand.required <= Strength.PHISHING_RESISTANT:
            return Strength.PHISHING_RESISTANT
    shown = [FACTOR_STRENGTH[factor] for factor in demand.factors if factor in record.can_pass]
    return min(shown, default=Strength.NONE)


def as_judged(event: Event) -> Event:
    """The event as a live door judges it: a sign-in before its password is looked at, and without a session."""
    subject = event.subject
    if not isinstance(subject, Login):
        return event
    return replace(
        event, session=None, subject=subject if subject.succeeded else replace(subject, succeeded=True)
    )
