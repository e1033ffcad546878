"""What is sent without waiting arrives, once, whatever happens to the connection; and connections are kept."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from authshield.errors import StoreUnavailable
from authshield.measure import Store, stream, transport_node
from authshield.measure.calls import Script
from tests.clusters import frozen
from tests.measure.counting import LIMIT, attempt, is_through
from tests.servers import Valkey, start_valkey, wait_for

KEY = "test:{sends}"
NOBODY = Script("return redis.error_reply('ERR nobody wants this')")

PROCESS = """
import sys
from django.conf import settings
settings.configure(AUTHSHIELD_SEALING_KEYS=["k" * 40])
from authshield.measure import Store
from tests.measure.counting import attempt
store = Store(sys.argv[1], namespace="test", timeout_seconds=20.0)
store.run([attempt("t0", ["test:{sends}"], 9)])
store.command("SCRIPT", "FLUSH")
for number in range(1, 3):
    store.send([attempt(f"t{number}", ["test:{sends}"], 9)])
"""


def counted(valkey: Valkey, key: str = KEY) -> int:
    """How many attempts the server has counted."""
    return int(valkey.client.scard(key))


def connections(valkey: Valkey) -> int:
    """How many connections the server has, those of the tests before included."""
    return len(valkey.client.client_list())


def test_what_is_sent_is_counted_and_its_reply_read_before_the_next(store: Store, valkey: Valkey) -> None:
    """No trip is waited for; the next call's reply is its own."""
    is_through(store, "first", [KEY], 9)
    calls = store.calls
    store.send([attempt("second", [KEY], 9), attempt("third", [KEY], 9, blob=b"entry")])
    assert store.calls == calls
    assert is_through(store, "fourth", [KEY], 3) is False
    assert (counted(valkey), stream.lag(store), store.sends, store.lost) == (3, 1, 1, 0)


def test_a_script_that_was_forgotten_is_sent_again(store: Store, valkey: Valkey) -> None:
    """SCRIPT FLUSH between two calls loses nothing that nobody waits for."""
    is_through(store, "first", [KEY], 9)
    valkey.client.script_flush()
    store.send([attempt("second", [KEY], 9)])
    assert counted(valkey) == 1
    store.flush()
    assert (counted(valkey), store.lost, store.failures) == (2, 0, 0)


def test_a_flushed_server_starts_from_nothing_and_goes_on(store: Store, valkey: Valkey) -> None:
    """FLUSHALL in the middle: the next call counts anew, without an error."""
    store.send([attempt("first", [KEY], 1)])
    store.flush()
    assert is_through(store, "second", [KEY], 1) is False
    valkey.client.flushall()
    assert is_through(store, "third", [KEY], 1) is True


def test_what_is_refused_later_counts_for_the_breaker(store: Store) -> None:
    """Nobody waits for the reply, but three of them open it."""
    store.send([attempt(f"t{number}", [KEY], 9, script=NOBODY) for number in range(3)])
    store.flush()
    assert (store.failures, store.lost, store.is_open) == (3, 3, True)


@pytest.mark.parametrize("is_waited_for", [True, False])
def test_a_server_that_says_no_is_left(start_own_valkey: Callable[[], Valkey], is_waited_for: bool) -> None:
    """It may not be the master any more: the next call makes a connection of its own."""
    server = start_own_valkey()
    store = Store(server.url, namespace="test", timeout_seconds=5.0)
    is_through(store, "first", [KEY], 9)
    before = {one["id"] for one in server.client.client_list()}
    server.client.replicaof("127.0.0.1", 1)
    if is_waited_for:
        with pytest.raises(StoreUnavailable):
            is_through(store, "second", [KEY], 9)
    else:
        store.send([attempt("second", [KEY], 9)])
        store.flush()
    server.client.replicaof("NO", "ONE")
    assert is_through(store, "third", [KEY], 9) is True
    assert len({one["id"] for one in server.client.client_list()} - before) == 1
    assert store.failures == 1
    store.close()


def test_a_dropped_connection_is_replaced_and_what_it_owed_is_repeated(store: Store, valkey: Valkey) -> None:
    """CLIENT KILL while it rests: no call fails, nothing is counted twice, nothing is lost."""
    is_through(store, "first", [KEY], 9)
    store.send([attempt("second", [KEY], 9)])
    valkey.client.client_kill_filter(_type="normal", skipme=True)
    assert is_through(store, "third", [KEY], 9) is True
    valkey.client.client_kill_filter(_type="normal", skipme=True)
    store.send([attempt("fourth", [KEY], 9)])
    store.flush()
    assert (counted(valkey), store.lost, store.failures) == (4, 0, 0)


def test_many_sends_in_a_row_read_now_and_then(store: Store, valkey: Valkey) -> None:
    """Replies that nobody has read are bounded."""
    for number in range(3 * transport_node.OWED_MOST):
        store.send([attempt(f"t{number}", [KEY], 10_000)])
        (wire,) = store._transport.node._owing  # type: ignore[attr-defined]
        assert len(wire.owed) <= transport_node.OWED_MOST
    store.flush()
    assert (counted(valkey), store.lost) == (3 * transport_node.OWED_MOST, 0)


def test_a_process_that_ends_has_sent_everything(valkey: Valkey) -> None:
    """Also what had to be sent twice, because the server had forgotten the script."""
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", PROCESS, valkey.url], cwd=root, check=True, timeout=60)
    assert counted(valkey) == 3


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_store_that_was_forked_talks_over_connections_of_its_own(store: Store, valkey: Valkey) -> None:
    """Parent and child go on with the same store, neither reads the other's replies."""
    store.send([attempt("first", [KEY], 9)])
    child = os.fork()
    if child == 0:
        os._exit(0 if is_through(store, "child", [KEY], 9) and store.calls == 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert is_through(store, "parent", ["test:{another}"], 1) is True
    assert (counted(valkey), store.lost) == (2, 0)


def test_sending_to_a_frozen_server_does_not_wait(start_own_valkey: Callable[[], Valkey]) -> None:
    """What was written before is done when it wakes up, and the breaker learns of it by the next call."""
    server = start_own_valkey()
    store = Store(server.url, namespace="test", timeout_seconds=0.3)
    is_through(store, "first", [KEY], 9)
    with frozen(server):
        store.send([attempt("second", [KEY], 9)])
        assert store.failures == 0
        with pytest.raises(StoreUnavailable):
            is_through(store, "third", [KEY], 9)
        assert store.failures == 1
    assert counted(server) == 3
    store.close()


def test_without_a_server_sending_raises_nothing(short_path: Path) -> None:
    """It is lost and counted; once the breaker is open nobody tries."""
    store = Store(f"unix://{short_path}/nothing.sock", namespace="test")
    for number in range(5):
        store.send([attempt(f"t{number}", [KEY], 9)])
    assert (store.lost, store.failures, store.is_open) == (5, 3, True)
    store.close()


def test_one_thread_keeps_one_connection(store: Store, valkey: Valkey) -> None:
    """Whatever it calls."""
    before = connections(valkey)
    for number in range(20):
        is_through(store, f"t{number}", [KEY], 9)
        store.send([attempt(f"t{number}", [KEY], 9)])
    assert connections(valkey) == before + 1


def test_what_many_threads_leave_behind_is_closed_one_by_one(store: Store, valkey: Valkey) -> None:
    """A rush needs many connections; afterwards each call closes one that has rested too long."""
    before = connections(valkey)
    barrier = threading.Barrier(8)

    def call(number: int) -> None:
        barrier.wait()
        store.command("BLPOP", f"test:{number}", 0.05)
        is_through(store, f"t{number}", [KEY], 99)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(8)))
    many = connections(valkey) - before
    assert many > 1
    store._transport.node.idle_seconds = 0.0  # type: ignore[attr-defined]
    for number in range(many):
        is_through(store, f"u{number}", [KEY], 99)
    assert connections(valkey) == before + 1


def test_an_answer_that_comes_too_late_is_nobody_else_s(start_own_valkey: Callable[[], Valkey]) -> None:
    """A server that is slow by 200 ms: the call fails, and its reply is not taken for the next one's."""
    server = start_own_valkey()
    store = Store(server.url, namespace="test", timeout_seconds=0.1)
    is_through(store, "first", [KEY], 1)
    server.client.client_pause(200)
    with pytest.raises(StoreUnavailable):
        is_through(store, "second", [KEY], 1)
    wait_for(lambda: bool(server.client.ping()), "the server")
    wait_for(lambda: not store.breaker.refuses(), "the store")
    assert is_through(store, "third", ["test:{another}"], 1) is True
    store.close()


def test_a_restarted_server_is_sent_to_again(short_path: Path) -> None:
    """A connection that died with its server owes nothing to the next one but what was not answered."""
    server = start_valkey(short_path)
    store = Store(server.url, namespace="test", timeout_seconds=5.0)
    is_through(store, "first", [KEY], 9)
    server.stop()
    server = start_valkey(short_path)
    store.send([attempt("second", [KEY], 9)])
    store.flush()
    assert server.client.scard(KEY) == 1
    assert server.client.script_exists(LIMIT.sha.decode()) == [True]
    store.close()
    server.stop()
