"""Values as msgpack, by one packer a thread: making one takes longer than packing, and a quarter of a megabyte."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgpack

if TYPE_CHECKING:
    from collections.abc import Callable


class _Packers(threading.local):
    """A thread's own: a packer is no other's while it packs."""

    pack: Callable[[Any], bytes]
    pack_for_scripts: Callable[[Any], bytes]

    def __init__(self) -> None:
        self.pack = msgpack.Packer().pack
        self.pack_for_scripts = msgpack.Packer(use_bin_type=False).pack


_packers = _Packers()


def pack(value: Any) -> bytes:
    """Numbers, texts, octets, lists and maps. What cannot be packed raises ``TypeError``, and leaves nothing."""
    return _packers.pack(value)


def pack_for_scripts(value: Any) -> bytes:
    """The same in msgpack's older form, as the server's own reader takes it: octets are texts."""
    return _packers.pack_for_scripts(value)
