"""One connection to one server, and what is written to it. Used by one thread at a time; its owner sees to that.

Connecting, TLS, passwords and Sentinel are redis-py's; after that its socket is talked to directly, which costs a
quarter of the instructions. Must not decide what is done when the server is away.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from redis.exceptions import RedisError

from authshield.measure import transport_resp as resp
from authshield.measure.transport_resp import MORE, Refused, pack_front, pack_parts

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Collection, Iterable, Sequence

    from authshield.measure.calls import Call, Script

FAILURES = (OSError, RedisError, Refused)
"""What it looks like when a server is away, too slow, or says no."""

NOSCRIPT = "NOSCRIPT"
REDIRECTS = frozenset({"MOVED", "ASK", "TRYAGAIN"})
"""Refusals of a healthy server that is not in charge of the key."""

HARMLESS = REDIRECTS | {NOSCRIPT}
"""Refusals after which a connection may be kept. Any other may come from one who is not the master any more."""
_READ_BYTES = 16384


class Connects(Protocol):
    """As much of redis-py's connection as is used here."""

    _sock: socket.socket | None

    def connect(self) -> None:
        """Connect, greet, authenticate."""

    def disconnect(self) -> None:
        """Close; harmless twice, and in a forked process."""


class Packet:
    """One command. A script goes by its digest to a connection that has run it, else with its text."""

    __slots__ = ("_body", "_keys", "_others", "is_repeated", "script", "slot")

    def __init__(self, body: bytes, script: Script | None = None, keys: int = 0, others: int = 0) -> None:
        """``body`` is the whole command; with a ``script``, its packed keys and arguments."""
        self.script = script
        self.slot = -1
        self.is_repeated = False
        self._body = body
        self._keys = keys
        self._others = others

    def data(self, known: Collection[bytes]) -> bytes:
        """What goes to a connection that knows these scripts."""
        script = self.script
        if script is None:
            return self._body
        if script.sha in known:
            return pack_front(b"EVALSHA", script.sha, self._keys, self._others) + self._body
        return pack_front(b"EVAL", script.text, self._keys, self._others) + self._body


def command(*parts: str | bytes | float) -> Packet:
    """A command that is no script."""
    return Packet(resp.pack(*parts))


def running(script: Script, keys: Iterable[str], arguments: Sequence[bytes]) -> Packet:
    """A script on these keys."""
    names = [key.encode() for key in keys]
    return Packet(pack_parts([*names, *arguments]), script, len(names), len(arguments))


def calling(call: Call, streams: Sequence[tuple[str, str]]) -> Packet:
    """A call as its script expects it. ``streams``: the two keys that an entry needs, by shard."""
    if call.entry is None:
        return running(call.script, call.keys, (call.head, *call.args))
    return running(call.script, (*call.keys, *streams[call.shard]), (call.head, *call.args, *call.entry))


class Wire:
    """A connection that stands. Every method raises ``OSError`` where it breaks, ``TimeoutError`` included."""

    __slots__ = (
        "_connection",
        "_feed",
        "_gets",
        "_seconds",
        "_sock",
        "is_fresh",
        "is_stale",
        "known",
        "owed",
        "used_at",
    )

    def __init__(self, connection: Connects) -> None:
        """Connects, in the time that the connection's settings allow; raises redis-py's errors as well."""
        connection.connect()
        sock = connection._sock  # noqa: SLF001 - its owner from now on
        if sock is None:
            raise ConnectionResetError("closed while it was opened")
        self._connection = connection
        self._sock = sock
        self._seconds = sock.gettimeout()
        reader = resp.reader()
        self._gets, self._feed = reader.gets, reader.feed
        self.known: set[bytes] = set()
        self.owed: deque[Packet] = deque()
        self.is_fresh = True
        self.is_stale = False
        self.used_at = 0.0

    def write(self, packets: Iterable[Packet]) -> None:
        """Hand them to the system; waits only where the server has not read for long."""
        known = self.known
        self._sock.sendall(b"".join([packet.data(known) for packet in packets]))

    def read(self, packet: Packet) -> Any:
        """The next reply, which is this packet's. A ``Refused`` is returned, not raised."""
        reply = self._gets()
        while reply is MORE:
            data = self._sock.recv(_READ_BYTES)
            if not data:
                raise ConnectionResetError("the server closed the connection")
            self._feed(data)
            reply = self._gets()
        script = packet.script
        if isinstance(reply, Refused):
            self.is_stale = self.is_stale or reply.code not in HARMLESS
        elif script is not None and script.sha not in self.known:
            self.known.add(script.sha)
        return reply

    def ask(self, packet: Packet) -> Any:
        """Write one and read its reply."""
        self.write((packet,))
        return self.read(packet)

    def limit(self, seconds: float = 0.0) -> None:
        """How long each read and write may wait from now on; 0: as long as the connection's settings say."""
        self._sock.settimeout(seconds or self._seconds)

    def close(self) -> None:
        """Close it, whatever is still to be read."""
        self._connection.disconnect()


def answers(dial: Callable[[], Connects], question: Packet, expected: bytes = b"") -> bool:
    """Whether a server that was away replies to this again, as ``expected``. Cost: a connection of its own."""
    try:
        wire = Wire(dial())
        try:
            reply = wire.ask(question)
            return not isinstance(reply, Refused) and expected in reply
        finally:
            wire.close()
    except FAILURES:
        return False
