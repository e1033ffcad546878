"""The fingerprint that the first-party script posts: a few short strings, nothing else is kept."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from authshield.errors import InvalidInput
from authshield.observe.canonical import Number

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTRIBUTES = (
    "screen",
    "timezone",
    "languages",
    "platform",
    "webgl",
    "canvas",
    "fonts",
    "cores",
    "memory",
    "touch",
)
MAX_BYTES = 4096
MAX_VALUE = 200


def clean(body: Mapping[str, Any]) -> dict[str, str]:
    """Keep the known attributes; raises ``InvalidInput`` if one of them is no short string."""
    kept: dict[str, str] = {}
    for name in ATTRIBUTES:
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or isinstance(value, Number) or len(value) > MAX_VALUE:
            detail = f"must be a string of at most {MAX_VALUE} characters"
            raise InvalidInput(detail, field=name, status_code=400)
        kept[name] = value if value.isprintable() else "".join(c for c in value if c.isprintable())
    return kept


def digest(fingerprint: Mapping[str, str]) -> str:
    """A short hash of a fingerprint, empty for an empty one. A likeness, never a proof."""
    if not fingerprint:
        return ""
    text = "\x1f".join(f"{name}={fingerprint[name]}" for name in sorted(fingerprint))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
