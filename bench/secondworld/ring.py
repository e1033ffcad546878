"""Rings: who is to be hijacked, how the thieves get in, when they strike, and which share they all buy."""

from __future__ import annotations

from dataclasses import dataclass

from bench.secondworld.account import Account
from bench.secondworld.gear import Gear, new_gear
from bench.secondworld.hours import DAY, FIRST_DAY, HOUR, MINUTE, business_after, moment
from bench.secondworld.lines import Line
from bench.secondworld.market import Share, Surge
from bench.secondworld.plan import Kit, Plan
from bench.secondworld.thief import intrude
from bench.secondworld.world import World

_WORTH_IT = 250_000
_SMALLEST = 3


@dataclass(frozen=True, slots=True)
class Trade:
    """How the thieves of a scenario work: shares of their plans unless said otherwise."""

    entries: tuple[tuple[str, float], ...]
    looks_only: float = 0.15
    members: float = 9.0  # accounts a campaign, on average
    copies: float = 0.55  # the customer's user agent is shown
    whole_copies: float = 0.4  # and everything else, of those
    reuse_gear: float = 0.15  # one browser profile, cookie and all, for several victims
    reuse_line: float = 0.15
    closeness: float = 0.75
    foreign: float = 0.25
    careful: float = 0.2
    night: float = 0.12
    patient: bool = False
    earliest: float = 0.37  # part of the days that is over before the first strike
    mailbox: float = 0.08
    steady: float = 0.4


def victims(world: World, share: float) -> list[Account]:
    """That share of the accounts, one at least."""
    count = max(1, round(share * len(world.accounts)))
    return world.dice.sample(world.accounts, min(count, len(world.accounts)))


def organise(world: World, robbed: list[Account], trade: Trade) -> None:
    """Splits the victims into campaigns and lets each happen after the first third of the days."""
    left, number = list(robbed), 0
    while left:
        size = _SMALLEST + world.dice.clump(trade.members - _SMALLEST, 1.5)
        if len(left) - size < _SMALLEST:
            size = len(left)
        number += 1
        Ring(world, trade, f"ring-{number}").go(left[:size])
        left = left[size:]


class Ring:
    """One campaign: its day, its share or shares, and those who work for it."""

    def __init__(self, world: World, trade: Trade, name: str) -> None:
        dice = world.dice
        self.world, self.trade, self.name = world, trade, name
        first = round(world.days * trade.earliest)
        day = business_after(FIRST_DAY + first - 1 + dice.randrange(max(1, world.days - first - 2)))
        self.foreign = dice.hit(trade.foreign)
        self.night = dice.hit(trade.night)
        hour = dice.draw(((dice.uniform(9.1, 10.8), 3.0), (dice.uniform(12.6, 14.3), 1.5)))
        if self.foreign:
            hour = dice.uniform(10.6, 15.0)
        self.start = moment(day, hour)
        self.lasts = int(dice.uniform(20, 150) * MINUTE)
        self.careful = dice.hit(trade.careful)
        self.props = dice.hit(0.2)
        tier = "penny" if self.foreign else "thin"
        count = 1 if dice.hit(0.78) else dice.choice((2, 3))
        self.targets = [world.market.sleepy(dice, tier, low=2.5e6, high=9e7) for _one in range(count)]
        for share in self.targets:
            top = Surge(
                self.start,
                self.start + int(self.lasts * 0.8),
                self.start + self.lasts,
                dice.uniform(0.2, 0.42),
            )
            world.market.surge(share, top)
        self.pace = dice.around(22, 2.5)
        self._profiles = [new_gear(dice) for _one in range(1 + dice.count(1.2))]
        self._last_line: Line | None = None

    def go(self, members: list[Account]) -> None:
        """Sends the thieves."""
        dice, now = self.world.dice, self.start
        poor = self.world.market
        for account in members:
            plan = self.plan(account)
            tradable = account.book.cash + account.book.value(poor, self.world.now)
            looks = dice.hit(self.trade.looks_only) or tradable < _WORTH_IT
            plan.strike = None if looks else now + int(dice.betavariate(1.2, 1.6) * self.lasts)
            if self.night and plan.strike:
                plan.strike = moment(_day_before(self.start), dice.uniform(18.5, 23.5))
            self._schedule(plan)
            self.world.start(intrude(self.world, plan), plan.at)

    def _schedule(self, plan: Plan) -> None:
        """How long before the strike the first entry is."""
        dice, strike = self.world.dice, plan.strike or self.start
        least = moment(FIRST_DAY + self.world.days // 3, 1)
        if self.trade.patient:
            plan.quiet = 3 + dice.count(5.0)
            plan.at = max(moment(FIRST_DAY + 1, 8), strike - int(dice.uniform(6.5, 15) * DAY))
            return
        plan.at = strike - dice.draw(
            (
                (int(dice.uniform(0.3, 9) * MINUTE), 0.5),
                (int(dice.stretched(6, 0.7) * HOUR), 0.33),
                (int(dice.uniform(1, 6) * DAY), 0.17),
            )
        )
        if plan.at < least:
            plan.at = strike - int(dice.uniform(1, 9) * MINUTE)

    def plan(self, account: Account) -> Plan:
        """What is to be done to that account, and with what."""
        dice, trade = self.world.dice, self.trade
        entry = dice.draw(trade.entries)
        careful = self.careful
        return Plan(
            account=account,
            entry=entry,
            at=self.start,
            kit=self._kit(account, entry),
            model=_browser(account) if entry in {"cookie", "session"} else None,
            campaign=self.name,
            targets=list(self.targets),
            steady=entry == "relay" and dice.hit(trade.steady),
            mailbox=dice.hit(trade.mailbox),
            blinds=dice.hit(0.2),
            keep=0.3 if dice.hit(0.5 if careful else 0.12) else 0.0,
            slices=dice.choice((1, 1, 1, 2, 3)) if not careful else dice.choice((2, 3, 4)),
            aside=dice.uniform(0.015, 0.1) if dice.hit(0.6) else None,
            split_days=2 if careful and not self.night else 1,
            adv_cap=dice.uniform(0.025, 0.049) if careful else 0.0,
            camouflage=dice.randrange(2, 6) if dice.hit(0.4 if careful else 0.06) else 0,
            margin=dice.hit(0.3),
            again=dice.hit(0.12),
            rotates=dice.hit(0.2),
            props=self.props,
        )

    def _kit(self, account: Account, entry: str) -> Kit:
        dice, trade, networks = self.world.dice, self.trade, self.world.networks
        line = networks.exit_near(dice, account.home, trade.closeness)
        if self._last_line and dice.hit(trade.reuse_line):
            line = self._last_line
        self._last_line = line
        gear = self._gear(account, entry)
        pace = max(4.0, self.pace * dice.uniform(0.7, 1.4))
        return Kit(gear, line, pace, trade.closeness, sticky=dice.hit(0.6))

    def _gear(self, account: Account, entry: str) -> Gear:
        dice, trade = self.world.dice, self.trade
        model = _browser(account)
        if entry in {"cookie", "session"}:
            gear = model.copied(dice, whole=True) if dice.hit(0.65) else _own(self, model, same=dice.hit(0.5))
            if model.key:  # a key stays in the device, unless it was kept badly
                gear.key = dice.draw(((None, 0.75), ("invalid", 0.08), ("valid", 0.17)))
            return gear
        if dice.hit(trade.reuse_gear):
            return dice.choice(self._profiles)
        if dice.hit(trade.copies):
            gear = model.copied(dice, whole=dice.hit(trade.whole_copies))
            gear.key = "valid" if dice.hit(0.4) else None
            return gear
        return _own(self, model, same=False)


def _browser(account: Account) -> Gear:
    """The one that a thief has met: one with a cookie, if there is any."""
    return next((gear for gear in account.gears if gear.cookie), account.gears[0])


def _own(ring: Ring, model: Gear, *, same: bool) -> Gear:
    """A fresh profile of the thief's own browser; ``same`` imitates the surface."""
    dice = ring.world.dice
    base = dice.choice(ring._profiles)  # noqa: SLF001 - of this module
    gear = new_gear(dice, surface=model.surface if same else base.surface)
    if base.fingerprint and not same:
        gear.fingerprint = dict(base.fingerprint)
    gear.private = False
    return gear


def _day_before(at: int) -> int:
    return (at + 9 * HOUR) // DAY - 1


def golden(world: World, trade: Trade) -> None:
    """The case of 17 March 2025: ten accounts, one cheap share, about two hours, from 84 to 110 yen."""
    dice = world.dice
    rich = sorted(world.accounts, key=lambda one: -one.book.value(world.market, world.now) - one.book.cash)
    funds = [one for one in rich if one.archetype != "saver"]
    members = dice.sample(funds[: max(10, len(funds) // 4)], min(10, len(funds)))
    ring = Ring(world, trade, "golden")
    day = business_after(FIRST_DAY + round(world.days * 0.55))
    for share in ring.targets:
        share.surges.clear()
    share = _cheap(world)
    ring.targets, ring.foreign, ring.night, ring.careful = [share], False, False, False
    ring.start, ring.lasts = moment(day, dice.uniform(9.1, 9.8)), 2 * HOUR
    world.market.surge(share, Surge(ring.start, ring.start + int(1.7 * HOUR), ring.start + 2 * HOUR, 26 / 84))
    ring.go(members)


def _cheap(world: World) -> Share:
    share = world.market.sleepy(world.dice, "thin", low=8e6, high=4e7)
    share.before = share.last = 84.0
    share.wobble = 0.004
    return share
