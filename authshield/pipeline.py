"""The journey in one place. Read this first.

``assess`` is observe → measure → judge for one event; ``conclude`` settles what it reserved and learns from it.
Between the two the doors enforce: ``operations`` for orders and the like, ``signin`` for sign-ins, the
middleware for pages. A replay calls the same stages with the file's clock.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import sync_to_async

from authshield import outage, signals
from authshield.conf import current
from authshield.errors import StoreUnavailable
from authshield.judge import judge
from authshield.judge.learning import learning
from authshield.measure import Settlement, ameasure, measure, settle
from authshield.measure.profile import hydrate
from authshield.measure.settle import ISSUED_ORDER, UNFILLED, is_refused_unheard
from authshield.measure.store import default_store
from authshield.record import durable, reports
from authshield.tune.rulebook import aactive, active
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.assessment import Assessment
from authshield.vocabulary.decision import Decision, Reason
from authshield.vocabulary.event import Event, Kind, Login
from authshield.vocabulary.facts import MISSING
from authshield.vocabulary.features import Features

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from authshield.errors import InvalidInput
    from authshield.judge import Ruleset
    from authshield.vocabulary.decision import Outcome


View = TypeVar("View", bound="Callable[..., Any]")
EXEMPT = "authshield_exempt"
UNAVAILABLE = "unavailable"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Guarded:
    """What a view may read from ``request.authshield``, and what it may tell there once it has acted.

    ``order_number``: the number that the broker gave to the order. ``is_unfilled``: of the order that was cancelled
    nothing had been executed. Limits with ``frees_cancelled`` go by both.
    """

    assessment: Assessment | None = None
    outcome: Outcome | None = None
    invalid: InvalidInput | None = None
    order_number: str = ""
    is_unfilled: bool = False

    @property
    def extra(self) -> dict[str, str]:
        """What was told, for ``conclude``."""
        told = {ISSUED_ORDER: self.order_number} if self.order_number else {}
        return {**told, UNFILLED: "yes"} if self.is_unfilled else told


def assess(event: Event, now: datetime) -> Assessment:
    """Measure and judge one event. Raises nothing: what cannot be judged is denied, a page excepted.

    Cost: 1 Redis round trip, no query; 4 queries and 2 trips for an account that the store does not know yet;
    no trip and ``outage.stand_in`` while Redis is away.
    """
    try:
        ruleset, switches = active(now)
        features = measure(event, ruleset, default_store())
        if _needs_database(event, features):
            features = _completed(features, event, ruleset, now)
        if event.kind in outage.GUESSES and not features.is_missing:
            features = outage.beside(features, event, ruleset)
        assessment = Assessment(event, features, judge(event, features, ruleset, switches))
    except Exception:  # noqa: BLE001 - whatever fails in here must stop the order, not the site
        assessment = _unjudged(event)
    return _as_the_mode_says(assessment)


async def aassess(event: Event, now: datetime) -> Assessment:
    """``assess`` on an event loop: no thread, unless the database has to be asked."""
    try:
        ruleset, switches = await aactive(now)
        features = await ameasure(event, ruleset, default_store())
        if _needs_database(event, features):
            features = await sync_to_async(_completed)(features, event, ruleset, now)
        if event.kind in outage.GUESSES and not features.is_missing:
            features = outage.beside(features, event, ruleset)
        assessment = Assessment(event, features, judge(event, features, ruleset, switches))
    except Exception:  # noqa: BLE001 - as in assess
        assessment = _unjudged(event)
    return _as_the_mode_says(assessment)


def _as_the_mode_says(assessment: Assessment) -> Assessment:
    if current().MODE == "enforce":
        return assessment
    return replace(assessment, decision=replace(assessment.decision, observe_only=True))


def _needs_database(event: Event, features: Features) -> bool:
    is_unknown = event.account is not None and features.is_cold
    return is_unknown or features.is_missing or bool(reports.to_tell)


def _completed(features: Features, event: Event, ruleset: Ruleset, now: datetime) -> Features:
    """What the store has forgotten or cannot tell, from the database."""
    if event.account is not None and features.is_cold:
        store = default_store()
        try:
            hydrate(event.account, durable.load(event.account), store)
            features = measure(event, ruleset, store, stream=False)
        except StoreUnavailable:  # what it said before knew nothing of the account, not even a freeze
            features = replace(features, is_missing=True)
    if features.is_missing:
        return outage.stand_in(features, event, ruleset, now)
    if reports.to_tell:
        reports.store_is_back(now)
    return features


def _unjudged(event: Event) -> Assessment:
    """While an exception is handled."""
    _log.exception("event %s (%s) could not be judged", event.id, event.kind)
    action = Action.ALLOW if event.kind == Kind.REQUEST else Action.DENY
    reason = Reason(UNAVAILABLE, 0.0, "the event could not be judged")
    decision = Decision(event.id, action, Strength.NONE, 0.0, (reason,), (), 0, degraded=True)
    return Assessment(event, Features(dict(MISSING), is_missing=True), decision)


def conclude(assessment: Assessment, outcome: Outcome, extra: Mapping[str, str] | None = None) -> None:
    """Settle what the event reserved, learn from it if that is allowed, and tell whoever listens.

    Cost: 1 packet to Redis, which is not waited for; raises nothing where Redis is away.
    """
    event, features, decision = assessment.event, assessment.features, assessment.decision
    lesson = learning(event, outcome, features, trust_first_device=current().TRUST_FIRST_DEVICE)
    settlement = Settlement(
        decision=decision,
        outcome=outcome,
        learn=lesson.learn,
        trust=lesson.trust,
        login_succeeded=_is_right_guess(event) and outcome.happened,
        extra=dict(extra or {}),
    )
    try:
        if features.is_missing:
            outage.settle(
                event,
                features,
                active(event.at)[0],
                is_right=settlement.login_succeeded,
                is_refused=is_refused_unheard(event, settlement),
            )
        else:
            if settlement.login_succeeded:
                outage.was_right(event, features)
            settle(event, features, settlement, default_store(), ruleset=active(event.at)[0])
    except Exception:  # noqa: BLE001 - the effect is done: what fails now must not be told as its failure
        _log.exception("event %s (%s) could not be settled", event.id, event.kind)
    tell(event, features, decision, outcome)


def _is_right_guess(event: Event) -> bool:
    """Whether a secret was tried, and was right as far as the event says."""
    if event.kind == Kind.FACTOR_ATTEMPT:
        return True
    return isinstance(event.subject, Login) and event.subject.succeeded


def tell(event: Event, features: Features, decision: Decision, outcome: Outcome) -> None:
    """Send the public signal; a receiver that fails does not change what was decided."""
    signals.decided.send_robust(
        sender=Event, event=event, features=features, decision=decision, outcome=outcome
    )


def exempt(view: View) -> View:
    """Mark a view that a session in doubt still needs: the challenge itself, or signing out."""
    setattr(view, EXEMPT, True)
    return view
