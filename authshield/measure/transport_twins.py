"""``transport`` and ``transport_cluster`` for event loops.

Must not differ from them in what is asked, nor wait longer.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Protocol

import msgpack

from authshield.errors import StoreUnavailable
from authshield.measure.transport_async import Lines
from authshield.measure.transport_cluster import MOVED_TWICE, Cluster
from authshield.measure.transport_slots import merged
from authshield.measure.transport_wire import FAILURES, calling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authshield.measure.calls import Call
    from authshield.measure.transport import Single
    from authshield.measure.transport_dial import Address, Dialer
    from authshield.measure.transport_slots import Part


class Twin(Protocol):
    """What a store talks through on an event loop."""

    async def run(self, calls: Sequence[Call]) -> list[list[bytes]]:
        """One packed reply a key, of each call. Cost: 1 round trip. Raises ``StoreUnavailable``."""

    async def send(self, calls: Sequence[Call]) -> None:
        """Written now, answered later. Raises nothing."""

    async def close(self) -> None:
        """Read what is still to be read, then drop the running loop's connections."""


class SingleTwin:
    """One server, or the master that sentinels name."""

    def __init__(self, single: Single, dialer: Dialer) -> None:
        """Nothing is connected yet."""
        self._streams = single.streams
        self._lines = Lines(single.node, dialer.connected, dialer.answer_seconds)

    async def run(self, calls: Sequence[Call]) -> list[list[bytes]]:
        """One packed reply a key, of each call. Cost: 1 round trip. Raises ``StoreUnavailable``."""
        replies = await self._lines.run([calling(call, self._streams) for call in calls])
        return [msgpack.unpackb(reply, raw=True) for reply in replies]

    async def send(self, calls: Sequence[Call]) -> None:
        """Written now, answered later. Raises nothing."""
        await self._lines.send([calling(call, self._streams) for call in calls])

    async def close(self) -> None:
        """Read what is still to be read, then drop the running loop's connection."""
        await self._lines.close()


class ClusterTwin:
    """A Cluster: all servers are written to before the first reply is waited for."""

    def __init__(self, cluster: Cluster, dialer: Dialer) -> None:
        """Nothing is connected yet."""
        self._cluster = cluster
        self._routes = cluster.routes
        self._dialer = dialer
        self._lines: dict[Address, Lines] = {}

    async def run(self, calls: Sequence[Call]) -> list[list[bytes]]:
        """One packed reply a key, of each call. Cost: 1 round trip; 2 while a slot moves."""
        until = time.monotonic() + self._cluster.patience
        await self._find(until)
        parts = self._routes.parts(calls)
        turned = await self._exchange(parts, until)
        if turned:
            parts += turned
            if await self._exchange(turned, until):
                raise StoreUnavailable(MOVED_TWICE)
        replies = merged(calls, parts)
        await self._append(calls, replies)
        return replies

    async def send(self, calls: Sequence[Call]) -> None:
        """Written now, answered later. Raises nothing."""
        try:
            await self._find(time.monotonic() + self._cluster.patience)
            trips = self._routes.trips(self._routes.parts(calls))
        except StoreUnavailable:
            self._cluster.tally.lost += len(calls)
            return
        for trip in trips:
            await self._line(trip.address).send(trip.packets)
        await self._append(calls, [])

    async def close(self) -> None:
        """Read what is still to be read, then drop the running loop's connections."""
        for lines in list(self._lines.values()):
            await lines.close()

    async def _append(self, calls: Sequence[Call], replies: Sequence[Sequence[bytes]]) -> None:
        for address, packets in self._cluster.entries(calls, replies).items():
            await self._line(address).send(packets)

    async def _find(self, until: float) -> None:
        if not self._routes.slots.masters:
            await asyncio.to_thread(self._routes.find, until)

    def _line(self, address: Address) -> Lines:
        lines = self._lines.get(address)
        if lines is None:
            dial = partial(self._dialer.connected, address)
            node = self._routes.node_at(address)
            lines = self._lines[address] = Lines(node, dial, self._cluster.patience)
        return lines

    async def _exchange(self, parts: Sequence[Part], until: float) -> list[Part]:
        trips = self._routes.willing_trips(parts)
        began = time.monotonic()
        self._cluster.tally.calls += 1
        asked = [self._line(trip.address).ask(trip.packets, until - began) for trip in trips]
        turned: list[Part] = []
        error: Exception | None = None
        for trip, found in zip(trips, await asyncio.gather(*asked, return_exceptions=True), strict=True):
            if isinstance(found, FAILURES):
                error = self._routes.failed(trip.node, found, began)
            elif isinstance(found, BaseException):
                raise found
            else:
                moved, wrong = self._routes.absorb(trip, found, began)
                turned += moved
                error = wrong or error
        if error is not None:
            raise error
        return turned
