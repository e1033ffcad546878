"""What thieves do with an account: small trades like the customer's, then selling all and buying one thin share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from authshield.simulate.draws import Draws
from authshield.simulate.engine import Process
from authshield.simulate.heists import Heist
from authshield.simulate.market import Symbol, wait_for
from authshield.simulate.people import Person, account_type
from authshield.simulate.sessions import Session
from authshield.simulate.trading import LIMIT, MARKET, Placed, Wish
from authshield.simulate.world import World

Again = Callable[[], Session]
Means = tuple[float, Again]  # yen to spend, and another login
_SPLITS, _CAMOUFLAGES = 3, 4  # levels of evasion
_CRUMB = 0.05  # of the budget, too little for another share
_LUNCH = 3 * 3600.0  # seconds that a session lasts without anything done
_QUIET_PART = 0.05  # of the average day, an order of those that split


class Loot:
    """Thieves' orders."""

    def __init__(self, world: World, draws: Draws) -> None:
        """``draws`` is the thieves' own stream."""
        self._world, self._draws, self._p, self._desk = world, draws, world.p, world.desk

    def small(self, session: Session, person: Person) -> Process:
        """An order as the customer places them."""
        draws, book = self._draws, person.book
        yield 20 + draws.lognormal(40, 0.8)
        now = session.engine.now
        money = book.value(now) * draws.lognormal(self._p["orders.size_median"] * 0.6, 0.6)
        held = book.largest_first(now)
        if held and draws.chance(0.5):
            symbol = draws.pick(held)
            quantity = min(book.free(symbol), _lots(symbol, money / (symbol.at(now) * symbol.fx)))
            self._place(session, person, Wish(symbol, "sell", quantity))
        else:
            symbol = (
                draws.pick(person.watched) if draws.chance(0.6) else draws.weighted(self._world.market.home)
            )
            self._buy(session, person, (symbol, money), "")

    def turn(self, session: Session, person: Person, heist: Heist, again: Again) -> Process:
        """Sell and buy; ``again`` signs in once more."""
        if heist.level >= _CAMOUFLAGES:
            yield from self._camouflage(session, person)
        if not heist.sold:
            yield from self.sell(session, person, heist)
        else:
            heist.sold = min(heist.sold, person.book.free_cash())
        if heist.patient and self._draws.chance(self._p["patient.withdraws"]):
            yield from self._withdraw(session, person)
        elif heist.campaign is not None:
            budget = self._p["loot.bought"] * heist.sold
            buys = self._seep if heist.level >= _SPLITS else self._rush
            yield from buys(session, person, heist, (budget, again))

    def sell(self, session: Session, person: Person, heist: Heist) -> Process:
        """The largest first, until enough is sold."""
        p, draws, book = self._p, self._draws, person.book
        now = session.engine.now
        share = 0.7 if heist.level >= _SPLITS else draws.between(p.many("loot.sold"))
        wanted = share * book.positions_value(now)
        held = book.largest_first(now)
        pause = draws.between(p.many("loot.sell_minutes")) * 60 / max(1, len(held))
        scripted = draws.chance(p["loot.scripted"])
        for symbol in held:
            price = symbol.at(session.engine.now) * symbol.fx
            rest = (wanted - heist.sold) / price
            quantity = min(book.free(symbol), max(symbol.lot, _lots(symbol, rest)))
            text = heist.campaign.text if heist.campaign else ""
            if self._place(session, person, Wish(symbol, "sell", quantity, campaign=text)):
                heist.sold += quantity * price
            if heist.sold >= wanted:
                break
            yield pause if scripted else min(600.0, 2 + draws.exponential(pause))
        yield 8 + draws.exponential(20)

    def _rush(self, session: Session, person: Person, heist: Heist, means: Means) -> Process:
        """All at once, or on the next morning where the exchange has closed meanwhile."""
        draws, p, (budget, again) = self._draws, self._p, means
        if heist.campaign is None:
            return
        shares = [1.0] if draws.chance(p["loot.one_symbol"]) else [0.7, 0.3]
        scripted, parts = draws.chance(p["loot.scripted"]), 1 + draws.below(int(p["loot.orders_most"]))
        carried = 0.0  # what a share was too thin for goes into the next
        for place, symbol in enumerate(heist.campaign.symbols):
            wanted = carried + (budget * shares[place] if place < len(shares) else 0.0)
            money = min(wanted, p["loot.adv_most"] * symbol.adv)
            carried = wanted - money
            if money < budget * _CRUMB:
                continue
            for _ in range(parts):
                wait = wait_for(symbol.market, session.engine.now)
                yield wait
                if heist.over:
                    return
                if wait > _LUNCH:
                    session = again()
                    yield 15 + draws.exponential(60)
                heist.bought += self._buy(session, person, (symbol, money / parts), heist.campaign.text)
                yield 12.0 if scripted else 3 + draws.exponential(60)

    def _seep(self, session: Session, person: Person, heist: Heist, means: Means) -> Process:
        """Small orders over two days."""
        draws, (budget, again) = self._draws, means
        if heist.campaign is None:
            return
        for visit in range(4):
            if visit:
                yield (3 + 8 * draws.uniform()) * 3600
                yield wait_for(heist.campaign.symbols[0].market, session.engine.now) + draws.exponential(900)
                if heist.over:
                    return
                session = again()
                yield 20 + draws.exponential(40)
            for _ in range(3 + draws.below(4)):
                symbol = draws.pick(heist.campaign.symbols)
                money = min(budget - heist.bought, symbol.adv * _QUIET_PART * (0.5 + 0.5 * draws.uniform()))
                heist.bought += self._buy(session, person, (symbol, money), heist.campaign.text)
                yield 60 + draws.exponential(400)

    def _camouflage(self, session: Session, person: Person) -> Process:
        draws = self._draws
        for _ in range(3 + draws.below(3)):
            symbol = draws.weighted(self._world.market.home)
            self._buy(session, person, (symbol, person.book.free_cash() * 0.1), "")
            yield 20 + draws.exponential(60)

    def _buy(self, session: Session, person: Person, what: tuple[Symbol, float], text: str) -> float:
        p, draws, (symbol, money) = self._p, self._draws, what
        price = symbol.at(session.engine.now) * symbol.fx
        kind, over = MARKET, 0.0
        if text and not draws.chance(p["loot.market_orders"]):
            kind, over = LIMIT, draws.between(p.many("loot.over_market"))
        quantity = _lots(symbol, min(money, person.book.free_cash() * 0.99) / (price * (1 + over)))
        if not quantity or not self._place(
            session, person, Wish(symbol, "buy", quantity, kind, over, campaign=text)
        ):
            return 0.0
        return quantity * price * (1 + over)

    def _place(self, session: Session, person: Person, wish: Wish) -> Placed | None:
        booked = account_type(person, wish.symbol, self._draws)
        return self._desk.place(session, person, replace(wish, account_type=booked))

    def _withdraw(self, session: Session, person: Person) -> Process:
        yield 20 + self._draws.exponential(40)
        session.act("profile_change", ',"field":"bank_account"')
        yield 120.0 + self._draws.exponential(600)
        amount = int(person.book.free_cash() * 0.95)
        if amount:
            person.book.cash -= amount
            session.act("withdrawal", f',"amount":{amount},"currency":"JPY","fx":1,"destination_age_days":0')


def _lots(symbol: Symbol, quantity: float) -> int:
    return max(0, int(quantity / symbol.lot) * symbol.lot)
