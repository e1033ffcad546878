"""What conditions that run as Python need at run time: arithmetic and facts that mean the same as for the engine.

Must not answer where the two could differ: then it raises ``Odd``, and the engine is asked instead.
"""

from __future__ import annotations

MOST = (1 << 63) - 1


class Odd(Exception):  # noqa: N818 - not an error: it says who has to answer
    """A value with which Python and the engine might part ways."""


def is_clean(text: str) -> bool:
    """Whether the engine takes a text as it is: whole, and in code points."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def text(value: object) -> None:
    """Raise unless this is a text that is taken as it is. For what is not plainly printable."""
    if type(value) is not str or not is_clean(value):
        raise Odd


def texts(values: object) -> None:
    """Raise unless this is a list of texts that are taken as they are."""
    if type(values) is not list:
        raise Odd
    for value in values:
        if type(value) is not str or not (value.isprintable() or is_clean(value)):
            raise Odd


def decimal(value: object) -> float:
    """A whole number as the decimal one that it was declared to be."""
    if type(value) is not int:
        raise Odd
    return float(value)


def _whole(number: int) -> int:
    if -MOST <= number <= MOST:
        return number
    raise Odd


def plus(left: int, right: int) -> int:
    """Sum, in 64 bits."""
    return _whole(left + right)


def minus(left: int, right: int) -> int:
    """Difference, in 64 bits."""
    return _whole(left - right)


def times(left: int, right: int) -> int:
    """Product, in 64 bits."""
    return _whole(left * right)


def negative(number: int) -> int:
    """The same below zero, in 64 bits."""
    return _whole(-number)


def quotient(left: int, right: int) -> int:
    """Division that rounds towards zero, where Python rounds down. Raises ``ZeroDivisionError``."""
    size = abs(left) // abs(right)
    return size if (left < 0) == (right < 0) else -size


def remainder(left: int, right: int) -> int:
    """What that division leaves: it has the sign of ``left``. Raises ``ZeroDivisionError``."""
    return left - right * quotient(left, right)
