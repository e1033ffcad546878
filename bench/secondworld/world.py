"""The world's clock and its record: agents are generators that yield when they want to go on; events are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

from bench.secondworld.account import Account
from bench.secondworld.dice import Dice
from bench.secondworld.hours import DAY, FIRST_DAY, moment, stamp
from bench.secondworld.lines import Networks
from bench.secondworld.market import Market

Script = Iterator[int]
Event = dict[str, Any]


class World:
    """Everything that the agents share. ``now`` is milliseconds since 1970."""

    def __init__(self, seed: int, days: int, record: Callable[[Event], None]) -> None:
        self.dice = Dice(f"second world {seed}")
        self.market = Market(Dice(f"second market {seed}"))
        self.networks = Networks(Dice(f"second networks {seed}"))
        self.accounts: list[Account] = []
        self.days = days
        self.now = moment(FIRST_DAY, 0)
        self.until = self.now + days * DAY
        self._record = record
        self._queue: list[tuple[int, int, Script]] = []
        self._started = 0
        self._written = 0
        self._sessions = 0
        self._orders = 0

    def start(self, script: Script, at: int) -> None:
        """Lets an agent begin then."""
        self._started += 1
        heappush(self._queue, (max(at, self.now), self._started, script))

    def run(self) -> None:
        """Until the last day is over."""
        self.start(self._market_days(), self.now)
        while self._queue:
            at, _place, script = heappop(self._queue)
            if at >= self.until:
                return
            self.now = at
            again = next(script, None)
            if again is not None:
                self.start(script, again)

    def emit(self, event: Event) -> None:
        """Writes one event, of now."""
        self._written += 1
        self._record({"id": f"v{self._written:07d}", "time": stamp(self.now)} | event)

    def session_name(self) -> str:
        """A name for a new session."""
        self._sessions += 1
        return f"{self.dice.name(6)}{self._sessions:x}"

    def order_name(self) -> str:
        """A name for a new order."""
        self._orders += 1
        return f"{self._orders + 20250000}"

    def _market_days(self) -> Script:
        for day in range(FIRST_DAY, FIRST_DAY + self.days):
            self.market.turn(day)
            yield moment(day + 1, 0)
