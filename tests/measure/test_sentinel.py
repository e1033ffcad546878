"""A master that sentinels name: found, left when it dies, and found again."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from authshield.errors import StoreUnavailable
from authshield.measure import Store, stream
from tests.clusters import Guarded, started_sentinels
from tests.measure.counting import attempt, is_through
from tests.servers import wait_for

KEY = "test:{sentinel}"
RESUMED_SECONDS = 5.0


def test_the_store_follows_its_master() -> None:
    """Counts go on where they were, for threads, for event loops and for workers, without a word from anybody."""
    with (
        tempfile.TemporaryDirectory(prefix="authshield-") as folder,
        started_sentinels(Path(folder)) as guarded,
    ):
        store = Store(guarded.url, namespace="test", timeout_seconds=0.3)
        _use(store)
        assert guarded.master.client.scard(KEY) == 3
        wait_for(lambda: guarded.replica.client.scard(KEY) == 3, "the replica")
        guarded.master.stop()
        with pytest.raises(StoreUnavailable):
            is_through(store, "lost", [KEY], 9)
        wait_for(lambda: _is_master(guarded), "the heir", 15.0)
        began = time.monotonic()
        wait_for(lambda: _answers(store), "the store", 10.0)
        assert time.monotonic() - began < RESUMED_SECONDS
        _use(store)
        assert guarded.replica.client.scard(KEY) == 3
        assert is_through(store, "fourth", [KEY], 3) is False
        assert stream.lag(store) == 2
        store.close()


def test_a_service_that_nobody_knows_fails_in_time() -> None:
    """As sentinels that do not answer: neither is waited for longer than a server would be."""
    store = Store("redis+sentinel://127.0.0.1:1,127.0.0.1:2/nothing", namespace="test", timeout_seconds=0.1)
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="No master found for 'nothing'"):
        store.command("PING")
    with pytest.raises(StoreUnavailable):
        asyncio.run(store.arun([attempt("first", [KEY], 9)]))
    assert time.monotonic() - began < 0.5
    store.close()


def _use(store: Store) -> None:
    assert is_through(store, "first", [KEY], 9) is True
    store.send([attempt("second", [KEY], 9, blob=b"entry")])
    store.flush()
    asyncio.run(store.arun([attempt("third", [KEY], 9)]))
    assert store.lost == 0


def _is_master(guarded: Guarded) -> bool:
    with suppress(Exception):  # its connections are cut once it is one
        return bool(guarded.replica.client.info("replication")["role"] == "master")
    return False


def _answers(store: Store) -> bool:
    with suppress(StoreUnavailable):
        return bool(store.command("PING"))
    return False
