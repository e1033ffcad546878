"""What a sign is: something that an event shows, on a scale of suspicion cut into steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authshield.vocabulary.features import FactValue

    Facts = Mapping[str, FactValue]
    Read = Callable[[Facts], float]

SESSION, ORDER, CAMPAIGN = "login", "order", "campaign"
"""Groups: who it is, what is done, and what others do. Each can be switched off by a parameter ``model_<group>``."""

LOGIN = frozenset({Kind.LOGIN})
LATER = frozenset({Kind.ORDER, Kind.ORDER_CHANGE, Kind.WITHDRAWAL, Kind.PROFILE_CHANGE})
ORDERS = frozenset({Kind.ORDER, Kind.ORDER_CHANGE})
MONEY = frozenset({Kind.WITHDRAWAL})


_SELLING = frozenset({"order:sold", "order:sale"})


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign: its reason code, where its steps begin, how it is read from which facts, and on which events."""

    code: str
    group: str
    kinds: frozenset[Kind]
    edges: tuple[float, ...]
    read: Read
    facts: tuple[str, ...]
    text: str

    @property
    def is_apart(self) -> bool:
        """Whether it tells one buyer of a symbol from another: news makes hundreds buy what they never bought."""
        return self.group == SESSION or self.code in _SELLING

    @property
    def steps(self) -> int:
        """How many weights it needs."""
        return len(self.edges) + 1
