"""Every number of the simulator comes from parameters.toml, where each has its source; nothing else reads it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

Number = float | list[float]


class SimulationError(Exception):
    """A run that cannot start or go on; the message names the thing, what is wrong and the way out."""


class Parameters:
    """Numbers by name, such as ``loot.bought``."""

    def __init__(self, changes: Mapping[str, str] | None = None) -> None:
        """``changes`` are values as somebody typed them, lists with commas."""
        self._entries = _entries()
        self._values: dict[str, Number] = {name: entry["value"] for name, entry in self._entries.items()}
        for name, text in (changes or {}).items():
            self._values[name] = _parsed(name, text, self._known(name))

    def __getitem__(self, name: str) -> float:
        """One number."""
        value = self._values[name]
        if isinstance(value, list):
            raise TypeError(f"{name} is a list of numbers")
        return value

    def many(self, name: str) -> list[float]:
        """A list of numbers."""
        value = self._values[name]
        if not isinstance(value, list):
            raise TypeError(f"{name} is one number")
        return value

    def perturb(self, share: float, uniform: Callable[[], float]) -> None:
        """Multiply each number by something between 1 - ``share`` and 1 + ``share``; shares stay shares."""
        for name, value in self._values.items():
            factor = 1 + share * (2 * uniform() - 1)
            if _is_free(name, value):
                self._values[name] = _scaled(value, factor, self._entries[name])

    def _known(self, name: str) -> Number:
        if name not in self._values:
            close = [known for known in self._values if known.rpartition(".")[2] == name.rpartition(".")[2]]
            hint = f"; perhaps {' or '.join(close)}" if close else ""
            raise SimulationError(f"{name!r} is no parameter of authshield/simulate/parameters.toml{hint}")
        return self._values[name]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens beside the customers' ordinary days. ``at`` is a day of the run, from 0."""

    name: str
    about: str
    takeovers: Mapping[str, float] = field(default_factory=dict)
    guessing: Sequence[str] = ()
    hijacked: float = 0.0
    evasion: int = 0
    patient: bool = False
    poison: bool = False
    mixed: bool = False
    golden: bool = False
    special: str = ""
    at: int = 0


def scenarios() -> dict[str, Scenario]:
    """All scenarios by name, in the order of the file."""
    return {name: Scenario(name, **body) for name, body in _document()["scenario"].items()}


def scenario(name: str) -> Scenario:
    """The scenario of that name."""
    known = scenarios()
    if name not in known:
        raise SimulationError(f"{name!r} is no scenario; there are {', '.join(known)}")
    return known[name]


def sources() -> dict[str, str]:
    """Where each number comes from, by name."""
    return {name: entry["source"] for name, entry in _entries().items()}


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("parameters.toml").read_text(encoding="utf-8"))


def _entries() -> dict[str, dict[str, Any]]:
    return {
        f"{group}.{name}": entry
        for group, body in _document().items()
        if group != "scenario"
        for name, entry in body.items()
    }


def _parsed(name: str, text: str, before: Number) -> Number:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    wanted = len(before) if isinstance(before, list) else 1
    if len(numbers) != wanted or not all(math.isfinite(number) and number >= 0 for number in numbers):
        what = f"{wanted} numbers with commas between them" if wanted > 1 else "a number"
        raise SimulationError(f"{name}: expected {what}, not negative, got {text!r}")
    return numbers if isinstance(before, list) else numbers[0]


def _is_free(name: str, value: Number) -> bool:
    return not name.startswith(("market.symbols", "market.foreign", "golden", "activity.hours")) and bool(
        value
    )


def _scaled(value: Number, factor: float, entry: Mapping[str, Any]) -> Number:
    if isinstance(value, list):
        scaled = [number * factor for number in value]
        return [min(1.0, number) for number in scaled] if max(value) <= 1 else scaled
    low, high = entry.get("range", (0.0, 1.0 if value <= 1 else math.inf))
    return float(min(max(value * factor, low), high))
