"""Who has an account: archetype, wealth, rhythm, taste, browsers, lines and factors of each customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from bench.secondworld.book import Book
from bench.secondworld.dice import Dice
from bench.secondworld.gear import Gear, new_gear
from bench.secondworld.hours import DAY, FIRST_DAY, moment
from bench.secondworld.lines import Line, Networks
from bench.secondworld.market import Market, Share


class Archetype(NamedTuple):
    """How a kind of customer lives: visits a month, orders a visit, share in shares, what they like."""

    visits: float
    orders: float
    invested: float
    holdings: float
    tiers: tuple[tuple[str, float], ...]


ARCHETYPES = {
    "saver": Archetype(6.5, 0.12, 0.88, 2.2, (("fund", 0.85), ("large", 0.1), ("us", 0.05))),
    "holder": Archetype(15.0, 0.1, 0.88, 4.0, (("large", 0.6), ("mid", 0.27), ("thin", 0.06), ("us", 0.07))),
    "swing": Archetype(
        44.0, 0.5, 0.78, 4.5, (("large", 0.35), ("mid", 0.38), ("thin", 0.13), ("us", 0.1), ("hk", 0.04))
    ),
    "dabbler": Archetype(38.0, 0.45, 0.84, 5.0, (("thin", 0.66), ("mid", 0.22), ("penny", 0.07), ("large", 0.05))),
    "scalper": Archetype(110.0, 2.2, 0.5, 2.0, (("large", 0.4), ("mid", 0.4), ("thin", 0.2))),
    "rotator": Archetype(45.0, 0.9, 0.93, 1.5, (("thin", 0.85), ("mid", 0.15))),
}  # fmt: skip
_SHARES = (
    ("saver", 0.27),
    ("holder", 0.4),
    ("swing", 0.2),
    ("dabbler", 0.08),
    ("scalper", 0.035),
    ("rotator", 0.015),
)
_FACTORS = (("email", 0.96), ("totp", 0.29), ("static", 0.06), ("webauthn", 0.21), ("oob", 0.13))


@dataclass(slots=True, eq=False)
class Account:
    """A customer at the broker, and what others have done to the account."""

    number: str
    username: str
    archetype: str
    ways: Archetype
    enrolled: list[str]
    book: Book
    gears: list[Gear]
    home: Line
    phone: Line
    office: Line | None
    tunnel: Line | None
    rate: float
    hours: tuple[tuple[float, float], ...]
    watch: list[Share]
    boldness: float
    unit: bool
    margin: bool
    tells_wrapper: bool
    bank_opened: int
    away: tuple[int, int, Line] | None = None
    session: tuple[str, int, Gear] | None = None
    mailbox_lost: bool = False
    password_changed: int = 0
    robbed_at: int = 0
    noticed: bool = False

    def rename(self, dice: Dice) -> str:
        """What is typed when the name is mistyped."""
        place = dice.randrange(len(self.username))
        return self.username[:place] + self.username[place + 1 :] + dice.choice("x0_")


def populate(dice: Dice, market: Market, networks: Networks, count: int) -> list[Account]:
    """That many customers; some live together, some sit in one office."""
    accounts: list[Account] = []
    offices = [networks.line(dice, "business", networks.city(dice)) for _one in range(max(1, count // 150))]
    for place in range(count):
        account = _customer(dice, market, networks, place)
        if accounts and dice.hit(0.05):  # a family: one home, and for most one computer
            relative = accounts[-1]
            account.home = relative.home
            if dice.hit(0.7):
                account.gears[0] = relative.gears[0]
        if dice.hit(0.18):
            own = networks.line(dice, "business", account.home.city)
            account.office = dice.choice(offices) if dice.hit(0.35) else own
        if dice.hit(0.07):
            kind = "anonymizer" if dice.hit(0.6) else "hosting"
            account.tunnel = networks.line(dice, kind, account.home.city)
        accounts.append(account)
    return accounts


def _customer(dice: Dice, market: Market, networks: Networks, place: int) -> Account:
    archetype = dice.draw(_SHARES)
    ways = ARCHETYPES[archetype]
    city = networks.city(dice)
    gears = [new_gear(dice)]
    if dice.hit(0.55):
        gears.append(new_gear(dice, hand_held=gears[0].surface[:3] in {"win", "mac"}))
    for gear in gears:  # most have been here before the file begins
        if not gear.private and dice.hit(0.8):
            gear.cookie = f"q{dice.name(11)}"
    account = Account(
        number=f"{dice.randrange(101, 190)}-{place * 37 + 100211:07d}",
        username=f"{dice.name(1, 'akstnhmyr')}{dice.name(4, 'aiueoknstr')}.{place:x}",
        archetype=archetype,
        ways=ways,
        enrolled=[factor for factor, share in _FACTORS if dice.hit(share)],
        book=Book(0),
        gears=gears,
        home=networks.line(dice, "residential", city),
        phone=networks.line(dice, "mobile", city),
        office=None,
        tunnel=None,
        rate=max(0.15, dice.around(ways.visits, 0.9 if archetype != "scalper" else 6.0)),
        hours=_rhythm(dice, archetype),
        watch=[],
        boldness=dice.betavariate(1.3, 4),
        unit=dice.hit(0.3),
        margin=archetype in {"scalper", "swing", "dabbler"} and dice.hit(0.2),
        tells_wrapper=dice.hit(0.45),
        bank_opened=moment(FIRST_DAY, 0) - int(dice.stretched(900, 1.1)) * DAY,
    )
    _endow(dice, market, account)
    if dice.hit(0.1):
        leaves = moment(FIRST_DAY + dice.randrange(30), dice.uniform(6, 20))
        away = (
            networks.abroad(dice) if dice.hit(0.25) else networks.line(dice, "business", networks.city(dice))
        )
        account.away = (leaves, leaves + int(dice.around(4, 3) * DAY), away)
    return account


def _rhythm(dice: Dice, archetype: str) -> tuple[tuple[float, float], ...]:
    """Hours of the day around which somebody looks in, each with a weight."""
    table = {
        "saver": ((21.5, 3.0), (12.4, 1.5), (8.0, 1.0)),
        "holder": ((9.2, 2.0), (12.4, 2.0), (15.4, 1.0), (21.5, 2.0)),
        "swing": ((9.1, 4.0), (10.6, 2.0), (12.7, 2.0), (14.9, 2.5), (22.4, 1.5)),
    }.get(archetype, ((9.0, 5.0), (10.0, 3.0), (11.1, 2.0), (12.8, 3.0), (14.2, 3.0)))
    return tuple((hour + dice.gauss(0, 0.4), weight * dice.around(1, 1.2)) for hour, weight in table)


def _endow(dice: Dice, market: Market, account: Account) -> None:
    ways, at = account.ways, moment(FIRST_DAY, 0)
    wealth = 150_000 + dice.stretched(5_200_000, 0.6)
    count = 1 + dice.clump(ways.holdings - 1, 2.0)
    account.watch = list(dict.fromkeys(market.pick(dice, dice.draw(ways.tiers)) for _one in range(count + 4)))
    invested = wealth * dice.betavariate(6 * ways.invested, 6 * (1 - ways.invested))
    parts = [dice.gammavariate(1.2, 1.0) for _one in account.watch[:count]]
    spent = 0.0
    for share, part in zip(account.watch[:count], parts, strict=True):
        cost = market.price(share, at) * market.rate(share)
        lot = 1 if account.unit else share.lot
        quantity = int(invested * part / sum(parts) / cost / lot) * lot
        if quantity:
            account.book.held[share.code] = quantity
            spent += quantity * cost
    account.book.cash = int(max(wealth - spent, dice.stretched(40_000, 0.8)))
