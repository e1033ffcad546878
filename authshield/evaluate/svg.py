"""Pictures as SVG text: a plot with axes, lines that carry their names, and bars of dots. No plotting library.

Readable without sight (title, description), in light and dark (CSS), and without telling colours apart: every line
has its name at its end and its own dashes. Must not know what is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 760.0, 440.0
LEFT, RIGHT, TOP, BOTTOM = 68.0, 214.0, 26.0, 62.0
_LABEL_GAP = 17.0
_TICK_ROOM = 8.0

# Okabe and Ito's colours, told apart by all common kinds of colour vision; lighter in the dark.
STYLE = """
.plot{--paper:#fff;--ink:#1d2530;--soft:#5b6673;--rule:#dfe4ea;--c0:#0b5cad;--c1:#b34700;--c2:#00785a;--c3:#9b3d7f;
--c4:#6b5b00;--c5:#5b6673;font-family:system-ui,-apple-system,"Segoe UI",sans-serif;font-size:13px}
@media (prefers-color-scheme:dark){.plot{--paper:#14181d;--ink:#e8ecf1;--soft:#a3aebb;--rule:#303842;--c0:#6db3ff;
--c1:#ff9d5c;--c2:#4fd3ac;--c3:#ee9ccf;--c4:#dcc95a;--c5:#a3aebb}}
.plot .paper{fill:var(--paper)}.plot text{fill:var(--ink)}.plot .soft{fill:var(--soft)}
.plot .rule{stroke:var(--rule);stroke-width:1}.plot .axis{stroke:var(--soft);stroke-width:1}
.plot .line{fill:none;stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round}
.plot .end{text-anchor:end}.plot .middle{text-anchor:middle}.plot .strong{font-weight:650}
"""
_COLOURS = 6
_DASHES = ("", "7 4", "2 4", "11 4 2 4", "5 3 1 3 1 3", "1 5")


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from ``low`` to ``high``; a logarithmic one must not begin at 0. ``ticks`` pair values and words.

    ``from_all`` is for shares from 0 on: logarithmic in what is missing to all of it.
    """

    label: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    is_log: bool = False
    from_all: bool = False

    def place(self, value: float) -> float:
        """Where a value lies: 0 at the low end, 1 at the high one; what lies beyond is put there."""
        kept = min(max(value, self.low), self.high)
        if self.from_all:
            return log10(1 - kept) / log10(1 - self.high)
        if self.is_log:
            return (log10(kept) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return (kept - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its name; ``colour`` is 0 to 5. ``is_stepped`` keeps each value up to the next point."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: int
    is_stepped: bool = False
    is_strong: bool = False


@dataclass(slots=True)
class Plot:
    """A plot under construction."""

    name: str
    title: str
    description: str
    x: Axis
    y: Axis
    parts: list[str] = field(default_factory=list)
    height: float = HEIGHT

    def across(self, value: float) -> float:
        """The horizontal place of a value."""
        return LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT)

    def up(self, value: float) -> float:
        """The vertical place of a value."""
        return self.height - BOTTOM - self.y.place(value) * (self.height - TOP - BOTTOM)

    def lines(self, lines: Sequence[Line]) -> None:
        """Draw lines, and write their names where they end, out of each other's way."""
        drawn = [line for line in lines if line.points]
        self.parts += [self._path(line) for line in drawn]
        ends = sorted((self.up(line.points[-1][1]), place) for place, line in enumerate(drawn))
        for (_, place), y in zip(ends, _apart([y for y, _ in ends], self.height - BOTTOM), strict=True):
            line, x = drawn[place], WIDTH - RIGHT + 10
            colour = line.colour % _COLOURS
            weight = ' class="strong"' if line.is_strong else ""
            self.parts.append(
                f'<line x1="{x:.1f}" x2="{x + 20:.1f}" y1="{y:.1f}" y2="{y:.1f}" class="line" '
                f'style="stroke:var(--c{colour})" stroke-dasharray="{_DASHES[colour]}"/>'
                f'<text x="{x + 26:.1f}" y="{y + 4:.1f}"{weight}>{escape(line.name)}</text>'
            )

    def dot(self, x: float, y: float, colour: int, told: str) -> None:
        """A dot; ``told`` is what a pointer resting on it reads."""
        self.parts.append(
            f'<circle cx="{self.across(x):.1f}" cy="{self.up(y):.1f}" r="4.5" fill-opacity=".8" '
            f'style="fill:var(--c{colour % _COLOURS})"><title>{escape(told)}</title></circle>'
        )

    def words(self, x: float, y: float, text: str, style: str = "") -> None:
        """Words at a place of the drawing, in its own units."""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{escape(text)}</text>')

    def text(self) -> str:
        """The whole file."""
        size = f"0 0 {WIDTH:.0f} {self.height:.0f}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" class="plot" role="img" '
            f'aria-labelledby="{self.name}-title {self.name}-desc">'
            f'<title id="{self.name}-title">{escape(self.title)}</title>'
            f'<desc id="{self.name}-desc">{escape(self.description)}</desc><style>{STYLE}</style>'
            f'<rect class="paper" width="{WIDTH:.0f}" height="{self.height:.0f}"/>'
            + self._axes()
            + "".join(self.parts)
            + "</svg>\n"
        )

    def _path(self, line: Line) -> str:
        steps, before = [], None
        for x, y in line.points:
            across, up = self.across(x), self.up(y)
            if line.is_stepped and before is not None:
                steps.append(f"{across:.1f},{before:.1f}")
            steps.append(f"{across:.1f},{up:.1f}")
            before = up
        colour = line.colour % _COLOURS
        width = ";stroke-width:3.5" if line.is_strong else ""
        return (
            f'<polyline class="line" style="stroke:var(--c{colour}){width}" '
            f'stroke-dasharray="{_DASHES[colour]}" points="{" ".join(steps)}"/>'
        )

    def _axes(self) -> str:
        right, floor_at = WIDTH - RIGHT, self.height - BOTTOM
        parts = []
        for value, word in self.y.ticks:
            y = self.up(value)
            parts.append(f'<line class="rule" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(
                f'<text class="soft end" x="{LEFT - _TICK_ROOM}" y="{y + 4:.1f}">{escape(word)}</text>'
            )
        for value, word in self.x.ticks:
            x = self.across(value)
            parts.append(
                f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{floor_at}" y2="{floor_at + 5}"/>'
            )
            parts.append(f'<text class="soft middle" x="{x:.1f}" y="{floor_at + 20}">{escape(word)}</text>')
        parts.append(f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{floor_at}" y2="{floor_at}"/>')
        middle = (LEFT + right) / 2
        parts.append(
            f'<text class="middle" x="{middle}" y="{self.height - 18}">{escape(self.x.label)}</text>'
        )
        parts.append(f'<text x="{LEFT - 58}" y="14">{escape(self.y.label)}</text>')
        return "".join(parts)


def shares(label: str, *, step: float = 0.2, low: float = 0.0) -> Axis:
    """An axis of shares from ``low`` to all."""
    count = round((1 - low) / step)
    ticks = [(low + number * step, f"{(low + number * step) * 100:.0f} %") for number in range(count + 1)]
    return Axis(label, low, 1.0, ticks)


def stretched(label: str) -> Axis:
    """An axis of shares that tells 97 % from 99 %, up to 99.7 %."""
    marks = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.997)
    ticks = [(mark, f"{mark * 100:g} %") for mark in marks]
    return Axis(f"{label} (stretched towards 100 %)", 0.0, marks[-1], ticks, from_all=True)


def decades(label: str, low: float, high: float) -> Axis:
    """A logarithmic axis of shares, a tick a decade and one at three of each."""
    ticks = []
    for power in range(floor(log10(low)), ceil(log10(high)) + 1):
        for times in (1, 3):
            value = times * 10.0**power
            if low * 0.999 <= value <= high * 1.001:
                ticks.append((value, f"{value * 100:g} %"))
    return Axis(label, low, high, ticks, is_log=True)


def _apart(places: Sequence[float], lowest: float) -> list[float]:
    """Rising places, moved as little as it takes to keep names from lying on each other and below the plot."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + _LABEL_GAP) if found else place)
    limit = lowest
    for number in reversed(range(len(found))):
        found[number] = min(found[number], limit)
        limit = found[number] - _LABEL_GAP
    return found
