"""From calls to figures: what a guard adds, paired with the bare site of the same round. Pure."""

from __future__ import annotations

from math import nan
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from bench.variants import BARE, PING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Turn = dict[str, Any]


def added(turns: Mapping[str, Sequence[Turn]]) -> dict[str, dict[str, float]]:
    """By variant: microseconds over bare (median and quartiles of the rounds), CPU, p99.

    A round's figure is the median of its calls. ``cpu_us`` is a mean over all calls of the site's process, so
    it has what happens rarely; ``p99_us`` is of all calls, whole.
    """
    wall = {name: [median(turn["wall_ns"]) / 1000 for turn in one] for name, one in turns.items()}
    cpu = {
        name: [turn["cpu_ns"] / len(turn["wall_ns"]) / 1000 for turn in one] for name, one in turns.items()
    }
    found = {}
    for name in turns:
        low, middle, high = quartiles(differences(wall[name], wall[BARE]))
        calls = [call / 1000 for turn in turns[name] for call in turn["wall_ns"]]
        found[name] = {
            "whole_us": median(wall[name]),
            "added_us": middle,
            "added_q1_us": low,
            "added_q3_us": high,
            "cpu_us": median(differences(cpu[name], cpu[BARE])),
            "p99_us": quantiles(calls, n=100)[98],
        }
    return found


def pings(figures: Mapping[str, Mapping[str, float]], name: str, *, without: float = 0.0) -> float:
    """What the variant adds in PINGs, ``without`` so many microseconds.

    Not a number where the PING's own quartiles do not tell it from nothing.
    """
    floor = figures[PING]
    return (figures[name]["added_us"] - without) / floor["added_us"] if floor["added_q1_us"] > 0 else nan


def differences(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Round by round."""
    return [mine - theirs for mine, theirs in zip(one, other, strict=True)]


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """First, second and third; of one value that value."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high
