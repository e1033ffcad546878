"""The decision on an event that nothing was found on: most events, and most of what judging them costs.

Must not decide anything: it only builds what ``judge`` decided.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, cast

from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Decision

if TYPE_CHECKING:
    from authshield.vocabulary.decision import Reason

# Looked up once: a member of an enumeration costs as much as ten local names.
_ALLOW, _NONE = Action.ALLOW, Strength.NONE


class _Draft:
    """Laid out as a decision is, and not frozen yet: freezing every field one by one takes four times as long."""

    __slots__ = tuple(field.name for field in fields(Decision))

    event_id: str
    action: Action
    required: Strength
    risk: float
    reasons: tuple[Reason, ...]
    rules: tuple[str, ...]
    ruleset_version: int
    retry_after_seconds: int
    observe_only: bool
    degraded: bool
    evidence: float
    prefers: Strength
    strangeness: float


def allowed(  # noqa: PLR0917 - keywords take longer
    event_id: str,
    ruleset_version: int,
    observe_only: bool,  # noqa: FBT001
    degraded: bool,  # noqa: FBT001
    evidence: float,
    strangeness: float,
) -> Decision:
    """``Decision(event_id, Action.ALLOW, …)`` without any finding."""
    draft = _Draft()
    draft.event_id = event_id
    draft.action = _ALLOW
    draft.required = _NONE
    draft.risk = 0.0
    draft.reasons = ()
    draft.rules = ()
    draft.ruleset_version = ruleset_version
    draft.retry_after_seconds = 0
    draft.observe_only = observe_only
    draft.degraded = degraded
    draft.evidence = evidence
    draft.prefers = _NONE
    draft.strangeness = strangeness
    draft.__class__ = Decision  # type: ignore[assignment]
    return cast("Decision", draft)
