"""The four pictures: ROC, value over challenge rate, the frontier, time to detect. Must not compute figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from authshield.evaluate.svg import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    Line,
    Plot,
    decades,
    shares,
    stretched,
)
from authshield.evaluate.table import Body, replayed, there
from authshield.evaluate.words import minutes, percent

SHORT = {
    "static": "static rules",
    "freeman": "Freeman/Wiefling",
    "forest": "isolation forest",
    "login": "ours: sign-in alone",
    "order": "ours: + orders",
    "ours": "ours",
}
COLOURS = {"ours": 0, "static": 1, "order": 2, "freeman": 3, "login": 4, "forest": 5}
_LEAST, _MOST = 1e-4, 1.0
_LEAST_VALUE = 1e-4
_MOST_VALUE = 0.1
_DAY_MINUTES = 1440.0
_SOON, _NEVER = 0.1, 1e5
_ROW, _HEAD = 26.0, 110.0
_STRETCHED_FROM = 0.95
_HEADINGS = {
    "roc": "Sessions found",
    "value": "Value found",
    "frontier": "The frontier",
    "detection": "Time to detect a campaign",
}


def pictures(evaluation: Body) -> dict[str, str]:
    """SVG texts by name; those with nothing to show are left out."""
    made = (_roc(evaluation), _value(evaluation), _frontier(evaluation), _detection(evaluation))
    return {plot.name: plot.text() for plot in made if plot is not None}


def caption(name: str) -> tuple[str, str]:
    """A picture's heading, and how to read it."""
    return _HEADINGS[name], {
        "roc": "Whole sessions by their highest score. The left end matters: a customer asked in a hundred is a lot.",
        "value": "Fraudulent value in orders that rank over the threshold, against the share of customers' sessions "
        "that rank over it too.",
        "frontier": "Each line holds orders from some risk on; every point is a threshold that the desk can choose. "
        "Recomputed from the risks of one run.",
        "detection": "Each dot is a campaign: from its first fraudulent order to the first held or stopped event, or "
        "case.",
    }[name]


def _lines(evaluation: Body, points: Mapping[str, Sequence[tuple[float, float]]]) -> Iterator[Line]:
    for detector in there(evaluation):
        key = detector["key"]
        if points.get(key):
            yield Line(SHORT[key], points[key], COLOURS[key], is_stepped=True, is_strong=key == "ours")


def _roc(evaluation: Body) -> Plot | None:
    found = {one["key"]: _from_left(one["sessions"]["roc"], _LEAST) for one in there(evaluation)}
    lines = list(_lines(evaluation, found))
    if not lines:
        return None
    areas = ", ".join(
        f"{SHORT[one['key']]} {one['sessions']['auc']:.3f}"
        for one in there(evaluation)
        if one["sessions"]["auc"]
    )
    plot = Plot(
        "roc",
        "Receiver operating characteristic over sessions",
        f"Share of fraudulent sessions found against share of ordinary sessions flagged. Areas: {areas}.",
        decades("ordinary sessions flagged (logarithmic)", _LEAST, _MOST),
        shares("fraudulent sessions found"),
    )
    plot.lines(lines)
    return plot


def _value(evaluation: Body) -> Plot | None:
    found = {
        one["key"]: _from_left(one["value_curve"], _LEAST_VALUE, _MOST_VALUE) for one in there(evaluation)
    }
    lines = list(_lines(evaluation, found))
    if not lines:
        return None
    told = ", ".join(
        f"{SHORT[one['key']]} {percent(one['value_recall']['sessions']['0.01']['share'])}"
        for one in there(evaluation)
    )
    plot = Plot(
        "value",
        "Fraudulent value found against challenge rate",
        f"Share of fraudulent value over the threshold against the share of ordinary sessions. At 1 %: {told}.",
        decades("ordinary sessions flagged (logarithmic)", _LEAST_VALUE, _MOST_VALUE),
        _of_value("fraudulent value found", lines),
    )
    plot.lines(lines)
    return plot


def _frontier(evaluation: Body) -> Plot | None:
    ours = evaluation["detectors"][-1]
    lines = []
    for number, (rate, points) in enumerate(_by_rate(ours).items()):
        name = "no sign-in asked" if rate is None else f"{rate * 100:g} % of sign-ins asked"
        lines.append(
            Line(name, _from_left(points, _LEAST_VALUE, _MOST_VALUE), (1, 2, 0, 3)[number], is_stepped=True)
        )
    for one in replayed(evaluation):
        if one["key"] == "static" and one["frontier"]:
            points = _by_rate(one)[None]
            lines.append(
                Line("static rules", _from_left(points, _LEAST_VALUE, _MOST_VALUE), 5, is_stepped=True)
            )
    if not any(line.points for line in lines):
        return None
    value, friction = ours["value"]["not_executed"], ours["friction"]["legit"]["held"]["share"]
    plot = Plot(
        "frontier",
        "The frontier: value stopped against friction",
        f"Share of fraudulent value stopped against the share of ordinary sessions with an order held. As replayed, "
        f"with the shipped thresholds: {percent(value)} at {percent(friction)}.",
        decades("ordinary sessions with an order held (logarithmic)", _LEAST_VALUE, _MOST_VALUE),
        _of_value("fraudulent value stopped", lines),
    )
    plot.lines(lines)
    if value is not None and friction is not None:
        plot.dot(
            max(friction, _LEAST_VALUE), value, 0, f"as replayed: {percent(value)} at {percent(friction)}"
        )
    return plot


def _of_value(label: str, lines: Sequence[Line]) -> Axis:
    """Plain shares; stretched towards all of it where a line comes that far."""
    best = max((y for line in lines for _, y in line.points), default=0.0)
    return stretched(label) if best >= _STRETCHED_FROM else shares(label)


def _by_rate(detector: Body) -> dict[float | None, list[tuple[float, float]]]:
    found: dict[float | None, dict[float, float]] = {}
    for row in detector["frontier"]:
        best = found.setdefault(row["sign_in_rate"], {})
        held = row["sessions_held"]
        best[held] = max(best.get(held, 0.0), row["value_stopped"])
    return {rate: sorted(best.items()) for rate, best in found.items()}


def _detection(evaluation: Body) -> Plot | None:
    rows = [(one, one["detection"]) for one in replayed(evaluation) if one["detection"]["campaigns"]]
    if not rows:
        return None
    ticks = [
        (_SOON, "at once"),
        (1, "1 min"),
        (10, "10 min"),
        (60, "1 h"),
        (_DAY_MINUTES, "1 d"),
        (_NEVER, "never"),
    ]
    told = "; ".join(
        f"{SHORT[one['key']]}: {found['campaigns'] - found['never']} of {found['campaigns']}, median "
        f"{minutes(found['minutes_median'])}"
        for one, found in rows
    )
    axis = Axis("", 0, 1, [])
    plot = Plot(
        "detection",
        "Time to detect a campaign",
        f"Time from the first fraudulent order to the first alert. Noticed: {told}.",
        Axis(
            "from the first fraudulent order to the first alert (logarithmic)",
            _SOON,
            _NEVER,
            ticks,
            is_log=True,
        ),
        axis,
        height=_HEAD + _ROW * 2 * len(rows),
    )
    for number, (one, found) in enumerate(rows):
        _dots(plot, one, found, 1 - (number + 0.5) / len(rows))
    return plot


def _dots(plot: Plot, one: Body, found: Body, level: float) -> None:
    y = plot.up(level)
    plot.parts.append(f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    spread = 0.28 * (plot.height - TOP - BOTTOM) / 100
    for place, (name, campaign) in enumerate(found["by_campaign"].items()):
        at = _NEVER if campaign["minutes"] is None else max(campaign["minutes"], _SOON)
        offset = ((place * 7) % 11 - 5) / 5 * spread / 10
        told = f"{name}: {minutes(campaign['minutes'])}, {campaign['accounts_before']} accounts before"
        plot.dot(at, min(max(level + offset, 0), 1), COLOURS[one["key"]], told)
    words = f"{SHORT[one['key']]}: {found['campaigns'] - found['never']}/{found['campaigns']}"
    plot.words(WIDTH - RIGHT + 10, y + 4, words, "strong" if one["key"] == "ours" else "")


def _from_left(
    points: Sequence[tuple[float, float]], least: float, most: float = _MOST
) -> list[tuple[float, float]]:
    """A step function from the left edge of a logarithmic axis to its right edge."""
    inside = [(x, y) for x, y in points if least < x <= most]
    before = [y for x, y in points if x <= least]
    if not points:
        return []
    start = [(least, before[-1] if before else 0.0)]
    last = (inside or start)[-1][1]
    return [*start, *inside, (most, last)]
