"""Readers of single JSON fields: each takes one value or raises ``UnreadableError`` with what was expected.

Must not know rulesets; ``transfer`` puts the readers together.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

Reader = Callable[[Any], Any]

_SHOWN = 60


class UnreadableError(ValueError):
    """A field that does not hold what it should; the message says what was expected and what is there."""


def shown(value: Any) -> str:
    """A value for a message, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def text(value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise UnreadableError(f"expected a text, this is {shown(value)}")
    return value


def whole(value: Any) -> int:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnreadableError(f"expected a whole number, this is {shown(value)}")
    return value


def number(value: Any) -> float:
    """Any finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UnreadableError(f"expected a number, this is {shown(value)}")
    return float(value)


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise UnreadableError(f"expected true or false, this is {shown(value)}")
    return value


def one_of(words: Mapping[str, Any]) -> Reader:
    """A reader of these words."""

    def read(value: Any) -> Any:
        if not isinstance(value, str) or value not in words:
            raise UnreadableError(f"expected one of {', '.join(words)}, this is {shown(value)}")
        return words[value]

    return read


def some_of(words: Mapping[str, Any]) -> Reader:
    """A reader of a list of these words."""
    read = one_of(words)

    def read_all(value: Any) -> frozenset[Any]:
        if not isinstance(value, list):
            raise UnreadableError(f"expected a list of {', '.join(words)}, this is {shown(value)}")
        return frozenset(read(one) for one in value)

    return read_all


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list):
        raise UnreadableError(f"expected a list of texts, this is {shown(value)}")
    return tuple(text(one) for one in value)


def or_none(reader: Reader) -> Reader:
    """A reader that lets null through."""
    return lambda value: None if value is None else reader(value)


def numbers(value: Any) -> dict[str, float]:
    """An object of numbers."""
    if not isinstance(value, Mapping):
        raise UnreadableError(f"expected an object of numbers, this is {shown(value)}")
    return {str(name): number(one) for name, one in value.items()}


def series(value: Any) -> dict[str, tuple[float, ...]]:
    """An object of lists of numbers."""
    if not isinstance(value, Mapping) or not all(isinstance(one, list) for one in value.values()):
        raise UnreadableError(f"expected an object of lists of numbers, this is {shown(value)}")
    return {str(name): tuple(map(number, one)) for name, one in value.items()}


def time(value: Any) -> datetime:
    """An ISO 8601 time with its zone, in UTC."""
    try:
        at = datetime.fromisoformat(text(value))
        # Years 1 and 9999 have no UTC in other zones.
        return at.astimezone(UTC) if at.tzinfo else _refuse_time(value)
    except (ValueError, OverflowError):
        return _refuse_time(value)


def _refuse_time(value: Any) -> datetime:
    raise UnreadableError(f"expected a time such as 2026-01-31T15:00:00Z, this is {shown(value)}")
