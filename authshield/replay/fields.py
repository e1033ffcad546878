"""Checks of single fields of a line. Each returns the value in the vocabulary's type or raises ``FieldError``.

Must not know which kind of event a field belongs to. Written for speed: a line costs about thirty checks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from math import nan

from authshield.errors import AuthShieldError

MAX_TEXT = 8192  # what web servers take as one header
MAX_NAME = 256
MAX_NUMBER = Decimal(10) ** 15  # sums in minor units stay exact in the store's doubles
_SEEN = 60
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_ZERO, _ONE = Decimal(0), Decimal(1)

Body = Mapping[str, object]


class FieldError(AuthShieldError):
    """A field that breaks the format: its name, what was expected, what was seen (short, and safe to print)."""

    def __init__(self, field: str, expected: str, seen: str) -> None:
        """``seen`` comes from ``show``, so that no line can write into a terminal or a log."""
        self.field = field
        self.expected = expected
        self.seen = seen
        super().__init__(f"{field}: expected {expected}, got {seen}")


def show(value: object) -> str:
    """A value as short ASCII without control characters."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        whole = json.dumps(value[:_SEEN])
        return whole if len(value) <= _SEEN else f"{whole}… ({len(value)} characters)".replace("…", "...")
    return "null" if value is None else str(value).lower()[:_SEEN]


def bad(body: Body, key: str, expected: str, *, where: str = "") -> FieldError:
    """The error for ``body[key]``; ``where`` names the object that holds it."""
    return FieldError(where + key, expected, show(body[key]) if key in body else "nothing, it is missing")


def text(body: Body, key: str, limit: int = MAX_TEXT, *, where: str = "", least: int = 0) -> str:
    """A string of ``least`` to ``limit`` characters."""
    value = body.get(key)
    if type(value) is not str or not least <= len(value) <= limit:
        raise bad(body, key, f"a string of {least} to {limit} characters", where=where)
    return value


def optional_text(body: Body, key: str, limit: int = MAX_TEXT, *, where: str = "") -> str:
    """A string, or empty where it is absent or null."""
    value = body.get(key)
    if value is None:
        return ""
    if type(value) is not str or len(value) > limit:
        raise bad(body, key, f"a string of at most {limit} characters", where=where)
    return value


def text_or_null(body: Body, key: str, limit: int = MAX_NAME, *, where: str = "") -> str | None:
    """A string that is not empty, or null; the key must be there."""
    value = body.get(key, 0)
    if value is not None and (type(value) is not str or not 0 < len(value) <= limit):
        raise bad(body, key, f"a string of 1 to {limit} characters, or null", where=where)
    return value


def word(body: Body, key: str, words: Collection[str], *, where: str = "") -> str:
    """One of a few words."""
    value = body.get(key)
    if type(value) is not str or value not in words:
        raise bad(body, key, _one_of(words), where=where)
    return value


def optional_word(body: Body, key: str, words: Collection[str], *, where: str = "") -> str:
    """One of a few words, or empty where it is absent or null."""
    return "" if body.get(key) is None else word(body, key, words, where=where)


def words_list(body: Body, key: str, words: Collection[str]) -> tuple[str, ...]:
    """A list of words; empty where it is absent."""
    value = body.get(key)
    if value is None and key not in body:
        return ()
    if type(value) is not list:
        raise bad(body, key, "a list of factors")
    for item in value:
        if type(item) is not str or item not in words:
            raise FieldError(key, f"a list of any of {', '.join(words)}", f"an item {show(item)}")
    return tuple(value)


def part(body: Body, key: str, *, where: str = "") -> Body:
    """An object that must be there."""
    value = body.get(key)
    if type(value) is not dict:
        raise bad(body, key, "an object", where=where)
    return value


def optional_part(body: Body, key: str, *, where: str = "") -> Body | None:
    """An object, or None where it is absent or null."""
    return None if body.get(key) is None else part(body, key, where=where)


def flag(body: Body, key: str, *, where: str = "") -> bool:
    """A truth value; false where it is absent or null."""
    value = body.get(key)
    if value is None:
        return False
    if type(value) is not bool:
        raise bad(body, key, "true or false", where=where)
    return value


def number(body: Body, key: str, *, where: str = "") -> Decimal:
    """Any JSON number that is not absurdly large, exactly as it was written."""
    value = _decimal(body.get(key))
    if value is None or not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise bad(body, key, "a number", where=where)
    return value


def positive(body: Body, key: str, *, where: str = "") -> Decimal:
    """A number over 0."""
    value = _decimal(body.get(key))
    if value is None or not _ZERO < value <= MAX_NUMBER:
        raise bad(body, key, "a number > 0", where=where)
    return value


def not_negative(body: Body, key: str, *, where: str = "") -> Decimal:
    """A number of 0 or more."""
    value = _decimal(body.get(key))
    if value is None or not _ZERO <= value <= MAX_NUMBER:
        raise bad(body, key, "a number >= 0", where=where)
    return value


def optional_amount(body: Body, key: str, *, where: str = "") -> Decimal | None:
    """A number of 0 or more, or None where it is absent or null."""
    return None if body.get(key) is None else not_negative(body, key, where=where)


def rate(body: Body, key: str, *, where: str = "") -> Decimal:
    """A number over 0; 1 where it is absent or null."""
    return _ONE if body.get(key) is None else positive(body, key, where=where)


def whole(body: Body, key: str, limit: int, *, where: str = "") -> int:
    """A whole number of 0 or more."""
    raw = body.get(key)
    if type(raw) is int and 0 <= raw <= limit:
        return raw
    value = _decimal(raw)
    if value is None or not 0 <= value <= limit or value != int(value):
        raise bad(body, key, f"a whole number from 0 to {limit}", where=where)
    return int(value)


def degrees(body: Body, key: str, limit: int, *, where: str = "") -> float | None:
    """An angle between ``-limit`` and ``limit``, or None where it is absent or null."""
    raw = body.get(key)
    if raw is None:
        return None
    value = float(raw) if type(raw) is Decimal or type(raw) is int else nan
    if not -limit <= value <= limit:
        raise bad(body, key, f"degrees from -{limit} to {limit}", where=where)
    return value


def country(body: Body, key: str, *, where: str = "") -> str:
    """An ISO 3166-1 alpha-2 code, or empty where it is absent or null."""
    value = body.get(key)
    if value is None:
        return ""
    if type(value) is not str or not _COUNTRY.fullmatch(value):
        raise bad(body, key, "two capital letters (ISO 3166-1)", where=where)
    return value


def currency(body: Body, key: str, *, where: str = "") -> str:
    """An ISO 4217 code."""
    value = body.get(key)
    if type(value) is not str or not _CURRENCY.fullmatch(value):
        raise bad(body, key, "three capital letters (ISO 4217)", where=where)
    return value


def moment(body: Body, key: str) -> datetime:
    """A UTC time, to the microsecond at most."""
    value = body.get(key)
    if type(value) is str and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise bad(body, key, "a UTC time such as 2025-04-14T00:01:02.345Z")


def address(body: Body, key: str) -> str:
    """An IPv4 or IPv6 address in its canonical spelling; an IPv4 one mapped into IPv6 is that IPv4 one."""
    value = body.get(key)
    canonical = _address(value) if type(value) is str and len(value) <= MAX_NAME else ""
    if not canonical:
        raise bad(body, key, "an IPv4 or IPv6 address")
    return canonical


@lru_cache(maxsize=65_536)
def _address(value: str) -> str:
    try:
        parsed: IPv4Address | IPv6Address = ip_address(value)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        # A zone names an interface of one machine; it is no part of an address on the network.
        return "" if parsed.scope_id else str(parsed.ipv4_mapped or parsed)
    return str(parsed)


def _decimal(value: object) -> Decimal | None:
    if type(value) is Decimal:
        return value
    return Decimal(value) if type(value) is int else None


def _one_of(words: Collection[str]) -> str:
    *rest, last = (json.dumps(item) for item in words)
    return f"{', '.join(rest)} or {last}" if rest else last
