"""Orders and what becomes of them: placed, filled, changed, cancelled. The book is right at every moment."""

from __future__ import annotations

from dataclasses import dataclass

from authshield.simulate.draws import Draws
from authshield.simulate.engine import Process
from authshield.simulate.market import Symbol, wait_for
from authshield.simulate.people import Person
from authshield.simulate.sessions import Session

MARKET, LIMIT = "market", "limit"
_BREAK = 2 * 3600.0  # seconds; longer than any exchange's lunch


@dataclass(frozen=True, slots=True)
class Wish:
    """An order as somebody thinks of it. ``over`` is the limit's distance from the price, upward."""

    symbol: Symbol
    side: str
    quantity: int
    kind: str = MARKET
    over: float = 0.0
    account_type: str = "cash"
    campaign: str = ""


@dataclass(slots=True)
class Placed:
    """An order at the broker."""

    wish: Wish
    name: str
    price: float
    yen: float
    quantity: int
    is_open: bool = True


class Desk:
    """The broker's order desk. It takes what the book covers, and nothing else."""

    def __init__(self, draws: Draws, limit_fills: float) -> None:
        """``limit_fills`` is the share of limit orders that find somebody."""
        self._draws = draws
        self._limit_fills = limit_fills
        self._orders = 0

    def place(self, session: Session, person: Person, wish: Wish) -> Placed | None:
        """Write the order and let it run; None where there is no cover."""
        engine, symbol, book = session.engine, wish.symbol, person.book
        now = engine.now
        price = symbol.at(now)
        if wish.kind == LIMIT:
            price = symbol.rounded(price * (1 + wish.over))
        yen = wish.quantity * price * symbol.fx
        if wish.quantity <= 0 or not self._covered(person, wish, yen):
            return None
        self._orders += 1
        placed = Placed(wish, f"o{self._orders:09d}", price, yen, wish.quantity)
        wait = wait_for(symbol.market, now)
        queued = ',"queued":true' if wait else ""
        session.act(
            "order",
            f',"order":{{{symbol.json},"side":"{wish.side}","quantity":{wish.quantity},"price":{price:g},'
            f'"type":"{wish.kind}","order_id":"{placed.name}","account_type":"{wish.account_type}"{queued}}},'
            f"{symbol.instrument},{book.json(symbol, now)}{wish.campaign}",
        )
        book.reserve(symbol, wish.side, wish.quantity, yen)
        engine.start(now, self._executed(session, person, placed, wait))
        return placed

    def cancel(self, session: Session, person: Person, placed: Placed) -> None:
        """Take an open order back."""
        if placed.is_open:
            session.act(
                "order_change", f',"order_id":"{placed.name}","change":"cancel"{placed.wish.campaign}'
            )
            self._close(person, placed)

    def amend(self, session: Session, person: Person, placed: Placed, factor: float) -> None:
        """Move an open order's limit."""
        if not placed.is_open:
            return
        wish = placed.wish
        price = wish.symbol.rounded(placed.price * factor)
        yen = placed.quantity * price * wish.symbol.fx
        if wish.side == "buy" and yen - placed.yen > person.book.free_cash():
            return
        person.book.release(wish.symbol, wish.side, placed.quantity, placed.yen)
        person.book.reserve(wish.symbol, wish.side, placed.quantity, yen)
        placed.price, placed.yen = price, yen
        session.act(
            "order_change",
            f',"order_id":"{placed.name}","change":"amend","quantity":{placed.quantity},"price":{price:g}',
        )

    def _covered(self, person: Person, wish: Wish, yen: float) -> bool:
        if wish.side == "sell":
            return person.book.free(wish.symbol) >= wish.quantity
        return yen <= person.book.free_cash()

    def _close(self, person: Person, placed: Placed) -> None:
        placed.is_open = False
        person.book.release(placed.wish.symbol, placed.wish.side, placed.quantity, placed.yen)

    def _executed(self, session: Session, person: Person, placed: Placed, wait: float) -> Process:
        draws, wish = self._draws, placed.wish
        if wish.kind == LIMIT and wish.over * (1 if wish.side == "buy" else -1) <= 0:
            wait += draws.lognormal(600, 1.2)
            if not draws.chance(self._limit_fills):
                yield wait + 6 * 3600.0  # until the end of the day
                if placed.is_open:
                    self._close(person, placed)
                return
        yield wait + 0.2 + draws.exponential(2.0)
        pause = wait_for(wish.symbol.market, session.engine.now)
        if 0 < pause <= _BREAK:
            yield pause + draws.exponential(2.0)
        if not placed.is_open:
            return
        if pause > _BREAK:  # good for the day alone
            self._close(person, placed)
            return
        price = self._price(placed, session.engine.now)
        yen = placed.quantity * price * wish.symbol.fx
        self._close(person, placed)
        if wish.side == "buy" and yen > person.book.cash:
            return
        person.book.fill(wish.symbol, wish.side, placed.quantity, yen)
        session.act(
            "fill",
            f',"order_id":"{placed.name}","quantity":{placed.quantity},"price":{price:g}{wish.campaign}',
        )

    def _price(self, placed: Placed, now: int) -> float:
        wish = placed.wish
        price = wish.symbol.at(now)
        if wish.kind == MARKET:
            return price
        return min(price, placed.price) if wish.side == "buy" else max(price, placed.price)
