"""The same store on an event loop: as exact, as impatient, and nothing is left open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from authshield.errors import StoreUnavailable
from authshield.measure import Store, stream
from authshield.measure.calls import Script
from tests.clusters import frozen
from tests.measure.counting import attempt
from tests.servers import Valkey, start_valkey

KEY = "test:{async}"
NOBODY = Script("return redis.error_reply('ERR nobody wants this')")


async def is_through(store: Store, tag: str, most: int, key: str = KEY) -> bool:
    """Whether an attempt is under the limit."""
    ((reply,),) = await store.arun([attempt(tag, [key], most)])
    return reply == b"through"


def test_a_limit_of_five_lets_five_of_a_hundred_tasks_through(store: Store, valkey: Valkey) -> None:
    """All on one connection, which ends with its loop; the next loop has one of its own."""

    async def attempts() -> int:
        return sum(await asyncio.gather(*(is_through(store, f"t{number}", 5) for number in range(100))))

    before = len(valkey.client.client_list())
    assert asyncio.run(attempts()) == 5
    assert len(valkey.client.client_list()) == before
    assert asyncio.run(attempts()) == 5
    assert store.failures == 0


def test_what_is_sent_arrives_even_where_the_script_was_forgotten(store: Store, valkey: Valkey) -> None:
    """And the reply of the next call is its own."""

    async def talk() -> bool:
        await is_through(store, "first", 9)
        valkey.client.script_flush()
        await store.asend([attempt("second", [KEY], 9, blob=b"entry")])
        await is_through(store, "third", 9)
        await is_through(store, "fourth", 9)
        return await is_through(store, "fifth", 4)

    assert asyncio.run(talk()) is False
    assert (valkey.client.scard(KEY), stream.lag(store), store.lost, store.failures) == (4, 1, 0, 0)


def test_a_dropped_connection_is_replaced_without_an_error(store: Store, valkey: Valkey) -> None:
    """CLIENT KILL while it rests, or a server that was started anew."""

    async def talk() -> bool:
        await is_through(store, "first", 9)
        valkey.client.client_kill_filter(_type="normal", skipme=True)
        return await is_through(store, "second", 9)

    assert asyncio.run(talk()) is True
    assert (valkey.client.scard(KEY), store.failures) == (2, 0)


def test_a_frozen_server_costs_each_task_its_patience_and_no_more(
    start_own_valkey: Callable[[], Valkey],
) -> None:
    """A hundred tasks wait together; then the breaker is open, and threads know it as well."""
    server = start_own_valkey()
    store = Store(server.url, namespace="test", timeout_seconds=0.1)

    async def talk() -> float:
        await is_through(store, "first", 9)
        loop = asyncio.get_running_loop()
        with frozen(server):
            began = loop.time()
            tries = (is_through(store, f"t{number}", 9) for number in range(100))
            found = await asyncio.gather(*tries, return_exceptions=True)
            waited = loop.time() - began
            assert all(isinstance(one, StoreUnavailable) for one in found)
            await store.asend([attempt("late", [KEY], 9)])
        return waited

    assert asyncio.run(talk()) < 2.0  # one after the other would be ten seconds
    assert (store.is_open, store.lost) == (True, 1)
    assert store.breaker.closed.wait(10)
    store.close()


@pytest.mark.parametrize("setting", ["full", "read-only"])
def test_a_server_that_takes_no_writes_is_left(start_own_valkey: Callable[[], Valkey], setting: str) -> None:
    """Each refusal counts; the connection is not kept, since another server may be the master."""
    server = start_own_valkey()
    store = Store(server.url, namespace="test", timeout_seconds=5.0)

    async def talk() -> None:
        await is_through(store, "before", 9)
        before = {one["id"] for one in server.client.client_list()}
        if setting == "full":
            server.client.config_set("maxmemory", 1)
        else:
            server.client.replicaof("127.0.0.1", 1)
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await is_through(store, "first", 9)
        server.client.config_set("maxmemory", 0)
        server.client.replicaof("NO", "ONE")
        assert await is_through(store, "second", 9) is True
        assert len({one["id"] for one in server.client.client_list()} - before) == 1

    asyncio.run(talk())
    assert store.failures == 2
    store.close()


def test_what_is_refused_later_counts_for_the_breaker(store: Store) -> None:
    """Nobody waits for the reply."""

    async def talk() -> None:
        await store.asend([attempt("first", [KEY], 9, script=NOBODY)] * 2)
        await store.arun([attempt("second", [KEY], 9)])

    asyncio.run(talk())
    assert (store.failures, store.lost) == (2, 2)


def test_without_a_server_nothing_waits_and_sending_raises_nothing(short_path: Path) -> None:
    """Until there is one."""
    store = Store(f"unix://{short_path}/valkey.sock", namespace="test", timeout_seconds=5.0)

    async def talk() -> None:
        with pytest.raises(StoreUnavailable):
            await is_through(store, "first", 9)
        await store.asend([attempt("second", [KEY], 9)])

    asyncio.run(talk())
    assert (store.failures, store.lost) == (2, 1)
    server = start_valkey(short_path)
    assert asyncio.run(is_through(store, "third", 9)) is True
    store.close()
    server.stop()


def test_a_task_that_is_cancelled_leaves_the_others_their_replies(store: Store) -> None:
    """A visitor who goes away does not mix up who gets which answer."""

    async def talk() -> list[bool]:
        await is_through(store, "first", 1)
        gone = asyncio.create_task(is_through(store, "second", 1))
        await asyncio.sleep(0)
        gone.cancel()
        other = "test:{another}"
        found = await asyncio.gather(*(is_through(store, "third", 1, key) for key in (KEY, other, KEY)))
        await store.aclose()
        return found

    assert asyncio.run(talk()) == [False, True, False]
