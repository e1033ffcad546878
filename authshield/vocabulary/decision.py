"""What was found, what was decided, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.quick import quick

if TYPE_CHECKING:
    from collections.abc import Sequence


@quick
@dataclass(frozen=True, slots=True)
class Finding:
    """A rule, limit or model that fired.

    ``points`` are >= 0: adding a finding can never lower a risk. A shadow finding is recorded and
    counts for nothing. ``text`` is for the desk.
    """

    id: str
    code: str
    points: float = 0.0
    action: Action = Action.ALLOW
    required: Strength = Strength.NONE
    text: str = ""
    shadow: bool = False
    retry_after_seconds: int = 0
    lenient: bool = False


@quick
@dataclass(frozen=True, slots=True)
class Reason:
    """One line of the explanation; the points of all reasons add up to the risk before it is clipped."""

    code: str
    points: float
    text: str


@quick
@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say of one event.

    ``risk`` is 0-100. ``required`` is the weakest strength that is enough, NONE unless ``action`` is
    CHALLENGE. ``reasons`` is a tuple, or what makes one when it is read. ``rules`` holds the ids that
    matched, shadow ones as "shadow:<id>". ``observe_only`` means that it is recorded and not enforced.
    ``evidence`` is what the models say against the session and the event, in nats, what others do left out; it
    may be negative. ``strangeness`` is what of it tells one buyer of a symbol from another.
    """

    event_id: str
    action: Action
    required: Strength
    risk: float
    reasons: Sequence[Reason]
    rules: tuple[str, ...]
    ruleset_version: int
    retry_after_seconds: int = 0
    observe_only: bool = False
    degraded: bool = False
    evidence: float = 0.0
    prefers: Strength = Strength.NONE
    strangeness: float = 0.0


class Final(StrEnum):
    """What came of an event."""

    ALLOWED = "allowed"
    PASSED = "passed"
    HELD = "held"
    STOPPED = "stopped"
    MOOT = "moot"


@quick
@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done with a decision. ``proved`` is the strength shown with this event, if any."""

    final: Final
    proved: Strength = Strength.NONE
    challenge_id: str = ""
    hold_id: str = ""
    case_id: str = ""

    @property
    def happened(self) -> bool:
        """Whether the event took effect."""
        return self.final in _HAPPENED


_HAPPENED = frozenset({Final.ALLOWED, Final.PASSED})
