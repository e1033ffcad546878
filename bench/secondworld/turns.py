"""Turns of honest lives and of the market that look like theft: each is somebody's own doing and labelled so."""

from __future__ import annotations

from dataclasses import dataclass

from bench.secondworld.account import Account
from bench.secondworld.customer import Errand, call
from bench.secondworld.dealing import buy, holdings, look, pause, sell
from bench.secondworld.gear import new_gear
from bench.secondworld.hours import DAY, FIRST_DAY, HOUR, MINUTE, business_after, moment
from bench.secondworld.market import Share, Surge
from bench.secondworld.visit import Visit
from bench.secondworld.world import Script, World


@dataclass(frozen=True, slots=True)
class Turns:
    """How much of each there is: shares of the accounts a month, or numbers a month."""

    houses: float = 0.004
    movers: float = 0.005
    phones: float = 0.03
    addresses: float = 0.005
    tips: int = 4
    rallies: int = 0
    crowd: float = 0.4  # share of the accounts that a rally draws
    rebalancings: int = 1
    crashes: int = 0
    renumberings: int = 0


def arrange(world: World, turns: Turns) -> None:
    """Lets all of that happen at random times."""
    months = world.days / 30
    _personal(world, turns, months)
    later = world.days // 3
    common: list[tuple[Script, int]] = []
    common += [(_tip(world), 0) for _one in range(round(turns.tips * months))]
    common += [(_rally(world, turns.crowd, slow=place % 3 == 1), later) for place in range(turns.rallies)]
    common += [(_everyone(world, 0.08, 6 * HOUR, _rebalance), 0) for _one in range(turns.rebalancings)]
    common += [(_renumber(world), later) for _one in range(turns.renumberings)]
    for script, after in common:
        world.start(script, _some_day(world, after))
    for _one in range(turns.crashes):
        _crash(world)


def _personal(world: World, turns: Turns, months: float) -> None:
    for share, script in (
        (turns.houses, _house), (turns.movers, _mover), (turns.phones, _phone), (turns.addresses, _address),
    ):  # fmt: skip
        for account in world.accounts:
            if world.dice.hit(share * months):
                world.start(script(world, account), _some_day(world))


def _some_day(world: World, after: int = 0) -> int:
    """A moment at which the exchange at home is open."""
    dice = world.dice
    day = business_after(FIRST_DAY - 1 + after + dice.randrange(max(1, world.days - 1 - after)))
    return moment(day, dice.draw(((dice.uniform(9.05, 11.3), 3.0), (dice.uniform(12.55, 15.2), 2.0))))


def _house(world: World, account: Account) -> Script:
    """Everything is sold for a house; days later the money leaves, now and then to another bank."""
    yield from call(world, account, _sell_all(world.dice.choice((1.0, 1.0, 0.8))))
    yield world.now + int(world.dice.around(3, 3) * DAY)
    if world.dice.hit(0.4):
        yield from call(world, account, _new_bank)
    yield world.now + int(world.dice.around(0.6) * DAY)
    yield from call(world, account, _take_out)


def _sell_all(part: float) -> Errand:
    def errand(visit: Visit) -> Script:
        look(visit, "assets")
        for share in holdings(visit):
            yield visit.world.now + pause(visit, 35)
            sell(visit, share, part)

    return errand


def _new_bank(visit: Visit) -> Script:
    yield visit.world.now + pause(visit, 60)
    visit.change("bank_account")
    visit.account.bank_opened = visit.world.now


def _take_out(visit: Visit) -> Script:
    yield visit.world.now + pause(visit, 40)
    look(visit, "bank")
    visit.withdraw(int(visit.account.book.free_cash() * 0.95))


def _mover(world: World, account: Account) -> Script:
    """All eggs into one small company that has just been floated, or that they believe in."""
    tier = "penny" if world.dice.hit(0.12) else "thin"
    share = world.market.sleepy(world.dice, tier, low=2e6, high=9e7)

    def errand(visit: Visit) -> Script:
        for held in holdings(visit):
            yield visit.world.now + pause(visit, 30)
            sell(visit, held, 1.0)
        yield visit.world.now + pause(visit, 200)
        look(visit, "board")
        slices = visit.world.dice.choice((1, 1, 2, 3))
        for left in range(slices, 0, -1):
            money = visit.account.book.free_cash() * visit.world.dice.uniform(0.8, 0.97) / left
            buy(
                visit,
                share,
                money,
                visit.world.dice.uniform(0.0, 0.03) if visit.world.dice.hit(0.6) else None,
            )
            yield visit.world.now + pause(visit, 90)

    yield from call(world, account, errand)


def _phone(world: World, account: Account) -> Script:
    """A new phone or computer; many trade on it at once."""
    dice = world.dice
    gear = new_gear(dice, hand_held=dice.hit(0.75))
    if dice.hit(0.7):
        account.gears[-1] = gear
    else:
        account.gears.append(gear)

    def errand(visit: Visit) -> Script:
        if dice.hit(0.25):
            yield world.now + pause(visit, 45)
            visit.change(dice.choice(("mfa", "mfa", "phone")))
        held = holdings(visit)
        if held and dice.hit(0.5):
            yield world.now + pause(visit, 50)
            sell(visit, held[0], dice.choice((1.0, 0.5)))
        if dice.hit(0.6):
            yield world.now + pause(visit, 90)
            share = world.market.pick(dice, dice.draw(account.ways.tiers))
            buy(visit, share, account.book.free_cash() * dice.betavariate(2, 2))

    yield from call(world, account, errand if dice.hit(0.6) else None, gear)


def _address(world: World, account: Account) -> Script:
    """A new e-mail address or telephone number, and an order not long after."""

    def errand(visit: Visit) -> Script:
        yield world.now + pause(visit, 40)
        look(visit, "mail")
        visit.change(world.dice.choice(("email", "email", "phone")))

    def later(visit: Visit) -> Script:
        yield world.now + pause(visit, 40)
        share = world.market.pick(world.dice, world.dice.draw(account.ways.tiers))
        buy(visit, share, account.book.free_cash() * world.dice.uniform(0.3, 0.9))

    yield from call(world, account, errand)
    yield world.now + int(world.dice.around(7, 1.2) * HOUR)
    yield from call(world, account, later)


def _buyer(share: Share, part: float, *, swaps: bool) -> Errand:
    """Buys what everybody talks about; some sell something else for it first."""

    def errand(visit: Visit) -> Script:
        dice = visit.world.dice
        look(visit, "board")
        others = [held for held in holdings(visit) if held is not share]
        if swaps and others:
            yield visit.world.now + pause(visit, 30)
            sell(visit, others[0], dice.choice((1.0, 0.6)))
        yield visit.world.now + pause(visit, 45)
        buy(
            visit,
            share,
            visit.account.book.free_cash() * part,
            dice.uniform(0.0, 0.04) if dice.hit(0.6) else None,
        )
        if dice.hit(0.3):
            yield visit.world.now + pause(visit, 400)
            sell(visit, share, 1.0)

    return errand


def _crowd(world: World, share: Share, members: list[Account], minutes: float) -> None:
    dice = world.dice
    for account in members:
        at = world.now + int(dice.around(minutes / 2, 1.6) * MINUTE)
        world.start(call(world, account, _buyer(share, dice.betavariate(1.5, 2.5), swaps=dice.hit(0.25))), at)


def _tip(world: World) -> Script:
    """Somebody with many followers names a thin share."""
    dice, market = world.dice, world.market
    share = market.sleepy(dice, "thin", low=3e6, high=1.2e8)
    lively = [one for one in world.accounts if one.archetype != "saver"]
    members = dice.sample(
        lively, min(len(lively), max(5, round(len(world.accounts) * dice.around(0.025, 4))))
    )
    start, height = world.now, dice.uniform(0.04, 0.2)
    market.surge(share, Surge(start, start + 2 * HOUR, start + 4 * HOUR, height))
    _crowd(world, share, members, dice.uniform(40, 240))
    yield start


def _rally(world: World, crowd: float, *, slow: bool) -> Script:
    """News: hundreds buy one thin share within the hour; a slow one takes two days."""
    dice, market = world.dice, world.market
    share = market.sleepy(dice, "thin", low=4e6, high=1.5e8)
    minutes = dice.uniform(900, 1800) if slow else dice.uniform(12, 70)
    start = world.now
    market.surge(
        share, Surge(start - MINUTE, start + int(minutes * MINUTE), start + DAY, dice.uniform(0.12, 0.45))
    )
    members = dice.sample(
        world.accounts, round(len(world.accounts) * min(1.0, crowd * dice.uniform(0.75, 1.25)))
    )
    _crowd(world, share, members, minutes)
    yield start


def _everyone(world: World, part: float, span: int, errand: Errand) -> Script:
    """That share of the accounts has the same errand within the span."""
    dice = world.dice
    for account in world.accounts:
        if dice.hit(part):
            world.start(call(world, account, errand), world.now + int(dice.random() * span))
    yield world.now


def _rebalance(visit: Visit) -> Script:
    dice, world = visit.world.dice, visit.world
    for share in holdings(visit)[:5]:
        if dice.hit(0.6):
            yield world.now + pause(visit, 40)
            sell(visit, share, dice.uniform(0.1, 0.6))
    for share in visit.account.watch[:4]:
        yield world.now + pause(visit, 60)
        buy(visit, share, visit.account.book.free_cash() * dice.uniform(0.15, 0.4))


def _crash(world: World) -> None:
    """The market falls by a tenth; five times as many look in, and some sell all."""
    day = business_after(
        FIRST_DAY + world.dice.randrange(world.days // 3, max(world.days // 3 + 1, world.days - 3))
    )
    world.market.shocks[day] = -0.09

    def panic(visit: Visit) -> Script:
        if visit.world.dice.hit(0.25):
            yield from _sell_all(1.0)(visit)

    world.start(_everyone(world, 0.45, 5 * HOUR, panic), moment(day, 9))


def _renumber(world: World) -> Script:
    """A carrier sends a third of its customers through another network."""
    dice = world.dice
    for account in world.accounts:
        if dice.hit(0.3):
            account.phone = world.networks.line(dice, "mobile", account.home.city)
    yield world.now
