"""One server: its connections, its breaker, and the rules of sending now and reading later.

Connections are kept and handed out last in, first out: one thread always gets the same, many never more than work
at a time, and what a rush has left behind is closed one by one. Must not know how many servers there are.
"""

from __future__ import annotations

import atexit
import logging
import os
import time
import weakref
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authshield.errors import StoreUnavailable
from authshield.measure.breaker import Breaker
from authshield.measure.transport_resp import Refused
from authshield.measure.transport_wire import FAILURES, NOSCRIPT, Packet, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from authshield.measure.transport_wire import Connects

logger = logging.getLogger("authshield.store")

OWED_MOST = 64
"""Replies that may wait to be read on one connection."""

IDLE_SECONDS = 60.0
"""A connection that has rested longer is closed when another one is used."""

AWAY = "Redis did not answer lately; it is not asked for now"


@dataclass(slots=True)
class Tally:
    """Round trips that were waited for, packets that were sent without waiting, and packets that were lost."""

    calls: int = 0
    sends: int = 0
    lost: int = 0


class Node:
    """One server. Safe for threads, greenlets and forks."""

    def __init__(
        self,
        dial: Callable[[], Connects],
        tally: Tally,
        *,
        probe: Callable[[], bool],
        refused: Callable[[Packet, Refused], bool] = lambda _packet, _refused: False,
    ) -> None:
        """``dial`` makes a connection, not connected yet; ``probe`` says whether the server is worth asking again.

        ``refused`` may take care of a packet that was sent and refused, and says whether it does.
        """
        self.breaker = Breaker(probe)
        self.idle_seconds = IDLE_SECONDS
        self._dial = dial
        self.tally = tally
        self._refused = refused
        self._free: deque[Wire] = deque()
        self._owing: deque[Wire] = deque()
        _nodes.add(self)

    def run(self, packets: Sequence[Packet]) -> list[Any]:
        """One reply a packet. Cost: 1 round trip. Raises ``StoreUnavailable``."""
        if self.breaker.refuses():
            raise StoreUnavailable(AWAY)
        began = time.monotonic()
        self.tally.calls += 1
        try:
            replies = self.finish(self.begin(packets), packets, began)
            for reply in replies:
                if isinstance(reply, Refused):
                    raise reply
        except FAILURES as error:
            raise self.failure(error, began) from error
        self.breaker.succeeded()
        return replies

    def send(self, packets: Sequence[Packet]) -> None:
        """Write these now; their replies are read before the connection's next use. Raises nothing.

        What cannot be written, or is refused later, counts as a failure and as lost.
        """
        if self.breaker.refuses():
            self.tally.lost += len(packets)
            return
        began = time.monotonic()
        try:
            wire = self._take()
            if len(wire.owed) >= OWED_MOST:
                wire = self._finished(wire, (), [])
            wire = self._written(wire, packets)
        except FAILURES as error:
            self.tally.lost += len(packets)
            self.failure(error, began)
            return
        self.tally.sends += 1
        wire.owed.extend(packets)
        self._put(wire, began)

    def flush(self) -> None:
        """Read what is still to be read, until one reply does not come. Raises nothing."""
        for _ in range(2 * len(self._owing)):  # what has to be sent again is there a second time
            began = time.monotonic()
            try:
                self._put(self._finished(self._owing.popleft(), (), []), began)
            except IndexError:
                return
            except FAILURES as error:
                self.failure(error, began)
                return

    def begin(self, packets: Sequence[Packet]) -> Wire:
        """Write these; ``finish`` has to follow. Raises one of ``FAILURES``."""
        return self._written(self._take(), packets)

    def finish(self, wire: Wire, packets: Sequence[Packet], began: float, left: float = 0.0) -> list[Any]:
        """The replies; a ``Refused`` is returned, not raised. Raises one of ``FAILURES``.

        ``left``: seconds that are left for it, where that is less than the patience with a server.
        """
        replies: list[Any] = []
        if left:
            wire.limit(left)
        wire = self._finished(wire, packets, replies)
        if left:
            wire.limit()
        self._put(wire, began)
        return replies

    def failure(self, error: BaseException, began: float) -> StoreUnavailable:
        """Count it; what a caller is told."""
        self.breaker.failed(time.monotonic() - began)
        return StoreUnavailable(f"Redis did not answer as it should: {error}")

    def lose(self, packet: Packet, refused: Refused) -> None:
        """What nobody waits for was refused: it counts as a failure, unless somebody takes care of it."""
        if not self._refused(packet, refused):
            self.tally.lost += 1
            self.breaker.failed(0.0)
            logger.info("what was sent without waiting is refused: %s", refused)

    def close(self) -> None:
        """Read what is still to be read, then close every connection and end the probing."""
        self.flush()
        self.breaker.stop()
        for wires in (self._owing, self._free):
            while wires:
                wires.pop().close()

    def forget(self) -> None:
        """In a forked process: the connections are the parent's."""
        self._free, self._owing = deque(), deque()
        self.breaker.forget()

    def _take(self) -> Wire:
        try:
            return self._owing.popleft() if self._owing else self._free.pop()
        except IndexError:
            return Wire(self._dial())

    def _put(self, wire: Wire, now: float) -> None:
        if wire.is_stale:
            self._drop(wire)
            return
        wire.is_fresh = False
        wire.used_at = now
        if wire.owed:
            self._owing.append(wire)
            return
        free = self._free
        free.append(wire)
        try:
            if free[0].used_at < now - self.idle_seconds:
                free.popleft().close()
        except IndexError:  # others were quicker
            return

    def _drop(self, wire: Wire) -> None:
        self.tally.lost += len(wire.owed)
        wire.close()

    def _written(self, wire: Wire, packets: Sequence[Packet]) -> Wire:
        try:
            wire.write(packets)
        except BaseException as error:
            if not _may_repeat(wire, error):
                self._drop(wire)
                raise
            return self._renewed(wire, packets)
        return wire

    def _finished(self, wire: Wire, packets: Sequence[Packet], replies: list[Any]) -> Wire:
        try:
            self._read(wire, packets, replies)
        except BaseException as error:
            if replies or not _may_repeat(wire, error):
                self._drop(wire)
                raise
        else:
            return wire
        wire = self._renewed(wire, packets)
        try:
            self._read(wire, packets, replies)
        except BaseException:
            self._drop(wire)
            raise
        return wire

    def _renewed(self, wire: Wire, packets: Sequence[Packet]) -> Wire:
        wire.close()
        owed = [packet for packet in wire.owed if not packet.is_repeated]
        self.tally.lost += len(wire.owed)
        renewed = Wire(self._dial())
        self.tally.lost -= len(owed)
        renewed.owed.extend(owed)
        try:
            renewed.write([*owed, *packets])
        except BaseException:
            self._drop(renewed)
            raise
        for packet in owed:
            packet.is_repeated = True
        return renewed

    def _read(self, wire: Wire, packets: Sequence[Packet], replies: list[Any]) -> None:
        if wire.owed:
            self._collect(wire)
        is_forgotten = False
        for packet in packets:
            reply = wire.read(packet)
            replies.append(reply)
            if isinstance(reply, Refused) and reply.code == NOSCRIPT:
                is_forgotten = True
        if is_forgotten:
            self._repeat(wire, packets, replies)

    def _repeat(self, wire: Wire, packets: Sequence[Packet], replies: list[Any]) -> None:
        again = [
            at for at, reply in enumerate(replies) if isinstance(reply, Refused) and reply.code == NOSCRIPT
        ]
        self.tally.calls += 1
        wire.known.clear()
        wire.write([packets[at] for at in again])
        self._collect(wire)
        for at in again:
            replies[at] = wire.read(packets[at])

    def _collect(self, wire: Wire) -> None:
        """Read what is owed; what the server has forgotten the script of is sent again, and owed again."""
        again: list[Packet] = []
        while wire.owed:
            packet = wire.owed[0]
            reply = wire.read(packet)
            wire.owed.popleft()
            if not isinstance(reply, Refused):
                continue
            if reply.code == NOSCRIPT and not packet.is_repeated:
                packet.is_repeated = True
                again.append(packet)
            else:
                self.lose(packet, reply)
        if again:
            wire.known.clear()
            wire.write(again)
            wire.owed.extend(again)


def _may_repeat(wire: Wire, error: BaseException) -> bool:
    # A connection that had rested was dropped by the other side. Once more is safe where nothing was answered:
    # an event that is counted twice counts once, by its tag.
    return not wire.is_fresh and isinstance(error, OSError) and not isinstance(error, TimeoutError)


_nodes: weakref.WeakSet[Node] = weakref.WeakSet()


@atexit.register
def _flush() -> None:
    for node in list(_nodes):
        node.flush()


def _forget() -> None:
    for node in list(_nodes):
        node.forget()


os.register_at_fork(after_in_child=_forget)
