"""Figures as words, the same in the table and on the page. Must not compute."""

from __future__ import annotations

from collections.abc import Sequence

NOTHING = "-"
_TINY_PERCENT = 0.001
_SMALL_PERCENT = 0.01
_MANY_MINUTES = 120
_MANY_HOURS = 48
_BIG = ((10**12, "tn"), (10**9, "bn"), (10**6, "m"))


def percent(share: float | None) -> str:
    """A share, with as many digits as tell it from none and from all."""
    if share is None:
        return NOTHING
    value = share * 100
    if value in {0, 100}:
        return f"{value:.0f} %"
    near = min(value, 100 - value)
    if near < _TINY_PERCENT:
        return "< 0.001 %" if value < 1 else "> 99.999 %"
    digits = 3 if near < _SMALL_PERCENT else 2 if near < 1 else 1
    return f"{value:.{digits}f} %"


def between(interval: Sequence[float] | None) -> str:
    """An interval of shares in square brackets."""
    if interval is None:
        return ""
    low, high = (percent(share).removesuffix(" %") for share in interval)
    return f"[{low}, {high}]"


def with_interval(figure: dict[str, object], key: str = "share") -> str:
    """A share and its interval."""
    share, interval = figure.get(key), figure.get("interval")
    told = percent(share if isinstance(share, float | int) else None)
    return f"{told} {between(interval)}".strip() if isinstance(interval, list | tuple) else told


def number(value: float | None, digits: int = 0) -> str:
    """A plain number."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def amount(value: float, currency: str) -> str:
    """An amount of money, short."""
    for size, unit in _BIG:
        if abs(value) >= size:
            return f"{value / size:,.1f} {unit} {currency}"
    return f"{value:,.0f} {currency}"


def minutes(value: float | None) -> str:
    """A duration."""
    if value is None:
        return NOTHING
    if value < 1:
        return f"{value * 60:.0f} s"
    if value < _MANY_MINUTES:
        return f"{value:.1f} min"
    hours = value / 60
    return f"{hours:.1f} h" if hours < _MANY_HOURS else f"{hours / 24:.1f} d"
