"""Those who guess: stuffing of leaked pairs, spraying of common passwords, and slow, patient guessing."""

from __future__ import annotations

from bench.secondworld.account import Account
from bench.secondworld.dealing import look
from bench.secondworld.gear import Gear, new_gear
from bench.secondworld.hours import DAY, FIRST_DAY, HOUR, MINUTE, SECOND, moment
from bench.secondworld.lines import Line
from bench.secondworld.visit import Hand, Visit
from bench.secondworld.world import Script, World

_STORMS = 3
_FRAUD = Hand("fraud")


class Botnet:
    """Exits and browsers that attempts come from; most exits are homes, used once or a few times."""

    def __init__(self, world: World, *, hosted: float, reuse: float, odd: float) -> None:
        dice = world.dice
        self._world, self._hosted, self._reuse = world, hosted, reuse
        self._gears = [new_gear(dice) for _one in range(60)]
        for gear in self._gears:
            gear.odd_hints, gear.key = dice.hit(odd), None
        self._hosts = [
            world.networks.line(dice, "hosting", world.networks.city(dice)) if dice.hit(0.6)
            else world.networks.abroad(dice, ("hosting",))
            for _one in range(25)
        ]  # fmt: skip
        self._last: list[Line] = []

    def attempt(self, account: Account, username: str | None = None) -> None:
        """One wrong guess."""
        gear = self._world.dice.choice(self._gears)
        gear.cookie = None
        Visit(self._world, account, gear, line=self.line(), hand=_FRAUD).fail(username)

    def gear(self) -> Gear:
        """A browser for the one guess that is right."""
        gear = new_gear(self._world.dice)
        gear.private, gear.key = False, None
        return gear

    def line(self) -> Line:
        """The next exit."""
        dice, networks = self._world.dice, self._world.networks
        if dice.hit(self._hosted):
            return dice.choice(self._hosts)
        if self._last and dice.hit(self._reuse):
            return dice.choice(self._last)
        if dice.hit(0.25):
            line = networks.abroad(dice, ("residential",))
        else:
            line = networks.line(dice, "residential", networks.city(dice))
        self._last = [*self._last[-15:], line]
        return line


def stuffing(world: World, robbed: list[Account]) -> None:
    """Storms of some hours each; in each some pairs turn out to be right."""
    dice, first = world.dice, world.days // 3 + 1
    for storm in range(_STORMS):
        hours = dice.uniform(1, 6)
        start = moment(FIRST_DAY + first + storm, dice.uniform(0, 18))
        bots = Botnet(world, hosted=0.15, reuse=0.3, odd=0.5)
        world.start(_storm_of(world, bots, hours), start)
        for account in robbed[storm::_STORMS]:
            world.start(_found(world, bots, account), start + int(dice.random() * hours * HOUR))


def _found(world: World, bots: Botnet, account: Account) -> Script:
    """The guess that is right: a short look at what there is, or none; others will use it later."""
    visit = Visit(world, account, bots.gear(), line=bots.line(), hand=_FRAUD)
    visit.enter()
    yield world.now + 2 * SECOND
    if world.dice.hit(0.5):
        look(visit, "assets")


def _storm_of(world: World, bots: Botnet, hours: float) -> Script:
    dice = world.dice
    tries = int(len(world.accounts) * dice.uniform(2.5, 5.5))
    for _try in range(tries):
        yield world.now + int(dice.stretched(hours * HOUR / tries, 0.6))
        account = dice.choice(world.accounts)
        stranger = dice.hit(0.35)
        for _again in range(1 + dice.rank(3, 1.8)):
            bots.attempt(account, f"{dice.name(6, 'aeiouknst')}{dice.randrange(100)}@" if stranger else None)
            yield world.now + int(dice.around(3) * SECOND)


def spraying(world: World, robbed: list[Account]) -> None:
    """A few common passwords, one a night over all accounts."""
    dice = world.dice
    bots = Botnet(world, hosted=0.45, reuse=0.5, odd=0.3)
    first = world.days // 3 + 1
    for day in range(first, world.days, 2):
        world.start(_night(world, bots), moment(FIRST_DAY + day, dice.uniform(0, 5)))
    for account in robbed:
        day = first + 2 * dice.randrange(3)
        world.start(_found(world, bots, account), moment(FIRST_DAY + day, dice.uniform(3, 10)))


def _night(world: World, bots: Botnet) -> Script:
    dice = world.dice
    order = list(world.accounts)
    dice.shuffle(order)
    pause = dice.uniform(4, 8) * HOUR / len(order)
    for account in order:
        if dice.hit(0.9):
            bots.attempt(account)
        yield world.now + int(dice.around(pause, 0.8))


def slowly(world: World, robbed: list[Account]) -> None:
    """One guess an account every few days, each from another home."""
    bots = Botnet(world, hosted=0.0, reuse=0.02, odd=0.15)
    start = moment(FIRST_DAY + world.days // 3 + 1, 0)
    for account in world.accounts:
        world.start(_patiently(world, bots, account), start + int(world.dice.random() * 8 * DAY))
    for account in robbed:
        world.start(_found(world, bots, account), start + int(world.dice.random() * 5 * DAY))


def _patiently(world: World, bots: Botnet, account: Account) -> Script:
    while True:
        bots.attempt(account)
        yield world.now + int(world.dice.uniform(3, 14) * DAY) + MINUTE
