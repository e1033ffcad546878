"""Shares and their prices: made-up symbols on three exchanges, thin ones too, and what news or a ring does to one.

Prices do not answer to the orders of the run; a campaign or a rally moves them by a course that is set beforehand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from authshield.simulate.draws import Draws, Weighted
from authshield.simulate.engine import DAY_MS, HOUR_MS, japan
from authshield.simulate.parameters import Parameters

FUNDS = 12
_TOP = 1.1  # when a pushed price begins to fall, in parts of the push
_CODES = 4350  # symbols that four digits are enough for, in steps of two
SATURDAY, _WEEK = 5, 7
_LEAST_YEN = 10
MOST_PRICE = 100_000.0
TOKYO, HONG_KONG, NEW_YORK = "XTKS", "XHKG", "XNAS"
# Hours by which an exchange's day is shifted from Tokyo's, and its sessions on that clock.
_SESSIONS = {
    TOKYO: (0.0, ((9.0, 11.5), (12.5, 15.5))),
    HONG_KONG: (0.0, ((10.5, 13.0), (14.0, 17.0))),
    NEW_YORK: (-12.0, ((10.5, 17.0),)),
}
_MONEY = {TOKYO: ("JPY", 1.0, 100), HONG_KONG: ("HKD", 18.4, 100), NEW_YORK: ("USD", 143.2, 1)}
_LISTING = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(slots=True)
class Push:
    """A price on its way up and back: ``rise`` is reached ``minutes`` after ``start`` (ms)."""

    start: int
    minutes: float
    rise: float

    def factor(self, now: int) -> float:
        """What it multiplies the price with."""
        passed = (now - self.start) / 60_000 / self.minutes
        if passed <= 0:
            return 1.0
        return 1 + self.rise * (min(1.0, passed) if passed <= _TOP else math.exp(_TOP - passed))


@dataclass(slots=True, eq=False)
class Symbol:
    """One listed share. ``adv`` and ``cap`` in yen; ``price``, in its own currency, is ``course`` in whole steps."""

    code: str
    market: str
    price: float
    adv: float
    cap: float
    fx: float = 1.0  # yen for one unit of its currency
    json: str = ""  # the parts of an order's line that never change
    instrument: str = ""
    course: float = 0.0
    push: Push | None = None

    def set_price(self, price: float) -> None:
        """From today on."""
        self.course, self.price = price, self.rounded(price)

    @property
    def lot(self) -> int:
        """The smallest quantity, and what others are multiples of."""
        return _MONEY[self.market][2] if self.cap else 1

    def at(self, now: int) -> float:
        """The price now, in steps that its exchange knows."""
        return self.price if self.push is None else self.rounded(self.price * self.push.factor(now))

    def rounded(self, price: float) -> float:
        """A price that its exchange would take."""
        if self.market == TOKYO:
            return max(1.0, float(round(price)))
        return max(0.01, round(price, 2))


class Market:
    """All symbols, and who is drawn to which."""

    def __init__(self, parameters: Parameters, draws: Draws) -> None:
        """List the symbols; the first ``FUNDS`` are index funds."""
        self.rng = draws.rng
        self.volatility = parameters["market.day_volatility"]
        at_home = int(parameters["market.symbols"])
        abroad = int(parameters["market.foreign_symbols"])
        self.symbols = _listed(parameters, draws.rng, at_home, abroad)
        self.funds = self.symbols[:FUNDS]
        home = self.symbols[FUNDS:at_home]
        self.home = Weighted(home, [symbol.adv**0.6 for symbol in home])
        small = sorted(home, key=lambda symbol: symbol.adv)[: at_home // 2]
        self.small = Weighted(small, [symbol.adv**0.3 for symbol in small])
        foreign = self.symbols[at_home:]
        self.foreign = Weighted(foreign, [symbol.adv**0.6 for symbol in foreign])
        self.thin = sorted(home, key=lambda symbol: symbol.adv)[: at_home // 3]

    def open_day(self, fall: float = 0.0) -> None:
        """Move every price by a day's chance, and all of them by ``-fall``."""
        moves = np.exp(self.rng.normal(-(self.volatility**2) / 2, self.volatility, len(self.symbols))) * (
            1 - fall
        )
        for symbol, move in zip(self.symbols, moves.tolist(), strict=True):
            symbol.set_price(min(max(symbol.course * move, 2.0 / symbol.fx), MOST_PRICE))

    def targets(self, parameters: Parameters, market: str = TOKYO) -> list[Symbol]:
        """Shares that a ring would choose: cheap, and thin enough to be pushed."""
        low, high = parameters.many("campaign.adv_yen")
        cheap = parameters["campaign.low_price_yen"]
        fitting = [s for s in self.symbols[FUNDS:] if s.market == market and low <= s.adv <= high]
        cheapest = [s for s in fitting if _LEAST_YEN < s.price * s.fx < cheap]
        return cheapest or sorted(fitting or self.thin, key=lambda symbol: symbol.price * symbol.fx)[:20]


def wait_for(market: str, now: int) -> float:
    """Seconds until that exchange trades; 0 if it does."""
    shift, sessions = _SESSIONS[market]
    weekday, hour = japan(now + int(shift * HOUR_MS))
    for _ in range(_WEEK + 1):
        if weekday < SATURDAY:
            for begin, end in sessions:
                if hour < end:
                    return max(0.0, begin - hour) * 3600
        weekday, hour = (weekday + 1) % _WEEK, hour - 24
    raise AssertionError("every week has a trading day")


def _listed(parameters: Parameters, rng: np.random.Generator, home: int, abroad: int) -> list[Symbol]:
    count = home + abroad
    size = rng.standard_normal(count)
    adv = parameters["market.adv_median_yen"] * np.exp(parameters["market.adv_sigma"] * size)
    own = 0.35 * size + 0.94 * rng.standard_normal(count)
    price = parameters["market.price_median_yen"] * np.exp(parameters["market.price_sigma"] * own)
    cap = adv * np.exp(rng.normal(math.log(250), 0.7, count))
    listed = []
    for place in range(count):
        market = TOKYO if place < home else (HONG_KONG, NEW_YORK)[place % 2]
        code = _code(place, home)
        fx = _MONEY[market][1]
        yen = min(max(float(price[place]), 15.0), MOST_PRICE)
        symbol = Symbol(code, market, 0.0, float(adv[place]), float(cap[place]), fx)
        symbol.set_price(yen / fx)
        if place < FUNDS:
            symbol.adv, symbol.cap = 2e10 * (place + 1), 0.0
        listed.append(_with_text(symbol))
    return listed


def _with_text(symbol: Symbol) -> Symbol:
    currency, fx, _ = _MONEY[symbol.market]
    symbol.json = f'"symbol":"{symbol.code}","market":"{symbol.market}","currency":"{currency}","fx":{fx:g}'
    cap = f',"market_cap":{symbol.cap:.0f}' if symbol.cap else ""
    symbol.instrument = f'"instrument":{{"adv":{symbol.adv:.0f}{cap}}}'
    return symbol


def _code(place: int, home: int) -> str:
    if place < home:
        return str(1300 + 2 * place) if home <= _CODES else f"{place:06d}"
    if place % 2 == 0:
        return f"{place:05d}"
    letters = []
    for _ in range(4):
        place, letter = divmod(place, len(_LISTING))
        letters.append(_LISTING[letter])
    return "".join(letters)


def is_weekend(now: int) -> bool:
    """Whether Tokyo has its weekend."""
    return japan(now)[0] >= SATURDAY


def day_of(start: int, now: int) -> int:
    """Which day of a run that began at ``start``."""
    return (now - start) // DAY_MS
