"""The servers of a Cluster: who is asked what, what their replies mean, and who has taken over from whom.

Must not wait for a reply, but for the very first map: that is ``transport_cluster`` and its asynchronous twin.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from authshield.errors import StoreUnavailable
from authshield.measure.breaker import Breaker
from authshield.measure.transport_node import AWAY, Node, Tally
from authshield.measure.transport_resp import Refused
from authshield.measure.transport_slots import Part, Slots, cut, cut_up, slot_of
from authshield.measure.transport_wire import REDIRECTS, Packet, answers, command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from authshield.measure.calls import Call
    from authshield.measure.transport_dial import Address, Dialer

LOOK_SECONDS = 0.25
"""The map is not asked for more often than this."""

_ASKING = command("ASKING")
_HEALTH = command("CLUSTER", "INFO")


@dataclass(frozen=True, slots=True)
class Trip:
    """What one server is asked: a packet each for these parts; None for what belongs to the next one."""

    address: Address
    node: Node
    packets: list[Packet] = field(default_factory=list)
    parts: list[Part | None] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Ask this as well."""
        if part.is_asking:
            self.packets.append(_ASKING)
            self.parts.append(None)
        self.packets.append(part.packet)
        self.parts.append(part)


class Routes:
    """Servers, breakers and the map of one Cluster. Safe for threads and forks."""

    def __init__(self, dialer: Dialer, tally: Tally) -> None:
        """Nothing is known yet."""
        self.slots = Slots(dialer)
        self.breaker = Breaker(self.slots.refresh)
        self.breakers = [self.breaker]
        self.nodes: dict[Address, Node] = {}
        self._dialer = dialer
        self._tally = tally
        self._looked_at = 0.0

    def find(self, until: float) -> None:
        """Know the servers. Costs nothing but the first time; raises ``StoreUnavailable``."""
        if self.slots.masters:
            return
        if self.breaker.refuses():
            raise StoreUnavailable(AWAY)
        began = time.monotonic()
        if not self.slots.refresh(until):
            self.breaker.failed(time.monotonic() - began)
            raise StoreUnavailable("no server of the Cluster tells who is in charge of what")
        self.breaker.succeeded()

    def parts(self, calls: Sequence[Call]) -> list[Part]:
        """What the calls ask, cut by slots. Raises ``StoreUnavailable`` where nobody is in charge of one."""
        parts = [part for number, call in enumerate(calls) for part in cut(number, call)]
        for part in parts:
            part.address = self._owner(part.slot)
        return parts

    def trips(self, parts: Iterable[Part]) -> list[Trip]:
        """The same by servers."""
        trips: dict[Address, Trip] = {}
        for part in parts:
            trip = trips.get(part.address)
            if trip is None:
                trip = trips[part.address] = Trip(part.address, self.node_at(part.address))
            trip.add(part)
        return list(trips.values())

    def willing_trips(self, parts: Iterable[Part]) -> list[Trip]:
        """As ``trips``; raises ``StoreUnavailable`` where the breaker of one is open, before any is asked."""
        trips = self.trips(parts)
        if any(trip.node.breaker.refuses() for trip in trips):
            raise StoreUnavailable(AWAY)
        return trips

    def absorb(self, trip: Trip, replies: Sequence[Any], began: float) -> tuple[list[Part], Exception | None]:
        """Take what one server replied: the parts that are to be asked elsewhere, and what went wrong."""
        turned: list[Part] = []
        for part, reply in zip(trip.parts, replies, strict=True):
            if not isinstance(reply, Refused):
                if part is not None:
                    part.reply = reply
            elif part is None or reply.code not in REDIRECTS:
                return [], self.failed(trip.node, reply, began)
            else:
                turned += self._turned(part, reply)
        trip.node.breaker.succeeded()
        return turned, None

    def failed(self, node: Node, error: BaseException, began: float) -> StoreUnavailable:
        """Count it, and look whether another server has taken over."""
        self.look()
        return node.failure(error, began)

    def look(self) -> None:
        """Ask for the map anew, on a thread of its own, if that was not done just now."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            threading.Thread(target=self.slots.refresh, name="authshield-slots", daemon=True).start()

    def address_of(self, key: str) -> Address:
        """Who is in charge of a key. Raises ``StoreUnavailable``."""
        return self._owner(slot_of(key))

    def node_at(self, address: Address) -> Node:
        """The server of an address, to be asked."""
        node = self.nodes.get(address)
        if node is None:
            made = Node(
                partial(self._dialer.connection, address),
                self._tally,
                probe=partial(self._probe, address),
                refused=partial(self._refused, address),
            )
            node = self.nodes.setdefault(address, made)
            if node is made:
                self.breakers.append(made.breaker)
        return node

    def node_of(self, key: str) -> Node:
        """The same, to be asked."""
        return self.node_at(self.address_of(key))

    def masters(self) -> list[Node]:
        """All that are in charge of something; those first that answer."""
        nodes = [self.node_at(address) for address in self.slots.masters]
        return sorted(nodes, key=lambda node: node.breaker.is_open)

    def _turned(self, part: Part, refused: Refused) -> list[Part]:
        if refused.code == "TRYAGAIN":
            return cut_up(part)
        part.address = self._told(part.slot, refused, part.address)
        part.is_asking = refused.code == "ASK"
        return [part]

    def _told(self, slot: int, refused: Refused, asked: Address) -> Address:
        host, _, port = str(refused).split(" ")[2].rpartition(":")
        address = (host or asked[0], int(port))
        if refused.code == "MOVED":
            self.slots.move(slot, address)
            self.look()
        return address

    def _refused(self, asked: Address, packet: Packet, refused: Refused) -> bool:
        # What was sent without waiting has come to the wrong server: once more, to the right one.
        if refused.code not in REDIRECTS or packet.slot < 0 or packet.is_repeated:
            return False
        packet.is_repeated = True
        address = asked if refused.code == "TRYAGAIN" else self._told(packet.slot, refused, asked)
        self.node_at(address).send((_ASKING, packet) if refused.code == "ASK" else (packet,))
        return True

    def _owner(self, slot: int) -> Address:
        owner = self.slots.owner(slot)
        if owner is None:
            self.look()
            raise StoreUnavailable("no server of the Cluster is in charge of a part of the keys")
        return owner

    def _probe(self, address: Address) -> bool:
        """Whether a server that was away is worth asking: in good health, or no longer asked at all."""
        self.slots.refresh()
        if address not in self.slots.masters:
            return True
        return answers(partial(self._dialer.connection, address), _HEALTH, b"cluster_state:ok")
