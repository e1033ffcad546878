"""Reading what was sent, strictly, into the one canonical notation: what is challenged is what is executed.

Numbers are ASCII decimals without sign, exponent or group marks; whatever else comes is refused, never guessed.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Never

from authshield.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

MAX_BODY = 65_536
MAX_WHOLE_DIGITS = 12
_NUMBER = re.compile(r"^(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,8}))?\Z", re.ASCII)
_SYMBOL = re.compile(r"^[A-Z0-9][A-Z0-9.\-]{0,15}\Z", re.ASCII)
_REFERENCE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,63}\Z", re.ASCII)


class Number(str):
    """A number exactly as it was written in JSON."""

    __slots__ = ()


def json_body(request: HttpRequest, *, limit: int = MAX_BODY) -> dict[str, Any]:
    """The body as an object; numbers stay ``Number`` text.

    Raises ``InvalidInput``: 415 for another content type or an encoded body, 413 over ``limit`` bytes, 400 for
    anything that is not one JSON object with each key once.
    """
    if request.content_type != "application/json":
        raise InvalidInput("send application/json", code="unsupported_media_type", status_code=415)
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if (
        charset not in {"utf-8", "utf8"}
        or request.META.get("HTTP_CONTENT_ENCODING", "identity") != "identity"
    ):
        raise InvalidInput("send plain UTF-8", code="unsupported_media_type", status_code=415)
    _check_length(request, limit)
    return json_object(request.body)


def json_object(raw: bytes) -> dict[str, Any]:
    """Parse one JSON object; raises ``InvalidInput`` (400) for anything else."""
    try:
        body = json.loads(
            raw.decode("utf-8"),
            parse_int=Number,
            parse_float=Number,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidInput("the body is not valid JSON", code="malformed", status_code=400) from error
    if not isinstance(body, dict):
        raise InvalidInput("the body must be a JSON object", code="malformed", status_code=400)
    return body


def quantity(value: object, *, field: str = "quantity") -> str:
    """A positive number of units."""
    return _positive(value, field)


def price(value: object, *, field: str = "limit_price") -> str:
    """A positive price per unit."""
    return _positive(value, field)


def amount(value: object, *, field: str = "amount") -> str:
    """A positive amount of money."""
    return _positive(value, field)


def symbol(value: object, *, field: str = "symbol") -> str:
    """A symbol, in capitals without blanks around it."""
    text = _text(value, field).strip(" ").upper()
    if not _SYMBOL.match(text):
        raise InvalidInput("must be 1 to 16 letters A-Z, digits, dots or hyphens", field=field)
    return text


def side(value: object, *, field: str = "side") -> str:
    """``buy`` or ``sell``."""
    return _one_of(value, ("buy", "sell"), field)


def order_type(value: object, *, field: str = "order_type") -> str:
    """``market`` or ``limit``."""
    return _one_of(value, ("market", "limit"), field)


def reference(value: object, *, field: str = "client_order_id") -> str:
    """A client's own reference; empty where none was sent."""
    text = _text("" if value is None else value, field)
    if text and not _REFERENCE.match(text):
        raise InvalidInput("must be at most 64 letters, digits, dots, hyphens or underscores", field=field)
    return text


def credentials(body: Mapping[str, Any]) -> tuple[str, str]:
    """Name and password as sent; raises ``InvalidInput`` (400) unless both are strings of a sane length."""
    pair = []
    for field, limit in (("username", 254), ("password", 4096)):
        value = body.get(field)
        if not isinstance(value, str) or isinstance(value, Number):
            raise InvalidInput("must be a string", field=field, status_code=400)
        if len(value) > limit or "\x00" in value or not _is_encodable(value):
            raise InvalidInput(
                "is too long or holds characters that no name or password has", field=field, status_code=400
            )
        pair.append(value)
    return pair[0], pair[1]


def _is_encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _positive(value: object, field: str) -> str:
    text = value if isinstance(value, str) else ""
    match = _NUMBER.match(text)
    if not match:
        raise InvalidInput(
            f"must be a plain decimal number such as 100 or 12.5, with at most {MAX_WHOLE_DIGITS} digits before "
            "and 8 after the point",
            field=field,
        )
    fraction = (match[2] or "").rstrip("0")
    canonical = match[1] + ("." + fraction if fraction else "")
    if Decimal(canonical) == 0:
        raise InvalidInput("must be more than zero", field=field)
    return canonical


def _text(value: object, field: str) -> str:
    if not isinstance(value, str) or isinstance(value, Number):
        raise InvalidInput("must be a string", field=field)
    return value


def _one_of(value: object, words: tuple[str, ...], field: str) -> str:
    text = _text(value, field)
    if text not in words:
        raise InvalidInput("must be " + " or ".join(words), field=field)
    return text


def _check_length(request: HttpRequest, limit: int) -> None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > limit:
        raise InvalidInput(f"send at most {limit} bytes", code="too_large", status_code=413)


def _no_constant(name: str) -> Never:
    msg = f"{name} is no JSON"
    raise ValueError(msg)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        msg = "a key appears twice"
        raise ValueError(msg)
    return body
