"""Which shards a drain works on: each has one drain at a time, under a lease, and they share them evenly.

A drain that comes is seen by the others at their next turn; whoever has more than its share gives back what it has
too many. One that dies leaves its shards to the others after ``LEASE_SECONDS``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from math import ceil

from authshield.errors import StoreUnavailable
from authshield.measure import stream
from authshield.measure.store import Store

LEASE = "drain"
LEASE_SECONDS = 10.0
PRESENT, RESTING = "drains", "rest"
REST_MS = 100


class Shares:
    """The shards of one drain. Every method may raise ``StoreUnavailable``, but ``give_back``."""

    def __init__(self, store: Store, token: str) -> None:
        """``token`` is the drain's own secret. Nothing is taken yet."""
        self._store = store
        self._token = token
        self._held: list[int] = []
        self.is_needed = True
        """Whether there is a share for this drain, now or as soon as another one has given it back."""

    def take(self) -> Sequence[int]:
        """The shards that are this drain's for ``LEASE_SECONDS`` from now on. Cost: 1 round trip, 1 a shard."""
        store, token, had = self._store, self._token, self._held
        self._held = [
            one for one in self._held if stream.renew_lease(store, _lease(one), token, LEASE_SECONDS)
        ]
        drains = stream.present(store, PRESENT, token, LEASE_SECONDS)
        fair = ceil(store.shards / drains)
        for one in self._held[fair:]:
            stream.drop_lease(store, _lease(one), token)
        del self._held[fair:]
        for one in range(store.shards):
            if len(self._held) >= fair:
                break
            if one not in self._held and stream.take_lease(store, _lease(one), token, LEASE_SECONDS):
                self._held.append(one)
        self.is_needed = bool(self._held) or (not had and 1 < drains <= store.shards)
        return tuple(self._held)

    def rest(self) -> None:
        """Wait a moment for a share."""
        stream.rest(self._store, RESTING, REST_MS)

    def give_back(self) -> None:
        """Leave all to the others."""
        with suppress(StoreUnavailable):
            for one in self._held:
                stream.drop_lease(self._store, _lease(one), self._token)
            stream.leave(self._store, PRESENT, self._token)


def _lease(shard: int) -> str:
    return f"{LEASE}:{shard}" if shard else LEASE
