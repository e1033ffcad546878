"""The days of a run: who visits when, and which of those visits a thief takes over.

A takeover replaces a visit that its customer would have made, so that neither the hour nor the gap since the last
login nor the length of the account's history gives it away.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from authshield.simulate.customers import Customers
from authshield.simulate.draws import Draws
from authshield.simulate.engine import DAY_MS, HOUR_MS, Process, japan
from authshield.simulate.heists import STEALER, Heist
from authshield.simulate.market import is_weekend
from authshield.simulate.people import DAY_TRADER, DAY_TRADER_WEALTH, FAMILY, Person
from authshield.simulate.takeovers import Takeovers
from authshield.simulate.world import World

Times = NDArray[np.int64]
_NEAR_MS = 25 * 60_000
_SLACK_MS = 40 * 60_000
_LEAST_LOOT = 50_000.0  # yen held, for less nobody signs in twice
_FAR = 4  # times less than what is looked for


class Days:
    """Plans each day at its beginning."""

    def __init__(self, world: World, customers: Customers, takeovers: Takeovers, thieves: Draws) -> None:
        """``thieves`` is their stream of chance."""
        self._world, self._customers, self._takeovers, self._thieves = world, customers, takeovers, thieves
        self._rng = world.draws.rng
        self._rates = np.array([person.rate for person in world.people]) / 30.0
        weekend = world.p["activity.weekend"]
        self._factors = 7 / (5 + 2 * weekend), 7 * weekend / (5 + 2 * weekend)
        hours = world.p.many("activity.hours")
        first = int(japan(world.start)[1])
        weights = np.array([hours[(first + place) % 24] for place in range(24)])
        self._hours = weights / weights.sum()
        self.busy: dict[int, float] = {}  # days on which more people come
        self.falls: dict[int, float] = {}
        self._waiting: list[Heist] = []

    def take(self, heists: Sequence[Heist]) -> None:
        """Heists to come."""
        self._waiting = sorted(heists, key=lambda heist: heist.wish)

    def run(self) -> Process:
        """Plan day after day."""
        for day in range(self._world.days):
            self._world.market.open_day(self.falls.get(day, 0.0))
            self._plan(day)
            yield DAY_MS / 1000 - 0.001

    def _plan(self, day: int) -> None:
        world, rng = self._world, self._rng
        start = world.day_start(day)
        factor = self._factors[is_weekend(start)] * self.busy.get(day, 1.0)
        counts = rng.poisson(self._rates * factor)
        who = np.repeat(np.arange(len(counts)), counts)
        hours = rng.choice(24, size=len(who), p=self._hours) + rng.random(len(who))
        times = (start + hours * HOUR_MS).astype(np.int64)
        order = np.lexsort((who, times))
        who, times = who[order], times[order]
        taken = self._claims(day, who, times)
        for place, (number, at) in enumerate(zip(who.tolist(), times.tolist(), strict=True)):
            if place not in taken:
                world.engine.start(at, self._customers.visit(world.people[number]))

    def _claims(self, day: int, who: NDArray[np.intp], times: Times) -> dict[int, Heist]:
        end = self._world.day_start(day + 1)
        today = [heist for heist in self._waiting if heist.wish < end]
        self._waiting = self._waiting[len(today) :]
        taken: dict[int, Heist] = {}
        for heist in today:
            place = self._chosen(heist, who, times)
            if place is not None:
                taken[place] = heist
                person = self._world.people[int(who[place])]
                self._world.engine.start(int(times[place]), self._takeovers.begin(person, heist))
            elif heist.tight:
                self._visit_uncalled(heist)
            else:
                self._postpone(heist)
        return taken

    def _postpone(self, heist: Heist) -> None:
        """Nobody could be taken: try again tomorrow, while the campaign waits."""
        heist.wish += DAY_MS
        if not heist.trade_at or heist.wish < heist.trade_at:
            self._waiting = sorted([*self._waiting, heist], key=lambda each: each.wish)

    def _visit_uncalled(self, heist: Heist) -> None:
        """Nobody comes at the minute that is meant: take somebody who was not about to."""
        people = self._world.people
        weights = np.array([self._weight(heist, person) for person in people])
        if weights.sum() > 0:
            person = people[int(self._thieves.rng.choice(len(people), p=weights / weights.sum()))]
            self._world.engine.start(heist.wish, self._takeovers.begin(person, heist))

    def _chosen(self, heist: Heist, who: NDArray[np.intp], times: Times) -> int | None:
        away = np.abs(times - heist.wish)
        span = _SLACK_MS if heist.tight else 3 * HOUR_MS
        most = heist.trade_at - 60_000 if heist.trade_at and not heist.prompt else np.iinfo(np.int64).max
        near = np.flatnonzero((away < span) & (times > self._world.engine.now) & (times < most))
        if not len(near):
            return None
        weights = np.array([self._weight(heist, self._world.people[int(who[place])]) for place in near])
        weights *= np.exp(-away[near] / (_NEAR_MS if heist.tight else HOUR_MS))
        if weights.sum() <= 0:
            return None
        return int(self._thieves.rng.choice(near, p=weights / weights.sum()))

    def _weight(self, heist: Heist, person: Person) -> float:
        """How much a thief wants this visit: each account alike, however often it comes, but the rich ones more."""
        if person.hijacked or (heist.means == STEALER and not any(device.token for device in person.devices)):
            return 0.0
        value = person.book.positions_value(self._world.engine.now)
        if not heist.trade_at:
            wealth = 1.0
        elif value < max(_LEAST_LOOT, heist.about_yen / _FAR):
            return 0.0
        elif heist.about_yen:
            wealth = float(np.exp(-2 * abs(np.log(value / heist.about_yen))))
        else:
            # Among their like: day traders have more, and must not be found by how often they come.
            usual = DAY_TRADER_WEALTH if person.kind == DAY_TRADER else 1.0
            wealth = (value / usual) ** self._world.p["takeover.wealth"]
        shared = 0.0 if person.kind == FAMILY and heist.trade_at else 1.0
        return shared * wealth / max(person.rate, 0.2)
