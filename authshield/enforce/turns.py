"""What this process knows of guesses that Redis and the database counted in turns, while Redis answers now and then.

Each of the two knows its own count alone, and together they would let twice the limit through. A bounded memory of
this process; nobody waits for it. Must not decide, nor count what only one of them could.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authshield.vocabulary.features import FactValue

KEPT = 1024
"""So many guessed-at accounts are remembered, the latest."""

LONGEST_SECONDS = 3600
"""Longer windows are not looked after: in them an outage is worth its own count, as a whole one is."""


class Turns:
    """Both counts. Each side writes down its own guess before it looks at the other's, so that one sees the other."""

    def __init__(self) -> None:
        """Nobody has counted anything."""
        self._told: dict[str, tuple[int, Mapping[str, FactValue], list[int]]] = {}
        self._taken: dict[str, dict[str, int]] = {}
        self._until = 0

    def tell(self, who: str, facts: Mapping[str, FactValue], at_ms: int) -> None:
        """Redis has answered a guess at this account. Cost: below 1 µs."""
        self._told[who] = (at_ms, facts, [])
        if len(self._told) > KEPT:
            self._told.pop(next(iter(self._told)), None)

    def was_right(self, who: str) -> None:
        """Redis was given the latest guess back."""
        if who in self._told:
            self._told[who][2].append(1)

    def told(self, who: str, limit_id: str, since_ms: int) -> int:
        """What Redis had counted by its last answer, if that was since then; right guesses are none."""
        at_ms, facts, given_back = self._told.get(who, (0, {}, []))
        if at_ms <= since_ms:
            return 0
        counted = facts.get(f"velocity.{limit_id}", 0)
        return max(0, counted - len(given_back)) if isinstance(counted, int) else 0

    def take(self, key: str, event_id: str, at_ms: int) -> None:
        """The database is about to count this guess."""
        if len(self._taken) >= KEPT:
            self._taken.pop(next(iter(self._taken)), None)
        self._taken.setdefault(key, {})[event_id] = at_ms
        self._until = max(self._until, at_ms + LONGEST_SECONDS * 1000)

    def give_back(self, key: str, event_id: str) -> None:
        """It has not, or was given it back."""
        self._taken.get(key, {}).pop(event_id, None)

    def taken(self, key: str, since_ms: int) -> list[int]:
        """When the database counted guesses in this window, as far as they came by here."""
        return [at_ms for at_ms in tuple(self._taken.get(key, {}).values()) if at_ms > since_ms]

    def is_idle(self, now_ms: int) -> bool:
        """Whether the database has counted nothing for long."""
        return self._until <= now_ms
