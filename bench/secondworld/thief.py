"""A thief in one account: gets in, looks, perhaps waits for days, sells what is there and buys what the ring wants.

Everything that a thief does goes through the same ``Visit`` as a customer's doings.
"""

from __future__ import annotations

from collections.abc import Generator

from bench.secondworld.customer import call
from bench.secondworld.dealing import affordable, buy, holdings, look, pause, sell, wander
from bench.secondworld.hours import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    business_after,
    day_of,
    hour_of,
    is_open,
    moment,
    next_open,
)
from bench.secondworld.plan import Plan
from bench.secondworld.visit import Hand, Visit
from bench.secondworld.world import Script, World

Entering = Generator[int, None, Visit | None]
_RELAYED = ("email", "totp", "static")
_SESSION_LIVES = 20 * HOUR
_PATIENCE = 4 * DAY
_LUNCH = 90 * MINUTE
_SMALL = 4_000
_EVENING = 17.0


def intrude(world: World, plan: Plan) -> Script:
    """The whole of it, from the first entry to the last order."""
    yield plan.at
    if plan.entry == "session":
        yield from _watch(world, plan)
    visit = _enter(world, plan, first=True)
    if visit is None:
        return
    start = "top" if world.dice.hit(0.6) else "assets"
    yield from wander(visit, 1 + world.dice.count(1.2), plan.kit.pace, start)
    if plan.strike is None:
        return
    if plan.blinds:
        yield from _blind(visit, plan)
    yield from _wait_quietly(world, plan)
    striking: Visit | None = visit
    if plan.strike > world.now + 40 * MINUTE:
        striking = yield from _come_back(world, plan, plan.strike)
    elif plan.strike > world.now:
        yield plan.strike
    if striking is not None:
        yield from _drain(striking, plan)
        yield from _finish(world, plan)


def _live(world: World, plan: Plan) -> bool:
    live = plan.account.session
    return live is not None and world.now - live[1] < _SESSION_LIVES


def _watch(world: World, plan: Plan) -> Script:
    """Waits some days for the customer to sign in, and strikes as soon as the market is open then."""
    until = min(world.now + _PATIENCE, world.until - DAY)
    while world.now < until and not _live(world, plan):
        yield world.now + 20 * MINUTE
    yield world.now + int(world.dice.stretched(30, 0.7) * MINUTE)
    if plan.strike and _live(world, plan):
        plan.strike = next_open("XTKS", world.now + 3 * MINUTE)


def _blind(visit: Visit, plan: Plan) -> Script:
    """Codes and notices are to go elsewhere."""
    yield visit.world.now + pause(visit, plan.kit.pace * 2)
    look(visit, "mail")
    visit.change("email")
    plan.mailbox = True


def _finish(world: World, plan: Plan) -> Script:
    """The next days: the rest of the small orders, and what has come in since."""
    for _day in range(1, plan.split_days):
        visit = yield from _come_back(world, plan, _next_morning(world))
        if visit is None:
            return
        yield from _purchase(visit, plan, 1.0)
    if plan.again:
        visit = yield from _come_back(world, plan, _next_morning(world))
        if visit is not None:
            yield from _drain(visit, plan)


def _next_morning(world: World) -> int:
    return moment(business_after(day_of(world.now)), world.dice.uniform(9.02, 11.2))


def _hand(plan: Plan, *, first: bool) -> Hand:
    """What the thief would get through now."""
    able: list[str] = []
    if plan.entry == "relay" and (first or plan.steady):
        able = [factor for factor in plan.account.enrolled if factor in _RELAYED]
    elif plan.mailbox and "email" in plan.account.enrolled:
        able = ["email"]
    return Hand("fraud", able, plan.campaign)


def _enter(world: World, plan: Plan, *, first: bool) -> Visit | None:
    """Signs in, or goes on in the customer's session; None where the door is shut."""
    dice, account, kit = world.dice, plan.account, plan.kit
    if not first and not kit.sticky:
        kit.line = world.networks.exit_near(dice, account.home, kit.closeness)
    live = account.session if plan.entry == "session" and _live(world, plan) else None
    if live:
        kit.gear.cookie = live[2].cookie
    elif first and plan.model:
        kit.gear.cookie = plan.model.cookie
    visit = Visit(world, account, kit.gear, line=kit.line, hand=_hand(plan, first=first))
    if live:
        visit.join(live[0])
        return visit
    if account.password_changed > plan.at and not plan.steady:
        visit.fail()
        return None
    if first and dice.hit(0.06):
        visit.fail()
    visit.enter()
    return visit


def _come_back(world: World, plan: Plan, at: int) -> Entering:
    yield at
    return _enter(world, plan, first=False)


def _wait_quietly(world: World, plan: Plan) -> Script:
    """Days of looking in and of small trades: the browser becomes an old acquaintance."""
    dice, account = world.dice, plan.account
    for left in range(plan.quiet, 0, -1):
        until = (plan.strike or world.now) - DAY // 3
        room = max(0, until - world.now)
        at = world.now + int(room / left * dice.uniform(0.5, 1.3))
        at = moment(day_of(at), dice.gauss(dice.draw(account.hours), 1.0) % 24)
        if not world.now < at < until:
            continue
        visit = yield from _come_back(world, plan, at)
        if visit is None:
            return
        yield from wander(visit, 1 + dice.count(1.6), 25)
        if dice.hit(0.6 if is_open("XTKS", world.now) else 0.15):
            yield world.now + pause(visit, 40)
            _nibble(visit)


def _nibble(visit: Visit) -> None:
    """A small trade, such as the customer might do."""
    dice, market, account = visit.world.dice, visit.world.market, visit.account
    held = holdings(visit)
    if held and dice.hit(0.35):
        sell(visit, dice.choice(held), dice.uniform(0.05, 0.2))
        return
    share = dice.choice(account.watch) if dice.hit(0.4) else market.pick(dice, dice.choice(("large", "mid")))
    cost = market.price(share, visit.world.now) * market.rate(share) * share.lot
    buy(visit, share, max(cost * 1.05, account.book.free_cash() * dice.uniform(0.02, 0.1)))


def _drain(visit: Visit, plan: Plan) -> Script:
    """Sells, waits for the money, buys."""
    world = visit.world
    plan.account.robbed_at = world.now
    if world.dice.hit(0.2):  # a code or a notice has made the customer look
        world.start(call(world, plan.account), world.now + int(world.dice.around(25, 1.5) * MINUTE))
    yield from _liquidate(visit, plan)
    for _one in range(plan.camouflage):
        yield world.now + pause(visit, plan.kit.pace * 1.5)
        share = world.market.pick(world.dice, "large")
        cost = world.market.price(share, world.now) * share.lot
        buy(visit, share, max(cost * 1.05, visit.account.book.free_cash() * world.dice.uniform(0.02, 0.06)))
    if plan.rotates:
        visit.move(world.networks.exit_near(world.dice, plan.account.home, plan.kit.closeness))
    wait = world.dice.stretched(2.5, 0.8) * MINUTE
    yield world.now + int(wait) + 5 * SECOND
    if plan.margin and visit.account.margin:
        yield from _on_credit(visit, plan)
    yield from _purchase(visit, plan, 1 / plan.split_days if plan.adv_cap else 1.0)
    if plan.props:
        bid = buy(visit, plan.targets[0], visit.account.book.free_cash() * 0.9, -0.04)
        yield world.now + int(world.dice.around(20) * MINUTE)
        if bid and world.dice.hit(0.7):
            visit.cancel(bid)
    if world.dice.hit(0.15):
        visit.leave()


def _liquidate(visit: Visit, plan: Plan) -> Script:
    dice, world = visit.world.dice, visit.world
    look(visit, "assets")
    for slice_ in range(plan.slices, 0, -1):
        for share in holdings(visit):
            spared = share in plan.targets or (share.tier in {"us", "fund"} and not dice.hit(0.4))
            if spared or (plan.keep and dice.hit(plan.keep / 2)):
                continue
            yield world.now + pause(visit, plan.kit.pace)
            part = (1 - plan.keep) if plan.keep and slice_ == 1 else 1 / slice_
            sell(visit, share, part, -0.004 if dice.hit(0.15) else None)
        if slice_ > 1:
            yield world.now + int(dice.around(14, 3) * MINUTE)


def _on_credit(visit: Visit, plan: Plan) -> Script:
    """Buys on margin too, the customer's funds being the collateral."""
    book, world = visit.account.book, visit.world
    room = 0.8 * book.value(world.market, world.now) - book.loan
    share = plan.targets[0]
    if room > 0 and share.currency == "JPY":
        yield world.now + pause(visit, plan.kit.pace)
        visit.order(share, "buy", affordable(visit, share, room), aside=plan.aside, wrapper="margin")


def _purchase(visit: Visit, plan: Plan, part: float) -> Script:
    """Puts the money into the targets, in one order or in small ones."""
    dice, world, book = visit.world.dice, visit.world, visit.account.book
    night = not is_open("XTKS", world.now) and hour_of(world.now) > _EVENING
    money = (book.free_cash() + (0.9 * book.coming_in() if night else 0)) * dice.uniform(0.72, 0.97) * part
    for place, share in enumerate(plan.targets):
        left = money / (len(plan.targets) - place)
        money -= left
        biggest = (
            max(60_000.0, plan.adv_cap * share.adv) if plan.adv_cap else left / dice.choice((1, 1, 1, 2, 3))
        )
        for _order in range(12):
            if left < _SMALL:
                break
            amount = min(left, biggest)
            left -= amount
            if not night and (yield from _shut(visit, plan)):
                return
            yield world.now + pause(visit, plan.kit.pace)
            quantity = affordable(visit, share, amount, plan.aside or 0.0)
            if night or amount <= book.free_cash():
                visit.order(share, "buy", quantity, aside=plan.aside)
            else:
                buy(visit, share, amount, plan.aside)
            if plan.adv_cap:
                yield world.now + int(dice.stretched(11, 0.9) * MINUTE)


def _shut(visit: Visit, plan: Plan) -> Generator[int, None, bool]:
    """Waits for the end of the lunch break; true where the day is over: then there is another."""
    world = visit.world
    opens = next_open("XTKS", world.now)
    if opens - world.now > _LUNCH:
        plan.split_days = 2
        return True
    if opens > world.now:
        yield opens + pause(visit, plan.kit.pace)
    return False
