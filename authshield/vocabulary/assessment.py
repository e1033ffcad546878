"""An event together with what is known and what was decided of it: what travels between stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authshield.vocabulary.quick import quick

if TYPE_CHECKING:
    from authshield.vocabulary.decision import Decision
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import Features


@quick
@dataclass(frozen=True, slots=True)
class Assessment:
    """One judged event."""

    event: Event
    features: Features
    decision: Decision
