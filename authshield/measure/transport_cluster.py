"""A Cluster: each call is cut by slots, all servers are written to before the first reply is read.

A server that is away costs the events that touch its slots and no others. What is asked of a Cluster is asked whole:
where one part is not answered, the event counts as not measured (docs/decisions/0013-cluster.md).
"""

from __future__ import annotations

import time
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import msgpack

from authshield.errors import StoreUnavailable
from authshield.measure.calls import Script
from authshield.measure.transport import clear, holds, waited
from authshield.measure.transport_node import Node, Tally
from authshield.measure.transport_routes import Routes
from authshield.measure.transport_slots import merged, slot_of
from authshield.measure.transport_wire import FAILURES, running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authshield.measure.breaker import Breaker
    from authshield.measure.calls import Call
    from authshield.measure.keys import Keys
    from authshield.measure.transport_dial import Address, Dialer
    from authshield.measure.transport_routes import Trip
    from authshield.measure.transport_slots import Part
    from authshield.measure.transport_wire import Packet, Wire

_APPEND = Script("""
redis.call('XADD', KEYS[1], '*', 'k', ARGV[1], 'b', ARGV[2], 'r', ARGV[3])
local most = tonumber(ARGV[4])
if most > 0 and redis.call('XLEN', KEYS[1]) > most then
  redis.call('INCRBY', KEYS[2], redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', most))
end
return ''
""")
_TRIMMED_EVERY = 16
_LEAST_SECONDS = 0.001
MOVED_TWICE = "the Cluster is being rebuilt: a slot has moved twice"


class Cluster:
    """Calls on a Cluster. Safe for threads, greenlets, event loops and forks."""

    def __init__(self, dialer: Dialer, patient: Dialer, keys: Keys) -> None:
        """``patient`` makes connections for commands that may block; nothing is connected yet."""
        self.tally = Tally()
        self.routes = Routes(dialer, self.tally)
        self.breaker = self.routes.breaker
        self.patience = dialer.answer_seconds
        self._keys = keys
        self._patient = patient
        self._patient_nodes: dict[Address, Node] = {}
        self._appended = count(1)

    def run(self, calls: Sequence[Call]) -> list[list[bytes]]:
        """One packed reply a key, of each call. Cost: 1 round trip; 2 while a slot moves."""
        until = time.monotonic() + self.patience
        self.routes.find(until)
        parts = self.routes.parts(calls)
        turned = self._exchange(parts, until)
        if turned:
            parts += turned
            if self._exchange(turned, until):
                raise StoreUnavailable(MOVED_TWICE)
        replies = merged(calls, parts)
        self._append(calls, replies)
        return replies

    def send(self, calls: Sequence[Call]) -> None:
        """Written now, answered later. Raises nothing."""
        try:
            self.routes.find(time.monotonic() + self.patience)
            trips = self.routes.trips(self.routes.parts(calls))
        except StoreUnavailable:
            self.tally.lost += len(calls)
            return
        for trip in trips:
            trip.node.send(trip.packets)
        self._append(calls, [])

    def entries(
        self, calls: Sequence[Call], replies: Sequence[Sequence[bytes]]
    ) -> dict[Address, list[Packet]]:
        """What puts the calls' entries into their streams, with the replies that were waited for; by server."""
        found: dict[Address, list[Packet]] = {}
        for number, call in enumerate(calls):
            if call.entry is not None:
                mark, blob, most = call.entry
                reply = msgpack.packb(replies[number]) if replies else b""
                most = b"0" if next(self._appended) % _TRIMMED_EVERY else most
                streams = self._keys.streams[call.shard]
                packet = running(_APPEND, streams, (mark, blob, reply, most))
                packet.slot = slot_of(streams[0])
                try:
                    found.setdefault(self.routes.address_of(streams[0]), []).append(packet)
                except StoreUnavailable:
                    self.tally.lost += 1
        return found

    def _append(self, calls: Sequence[Call], replies: Sequence[Sequence[bytes]]) -> None:
        for address, packets in self.entries(calls, replies).items():
            self.routes.node_at(address).send(packets)

    def ask(self, packet: Packet, key: str) -> Any:
        """One command, to the server of ``key``; of an empty one, to any. Cost: 1 round trip."""
        self.routes.find(time.monotonic() + self.patience)
        node = self.routes.node_of(key) if key else self.routes.masters()[0]
        try:
            return node.run((packet,))[0]
        except StoreUnavailable:
            self.routes.look()
            raise

    def wait(self, packet: Packet, key: str) -> Any:
        """One command that may block: with a worker's patience, besides the breakers."""
        self.routes.find(time.monotonic() + self._patient.connect_seconds)
        address = self.routes.address_of(key)
        node = self._patient_nodes.get(address)
        if node is None:
            made = Node(partial(self._patient.connection, address), Tally(), probe=lambda: True)
            node = self._patient_nodes.setdefault(address, made)
        try:
            return waited(node, packet)
        except StoreUnavailable:
            self.routes.slots.refresh()
            raise

    def clear(self, pattern: str) -> None:
        """Remove these keys from every server."""
        for node in self._masters():
            clear(node, pattern)

    def holds(self, pattern: str) -> bool:
        """Whether a server has such a key."""
        return any(holds(node, pattern) for node in self._masters())

    def breakers(self) -> Sequence[Breaker]:
        """That of finding the servers, and each server's."""
        return self.routes.breakers

    def flush(self) -> None:
        """Read what is still to be read. Raises nothing."""
        for node in list(self.routes.nodes.values()):
            node.flush()

    def close(self) -> None:
        """Flush, and drop the connections."""
        self.breaker.stop()
        for node in (*self.routes.nodes.values(), *self._patient_nodes.values()):
            node.close()

    def _masters(self) -> list[Node]:
        self.routes.find(time.monotonic() + self.patience)
        return self.routes.masters()

    def _exchange(self, parts: Sequence[Part], until: float) -> list[Part]:
        trips = self.routes.willing_trips(parts)
        began = time.monotonic()
        self.tally.calls += 1
        turned: list[Part] = []
        begun: list[tuple[Trip, Wire]] = []
        error: Exception | None = None
        for trip in trips:
            try:
                begun.append((trip, trip.node.begin(trip.packets)))
            except FAILURES as broken:
                error = self.routes.failed(trip.node, broken, began)
        for trip, wire in begun:
            left = max(_LEAST_SECONDS, until - time.monotonic())
            try:
                replies = trip.node.finish(wire, trip.packets, began, left)
            except FAILURES as broken:
                error = self.routes.failed(trip.node, broken, began)
            else:
                moved, wrong = self.routes.absorb(trip, replies, began)
                turned += moved
                error = wrong or error
        if error is not None:
            raise error
        return turned
