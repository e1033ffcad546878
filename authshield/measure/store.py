"""The counters as the rest of the package knows them: calls run or sent, a short patience, a breaker.

Must not know what is counted (``plan``) nor what it means (``derive``).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from django.core.signals import setting_changed

from authshield.conf import PREFIX, current
from authshield.errors import StoreUnavailable
from authshield.measure.keys import Keys
from authshield.measure.transport import Single
from authshield.measure.transport_cluster import Cluster
from authshield.measure.transport_dial import CLUSTER, Dialer, read_url
from authshield.measure.transport_twins import ClusterTwin, SingleTwin
from authshield.measure.transport_wire import command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authshield.measure.breaker import Breaker
    from authshield.measure.calls import Call
    from authshield.measure.transport import Transport
    from authshield.measure.transport_twins import Twin

CONNECT_SECONDS, PATIENT_SECONDS = 5.0, 30.0
"""How long a worker waits for a connection and for an answer; longer than it lets a command block."""


class Store:
    """The counters of one namespace. Safe for threads, greenlets, event loops and forks.

    ``timeout_seconds`` is the patience with an answer; with a connection it is half of that, so that a call
    waits 1.5 times as long at the worst.
    """

    def __init__(
        self,
        url: str,
        *,
        namespace: str,
        timeout_seconds: float = 0.1,
        stream_length: int = 1_000_000,
        shards: int = 1,
        market_time_zone: str = "Asia/Tokyo",
    ) -> None:
        """``url`` is one that the setting ``REDIS_URL`` may have; nothing is connected yet.

        Events go to ``shards`` streams of at most ``stream_length`` entries each.
        """
        self.keys = Keys(namespace, shards)
        self.shards = shards
        self.namespace = namespace
        self.stream_length = stream_length
        self.market_time_zone = market_time_zone
        place = read_url(url)
        dialer = Dialer(place, connect_seconds=timeout_seconds / 2, answer_seconds=timeout_seconds)
        patient = Dialer(place, connect_seconds=CONNECT_SECONDS, answer_seconds=PATIENT_SECONDS)
        self._transport: Transport
        self._twin: Twin
        if place.how == CLUSTER:
            self._transport = cluster = Cluster(dialer, patient, self.keys)
            self._twin = ClusterTwin(cluster, dialer)
        else:
            self._transport = single = Single(dialer, patient, self.keys)
            self._twin = SingleTwin(single, dialer)

    @property
    def breaker(self) -> Breaker:
        """The server's; of a Cluster, that of finding its nodes."""
        return self._transport.breaker

    @property
    def is_open(self) -> bool:
        """Whether a breaker is open: every call that needs its server fails at once."""
        return any(breaker.is_open for breaker in self._transport.breakers())

    @property
    def failures(self) -> int:
        """Calls that were not answered, those included that nobody waited for."""
        return sum(breaker.failures for breaker in self._transport.breakers())

    @property
    def calls(self) -> int:
        """Round trips that were waited for."""
        return self._transport.tally.calls

    @property
    def sends(self) -> int:
        """Packets that were written without waiting."""
        return self._transport.tally.sends

    @property
    def lost(self) -> int:
        """Calls that were sent without waiting and came to nothing."""
        return self._transport.tally.lost

    def run(self, calls: Sequence[Call]) -> list[list[bytes]]:
        """Run these calls; one packed reply a key, of each. Cost: 1 round trip. Raises ``StoreUnavailable``."""
        return self._transport.run(calls)

    def send(self, calls: Sequence[Call]) -> None:
        """Write these calls now, without waiting for what they reply. Raises nothing.

        The replies are read before the connection's next use; what a server refuses counts for the breaker. Only a
        server that has not read for long lets this wait, one patience at the most.
        """
        self._transport.send(calls)

    async def arun(self, calls: Sequence[Call]) -> list[list[bytes]]:
        """``run`` on an event loop, without a thread: with the same patience and the same breaker."""
        return await self._twin.run(calls)

    async def asend(self, calls: Sequence[Call]) -> None:
        """``send`` on an event loop. Waits for nothing but the connection, the first time. Raises nothing."""
        await self._twin.send(calls)

    async def aclose(self) -> None:
        """Read what is still to be read and drop the running loop's connections; the end of the loop does so too."""
        await self._twin.close()

    def flush(self) -> None:
        """Read what ``send`` has left to be read. Happens by itself when the process ends. Raises nothing."""
        self._transport.flush()

    def command(self, *parts: str | bytes | float, key: str = "") -> Any:
        """One plain command, to the server of ``key``. Cost: 1 round trip. Raises ``StoreUnavailable``."""
        return self._transport.ask(command(*parts), key)

    def long_poll(self, *parts: str | bytes | float, key: str = "") -> Any:
        """One command that may block, for workers: with a longer patience, besides the breaker."""
        try:
            return self._transport.wait(command(*parts), key)
        except StoreUnavailable as error:
            raise StoreUnavailable(f"{parts[0]!s} failed: {error}") from error

    def clear(self) -> None:
        """Remove every key of this namespace: what a replay leaves behind. Cost: two trips for 1,000 keys."""
        self._transport.clear(f"{self.namespace}:*")

    def holds_keys(self) -> bool:
        """Whether the namespace is in use. Cost: one trip for 1,000 keys of the server, until one is found."""
        return self._transport.holds(f"{self.namespace}:*")

    def close(self) -> None:
        """Drop the connections and end the breaker's probing."""
        self._transport.close()


_stores: dict[int, Store] = {}


def default_store() -> Store:
    """The store that the settings name: one a process, also after a fork; anew when the settings change."""
    store = _stores.get(os.getpid())
    if store is None:
        settings = current()
        _stores.clear()
        made = Store(
            settings.REDIS_URL,
            namespace=settings.NAMESPACE,
            timeout_seconds=settings.STORE_TIMEOUT_SECONDS,
            stream_length=settings.STREAM_LENGTH,
            shards=settings.STREAM_SHARDS,
            market_time_zone=settings.MARKET_TIME_ZONE,
        )
        store = _stores.setdefault(os.getpid(), made)
    return store


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(PREFIX):
        store = _stores.pop(os.getpid(), None)
        if store is not None:
            store.close()


setting_changed.connect(_forget, dispatch_uid="authshield.measure.store")
