"""The customers: who they are, what they own and use. What they do is in customers.py."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from authshield.simulate.book import Book
from authshield.simulate.devices import PHONES, Device, computer, new_device, phone
from authshield.simulate.draws import Draws, Weighted
from authshield.simulate.market import TOKYO, Market, Symbol
from authshield.simulate.networks import CITIES, Line, Networks, Place
from authshield.simulate.parameters import Parameters

DORMANT, PASSIVE, ACTIVE, DAY_TRADER, FAMILY = range(5)
DAY_TRADER_WEALTH = 3.0  # times what others have
_ON_MARGIN = 0.5  # of the orders of others who may


@dataclass(slots=True, eq=False)
class Person:
    """One account and whoever uses it. ``rate`` is logins a month."""

    number: int
    kind: int
    rate: float
    city: int
    line: Line
    carrier: int
    office: Line | None
    devices: list[Device]
    enrolled: tuple[str, ...]
    book: Book
    watched: list[Symbol]
    size: float
    fund_only: bool = False
    thin_fan: bool = False
    foreign: bool = False
    margin: bool = False
    nisa: float = 0.0
    tunnel: Place | None = None
    relayed: bool = False
    renumbered: bool = False
    away: tuple[int, Line | Place] | None = None  # until when, and where
    account: str = ""
    username: str = ""
    enrolled_json: str = ""
    hijacked: bool = False
    orders: dict[str, int] = field(default_factory=dict)


class Population:
    """All customers, in the order of their numbers."""

    def __init__(self, parameters: Parameters, draws: Draws, market: Market, networks: Networks) -> None:
        """``add`` makes them."""
        self._draws, self._market, self._networks, self._p = draws, market, networks, parameters
        shares = parameters.many("activity.shares")
        self._kinds = Weighted(range(len(shares)), shares)
        self._offices = [Line(block, "", 0) for block in networks.offices]
        self.people: list[Person] = []

    def add(self, count: int) -> None:
        """Make so many customers more; two of a family share home and computer."""
        while len(self.people) < count:
            one = self._person(self._draws.weighted(self._kinds))
            self.people.append(one)
            if one.kind == FAMILY and len(self.people) < count:
                other = self._person(FAMILY)
                other.line, other.city, other.devices[-1] = one.line, one.city, one.devices[-1]
                self.people.append(other)

    def _person(self, kind: int) -> Person:
        p, draws, number = self._p, self._draws, len(self.people)
        bounds = p.many("activity.logins_least")[kind], p.many("activity.logins_most")[kind]
        city = draws.weighted(self._networks.city)
        person = Person(
            number=number,
            kind=kind,
            rate=draws.between(bounds),
            city=city,
            line=self._networks.line(draws, city),
            carrier=draws.weighted(self._networks.mobile),
            office=self._office(city),
            devices=self._devices(kind),
            enrolled=self._enrolled(),
            book=Book(0.0),
            watched=[],
            size=draws.lognormal(1.0, 0.4),
            account=f"A{number:07d}",
            username=f"user{number:07d}",
        )
        person.enrolled_json = json.dumps(person.enrolled, separators=(",", ":"))
        self._habits(person)
        self._fortune(person)
        return person

    def _office(self, city: int) -> Line | None:
        p, draws = self._p, self._draws
        if not draws.chance(p["networks.work"]):
            return None
        block = draws.pick(self._networks.offices[city::CITIES])
        if draws.chance(p["networks.office_shared"]):
            return Line(block, block.v4_at(0, 1), 0)
        return Line(block, block.v4(draws), 0)

    def _devices(self, kind: int) -> list[Device]:
        p, draws = self._p, self._draws
        first_phone = draws.chance(p["devices.phone_first"]) and kind != DAY_TRADER
        kinds = [phone(draws, p["devices.app"]) if first_phone else computer(draws)]
        if draws.chance(p["devices.second"]) or kind in (DAY_TRADER, FAMILY):
            kinds.append(computer(draws) if first_phone else phone(draws, p["devices.app"]))
        if kind == FAMILY:
            kinds.sort(key=lambda each: each not in PHONES)
        return [new_device(draws, each, p["devices.lag_days"], p["devices.keyless"]) for each in kinds]

    def _enrolled(self) -> tuple[str, ...]:
        p, draws = self._p, self._draws
        factors = ["email"]
        if draws.chance(p["factors.totp"]):
            factors.append("totp")
            if draws.chance(p["factors.static_with_totp"]):
                factors.append("static")
        if draws.chance(p["factors.webauthn"]):
            factors.append("webauthn")
        if draws.chance(p["factors.oob"]):
            factors.append("oob")
        return tuple(factors)

    def _habits(self, person: Person) -> None:
        p, draws = self._p, self._draws
        person.fund_only = draws.chance(p["holdings.fund_only"]) and person.kind != DAY_TRADER
        person.thin_fan = not person.fund_only and draws.chance(p["holdings.thin_fans"])
        person.foreign = not person.fund_only and draws.chance(p["orders.foreign"])
        person.margin = person.kind == DAY_TRADER or draws.chance(p["holdings.margin"] / 2)
        person.nisa = p["holdings.nisa"] if draws.chance(0.5) and not person.margin else 0.0
        if draws.chance(p["networks.vpn"]):
            block = draws.pick(self._networks.anonymizers if draws.chance(0.5) else self._networks.offices)
            person.tunnel = Place(block.v4(draws), block)
        person.relayed = draws.chance(p["networks.relay"])

    def _fortune(self, person: Person) -> None:
        p, draws = self._p, self._draws
        total = draws.lognormal(p["holdings.median_yen"], p["holdings.sigma"])
        if person.kind == DAY_TRADER:
            total *= DAY_TRADER_WEALTH
        cash = min(0.95, draws.exponential(p["holdings.cash_share"]))
        person.book.cash = round(total * cash)
        names = (
            1 + draws.poisson(p["holdings.names_mean"] - 1) if not person.fund_only else 1 + draws.below(2)
        )
        for _ in range(names):
            symbol = self.liking(person)
            part = total * (1 - cash) / names * draws.lognormal(0.85, 0.5)
            lots = int(part / (symbol.price * symbol.fx * symbol.lot))
            if lots:
                person.book.positions[symbol] = person.book.positions.get(symbol, 0) + lots * symbol.lot
        person.watched = [*person.book.positions, *(self.liking(person) for _ in range(4))]

    def liking(self, person: Person) -> Symbol:
        """A share that this customer might buy."""
        draws, market = self._draws, self._market
        if person.fund_only:
            return draws.pick(market.funds)
        if person.foreign and draws.chance(0.4):
            return draws.weighted(market.foreign)
        return draws.weighted(market.small if person.thin_fan and draws.chance(0.6) else market.home)


def account_type(person: Person, symbol: Symbol, draws: Draws) -> str:
    """In which of the customer's accounts an order is booked, whoever places it: what is usual there."""
    if person.kind == DAY_TRADER or (person.margin and draws.chance(_ON_MARGIN)):
        return "margin"
    return "nisa" if symbol.market == TOKYO and draws.chance(person.nisa) else "cash"
