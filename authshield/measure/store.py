"""Redis, and only here: one script call a trip, a short patience, a breaker.

Must not know what is counted (``plan``) nor what it means (``derive``).
"""

from __future__ import annotations

import hashlib
import os
import time
from functools import partial
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgpack
from django.core.signals import setting_changed
from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection
from redis.exceptions import NoScriptError, RedisError
from redis.retry import Retry

from authshield.conf import PREFIX, current
from authshield.errors import StoreUnavailable
from authshield.measure.breaker import Breaker
from authshield.measure.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from authshield.measure.calls import Call

SCRIPT = (Path(__file__).parent / "scripts" / "measure.lua").read_text(encoding="utf-8")
SCRIPT_ID = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


class Store:
    """The counters of one namespace on one server. Safe for threads; a fork makes its own.

    ``timeout_seconds`` is the patience with an answer; with a connection it is half of that, so that a call
    waits 1.5 times as long at the worst. ``calls`` and ``failures`` count round trips, for tests and metrics.
    """

    def __init__(
        self,
        url: str,
        *,
        namespace: str,
        timeout_seconds: float = 0.1,
        stream_length: int = 1_000_000,
        market_time_zone: str = "Asia/Tokyo",
    ) -> None:
        """``url`` is ``redis://``, ``rediss://`` or ``unix://``; nothing is connected yet."""
        self.keys = Keys(namespace)
        self.namespace = namespace
        self.stream_length = stream_length
        self.market_time_zone = market_time_zone
        self.calls = 0
        self.breaker = Breaker(self._answers)
        self._url = url
        self._client: Any = _connect(url, timeout_seconds)
        self._patient: Any = None
        self._own: Any = None

    @property
    def is_open(self) -> bool:
        """Whether the breaker is open: every call fails at once."""
        return self.breaker.is_open

    @property
    def failures(self) -> int:
        """Calls that were not answered."""
        return self.breaker.failures

    def run(self, calls: Sequence[Call]) -> list[list[bytes]]:
        """Run these calls; one packed reply a key, of each. Cost: 1 round trip. Raises ``StoreUnavailable``."""
        return [self._guarded(partial(self._run, call)) for call in calls]

    def run_segments(self, keys: Sequence[str], segments: Sequence[bytes]) -> list[bytes]:
        """Run the interpreter, once; one packed reply a segment. Cost: 1 round trip. Raises ``StoreUnavailable``."""
        keys = [*keys, self.keys.stream, self.keys.dropped]
        reply = self._guarded(lambda: self._evaluate(keys, segments))
        replies: list[bytes] = msgpack.unpackb(reply, raw=True)
        return replies

    def _run(self, call: Call) -> list[bytes]:
        keys, entry = list(call.keys), call.entry or ()
        if entry:
            keys += (self.keys.stream, self.keys.dropped)
        self.calls += 1
        parts = (len(keys), *keys, call.head, *call.args, *entry)
        try:
            reply = self._execute("EVALSHA", call.script.sha, *parts)
        except NoScriptError:
            self.calls += 1
            reply = self._execute("EVAL", call.script.text, *parts)
        replies: list[bytes] = msgpack.unpackb(reply, raw=True)
        return replies

    def keep_connection(self) -> None:
        """Call on one connection from now on: for a process in which one thread alone uses this store.

        Spares a third of what a call costs here, some 60 µs.
        """
        self._own = self._client.connection_pool.make_connection()

    def command(self, *parts: str | bytes | float) -> Any:
        """One plain command. Cost: 1 round trip. Raises ``StoreUnavailable``."""

        def call() -> Any:
            self.calls += 1
            return self._execute(*parts)

        return self._guarded(call)

    def long_poll(self, *parts: str | bytes | float) -> Any:
        """One command that may block, for workers: without the short timeout, besides the breaker."""
        if self._patient is None:
            self._patient = _connect(self._url, None)
        try:
            return self._patient.execute_command(*parts)
        except RedisError as error:
            raise StoreUnavailable(f"{parts[0]!s} failed: {error}") from error

    def clear(self) -> None:
        """Remove every key of this namespace: what a replay leaves behind. Cost: one trip for 1,000 keys."""
        for batch in self._scanned():
            self.command("UNLINK", *batch)

    def holds_keys(self) -> bool:
        """Whether the namespace is in use. Cost: one trip for 1,000 keys of the server, until one is found."""
        return next(self._scanned(), None) is not None

    def close(self) -> None:
        """Drop the connections and end the breaker's probing."""
        self.breaker.stop()
        self._client.close()
        if self._patient is not None:
            self._patient.close()
        if self._own is not None:
            self._own.disconnect()

    def _scanned(self) -> Iterator[list[bytes]]:
        cursor: bytes | int = 0
        while True:
            cursor, names = self.command("SCAN", cursor, "MATCH", f"{self.namespace}:*", "COUNT", 1000)
            if names:
                yield names
            if int(cursor) == 0:
                return

    def _evaluate(self, keys: Sequence[str], segments: Sequence[bytes]) -> Any:
        self.calls += 1
        try:
            return self._execute("EVALSHA", SCRIPT_ID, len(keys), *keys, *segments)
        except NoScriptError:
            self.calls += 1
            return self._execute("EVAL", SCRIPT, len(keys), *keys, *segments)

    def _execute(self, *parts: Any) -> Any:
        if self._own is None:
            return self._client.execute_command(*parts)
        self._own.send_command(*parts)
        return self._own.read_response()

    def _guarded(self, call: Callable[[], Any]) -> Any:
        if self.breaker.refuses():
            raise StoreUnavailable("Redis did not answer lately; it is not asked for now")
        began = time.monotonic()
        try:
            reply = call()
        except RedisError as error:
            self.breaker.failed(time.monotonic() - began)
            raise StoreUnavailable(f"Redis did not answer as it should: {error}") from error
        self.breaker.succeeded()
        return reply

    def _answers(self) -> bool:
        try:
            return bool(self._client.ping())
        except RedisError:
            return False


# redis-py 8 renamed the arguments that say who is calling; None in either form asks for no such question.
_NAMELESS: dict[str, None] = (
    {"driver_info": None}
    if "driver_info" in signature(AbstractConnection.__init__).parameters
    else {"lib_name": None, "lib_version": None}
)


def _connect(url: str, timeout_seconds: float | None) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=None if timeout_seconds is None else timeout_seconds / 2,
        retry=Retry(NoBackoff(), 0),
        retry_on_error=[],
        # No handshake beyond AUTH and SELECT: each further question could be waited for.
        protocol=2,
        **_NAMELESS,
    )


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
