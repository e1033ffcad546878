"""Which server of a Cluster is in charge of which key, and what a call is cut into for it.

Must not talk to a server on a request's time, but for the very first time.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgpack
from redis.cluster import parse_cluster_slots
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from authshield.measure.transport_resp import Refused
from authshield.measure.transport_wire import FAILURES, Packet, Wire, calling, command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authshield.measure.calls import Call
    from authshield.measure.transport_dial import Address, Dialer

_QUESTION = command("CLUSTER", "SLOTS")


def slot_of(key: str) -> int:
    """The slot of a key."""
    return key_slot(key.encode())


class Slots:
    """The map. Reading it costs nothing; whoever learns better tells it."""

    def __init__(self, dialer: Dialer) -> None:
        """Empty; the URL names whom to ask first."""
        self._dialer = dialer
        self._owners: list[Address | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        self._nodes: tuple[Address, ...] = ()
        self.masters: frozenset[Address] = frozenset()

    def owner(self, slot: int) -> Address | None:
        """Who is in charge of a slot, as far as is known."""
        return self._owners[slot]

    def move(self, slot: int, address: Address) -> None:
        """A server has told who is in charge."""
        self._owners[slot] = address
        self.masters |= {address}

    def refresh(self, until: float = float("inf")) -> bool:
        """Ask one server after the other for the map, while the monotonic clock is before ``until``."""
        known = list(self._nodes)
        random.shuffle(known)  # one that was cut off must not be believed twice in a row
        for address in (*known, *self._dialer.place.hosts):
            if time.monotonic() > until:
                return False
            found = self._asked(address)
            if found:
                self._take(found)
                return True
        return False

    def _asked(self, address: Address) -> dict[tuple[int, int], dict[str, Any]]:
        try:
            wire = Wire(self._dialer.connection(address))
            try:
                reply = wire.ask(_QUESTION)
            finally:
                wire.close()
        except FAILURES:
            return {}
        return {} if isinstance(reply, Refused) else parse_cluster_slots(reply, current_host=address[0])

    def _take(self, found: dict[tuple[int, int], dict[str, Any]]) -> None:
        owners: list[Address | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        nodes: set[Address] = set()
        for (first, last), servers in found.items():
            master: Address = servers["primary"]
            owners[first : last + 1] = [master] * (last + 1 - first)
            nodes |= {master, *servers["replicas"]}
        self.masters = frozenset(owner for owner in owners if owner is not None)
        self._owners, self._nodes = owners, tuple(nodes)


@dataclass(slots=True)
class Part:
    """What one call asks of one slot: ``places`` are the keys' places in call number ``number``."""

    call: Call
    number: int
    places: tuple[int, ...]
    slot: int
    address: Address = ("", 0)
    is_asking: bool = False
    reply: bytes = b""

    @property
    def packet(self) -> Packet:
        """The command that asks it."""
        packet = calling(self.call, ())
        packet.slot = self.slot
        return packet


def cut(number: int, call: Call) -> list[Part]:
    """The parts of a call, one a slot, without its entry."""
    by_slot: dict[int, list[int]] = {}
    for place, key in enumerate(call.keys):
        by_slot.setdefault(slot_of(key), []).append(place)
    return [_part(number, call, tuple(places), slot) for slot, places in by_slot.items()]


def cut_up(part: Part) -> list[Part]:
    """The same, one key each: what a server can always do while it hands a slot over."""
    return [
        replace(_part(part.number, part.call, (at,), part.slot), places=(place,), address=part.address)
        for at, place in enumerate(part.places)
    ]


def _part(number: int, call: Call, places: tuple[int, ...], slot: int) -> Part:
    cut_call = call._replace(
        sections=tuple(call.sections[place] for place in places),
        keys=tuple(call.keys[place] for place in places),
        args=tuple(call.args[place] for place in places),
        entry=None,
    )
    return Part(cut_call, number, places, slot)


def merged(calls: Sequence[Call], parts: Sequence[Part]) -> list[list[bytes]]:
    """The parts' replies as if one server had given them."""
    replies = [[b""] * len(call.keys) for call in calls]
    for part in parts:
        if not part.reply:  # it was cut up, or sent elsewhere
            continue
        for place, reply in zip(part.places, msgpack.unpackb(part.reply, raw=True), strict=True):
            replies[part.number][place] = reply
    return replies
