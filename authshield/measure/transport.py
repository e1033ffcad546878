"""How calls reach the counters: one server here, a Cluster in ``transport_cluster``; the same for both.

Must not know what is counted.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

import msgpack

from authshield.errors import StoreUnavailable
from authshield.measure.transport_node import Node, Tally
from authshield.measure.transport_resp import Refused
from authshield.measure.transport_wire import FAILURES, answers, calling, command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from authshield.measure.breaker import Breaker
    from authshield.measure.calls import Call
    from authshield.measure.keys import Keys
    from authshield.measure.transport_dial import Dialer
    from authshield.measure.transport_wire import Packet


class Transport(Protocol):
    """What a store talks through. Every method that returns something raises ``StoreUnavailable``."""

    tally: Tally
    breaker: Breaker

    def run(self, calls: Sequence[Call]) -> list[list[bytes]]:
        """One packed reply a key, of each call. Cost: 1 round trip."""

    def send(self, calls: Sequence[Call]) -> None:
        """Written now, answered later. Raises nothing."""

    def ask(self, packet: Packet, key: str) -> Any:
        """One command, to the server of ``key``; of an empty one, to any. Cost: 1 round trip."""

    def wait(self, packet: Packet, key: str) -> Any:
        """One command that may block: with a worker's patience, besides the breaker."""

    def clear(self, pattern: str) -> None:
        """Remove these keys. Cost: two trips for 1,000 keys of a server."""

    def holds(self, pattern: str) -> bool:
        """Whether there is such a key. Cost: one trip for 1,000 keys of a server, until one is found."""

    def breakers(self) -> Sequence[Breaker]:
        """One a server that was asked so far."""

    def flush(self) -> None:
        """Read what is still to be read. Raises nothing."""

    def close(self) -> None:
        """Flush, and drop the connections."""


class Single:
    """One server, or the master that sentinels name."""

    def __init__(self, dialer: Dialer, patient: Dialer, keys: Keys) -> None:
        """``patient`` makes connections for commands that may block; nothing is connected yet."""
        self.tally = Tally()
        self.streams = keys.streams
        # It has to take writes: a server that is full or a replica would refuse the next event as well.
        question = command("SET", keys.probe, 1, "PX", 1000)
        self.node = Node(dialer.connection, self.tally, probe=lambda: answers(dialer.connection, question))
        self._patient = Node(patient.connection, Tally(), probe=lambda: True)
        self.breaker = self.node.breaker

    def run(self, calls: Sequence[Call]) -> list[list[bytes]]:
        """One packed reply a key, of each call. Cost: 1 round trip."""
        streams = self.streams
        replies = self.node.run([calling(call, streams) for call in calls])
        return [msgpack.unpackb(reply, raw=True) for reply in replies]

    def send(self, calls: Sequence[Call]) -> None:
        """Written now, answered later. Raises nothing."""
        streams = self.streams
        self.node.send([calling(call, streams) for call in calls])

    def ask(self, packet: Packet, key: str) -> Any:  # noqa: ARG002 - there is one server for all keys
        """One command. Cost: 1 round trip."""
        return self.node.run((packet,))[0]

    def wait(self, packet: Packet, key: str) -> Any:  # noqa: ARG002 - as in ask
        """One command that may block."""
        return waited(self._patient, packet)

    def clear(self, pattern: str) -> None:
        """Remove these keys."""
        clear(self.node, pattern)

    def holds(self, pattern: str) -> bool:
        """Whether there is such a key."""
        return holds(self.node, pattern)

    def breakers(self) -> Sequence[Breaker]:
        """The one."""
        return (self.breaker,)

    def flush(self) -> None:
        """Read what is still to be read. Raises nothing."""
        self.node.flush()

    def close(self) -> None:
        """Flush, and drop the connections."""
        self.node.close()
        self._patient.close()


def waited(node: Node, packet: Packet) -> Any:
    """One command that may block, besides the breaker. Raises ``StoreUnavailable``."""
    try:
        (reply,) = node.finish(node.begin((packet,)), (packet,), time.monotonic())
    except FAILURES as error:
        raise StoreUnavailable(f"Redis did not answer as it should: {error}") from error
    if isinstance(reply, Refused):
        raise StoreUnavailable(f"Redis did not answer as it should: {reply}")
    return reply


def clear(node: Node, pattern: str) -> None:
    """Remove the keys of one server. One command each: those of a Cluster go by no other way."""
    for names in _scanned(node, pattern):
        node.run([command("UNLINK", name) for name in names])


def holds(node: Node, pattern: str) -> bool:
    """Whether one server has such a key."""
    return next(_scanned(node, pattern), None) is not None


def _scanned(node: Node, pattern: str) -> Iterator[list[bytes]]:
    cursor = b"0"
    while True:
        cursor, names = node.run((command("SCAN", cursor, "MATCH", pattern, "COUNT", 1000),))[0]
        if names:
            yield names
        if cursor == b"0":
            return
