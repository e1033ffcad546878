"""Redis' wire format (RESP 2): commands packed, replies read. Pure; knows neither sockets nor scripts.

Packed here and not by a library, because a call is packed twice as fast when what recurs is made once. Replies
are read by hiredis where it is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any, Protocol

MORE: Any = object()
"""What a reader gets while a reply is not complete."""

_KEPT_LENGTHS = 4096
_SHOWN = 200


class Refused(Exception):  # noqa: N818 - a reply, which only some places raise
    """An error that the server replied: its first word is the ``code``."""

    def __init__(self, text: str) -> None:
        """``text`` is what the server said."""
        self.code = text.partition(" ")[0]
        super().__init__(text[:_SHOWN])


class Reader(Protocol):
    """Takes bytes as they come and gives replies as they are complete."""

    def feed(self, data: bytes, /) -> None:
        """Take what was received."""

    def gets(self) -> Any:
        """The next reply, ``MORE`` where it is not complete; an error reply is a ``Refused``, not raised."""


class _Lengths(dict[int, bytes]):
    def __missing__(self, length: int) -> bytes:
        line = b"\r\n$%d\r\n" % length
        if len(self) < _KEPT_LENGTHS:
            self[length] = line
        return line


_length = _Lengths().__getitem__
_END = b"\r\n"


def pack(*parts: str | bytes | float) -> bytes:
    """One command."""
    return b"*%d" % len(parts) + pack_parts([_encoded(part) for part in parts])


def pack_parts(parts: Sequence[bytes]) -> bytes:
    """Arguments without the line that tells how many there are; begins and ends with a line's end."""
    out = [_END] * (2 * len(parts) + 1)
    out[1::2] = parts
    out[:-1:2] = map(_length, map(len, parts))
    return b"".join(out)


@lru_cache(maxsize=512)
def pack_front(name: bytes, script: bytes, keys: int, others: int) -> bytes:
    """The beginning of ``EVAL`` or ``EVALSHA``, to be followed by ``pack_parts`` of keys and arguments."""
    return b"*%d" % (3 + keys + others) + pack_parts((name, script, b"%d" % keys))[:-2]


def _encoded(part: str | bytes | float) -> bytes:
    return part if isinstance(part, bytes) else str(part).encode()


class PlainReader:
    """The same in Python. Begins a reply anew with each packet, so it is meant for short ones."""

    def __init__(self) -> None:
        """Nothing was received yet."""
        self._data = b""

    def feed(self, data: bytes, /) -> None:
        """Take what was received."""
        self._data += data

    def gets(self) -> Any:
        """The next reply, ``MORE`` where it is not complete."""
        found, end = self._value(0)
        if found is not MORE:
            self._data = self._data[end:]
        return found

    def _value(self, start: int) -> tuple[Any, int]:
        end = self._data.find(b"\r\n", start)
        if end < 0:
            return MORE, start
        kind, rest = self._data[start : start + 1], self._data[start + 1 : end]
        read = self._READERS.get(kind)
        if read is None:
            raise ConnectionError(f"no reply of Redis begins with {kind!r}")
        return read(self, rest, end + 2)

    def _status(self, rest: bytes, after: int) -> tuple[Any, int]:
        return rest, after

    def _error(self, rest: bytes, after: int) -> tuple[Any, int]:
        return Refused(rest.decode(errors="replace")), after

    def _number(self, rest: bytes, after: int) -> tuple[Any, int]:
        return int(rest), after

    def _bulk(self, rest: bytes, after: int) -> tuple[Any, int]:
        length = int(rest)
        if length < 0:
            return None, after
        end = after + length
        return (self._data[after:end], end + 2) if len(self._data) >= end + 2 else (MORE, after)

    def _array(self, rest: bytes, after: int) -> tuple[Any, int]:
        length = int(rest)
        if length < 0:
            return None, after
        found = []
        for _ in range(length):
            value, after = self._value(after)
            if value is MORE:
                return MORE, after
            found.append(value)
        return found, after

    _READERS: dict[bytes, Callable[[PlainReader, bytes, int], tuple[Any, int]]] = {
        b"+": _status,
        b"-": _error,
        b":": _number,
        b"$": _bulk,
        b"*": _array,
    }


reader: Callable[[], Reader] = PlainReader
"""Makes the reader of one connection."""

with suppress(ImportError):  # where the package's extra "fast" is installed
    import hiredis

    reader = partial(hiredis.Reader, protocolError=ConnectionError, replyError=Refused, notEnoughData=MORE)
