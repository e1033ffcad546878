"""The market: shares at home and abroad with a price and a turnover for each day, surges within a day included."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp

from bench.secondworld.dice import Dice
from bench.secondworld.hours import DAY, FIRST_DAY, business, day_of, hour_of

# tier: market, currency, lot, how many, price (scale, shape), daily wobble
_TIERS = {
    "large": ("XTKS", "JPY", 100, 150, (3_200.0, 1.4), 0.014),
    "mid": ("XTKS", "JPY", 100, 250, (1_500.0, 1.3), 0.019),
    "thin": ("XTKS", "JPY", 100, 330, (420.0, 1.1), 0.027),
    "us": ("XNAS", "USD", 1, 110, (160.0, 1.2), 0.018),
    "hk": ("XHKG", "HKD", 100, 40, (48.0, 1.1), 0.02),
    "penny": ("XHKG", "HKD", 500, 70, (1.4, 1.0), 0.04),
    "fund": ("XXXX", "JPY", 1, 24, (1.9, 3.0), 0.008),
}
_FX = {"JPY": 1.0, "USD": 147.2, "HKD": 18.9}
_LIMIT = 0.22


@dataclass(slots=True)
class Surge:
    """A share's price rises by ``height`` from ``start`` to ``peak``, stays until ``end``, and falls back."""

    start: int
    peak: int
    end: int
    height: float

    def factor(self, at: int) -> float:
        """How much is added to 1."""
        if at <= self.start:
            return 0.0
        if at < self.peak:
            return self.height * float(((at - self.start) / (self.peak - self.start)) ** 0.7)
        if at < self.end:
            return self.height
        return float(self.height * exp((self.end - at) / (DAY / 3)))


@dataclass(slots=True, eq=False)
class Share:
    """What can be bought. ``turnover`` is its usual, ``adv`` the average of late, in the base currency."""

    code: str
    tier: str
    mic: str
    currency: str
    lot: int
    before: float
    last: float
    issued: float
    turnover: float
    adv: float
    wobble: float
    tells_adv: bool
    tells_cap: bool
    surges: list[Surge] = field(default_factory=list)


class Market:
    """All shares, day by day; ``turn`` is to be called once a day, in order."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self.fx = dict(_FX)
        self.tiers: dict[str, list[Share]] = {tier: self._listed(tier) for tier in _TIERS}
        self.by_code = {share.code: share for shares in self.tiers.values() for share in shares}
        self.shocks: dict[int, float] = {}
        for _day in range(5):
            self.turn(FIRST_DAY - 3)

    def _listed(self, tier: str) -> list[Share]:
        mic, currency, lot, count, (scale, shape), wobble = _TIERS[tier]
        dice, shares = self._dice, []
        for place, code in enumerate(_codes(dice, tier, count)):
            price = max(0.12 if currency == "HKD" else 1.1, dice.weibullvariate(scale, shape))
            price += {"large": 350.0, "mid": 180.0, "thin": 38.0}.get(tier, 0.0)
            turnover = _turnover(dice, tier, place)
            shares.append(
                Share(
                    code, tier, mic if not (tier == "us" and dice.hit(0.4)) else "XNYS", currency, lot,
                    price, price, turnover * dice.around(190, 3) / price / _FX[currency], turnover, turnover,
                    wobble * dice.around(1, 6), dice.hit(_ADV_TOLD[tier]), dice.hit(_CAP_TOLD[tier]),
                )
            )  # fmt: skip
        return shares

    def turn(self, day: int) -> None:
        """The next day: yesterday's close becomes the open, volumes go into the average."""
        dice, shock = self._dice, self.shocks.get(day, 0.0)
        self.fx["USD"] *= 1 + dice.gauss(0, 0.004)
        self.fx["HKD"] *= 1 + dice.gauss(0, 0.004)
        working = business(day)
        for share in self.by_code.values():
            share.before = share.last
            if not working:
                continue
            step = share.wobble * (dice.expovariate(1.3) - dice.expovariate(1.3)) + shock * dice.uniform(
                0.4, 1.7
            )
            share.last *= exp(max(-_LIMIT, min(_LIMIT, step)))
            busy = 12.0 if any(day_of(surge.start) == day for surge in share.surges) else 1.0
            share.adv += 0.05 * (share.turnover * dice.weibullvariate(1.1, 1.4) * busy - share.adv)

    def price(self, share: Share, at: int) -> float:
        """What it costs now, rounded to its tick."""
        part = hour_of(at) / 24
        price = share.before + (share.last - share.before) * part
        for surge in share.surges:
            price *= 1 + surge.factor(at)
        return ticked(share, price)

    def rate(self, share: Share) -> float:
        """Units of the base currency for one of the share's."""
        return round(self.fx[share.currency], 3)

    def surge(self, share: Share, surge: Surge) -> None:
        """Lets it happen."""
        share.surges.append(surge)

    def pick(self, dice: Dice, tier: str) -> Share:
        """One of the tier, the popular ones more often."""
        shares = self.tiers[tier]
        return shares[dice.rank(len(shares), 0.55 if tier == "thin" else 0.85)]

    def sleepy(self, dice: Dice, tier: str, *, low: float, high: float) -> Share:
        """A cheap one that hardly trades: its average is within the two bounds."""
        fit = [share for share in self.tiers[tier] if low <= share.adv <= high and not share.surges]
        return dice.choice(fit or self.tiers[tier])


def ticked(share: Share, price: float) -> float:
    """Rounded as that market quotes."""
    if share.tier == "fund":
        return max(0.01, round(price, 4))
    if share.currency != "JPY":
        return max(0.01, round(price, 3 if share.tier == "penny" else 2))
    return max(1.0, round(price * 2) / 2 if share.tier == "large" else float(round(price)))


_ADV_TOLD = {"large": 0.95, "mid": 0.9, "thin": 0.75, "us": 0.55, "hk": 0.6, "penny": 0.6, "fund": 0.0}
_CAP_TOLD = {"large": 0.9, "mid": 0.8, "thin": 0.6, "us": 0.45, "hk": 0.5, "penny": 0.4, "fund": 0.0}


def _codes(dice: Dice, tier: str, count: int) -> list[str]:
    if tier in {"large", "mid", "thin"}:
        span = {"large": (4000, 7000), "mid": (7000, 10000), "thin": (1300, 4000)}[tier]
        codes = [str(number) for number in dice.sample(range(*span), count)]
        # Listings of late have a letter.
        return [code[:3] + dice.choice("ACDFGHJK") + code[3] if dice.hit(0.03) else code for code in codes]
    if tier == "us":
        return [dice.name(3, "ABCDEFGHIKLMNOPRSTUVWX") + "ABCDEFGHIK"[place % 10] for place in range(count)]
    if tier == "fund":
        return [f"JP90C000{number:04X}" for number in dice.sample(range(4096, 65536), count)]
    low, high = (1, 3000) if tier == "hk" else (3000, 9900)
    return [f"{number:05d}" for number in dice.sample(range(low, high), count)]


def _turnover(dice: Dice, tier: str, place: int) -> float:
    if tier in {"large", "us", "hk"}:
        top = {"large": 1.5e11, "us": 9e11, "hk": 1.6e11}[tier]
        return float(top / (place + 1) ** 0.8) * dice.around(1, 4)
    scale, shape, least = {
        "mid": (7e8, 0.9, 4e7),
        "thin": (1.7e7, 0.75, 2.5e5),
        "penny": (3.2e7, 0.7, 4e5),
        "fund": (2e9, 1.0, 1e8),
    }[tier]
    return least + dice.weibullvariate(scale, shape)
