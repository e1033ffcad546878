"""One line of a file: the event as the product sees it, and beside it what a replay alone may know.

Labels never get into ``Event``, so that nothing that decides can read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from authshield.vocabulary.event import Event


@dataclass(frozen=True, slots=True)
class Record:
    """An event of a file. ``id`` and ``time`` are as written there; ``event.id`` is unique over all files.

    ``enrolled`` and ``can_pass`` are factors. ``label`` is fraud, legit or empty. ``fx`` belongs to an order's
    currency. ``amended`` holds the new quantity and price of an amend.
    """

    event: Event
    id: str
    time: str
    enrolled: tuple[str, ...] = ()
    can_pass: tuple[str, ...] = ()
    label: str = ""
    campaign: str = ""
    fx: Decimal = Decimal(1)
    amended: tuple[Decimal, Decimal] | None = None
