"""The journey in one place. Read this first.

``assess`` is observe → measure → judge for one event; ``conclude`` settles what it reserved and learns from it.
Between the two the doors enforce: ``operations`` for orders and the like, ``signin`` for sign-ins, the
middleware for pages. A replay calls the same stages with the file's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from authshield import signals
from authshield.conf import current
from authshield.judge import judge
from authshield.judge.learning import learning
from authshield.measure import Settlement, measure, settle
from authshield.measure.profile import hydrate
from authshield.measure.store import default_store
from authshield.record import durable
from authshield.tune.rulebook import active
from authshield.vocabulary.assessment import Assessment
from authshield.vocabulary.event import Event, Login

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from authshield.errors import InvalidInput
    from authshield.vocabulary.decision import Decision, Outcome
    from authshield.vocabulary.features import Features


View = TypeVar("View", bound="Callable[..., Any]")
EXEMPT = "authshield_exempt"


@dataclass(slots=True)
class Guarded:
    """What a view may read from ``request.authshield``."""

    assessment: Assessment | None = None
    outcome: Outcome | None = None
    invalid: InvalidInput | None = None


def assess(event: Event, now: datetime) -> Assessment:
    """Measure and judge one event.

    Cost: 1 Redis round trip, no query; 2 queries and 2 trips for an account that the store does not know yet;
    2 queries and no trip while Redis is away.
    """
    ruleset, switches = active(now)
    store = default_store()
    features = measure(event, ruleset, store)
    if event.account is not None and (features.is_missing or features.is_cold):
        snapshot = durable.load(event.account)
        if features.is_missing:
            features = durable.stand_in(features, event, snapshot, now)
        else:
            hydrate(event.account, snapshot, store)
            features = measure(event, ruleset, store, stream=False)
    decision = judge(event, features, ruleset, switches)
    if current().MODE != "enforce":
        decision = replace(decision, observe_only=True)
    return Assessment(event, features, decision)


def conclude(assessment: Assessment, outcome: Outcome, extra: Mapping[str, str] | None = None) -> None:
    """Settle what the event reserved, learn from it if that is allowed, and tell whoever listens.

    Cost: 1 Redis round trip; raises nothing where Redis is away.
    """
    event, features, decision = assessment.event, assessment.features, assessment.decision
    lesson = learning(event, outcome, features, trust_first_device=current().TRUST_FIRST_DEVICE)
    subject = event.subject
    settlement = Settlement(
        decision=decision,
        outcome=outcome,
        learn=lesson.learn,
        trust=lesson.trust,
        login_succeeded=isinstance(subject, Login) and subject.succeeded and outcome.happened,
        extra=dict(extra or {}),
    )
    settle(event, features, settlement, default_store())
    tell(event, features, decision, outcome)


def tell(event: Event, features: Features, decision: Decision, outcome: Outcome) -> None:
    """Send the public signal; a receiver that fails does not change what was decided."""
    signals.decided.send_robust(
        sender=Event, event=event, features=features, decision=decision, outcome=outcome
    )


def exempt(view: View) -> View:
    """Mark a view that a session in doubt still needs: the challenge itself, or signing out."""
    setattr(view, EXEMPT, True)
    return view
