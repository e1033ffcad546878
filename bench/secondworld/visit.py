"""One signed-in session as the site sees it: every event that somebody causes passes here, whoever it is.

Nothing here knows whether it is the customer or a thief, but for the label that is written down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bench.secondworld.account import Account
from bench.secondworld.book import Order
from bench.secondworld.dice import Dice
from bench.secondworld.gear import Gear
from bench.secondworld.hours import DAY, MINUTE, SECOND, closing, day_of, is_open, next_open
from bench.secondworld.lines import Line
from bench.secondworld.market import Share, ticked
from bench.secondworld.world import Script, World

_FINGERPRINTED = ("login", "order", "withdrawal", "profile_change")


@dataclass(frozen=True, slots=True)
class Hand:
    """Who acts: the label, what they would get through, and for which campaign."""

    label: str
    can_pass: list[str] = field(default_factory=list)
    campaign: str | None = None


class Visit:
    """A browser at the site, signed in or about to be."""

    def __init__(self, world: World, account: Account, gear: Gear, *, line: Line, hand: Hand) -> None:
        self.world, self.account, self.gear, self.hand = world, account, gear, hand
        self.session: str | None = None
        self.line = line
        self.ip = line.address(world.dice)
        self._day = day_of(world.now)
        self._agent = gear.user_agent(self._day)
        self._headers = gear.headers(self._day)
        self._proof = gear.proof(world.dice)
        self._cookie = gear.cookie

    def _emit(self, kind: str, **more: Any) -> None:
        account, hand = self.account, self.hand
        device: dict[str, Any] = {"id": self._cookie, "proof": self._proof if self._cookie else None}
        if kind in _FINGERPRINTED:
            told = self.gear.told(self._day)
            if told:
                device["fingerprint"] = told
        event: dict[str, Any] = {
            "kind": kind,
            "account": account.number,
            "session": self.session,
            "ip": self.ip,
            "user_agent": self._agent,
            "device": device,
            "enrolled": account.enrolled,
            "can_pass": hand.can_pass,
            "label": hand.label,
        }
        if self._headers:
            event["headers"] = self._headers
        if self.line.network:
            event["network"] = self.line.network
        if hand.campaign:
            event["campaign"] = hand.campaign
        self.world.emit(event | more)

    def fail(self, username: str | None = None) -> None:
        """A wrong password; or a name that nobody has."""
        stranger: dict[str, Any] = {"account": None, "enrolled": []} if username else {}
        self._emit(
            "login",
            username=username or self.account.username,
            outcome="failure",
            method="password",
            **stranger,
        )

    def enter(self, method: str = "password") -> None:
        """Signs in; a browser without a cookie gets one."""
        self.session = self.world.session_name()
        self._emit("login", username=self.account.username, outcome="success", method=method)
        if self._cookie is None:
            self._cookie = f"q{self.world.dice.name(11)}"
            self._proof = self.gear.proof(self.world.dice)
            if not self.gear.private:
                self.gear.cookie = self._cookie

    def join(self, session: str) -> None:
        """Goes on in a session that somebody else began."""
        self.session = session

    def move(self, line: Line) -> None:
        """The same browser, another network."""
        self.line, self.ip = line, line.address(self.world.dice)

    def page(self, path: str) -> None:
        """Looks at something."""
        self._emit("request", path=path)

    def change(self, what: str) -> None:
        """Changes the profile."""
        self._emit("profile_change", field=what)
        if what == "password":
            self.account.password_changed = self.world.now

    def withdraw(self, amount: int) -> None:
        """Sends money to the bank account on file."""
        account = self.account
        amount = min(amount, account.book.free_cash())
        if amount > 0:
            age = (self.world.now - account.bank_opened) // DAY
            self._emit("withdrawal", amount=amount, currency="JPY", fx=1, destination_age_days=age)
            account.book.cash -= amount

    def leave(self) -> None:
        """Logs out."""
        self._emit("logout")
        if self.account.session and self.account.session[0] == self.session:
            self.account.session = None

    def order(
        self,
        share: Share,
        side: str,
        quantity: int,
        *,
        aside: float | None = None,
        wrapper: str | None = None,
    ) -> Order | None:
        """Places one, a limit ``aside`` from the price (0.03: three percent over it) or at the market.

        None: impossible. ``wrapper``: the kind of account, where it isn't the usual one.
        """
        world, book = self.world, self.account.book
        price = world.market.price(share, world.now)
        kind = "market" if aside is None or share.tier == "fund" else "limit"
        if aside is not None and kind == "limit":
            price = ticked(share, price * (1 + aside))
        order = Order(
            world.order_name(), share, side, quantity, price, kind, world.market.rate(share),
            wrapper or self._wrapper(share, side),
            label=self.hand.label,
        )  # fmt: skip
        if quantity <= 0 or (side == "sell" and book.free(share.code) < quantity):
            return None
        self._emit("order", **self._told(order))
        book.admit(order)
        world.start(self._dealt(order), world.now)
        return order

    def _wrapper(self, share: Share, side: str) -> str | None:
        account = self.account
        if side == "sell" and account.book.loan and account.tells_wrapper:
            return "margin"
        if not account.tells_wrapper:
            return None
        return "nisa" if share.tier == "fund" else "cash"

    def _told(self, order: Order) -> dict[str, Any]:
        world, book, share = self.world, self.account.book, order.share
        told: dict[str, Any] = {
            "symbol": share.code,
            "market": share.mic,
            "side": order.side,
            "quantity": order.quantity,
            "price": order.price,
            "currency": share.currency,
            "type": order.kind,
            "order_id": order.number,
        }
        if share.currency != "JPY":
            told["fx"] = order.fx
        if order.wrapper:
            told["account_type"] = order.wrapper
        if not is_open(share.mic, world.now):
            told["queued"] = True
        instrument: dict[str, int] = {}
        if share.tells_adv:
            instrument["adv"] = int(share.adv)
        if share.tells_cap:
            instrument["market_cap"] = int(share.issued * share.last * order.fx)
        portfolio = {
            "cash": book.cash,
            "positions_value": book.value(world.market, world.now),
            "position_quantity": book.held.get(share.code, 0),
            "positions": len(book.held),
        }
        return {"order": told, "portfolio": portfolio} | ({"instrument": instrument} if instrument else {})

    def cancel(self, order: Order) -> None:
        """Takes an order back, if it is still open."""
        if order.open:
            self._emit("order_change", order_id=order.number, change="cancel")
            self.account.book.close(order)

    def amend(self, order: Order) -> None:
        """Moves the limit of an open order to the price."""
        world = self.world
        if order.open and not order.filled:
            order.price = world.market.price(order.share, world.now)
            self._emit(
                "order_change",
                order_id=order.number,
                change="amend",
                quantity=order.quantity,
                price=order.price,
            )
            order.kind = "market"  # it will be dealt with at once

    def _dealt(self, order: Order) -> Script:
        """What the market makes of an order."""
        world, dice, share = self.world, self.world.dice, order.share
        opened = next_open(share.mic, world.now)
        wait = dice.around(1.5 * SECOND)
        if opened > world.now:  # at the open, what was sold pays for what is bought
            wait += SECOND if order.side == "sell" else 15 * SECOND
        yield opened + int(wait)
        ends = closing(share.mic, world.now - SECOND)
        while order.open and order.kind == "limit" and not self._reached(order):
            again = world.now + int(dice.stretched(45 * MINUTE, 0.7)) + MINUTE
            if again > ends:
                self.account.book.close(order)
                return
            yield again
        parts = _parts(dice, order)
        for place, part in enumerate(parts):
            if place:
                yield world.now + int(dice.around(40 * SECOND, 1.0)) + 200
            if not order.open:
                return
            self._fill(order, part)
        self.account.book.close(order)

    def _reached(self, order: Order) -> bool:
        price = self.world.market.price(order.share, self.world.now)
        return price <= order.price if order.side == "buy" else price >= order.price

    def _fill(self, order: Order, quantity: int) -> None:
        world = self.world
        price = world.market.price(order.share, world.now)
        if order.kind == "limit":
            price = min(price, order.price) if order.side == "buy" else max(price, order.price)
        done = self.account.book.fill(order, quantity, price)
        if done:
            self._emit("fill", order_id=order.number, quantity=done, price=price)


def _parts(dice: Dice, order: Order) -> list[int]:
    """How an order is filled: at once, but large ones in thin shares in pieces."""
    amount = order.quantity * order.price * order.fx
    pieces = 1 + min(3, int(amount / max(1.0, 0.15 * order.share.adv))) if order.share.tier != "fund" else 1
    if pieces == 1 or order.quantity < pieces * order.share.lot:
        return [order.quantity]
    lot = order.share.lot
    first = [int(order.quantity * dice.uniform(0.2, 0.9) / pieces / lot) * lot for _one in range(pieces - 1)]
    return [part for part in [*first, order.quantity - sum(first)] if part]
