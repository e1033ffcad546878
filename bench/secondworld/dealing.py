"""What a person can do in a visit: look around, buy for an amount, sell a part. Customers and thieves alike."""

from __future__ import annotations

from bench.secondworld.book import Order
from bench.secondworld.gear import HAND_HELD
from bench.secondworld.hours import SECOND
from bench.secondworld.market import Share
from bench.secondworld.visit import Visit
from bench.secondworld.world import Script

_NEXT = {
    "top": (("assets", 4.0), ("board", 3.0), ("ranking", 1.5), ("notices", 1.0), ("ipo", 0.4)),
    "assets": (("board", 3.0), ("history", 1.0), ("orders", 1.5), ("top", 0.8), ("tax", 0.2)),
    "board": (("chart", 2.0), ("input", 1.6), ("board", 1.5), ("assets", 0.8)),
    "chart": (("board", 1.5), ("input", 1.0), ("column", 0.8)),
    "ranking": (("board", 3.0), ("column", 0.7)),
    "notices": (("top", 1.0), ("assets", 1.0)),
    "input": (("orders", 2.0), ("board", 1.0)),
}
_WEB = {
    "top": "/mypage/top", "assets": "/mypage/assets", "board": "/stock/board", "chart": "/stock/chart",
    "ranking": "/research/ranking", "column": "/research/column", "notices": "/mypage/notices",
    "ipo": "/ipo/list", "history": "/account/history", "tax": "/account/tax", "orders": "/order/list",
    "input": "/order/input", "mail": "/account/contact", "bank": "/account/transfer", "card": "/fund/plan",
}  # fmt: skip
_UNAFFORDABLE = 1_000


def look(visit: Visit, place: str) -> str:
    """Opens one page, by its short name; returns where one might go from there."""
    path = _WEB[place]
    visit.page(f"/app/v3{path}" if visit.gear.surface.startswith("app") else path)
    return visit.world.dice.draw(_NEXT.get(place, (("top", 1.0), ("assets", 1.0))))


def wander(visit: Visit, pages: int, pace: float, start: str = "top") -> Script:
    """So many pages, ``pace`` seconds apart on average."""
    place = start
    for _page in range(pages):
        yield visit.world.now + pause(visit, pace)
        place = look(visit, place)


def pause(visit: Visit, seconds: float) -> int:
    """A person's pause, in milliseconds: a phone takes longer."""
    slow = 1.3 if visit.gear.surface in HAND_HELD else 1.0
    return 300 + int(visit.world.dice.around(seconds * slow, 1.3) * SECOND)


def affordable(visit: Visit, share: Share, amount: float, aside: float = 0.0) -> int:
    """How many units of it that amount buys, in whole lots."""
    market, unit = visit.world.market, visit.account.unit
    lot = 1 if unit and share.currency == "JPY" else share.lot
    cost = market.price(share, visit.world.now) * (1 + max(0.0, aside)) * market.rate(share) * 1.012
    return int(amount / cost / lot) * lot if amount > _UNAFFORDABLE else 0


def buy(visit: Visit, share: Share, amount: float, aside: float | None = None) -> Order | None:
    """Buys for about that amount of cash: ``aside`` None is a market order, else a limit so far from the price."""
    quantity = affordable(visit, share, min(amount, visit.account.book.free_cash()), aside or 0.0)
    return visit.order(share, "buy", quantity, aside=aside)


def sell(visit: Visit, share: Share, part: float, aside: float | None = None) -> Order | None:
    """Sells that part of what is held of it; a part of 1 leaves nothing."""
    free = visit.account.book.free(share.code)
    lot = share.lot if free >= share.lot else 1
    quantity = free if part >= 1 else int(free * part / lot) * lot
    return visit.order(share, "sell", quantity, aside=aside)


def holdings(visit: Visit) -> list[Share]:
    """What can be sold, the most valuable first."""
    book, market, now = visit.account.book, visit.world.market, visit.world.now
    worth = {
        code: book.free(code) * market.price(market.by_code[code], now) * market.rate(market.by_code[code])
        for code in book.held
    }
    found = [code for code in sorted(worth, key=lambda code: -worth[code]) if worth[code] > 0]
    return [market.by_code[code] for code in found]
