"""What may be stored: no secret, nothing that changes how a log or a page reads, nothing without end.

Must not be relied on to make text safe for HTML; templates escape. Every function is idempotent.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from authshield.sealing import keyed_hash
from authshield.vocabulary.facts import MISSING
from authshield.vocabulary.features import FactValue

REMOVED = "[removed]"
MAX_TEXT = 500
_WITH_TEXT = (str, list)
MAX_DEPTH = 6
MAX_ITEMS = 200
NAME_LENGTH = 100
WORD_LENGTH = 40

# Cc, Cf hold control characters and bidi overrides, Cs halves of pairs, Zl and Zp further line ends.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SECRET_NAME = re.compile(
    r"passw|passphrase|passcode|secret|token|cookie|authorization|csrf|credential|session_?key|api_?key|"
    r"private_?key|sealed|one_?time|(^|[_.-])(otp|pin|cvv|sessionid)([_.-]|$)",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"(?P<name>\b(?:[\w-]*(?:passw(?:or)?d|secret|token|csrf|session_?key|api_?key)[\w-]*|sessionid|otp|pin)"
    r"[\"']?\s*[=:]\s*[\"']?|\b(?:bearer|basic)\s+)(?!\[removed\](?:[\s\"'&;,]|$))[^\s\"'&;,]+",
    re.IGNORECASE,
)


def line(text: str, limit: int = MAX_TEXT) -> str:
    r"""One printable line of at most ``limit`` characters: what hides or breaks a line becomes ``\uXXXX``."""
    if text.isascii() and text.isprintable():
        return text[:limit]
    return "".join(_shown(c) for c in text[:limit])[:limit]


def plain(text: str, limit: int = MAX_TEXT) -> str:
    """``line``, with values removed that follow a secret's name or scheme."""
    return _SECRET_TEXT.sub(lambda match: match["name"] + REMOVED, line(text, limit * 2))[:limit]


def tree(value: Any, depth: int = 0) -> Any:
    """JSON data without the values of secret names, every text made plain; too deep or long is cut."""
    if isinstance(value, str):
        return plain(value) if len(value) > WORD_LENGTH else _plain_word(value)
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, Mapping):
        if depth >= MAX_DEPTH:
            return {}
        items = list(value.items())[:MAX_ITEMS]
        kept = [_kept(str(name), item, depth + 1) for name, item in items]
        return dict(kept)
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray):
        return [tree(item, depth + 1) for item in list(value)[:MAX_ITEMS]] if depth < MAX_DEPTH else []
    return line(str(value)) if not isinstance(value, bytes | bytearray | memoryview) else REMOVED


def facts(found: dict[str, FactValue]) -> dict[str, Any]:
    """What differs from its declared default, which is most of what is worth keeping; its texts made plain."""
    default = MISSING.get  # an undeclared fact, such as a limit's count, has none: it is kept
    return {
        name: tree(value, 1) if isinstance(value, _WITH_TEXT) else value
        for name, value in found.items()
        if value != default(name)
    }


def path(text: str) -> str:
    """A page's path without its query, where tokens travel."""
    return plain(re.split(r"[?#]", text, maxsplit=1)[0], 200)


def username(text: str, *, exists: bool) -> str:
    """A name as typed where it is an account's; else a keyed hash of it: people type passwords there."""
    if exists or not text or text.startswith("unknown:"):
        return line(text, 150)
    return "unknown:" + keyed_hash(text, "username", size=6)


@lru_cache(maxsize=4096)
def address(ip: str) -> str | None:
    """An address that the database takes, None for whatever is none."""
    try:
        return str(ipaddress.ip_address(ip.split("%", 1)[0]))
    except ValueError:
        return None


def _kept(name: str, value: Any, depth: int) -> tuple[str, Any]:
    # A longer name is somebody's invention: it is not worth remembering.
    shown, is_secret_name = _known_name(name) if len(name) <= NAME_LENGTH else _name(name)
    is_secret = is_secret_name and not isinstance(value, bool) and value not in ("", None)
    return shown, REMOVED if is_secret else tree(value, depth)


def _name(name: str) -> tuple[str, bool]:
    """How a name is written, and whether it is a secret's."""
    return line(name, NAME_LENGTH), _SECRET_NAME.search(name) is not None


# The facts of each event have the same names, and mostly the same words.
_known_name = lru_cache(maxsize=1024)(_name)
_plain_word = lru_cache(maxsize=4096)(plain)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    return f"\\u{ord(character):04x}"
