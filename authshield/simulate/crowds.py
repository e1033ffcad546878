"""What looks like an attack and is none: rallies, tips, new phones on payday, a crash, new networks and browsers."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

from authshield.simulate.customers import Customers, Errand
from authshield.simulate.days import Days
from authshield.simulate.draws import Draws
from authshield.simulate.engine import DAY_MS, Process
from authshield.simulate.market import TOKYO, Push, Symbol, is_weekend, wait_for
from authshield.simulate.people import DORMANT, Person
from authshield.simulate.sessions import Session
from authshield.simulate.world import World

_PAYDAY = 25
_MOVED = 1  # the carrier that renumbers: 28 % of the mobile customers
_JAPAN = timezone(timedelta(hours=9))


class Crowds:
    """Days on which many customers do the same."""

    def __init__(self, world: World, draws: Draws, customers: Customers, days: Days) -> None:
        """``draws`` is a stream of its own, so that an ordinary day stays as it was."""
        self._world, self._draws, self._customers, self._days = world, draws, customers, days
        p = world.p
        self._part = len(world.people) / p["crowds.market_accounts"]
        self._buyers = [person for person in world.people if person.kind != DORMANT and not person.fund_only]

    def plan(self) -> None:
        """The crowds of every month."""
        self._world.engine.start(self._world.start, self._daily())

    def special(self, name: str, day: int) -> None:
        """The one that a scenario is about, on that day or the next on which Tokyo trades."""
        world = self._world
        while is_weekend(world.day_start(day)) and day + 1 < world.days:
            day += 1
        at = world.day_start(day)
        if name == "rally":
            count = int(min(world.p["special.rally_buyers"], len(world.people) / 3))
            world.engine.start(at, self._rally(count, self._draws.pick(world.market.thin), 30.0))
        elif name == "crash":
            self._days.busy[day] = world.p["special.crash_factor"]
            self._days.falls[day] = world.p["special.crash_fall"]
            self._customers.panic = (at, at + DAY_MS, world.p["special.crash_sells"])
        elif name == "renumber":
            world.engine.start(at, self._renumber())
        elif name == "rollout":
            world.engine.start(at, self._roll_out())

    def _daily(self) -> Process:
        p, draws, world = self._world.p, self._draws, self._world
        while True:
            if not is_weekend(world.engine.now):
                for _ in range(draws.poisson(p["crowds.rallies_a_day"])):
                    self._ordinary("rally", draws.between(p.many("crowds.rally_minutes")))
                for _ in range(draws.poisson(p["crowds.tips_a_week"] / 5)):
                    self._ordinary("tip", 330.0)
                if self._is_payday():
                    self._new_phones()
            yield DAY_MS / 1000 - 0.001

    def _ordinary(self, kind: str, minutes: float) -> None:
        world, draws = self._world, self._draws
        low, high = world.p.many(f"crowds.{kind}_buyers")
        whole = math.exp(draws.between((math.log(low), math.log(high))))
        count = draws.poisson(min(whole * self._part, 400.0))
        symbol = draws.pick(world.market.thin) if kind == "tip" else draws.weighted(world.market.small)
        begin = world.engine.now + int(draws.uniform() * (2 * 3_600_000 if kind == "tip" else 6 * 3_600_000))
        world.engine.start(begin, self._rally(count, symbol, minutes))

    def _rally(self, count: int, symbol: Symbol, minutes: float) -> Process:
        world, draws = self._world, self._draws
        yield wait_for(TOKYO, world.engine.now) + draws.uniform() * 1200
        if not count:
            return
        symbol.push = Push(world.engine.now, minutes, 0.05 + 0.2 * draws.uniform())
        for place in draws.rng.permutation(len(self._buyers))[:count].tolist():
            at = world.engine.now + int(minutes * 60_000 * draws.uniform() ** 1.5)
            world.engine.start(at, self._customers.visit(self._buyers[place], errand=self._errand(symbol)))

    def _errand(self, symbol: Symbol) -> Errand:
        def buy(session: Session, person: Person) -> Process:
            yield 2 + self._draws.lognormal(20, 0.8)
            self._customers.shopping.spend(session, person, symbol)

        return buy

    def _is_payday(self) -> bool:
        return datetime.fromtimestamp(self._world.engine.now / 1000, _JAPAN).day == _PAYDAY

    def _new_phones(self) -> None:
        world, draws = self._world, self._draws
        count = draws.poisson(world.p["crowds.new_phone_payday"] * len(world.people))
        for _ in range(count):
            person = draws.pick(world.people)
            at = world.engine.now + int((1 + 12 * draws.uniform()) * 3_600_000)
            world.engine.start(at, self._with_new_phone(person))

    def _with_new_phone(self, person: Person) -> Process:
        self._customers.arrivals.new_phone(person)
        yield from self._customers.visit(person, errand=self._customers.shopping.trade)

    def _renumber(self) -> Process:
        for person in self._world.people:
            person.renumbered = person.carrier == _MOVED
        yield 0.0

    def _roll_out(self) -> Process:
        """Every browser takes its next version within two days."""
        out = self._world.engine.now
        for person in self._world.people:
            at = out + int(2 * DAY_MS * self._draws.uniform())
            self._world.engine.start(at, self._update(person, out))
        yield 0.0

    def _update(self, person: Person, out: int) -> Process:
        for device in person.devices:
            device.hasten(out, self._world.engine.now)
        yield 0.0
