"""Features: what is known about an event when it is judged.

The facts that a rule may name are declared in ``facts``; this is the filled-in form of one event.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from authshield.vocabulary.quick import quick

FactValue = bool | int | float | str | list[str]


@quick
@dataclass(frozen=True, slots=True)
class LimitHit:
    """A limit that this event would exceed. ``count`` includes this event; the event was not counted."""

    limit_id: str
    count: int
    retry_after_ms: int


@quick
@dataclass(frozen=True, slots=True)
class Features:
    """Facts by name, complete: every declared fact has a value, missing ones their declared default.

    ``is_missing`` is True when the store could not be asked: the outage policy of that kind of event
    decides then. ``is_cold`` is True when the store knows nothing of the account (new, or the store
    lost its memory), so that the durable copy has to be asked.
    """

    facts: dict[str, FactValue]
    over: tuple[LimitHit, ...] = ()
    is_missing: bool = False
    is_cold: bool = False
    store_milliseconds: float = field(default=0.0, compare=False)
