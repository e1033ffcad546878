"""How customers trade: what, how much, how; and the days on which they sell everything or turn it all over."""

from __future__ import annotations

from authshield.simulate.engine import Process
from authshield.simulate.market import Symbol, wait_for
from authshield.simulate.people import DAY_TRADER, Person, account_type
from authshield.simulate.sessions import Session
from authshield.simulate.trading import LIMIT, MARKET, Placed, Wish
from authshield.simulate.world import World

_WATCHED = 24
_MANY, _TIDIES = 8, 0.75  # from so many positions on, so often a sale


class Shopping:
    """Customers' orders."""

    def __init__(self, world: World) -> None:
        """Take the numbers out once."""
        p = world.p
        self._world, self._draws, self._desk = world, world.draws, world.desk
        self._orders = p.many("activity.orders_mean")
        self._size, self._day_size = p["orders.size_median"], p["orders.day_size_median"]
        self._sigma, self._sells = p["orders.size_sigma"], p["orders.sells"]
        self._reuses, self._switches = p["orders.reuses"], p["orders.switches"]
        self._known, self._limit = p["orders.known"], p["orders.limit"]
        self._cancels, self._amends = p["orders.cancels"], p["orders.amends"]
        self._stretches, self._whole = p["orders.stretches"], p["orders.whole"]

    def trade(self, session: Session, person: Person) -> Process:
        """Some orders."""
        draws = self._draws
        for _ in range(1 + draws.poisson(self._orders[person.kind] - 1)):
            held = len(person.book.positions)
            sells = held and draws.chance(self._sells if held < _MANY else _TIDIES)
            if sells:
                yield from self._sell(session, person)
            else:
                self.buy(session, person, self._choice(person), self._amount(person))
            yield 5 + draws.lognormal(40, 0.8)

    def liquidate(self, session: Session, person: Person) -> Process:
        """Sell everything that is held."""
        for symbol in person.book.largest_first(session.engine.now):
            self._order(session, person, Wish(symbol, "sell", person.book.free(symbol)))
            yield 10 + self._draws.lognormal(30, 0.8)

    def rebalance(self, session: Session, person: Person) -> Process:
        """Sell a part of each position and buy others for it."""
        draws, book = self._draws, person.book
        for symbol in book.largest_first(session.engine.now):
            quantity = self._lots(symbol, book.free(symbol) * (0.2 + 0.6 * draws.uniform()))
            self._order(session, person, Wish(symbol, "sell", quantity))
            yield 10 + draws.lognormal(40, 0.8)
        for _ in range(2 + draws.below(3)):
            self.buy(session, person, self._choice(person), book.free_cash() * 0.35)
            yield 10 + draws.lognormal(40, 0.8)

    def spend(self, session: Session, person: Person, symbol: Symbol) -> None:
        """Buy that share for as much as they usually spend."""
        self.buy(session, person, symbol, self._amount(person))

    def buy(self, session: Session, person: Person, symbol: Symbol, yen: float) -> Placed | None:
        """Buy for about that money, as far as there is cash."""
        draws = self._draws
        price = symbol.at(session.engine.now) * symbol.fx
        limit = draws.chance(self._limit)
        over = draws.normal() * 0.008 - 0.004 if limit else 0.0
        money = min(yen, person.book.free_cash() * 0.995) / (1 + max(0.0, over))
        quantity = self._lots(symbol, money / price)
        if not quantity and draws.chance(self._stretches):  # transfers money first, where there is none
            quantity, missing = symbol.lot, symbol.lot * price * 1.05 - person.book.free_cash()
            person.book.cash += max(0.0, missing)
        placed = self._order(session, person, Wish(symbol, "buy", quantity, LIMIT if limit else MARKET, over))
        if placed and symbol not in person.watched:
            person.watched = [*person.watched[-_WATCHED:], symbol]
        return placed

    def _sell(self, session: Session, person: Person) -> Process:
        draws, book = self._draws, person.book
        held = [symbol for symbol in book.positions if book.free(symbol) > 0]
        if not held:
            return
        symbol = draws.pick(held)
        switches = draws.chance(self._switches)
        part = 1.0 if switches or draws.chance(self._whole) else 0.2 + 0.6 * draws.uniform()
        before = book.cash
        quantity = book.free(symbol) if part == 1.0 else self._lots(symbol, book.free(symbol) * part)
        limit = draws.chance(self._limit) and not switches
        kind, over = (LIMIT, 0.004 + draws.normal() * 0.008) if limit else (MARKET, 0.0)
        placed = self._order(session, person, Wish(symbol, "sell", quantity, kind, over))
        reuses = switches or draws.chance(self._reuses)
        if placed and reuses and not wait_for(symbol.market, session.engine.now):
            yield 15 + draws.lognormal(120, 0.9)
            proceeds = book.cash - before
            if proceeds > 0:
                self.buy(session, person, self._choice(person), proceeds)

    def _choice(self, person: Person) -> Symbol:
        draws = self._draws
        if person.watched and draws.chance(self._known):
            return draws.pick(person.watched)
        return self._world.population.liking(person)

    def _amount(self, person: Person) -> float:
        now = self._world.engine.now
        share = self._day_size if person.kind == DAY_TRADER else self._size
        return person.book.value(now) * self._draws.lognormal(share * person.size, self._sigma)

    def _lots(self, symbol: Symbol, quantity: float) -> int:
        return int(quantity / symbol.lot) * symbol.lot

    def _order(self, session: Session, person: Person, wish: Wish) -> Placed | None:
        kind = account_type(person, wish.symbol, self._draws)
        made = Wish(wish.symbol, wish.side, wish.quantity, wish.kind, wish.over, kind)
        placed = self._desk.place(session, person, made)
        if placed and wish.kind == LIMIT:
            self._world.engine.start(session.engine.now, self._second_thoughts(session, person, placed))
        return placed

    def _second_thoughts(self, session: Session, person: Person, placed: Placed) -> Process:
        draws = self._draws
        yield 30 + draws.lognormal(1200, 1.0)
        if not session.is_open:
            return
        if draws.chance(self._amends):
            self._desk.amend(session, person, placed, 1 + draws.normal() * 0.005)
        elif draws.chance(self._cancels):
            self._desk.cancel(session, person, placed)
