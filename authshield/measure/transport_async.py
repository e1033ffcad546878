"""The same on an event loop: one connection a server and loop, which all of the loop's tasks write to in turn.

Nothing here waits but for replies, and for the connection the first time. Breakers and counts are those of the
``Node``, which threads share. Must not be used from another loop than the one that runs.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authshield.errors import StoreUnavailable
from authshield.measure import transport_resp as resp
from authshield.measure.transport_node import AWAY, Node
from authshield.measure.transport_resp import MORE, Refused
from authshield.measure.transport_wire import FAILURES, HARMLESS, NOSCRIPT, Packet, command

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

UNREAD_MOST = 10_000
"""Replies that may be outstanding on one connection."""


_PING = command("PING")


@dataclass(slots=True)
class Turn:
    """Packets that were written together. Without a ``future`` nobody waits for the replies."""

    packets: Sequence[Packet]
    future: asyncio.Future[list[Any]] | None
    replies: list[Any] = field(default_factory=list)


class Link(asyncio.Protocol):
    """One connection. Replies come in the order of what was written."""

    def __init__(self, connection: Any, left: Callable[[Link, Turn], None]) -> None:
        """``connection`` is redis-py's, connected; ``left`` is given the turns that nobody waits for."""
        self.is_lost = self.is_stale = False
        self.is_fresh = True
        self.known: set[bytes] = set()
        self.keeper: AsyncGenerator[None, None] | None = None
        self._connection = connection  # its writer would close the socket with itself
        self._left = left
        self._reader = resp.reader()
        self._turns: deque[Turn] = deque()
        self._transport: asyncio.Transport = connection._writer.transport  # noqa: SLF001 - its owner from now on
        self._transport.set_protocol(self)

    def write(self, packets: Sequence[Packet], future: asyncio.Future[list[Any]] | None = None) -> None:
        """Write these in one go. Raises ``OSError`` where the connection is lost, or nothing was read for long."""
        if self.is_lost:
            raise ConnectionResetError("the server closed the connection")
        if len(self._turns) >= UNREAD_MOST:
            raise TimeoutError("the server answers too slowly")
        self._turns.append(Turn(packets, future))
        self._transport.write(b"".join([packet.data(self.known) for packet in packets]))

    async def ask(self, packets: Sequence[Packet], seconds: float) -> list[Any]:
        """One reply a packet. Raises ``OSError``."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Any]] = loop.create_future()
        self.write(packets, future)
        timer = loop.call_later(seconds, self._expire, future)
        try:
            return await future
        finally:
            timer.cancel()

    async def drain(self, seconds: float) -> None:
        """Wait for the replies that are still to come, those of a last question included. Raises nothing."""
        if self._turns and not self.is_lost:
            with suppress(OSError):
                await self.ask((_PING,), seconds)

    def data_received(self, data: bytes) -> None:
        """Asyncio's word for what was received."""
        self._reader.feed(data)
        while self._turns and (reply := self._reader.gets()) is not MORE:
            turn = self._turns[0]
            script = turn.packets[len(turn.replies)].script
            if isinstance(reply, Refused):
                self.is_stale = self.is_stale or reply.code not in HARMLESS
            elif script is not None:
                self.known.add(script.sha)
            turn.replies.append(reply)
            if len(turn.replies) == len(turn.packets):
                self._turns.popleft()
                self.is_fresh = False
                self._end(turn)
        if self.is_stale and not self._turns:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's word for a connection that was closed, by whomever."""
        self.close(exc or ConnectionResetError("the server closed the connection"))

    def close(self, error: BaseException | None = None) -> None:
        """Close it; whoever waits is told ``error``."""
        self.is_lost = True
        self._transport.abort()
        self._connection._reader = self._connection._writer = None  # noqa: SLF001 - nothing is left to close
        while self._turns:
            turn = self._turns.popleft()
            if turn.future is None:
                self._end(turn)
            elif not turn.future.done():
                turn.future.set_exception(error or ConnectionResetError("the connection was closed"))

    def _end(self, turn: Turn) -> None:
        if turn.future is None:
            self._left(self, turn)
        elif not turn.future.done():
            turn.future.set_result(turn.replies)

    def _expire(self, future: asyncio.Future[list[Any]]) -> None:
        # Data that has come meanwhile was taken first: asyncio looks at sockets before it looks at timers.
        if not future.done():
            self.close(TimeoutError("no answer in time"))


class Lines:
    """One server's connections, one an event loop."""

    def __init__(self, node: Node, dial: Callable[[], Awaitable[Any]], patience: float) -> None:
        """``dial`` connects: it returns an asynchronous connection of redis-py's."""
        self.node = node
        self._dial = dial
        self._patience = patience
        self._links: dict[asyncio.AbstractEventLoop, Link] = {}
        self._opening: dict[asyncio.AbstractEventLoop, asyncio.Task[Link]] = {}

    async def run(self, packets: Sequence[Packet]) -> list[Any]:
        """One reply a packet. Cost: 1 round trip. Raises ``StoreUnavailable``."""
        if self.node.breaker.refuses():
            raise StoreUnavailable(AWAY)
        began = time.monotonic()
        self.node.tally.calls += 1
        try:
            replies = await self.ask(packets, self._patience)
            for reply in replies:
                if isinstance(reply, Refused):
                    raise reply
        except FAILURES as error:
            raise self.node.failure(error, began) from error
        self.node.breaker.succeeded()
        return replies

    async def ask(self, packets: Sequence[Packet], seconds: float) -> list[Any]:
        """The same besides the breaker; a ``Refused`` is returned. Raises one of ``FAILURES``."""
        link = await self._link()
        was_fresh = link.is_fresh
        try:
            replies = await link.ask(packets, seconds)
        except TimeoutError:
            raise
        except OSError:
            if was_fresh:
                raise
            link = await self._link()  # as Node: what had rested was dropped, and nothing was answered
            replies = await link.ask(packets, seconds)
        again = [
            at for at, reply in enumerate(replies) if isinstance(reply, Refused) and reply.code == NOSCRIPT
        ]
        if again:
            self.node.tally.calls += 1
            link.known.clear()
            found = await link.ask([packets[at] for at in again], seconds)
            for at, reply in zip(again, found, strict=True):
                replies[at] = reply
        return replies

    async def send(self, packets: Sequence[Packet]) -> None:
        """Write these now; what they reply is looked at when it comes. Raises nothing."""
        tally = self.node.tally
        if self.node.breaker.refuses():
            tally.lost += len(packets)
            return
        began = time.monotonic()
        try:
            (await self._link()).write(packets)
        except FAILURES as error:
            tally.lost += len(packets)
            self.node.failure(error, began)
            return
        tally.sends += 1

    async def close(self) -> None:
        """Read what is still to be read, then drop the running loop's connection."""
        link = self._links.get(asyncio.get_running_loop())
        if link is not None and link.keeper is not None:
            await link.keeper.aclose()

    async def _link(self) -> Link:
        loop = asyncio.get_running_loop()
        link = self._links.get(loop)
        if link is not None and not (link.is_lost or link.is_stale):
            return link
        opening = self._opening.get(loop)
        if opening is None:
            opening = self._opening[loop] = loop.create_task(self._open(loop))
            opening.add_done_callback(self._opened)
        return await asyncio.shield(opening)

    def _opened(self, opening: asyncio.Task[Link]) -> None:
        self._opening.pop(opening.get_loop(), None)
        if not opening.cancelled():
            opening.exception()  # whoever still waits for it is told

    async def _open(self, loop: asyncio.AbstractEventLoop) -> Link:
        for ended in [one for one in self._links if one.is_closed()]:
            del self._links[ended]
        link = self._links[loop] = Link(await self._dial(), self._left)
        link.keeper = self._kept(loop, link)
        await anext(link.keeper)
        return link

    async def _kept(self, loop: asyncio.AbstractEventLoop, link: Link) -> AsyncGenerator[None, None]:
        """Ends with its loop, which closes its generators last of all: so does the connection."""
        try:
            yield
        finally:
            await link.drain(self._patience)
            if self._links.get(loop) is link:
                del self._links[loop]
            link.close()
            await asyncio.sleep(0)  # the loop closes the socket a turn later

    def _left(self, link: Link, turn: Turn) -> None:
        answered = len(turn.replies)
        self.node.tally.lost += len(turn.packets) - answered
        again = []
        for packet, reply in zip(turn.packets, turn.replies, strict=False):
            if not isinstance(reply, Refused):
                continue
            if reply.code == NOSCRIPT and not packet.is_repeated and not (link.is_lost or link.is_stale):
                packet.is_repeated = True
                again.append(packet)
            else:
                self.node.lose(packet, reply)
        if again:
            link.known.clear()
            link.write(again)
