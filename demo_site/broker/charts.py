"""Small pictures as numbers for inline SVG: no script, no style attribute, nothing from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT, EDGE = 120.0, 32.0, 2.0
SHADES = 6


@dataclass(frozen=True, slots=True)
class Sparkline:
    """The points of a polyline in a box of 120 by 32, and whether it ends higher than it began."""

    points: str
    area: str
    is_up: bool


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a bar that is 100 wide; ``shade`` counts from 0, the last one is cash."""

    x: float
    width: float
    shade: str


def sparkline(prices: Sequence[Decimal]) -> Sparkline:
    """Draw prices, oldest first."""
    low, high = float(min(prices)), float(max(prices))
    span = (high - low) or 1.0
    step = WIDTH / max(len(prices) - 1, 1)
    places = [
        f"{index * step:.1f},{EDGE + (HEIGHT - 2 * EDGE) * (high - float(price)) / span:.1f}"
        for index, price in enumerate(prices)
    ]
    line = " ".join(places)
    return Sparkline(line, f"0,{HEIGHT:.0f} {line} {WIDTH:.0f},{HEIGHT:.0f}", prices[-1] >= prices[0])


def allocation(values: Sequence[int], cash: int) -> Sequence[Slice]:
    """Draw how a fortune is spread: the largest positions, what is left of them, cash."""
    named = list(values[: SHADES - 1])
    rest = sum(values[SHADES - 1 :])
    parts = [(value, str(index)) for index, value in enumerate(named)]
    parts += [(rest, "rest")] * bool(rest) + [(cash, "cash")] * (cash > 0)
    total = sum(value for value, _ in parts) or 1
    slices: list[Slice] = []
    x = 0.0
    for value, shade in parts:
        width = value / total * 100
        slices.append(Slice(round(x, 2), round(max(width - 0.4, 0.2), 2), shade))
        x += width
    return slices
