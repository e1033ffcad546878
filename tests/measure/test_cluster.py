"""Three masters: as exact as one server, one round trip, and the loss of one costs what it was in charge of."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgpack
import pytest

from authshield.errors import StoreUnavailable
from authshield.measure import Store, measure, settle, stream
from authshield.measure.profile import mark_account
from authshield.measure.transport_slots import slot_of
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import Dimension
from tests.clusters import Cluster, frozen, started_cluster
from tests.measure.counting import attempt, is_through
from tests.measure.making import limit, login, order, published, settlement
from tests.servers import wait_for

PROCESS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from django.conf import settings
settings.configure(AUTHSHIELD_SEALING_KEYS=["k" * 40])
from authshield.measure import Store, measure, settle, stream
from authshield.measure.profile import mark_account
from tests.measure.counting import is_through
store = Store(sys.argv[1], namespace="test", timeout_seconds=20.0)
with ThreadPoolExecutor(25) as pool:
    tags = [f"{sys.argv[2]}-{number}" for number in range(25)]
    print(sum(pool.map(lambda tag: is_through(store, tag, ["test:{limit}"], 5), tags)))
"""
RULES = published(limit("guesses", Dimension.ACCOUNT, 5, kinds=frozenset({Kind.LOGIN})))


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    """One for the tests that harm nobody."""
    with (
        tempfile.TemporaryDirectory(prefix="authshield-") as folder,
        started_cluster(Path(folder)) as cluster,
    ):
        yield cluster


@pytest.fixture
def cluster(running: Cluster) -> Cluster:
    """An empty one."""
    for master in running.masters:
        master.client.flushall()
    return running


@pytest.fixture
def store(cluster: Cluster) -> Iterator[Store]:
    """A patient store on it."""
    made = Store(cluster.url, namespace="test", timeout_seconds=5.0)
    yield made
    made.close()


def spread(cluster: Cluster) -> list[str]:
    """Six keys over all masters, none beside its neighbour's."""
    return [cluster.names(2, index)[turn] for turn in range(2) for index in range(3)]


def entries(cluster: Cluster) -> list[Any]:
    """What is in the stream, oldest first."""
    key = "test:{stream}"
    client: Any = cluster.masters[cluster.index_of(key)].client
    return [fields for _, fields in client.xrange(key)]


def routes(store: Store) -> Any:
    """What it knows of the servers."""
    return store._transport.routes  # type: ignore[attr-defined]


def test_a_limit_of_five_lets_five_of_a_hundred_threads_through(store: Store) -> None:
    """Check and count is one step on the one server that is in charge."""
    with ThreadPoolExecutor(25) as pool:
        found = pool.map(lambda number: is_through(store, f"t{number}", ["test:{limit}"], 5), range(100))
        assert sum(found) == 5


def test_a_limit_of_five_holds_over_processes_and_tasks(cluster: Cluster, store: Store) -> None:
    """Three processes of 25 threads and 25 tasks of a loop share one count."""
    command = [sys.executable, "-c", PROCESS, cluster.url]
    root = Path(__file__).parents[2]
    started = [
        subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, cwd=root) for number in range(3)
    ]

    async def tasks() -> int:
        calls = [store.arun([attempt(f"a{number}", ["test:{limit}"], 5)]) for number in range(25)]
        return sum(reply == b"through" for ((reply,),) in await asyncio.gather(*calls))

    through = asyncio.run(tasks())
    assert through + sum(int(one.communicate(timeout=60)[0]) for one in started) == 5


def test_an_event_is_one_round_trip_over_all_servers(cluster: Cluster, store: Store) -> None:
    """They are asked at the same time, and their replies come in the order of the keys."""
    keys = spread(cluster)
    store.run([attempt("first", keys, 9), attempt("first", keys[:1], 1)])
    calls = store.calls
    for master in cluster.masters:
        master.client.client_pause(150)
    began = time.monotonic()
    found = store.run([attempt("second", keys, 9), attempt("second", keys[:2], 1)])
    assert 0.1 < time.monotonic() - began < 0.4
    assert store.calls == calls + 1
    assert found == [[b"through"] * 6, [b"through", b"through"]]
    assert store.run([attempt("third", keys, 2), attempt("third", [keys[0], "test:{new}"], 1)]) == [
        [b"over"] * 6,
        [b"over", b"through"],
    ]


def test_the_same_on_an_event_loop(cluster: Cluster, store: Store) -> None:
    """Run, send, and the entry in the stream."""
    keys = spread(cluster)

    async def talk() -> Any:
        await store.asend([attempt("first", keys, 9, blob=b"sent")])
        return await store.arun([attempt("second", keys, 1, blob=b"run"), attempt("second", keys[:1], 2)])

    assert asyncio.run(talk()) == [[b"over"] * 6, [b"through"]]
    told = [(fields[b"b"], fields[b"r"]) for fields in entries(cluster)]
    assert told == [(b"sent", b""), (b"run", msgpack.packb([b"over"] * 6))]
    assert (store.lost, store.failures) == (0, 0)


def test_an_entry_goes_to_the_stream_s_own_server_with_its_reply(cluster: Cluster, store: Store) -> None:
    """Without another trip; what is only sent has no reply to go with it."""
    keys = spread(cluster)
    store.run([attempt("warm", keys, 9)])
    calls = store.calls
    store.run([attempt("first", keys, 9, blob=b"run")])
    assert store.calls == calls + 1
    store.send([attempt("second", keys, 9, blob=b"sent")])
    store.flush()
    told = [(fields[b"k"], fields[b"b"], fields[b"r"]) for fields in entries(cluster)]
    assert told == [(b"seen", b"run", msgpack.packb([b"through"] * 6)), (b"seen", b"sent", b"")]
    assert (store.lost, store.failures) == (0, 0)


def test_events_are_measured_settled_and_read_by_workers_as_on_one_server(store: Store) -> None:
    """A hundred guesses at once, five of them let through; what was learnt and what is in the stream is the same."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: measure(login(id=f"guess-{number}"), RULES, store), range(100)))
    assert not any(features.is_missing for features in found)
    assert sum(not features.over for features in found) == 5
    bought = order()
    features = measure(bought, RULES, store)
    settle(bought, features, settlement(bought), store)
    store.flush()
    read = stream.read(store, count=200, block_ms=1)
    seen = {entry.event.id: entry for entry in read if isinstance(entry, stream.Seen)}
    assert len(seen) == 101
    assert seen[bought.id].features.facts == features.facts
    assert [entry.event for entry in read if isinstance(entry, stream.Settled)] == [bought]
    mark_account(store, "alice", frozen=True)
    assert measure(order(after=1), RULES, store).facts["account.is_frozen"] is True
    stream.ack(store, read)
    assert stream.lag(store) == 1


def test_a_map_that_is_out_of_date_is_put_right_on_the_way(cluster: Cluster, store: Store) -> None:
    """MOVED costs the call one more trip; what is sent finds its server as well."""
    keys = spread(cluster)
    store.run([attempt("first", keys, 9)])
    known = routes(store).slots
    wrong = known.owner(slot_of(keys[1]))
    known.move(slot_of(keys[0]), wrong)
    assert store.run([attempt("second", keys, 9)]) == [[b"through"] * 6]
    assert known.owner(slot_of(keys[0])) != wrong
    known.move(slot_of(keys[0]), wrong)
    store.send([attempt("third", keys, 9)])
    store.flush()
    store.flush()
    assert cluster.masters[0].client.scard(keys[0]) == 3
    assert (store.lost, store.failures) == (0, 0)


def test_a_slot_that_is_being_moved_is_asked_where_the_key_is(cluster: Cluster, store: Store) -> None:
    """ASK: a key that is not there yet is counted at the new server, at once."""
    key = cluster.names(1, 0, "moving")[0]
    slot, old, new = slot_of(key), cluster.masters[0].client, cluster.masters[1].client
    ids = [node.execute_command("CLUSTER MYID").decode() for node in (old, new)]  # type: ignore[no-untyped-call]
    store.run([attempt("first", spread(cluster), 9)])
    new.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[0])  # type: ignore[no-untyped-call]
    old.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[1])  # type: ignore[no-untyped-call]
    try:
        assert is_through(store, "second", [key], 1) is True
        assert is_through(store, "third", [key], 1) is False
        store.send([attempt("fourth", [key], 9)])
        store.flush()
        store.flush()
        counted = store.run([attempt("fifth", [key], 2)])
    finally:
        old.execute_command("CLUSTER SETSLOT", slot, "STABLE")  # type: ignore[no-untyped-call]
        new.execute_command("CLUSTER SETSLOT", slot, "STABLE")  # type: ignore[no-untyped-call]
    assert counted == [[b"over"]]
    assert store.lost == 0


def test_scripts_and_counts_may_be_flushed_in_the_middle(cluster: Cluster, store: Store) -> None:
    """What is forgotten is sent again; what was counted starts anew."""
    keys = spread(cluster)
    assert is_through(store, "first", keys, 1) is True
    for master in cluster.masters:
        master.client.script_flush()
    assert is_through(store, "second", keys, 1) is False
    for master in cluster.masters:
        master.client.flushall()
    assert is_through(store, "third", keys, 1) is True
    assert store.failures == 0


def test_a_namespace_is_found_and_cleared_on_all_servers(cluster: Cluster, store: Store) -> None:
    """What a replay leaves behind."""
    assert store.holds_keys() is False
    keys = [f"test:{{{number}}}" for number in range(50)]
    store.run([attempt("first", [*keys, "other:{key}"], 9)])
    assert store.holds_keys() is True
    store.clear()
    assert sum(master.client.dbsize() for master in cluster.masters) == 1


def test_a_frozen_server_costs_its_own_keys_and_no_others(cluster: Cluster) -> None:
    """A breaker a server: whoever touches it fails at once, whoever does not waits for nothing."""
    store = Store(cluster.url, namespace="test", timeout_seconds=0.1)
    mine, others = cluster.names(1, 1), cluster.names(1, 0) + cluster.names(1, 2)
    is_through(store, "first", mine + others, 9)
    with frozen(cluster.masters[1]):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            is_through(store, "second", mine + others, 9)
        assert 0.09 < time.monotonic() - began < 0.35
        assert is_through(store, "third", others, 9) is True
        with ThreadPoolExecutor(3) as pool:
            tries = [pool.submit(is_through, store, f"t{number}", mine, 9) for number in range(3)]
        assert all(isinstance(one.exception(), StoreUnavailable) for one in tries)
        assert store.is_open is True
        assert is_through(store, "fourth", others, 9) is True
    wait_for(lambda: not store.is_open, "the server that was frozen")
    wait_for(cluster.is_whole, "the cluster")
    assert is_through(store, "fifth", mine + others, 9) is True
    store.close()


def test_several_frozen_servers_cost_one_patience(cluster: Cluster) -> None:
    """They are waited for together."""
    store = Store(cluster.url, namespace="test", timeout_seconds=0.2)
    keys = spread(cluster)
    is_through(store, "first", keys, 9)
    with frozen(cluster.masters[0]), frozen(cluster.masters[1]), frozen(cluster.masters[2]):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            is_through(store, "second", keys, 9)
        assert time.monotonic() - began < 0.38
    wait_for(cluster.is_whole, "the cluster")
    store.close()


def test_without_any_server_it_fails_in_time() -> None:
    """Sends raise nothing, and the breaker of finding the servers opens."""
    store = Store("redis+cluster://127.0.0.1:1,127.0.0.1:2", namespace="test", timeout_seconds=0.1)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            store.run([attempt("first", ["test:{a}"], 9)])
    store.send([attempt("second", ["test:{a}"], 9)])
    with pytest.raises(StoreUnavailable):
        asyncio.run(store.arun([attempt("third", ["test:{a}"], 9)]))
    assert (store.is_open, store.lost) == (True, 1)
    store.close()
