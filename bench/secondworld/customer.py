"""A customer's life: when they look in, from where, what they do there, and what they do when they were robbed."""

from __future__ import annotations

from collections.abc import Callable

from bench.secondworld.account import Account
from bench.secondworld.book import Order
from bench.secondworld.dealing import affordable, buy, holdings, look, pause, sell, wander
from bench.secondworld.gear import HAND_HELD, Gear
from bench.secondworld.hours import (
    DAY,
    HOUR,
    MINUTE,
    business,
    business_after,
    day_of,
    hour_of,
    is_open,
    moment,
    next_open,
)
from bench.secondworld.lines import Line
from bench.secondworld.market import Share
from bench.secondworld.visit import Hand, Visit
from bench.secondworld.world import Script, World

Errand = Callable[[Visit], Script]
_OFFICE_HOURS = (8.5, 18.0)


def life(world: World, account: Account) -> Script:
    """One visit after the other, for ever."""
    while True:
        yield _next_visit(world, account)
        yield from call(world, account)


def _next_visit(world: World, account: Account) -> int:
    dice = world.dice
    when = world.now + int(dice.stretched(30 / account.rate, 0.85) * DAY)
    day = day_of(when)
    if not business(day) and dice.hit(0.6):
        day = business_after(day)
    hour = dice.gauss(dice.draw(account.hours), 0.6) % 24
    at = moment(day, hour)
    if at > world.now + MINUTE:
        return at
    soon = world.now + int(dice.stretched(70, 0.9) * MINUTE) + MINUTE
    return soon if dice.hit(0.15) else next_open("XTKS", soon) + int(dice.around(9) * MINUTE)


def call(world: World, account: Account, errand: Errand | None = None, gear: Gear | None = None) -> Script:
    """One visit, from the sign-in to the end; with an errand that is what it is for."""
    dice = world.dice
    gear = gear or account.gears[dice.rank(len(account.gears), 0.8)]
    if dice.hit(0.02):
        gear.cookie = None  # cleared
    visit = Visit(world, account, gear, line=whereabouts(world, account, gear), hand=_hand(world, account))
    yield from _sign_in(visit)
    account.session = (visit.session or "", world.now, gear)
    if account.robbed_at and not account.noticed and dice.hit(0.75):
        account.noticed = True
        yield from _shock(visit)
        return
    yield from wander(visit, 1 + min(4, dice.count(1.4)), 28)
    if gear.surface in HAND_HELD and dice.hit(0.06):
        visit.move(account.phone if visit.line is not account.phone else account.home)
    if errand is not None:
        yield from errand(visit)
    else:
        for _order in range(min(8, dice.clump(account.ways.orders, 1.5))):
            yield from trade(visit)
        yield from _chores(visit)
    if dice.hit(0.3):
        yield world.now + pause(visit, 40)
        visit.leave()


def whereabouts(world: World, account: Account, gear: Gear) -> Line:
    """The line by which they come now; homes are renumbered now and then."""
    dice, now = world.dice, world.now
    if account.away and account.away[0] <= now < account.away[1]:
        return account.away[2] if dice.hit(0.8) else account.phone
    if account.tunnel and dice.hit(0.7):
        return account.tunnel
    start, end = _OFFICE_HOURS
    if account.office and business(day_of(now)) and start < hour_of(now) < end and dice.hit(0.6):
        return account.office
    if gear.surface in HAND_HELD and dice.hit(0.5):
        return account.phone
    if dice.hit(0.006):
        home = account.home
        account.home = world.networks.line(dice, "residential", home.city, home.provider)
    return account.home


def _hand(world: World, account: Account) -> Hand:
    """They pass what they have, but for a token that lies at home."""
    usual = list(account.enrolled)
    if usual and world.dice.hit(0.02):
        usual.remove(world.dice.choice(usual))
    return Hand("legit", usual)


def _sign_in(visit: Visit) -> Script:
    dice, account = visit.world.dice, visit.account
    if "webauthn" in account.enrolled and dice.hit(0.7):
        visit.enter("passkey")
        return
    if dice.hit(0.004):
        visit.fail(account.rename(dice))
        yield visit.world.now + pause(visit, 12)
    slips = 0.15 if account.password_changed and dice.hit(0.5) else 0.05
    while dice.hit(slips):
        visit.fail()
        slips = 0.35
        yield visit.world.now + pause(visit, 14)
    visit.enter()


def trade(visit: Visit) -> Script:
    """One order, as somebody of that kind places it."""
    dice, account = visit.world.dice, visit.account
    yield visit.world.now + pause(visit, 30)
    look(visit, "input")
    if not is_open("XTKS", visit.world.now) and dice.hit(0.6):
        return
    yield visit.world.now + pause(visit, 20)
    if account.archetype == "rotator" and dice.hit(0.35):
        yield from _rotate(visit)
        return
    held = holdings(visit)
    aside = None if dice.hit(0.45) else dice.gauss(-0.004, 0.012)
    if held and dice.hit(0.42 if account.archetype != "scalper" else 0.52):
        share = held[dice.rank(len(held), 0.6)]
        part = 1.0 if dice.hit(0.4) else dice.betavariate(2, 2)
        order = sell(visit, share, part, None if aside is None else -aside)
    else:
        boldness = min(0.95, account.boldness * dice.around(1, 2.5))
        order = _purchase(visit, fancied(visit), boldness, aside)
    if order and order.kind == "limit" and dice.hit(0.12):
        yield visit.world.now + pause(visit, 150)
        if dice.hit(0.5):
            visit.cancel(order)
        else:
            visit.amend(order)


def _purchase(visit: Visit, share: Share, boldness: float, aside: float | None) -> Order | None:
    """For cash; some buy on credit as well."""
    account, world = visit.account, visit.world
    if account.margin and share.currency == "JPY" and world.dice.hit(0.3):
        room = 0.5 * account.book.value(world.market, world.now) - account.book.loan
        quantity = affordable(visit, share, room * boldness, aside or 0.0)
        return visit.order(share, "buy", quantity, aside=aside, wrapper="margin")
    return buy(visit, share, account.book.free_cash() * boldness, aside)


def fancied(visit: Visit) -> Share:
    """Something to buy: mostly from the list of those one follows, else something new, which joins it."""
    dice, account, market = visit.world.dice, visit.account, visit.world.market
    if dice.hit(0.82):
        return account.watch[dice.rank(len(account.watch), 0.5)]
    share = market.pick(dice, dice.draw(account.ways.tiers))
    if share not in account.watch:
        account.watch.append(share)
    return share


def _rotate(visit: Visit) -> Script:
    """Everything out of the one thin share and into the next."""
    dice, world = visit.world.dice, visit.world
    for share in holdings(visit):
        sell(visit, share, 1.0)
        yield world.now + pause(visit, 25)
    yield world.now + pause(visit, 120)
    target = world.market.pick(dice, "thin")
    buy(visit, target, visit.account.book.free_cash() * dice.uniform(0.7, 0.98), dice.uniform(0.0, 0.02))


def _chores(visit: Visit) -> Script:
    """Savings arrive, money is taken out, settings are changed; the format has no event for the first."""
    dice, account, world = visit.world.dice, visit.account, visit.world
    if dice.hit(0.03):
        account.book.cash += 10_000 * (1 + int(dice.stretched(12, 0.7)))
    if dice.hit(0.006):
        yield world.now + pause(visit, 30)
        look(visit, "bank")
        visit.withdraw(1_000 * int(account.book.free_cash() * dice.betavariate(1.2, 2) / 1_000))
    if dice.hit(0.004):
        yield world.now + pause(visit, 30)
        look(visit, "mail")
        visit.change(
            dice.draw(
                (("password", 3.0), ("phone", 1.5), ("email", 1.5), ("mfa", 2.0), ("bank_account", 1.0))
            )
        )


def _shock(visit: Visit) -> Script:
    """What was done to the account is seen: orders cancelled, password changed, perhaps the stuff thrown out."""
    dice, account, world = visit.world.dice, visit.account, visit.world
    yield world.now + pause(visit, 15)
    look(visit, "assets")
    for order in [one for one in account.book.orders if one.label == "fraud"]:
        yield world.now + pause(visit, 10)
        visit.cancel(order)
    if dice.hit(0.6):
        yield world.now + pause(visit, 40)
        visit.change("password")
    if dice.hit(0.35):
        yield world.now + pause(visit, 60)
        for share in holdings(visit)[:2]:
            if share not in account.watch:
                sell(visit, share, 1.0)
                yield world.now + pause(visit, 20)
    account.rate *= 0.4
    yield world.now + int(dice.around(0.2) * HOUR)
    visit.leave()
