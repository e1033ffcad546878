"""Prices of the moment, computed from the clock: every web process, and every test, sees the same market.

A price wanders around its reference in waves whose periods no two symbols share. Nothing here is stored.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from demo_site.broker.models import Instrument

SWING = 0.018  # how far a price is from its reference at most, as a share of it
PERIODS_SECONDS = (900.0, 5400.0, 32000.0)
HALF_SPREAD_LIQUID = 0.0003
HALF_SPREAD_THIN = 0.006
LIQUID_ADV_MINOR = 1_000_000_000
THIN_ADV_MINOR = 20_000_000
HISTORY_POINTS = 48
HISTORY_STEP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Quote:
    """What the market asks, bids and last paid, in yen a share; ``change`` since yesterday, as a share."""

    bid: Decimal
    ask: Decimal
    last: Decimal
    previous: Decimal

    @property
    def change(self) -> Decimal:
        """Change since yesterday's close, as a share of it."""
        return (self.last - self.previous) / self.previous

    def price_for(self, side: str) -> Decimal:
        """What a market order of this side pays or gets."""
        return self.ask if side == "buy" else self.bid


def quote(instrument: Instrument, now: datetime) -> Quote:
    """The quote at a moment. Cost: microseconds."""
    last = _price(instrument, now)
    spread = float(last) * _half_spread(instrument.adv_minor)
    half = max(_on_tick(instrument, spread), instrument.tick)
    return Quote(
        bid=max(last - half, instrument.tick),
        ask=last + half,
        last=last,
        previous=_price(instrument, _close_before(now)),
    )


def history(instrument: Instrument, now: datetime) -> Sequence[Decimal]:
    """The last eight hours in steps of ten minutes, oldest first."""
    return [_price(instrument, now - HISTORY_STEP * back) for back in range(HISTORY_POINTS, -1, -1)]


def value_minor(quantity: int, price: Decimal) -> int:
    """Yen that a number of shares cost or bring, a broken yen counting as a whole one."""
    return int((price * quantity).to_integral_value(ROUND_CEILING))


def is_thin(instrument: Instrument) -> bool:
    """Whether an ordinary order may already move the price."""
    return instrument.adv_minor < THIN_ADV_MINOR


def _price(instrument: Instrument, at: datetime) -> Decimal:
    seed = hashlib.blake2b(instrument.symbol.encode(), digest_size=8).digest()
    moment = math.floor(at.timestamp() / 5) * 5  # a new price every five seconds
    wave = 0.0
    for index, period in enumerate(PERIODS_SECONDS):
        phase = seed[index] / 256 * math.tau
        own_period = period * (1 + seed[index + 3] / 512)
        wave += math.sin(moment / own_period * math.tau + phase) * (0.15, 0.3, 0.55)[index]
    return max(_on_tick(instrument, float(instrument.base_price) * (1 + SWING * wave)), instrument.tick * 2)


def _on_tick(instrument: Instrument, price: float) -> Decimal:
    steps = (Decimal(str(price)) / instrument.tick).quantize(Decimal(1), ROUND_HALF_UP)
    return steps * instrument.tick


def _half_spread(adv_minor: int) -> float:
    if adv_minor >= LIQUID_ADV_MINOR:
        return HALF_SPREAD_LIQUID
    return HALF_SPREAD_THIN if adv_minor < THIN_ADV_MINOR else (HALF_SPREAD_LIQUID + HALF_SPREAD_THIN) / 3


def _close_before(now: datetime) -> datetime:
    """06:00 UTC, when Tokyo closes (15:00 there), on the day before."""
    return (now.astimezone(UTC) - timedelta(days=1)).replace(hour=6, minute=0, second=0, microsecond=0)
