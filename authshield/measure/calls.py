"""What is asked of Redis: a script, and on which keys. Pure; neither knows a connection.

A call can be cut at its keys: what a section does depends on its own key alone, so that on a Cluster the same
script runs once for the keys of each slot. Must not know what a section means.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple


class Script:
    """A Lua script and the name under which a server keeps it."""

    __slots__ = ("sha", "text")

    def __init__(self, text: str) -> None:
        """``text`` must stay below what a server takes at once; its digest is made here, once."""
        self.text = text.encode()
        self.sha = hashlib.sha1(self.text, usedforsecurity=False).hexdigest().encode()


class Call(NamedTuple):
    """One run of a script: ``sections[i]`` on ``keys[i]`` with ``args[i]``.

    The script is given KEYS = ``keys`` and, with an ``entry``, the stream of its ``shard`` and that one's counter
    of dropped entries;
    ARGV[1] = ``header`` (time, tag) followed at once by the sections' names, joined with commas;
    ARGV[1 + i] = ``args[i]``; then the parts of ``entry``: mark, blob, longest length of the stream.
    It replies one msgpack string: the list of one packed reply a key, in order. Any subset of ``keys`` may come
    by itself, also none.
    """

    script: Script
    sections: tuple[str, ...]
    keys: tuple[str, ...]
    header: bytes
    args: tuple[bytes, ...]
    entry: tuple[bytes, bytes, bytes] | None = None
    shard: int = 0

    @property
    def head(self) -> bytes:
        """ARGV[1]. Cost: below 1 µs."""
        return self.header + joined(self.sections)


@lru_cache(maxsize=4096)
def joined(sections: tuple[str, ...]) -> bytes:
    """The sections' names as a script reads them."""
    return ",".join(sections).encode()
