"""Redis that is stopped, frozen, full, read-only, forgetful or configured anew: short waits, and it comes back."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from redis import Redis

from authshield.errors import StoreUnavailable
from authshield.measure import Store, default_store, measure, settle
from authshield.measure.profile import mark_account
from authshield.vocabulary.event import Kind
from authshield.vocabulary.facts import FACTS
from tests.measure.making import event, login, order, published, settlement
from tests.servers import Valkey, start_valkey

NO_LIMITS = published()
PATIENCE = 0.1
LONGEST_WAIT = 0.15
SLACK = 0.1
"""For a machine that is busy with other tests."""


@contextmanager
def impatient(url: str) -> Iterator[Store]:
    """A store with the shipped patience."""
    store = Store(url, namespace="test", timeout_seconds=PATIENCE)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def frozen(server: Valkey) -> Iterator[None]:
    """A server that takes connections and never answers."""
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


def waited(store: Store) -> float:
    """Seconds that a sign-in waits for the store, from measuring to settling; it gets no answer."""
    began = time.monotonic()
    made = login()
    features = measure(made, NO_LIMITS, store)
    settle(made, features, settlement(made), store)
    assert features.is_missing is True
    return time.monotonic() - began


def open_it(store: Store) -> None:
    """Ask until the breaker is open."""
    deadline = time.monotonic() + 10
    while not store.is_open and time.monotonic() < deadline:
        with pytest.raises(StoreUnavailable):
            store.command("PING")
    assert store.is_open


def test_a_dead_server_costs_three_short_tries_and_then_nothing(
    start_own_valkey: Callable[[], Valkey],
) -> None:
    """Refused connections open the breaker at the third failure, which then answers within a millisecond."""
    server = start_own_valkey()
    with impatient(server.url) as store:
        assert measure(login(), NO_LIMITS, store).is_missing is False
        server.stop()
        for _ in range(3):
            assert waited(store) < LONGEST_WAIT
        assert store.is_open is True
        assert store.failures == 3
        calls = store.calls
        assert min(waited(store) for _ in range(20)) < 0.001
        assert store.calls == calls


def test_a_frozen_server_costs_no_request_more_than_its_patience(
    start_own_valkey: Callable[[], Valkey],
) -> None:
    """Before the breaker opens a request waits once, not once a stage; afterwards not at all."""
    server = start_own_valkey()
    with impatient(server.url) as store:
        measure(login(), NO_LIMITS, store)
        with frozen(server):
            assert PATIENCE <= waited(store) < LONGEST_WAIT + SLACK
            assert waited(store) < 0.02
            open_it(store)
            assert min(waited(store) for _ in range(20)) < 0.001


def test_many_requests_stuck_at_once_open_the_breaker_together(
    start_own_valkey: Callable[[], Valkey],
) -> None:
    """Eight threads that wait at the same time wait one patience in all."""
    server = start_own_valkey()
    with impatient(server.url) as store, ThreadPoolExecutor(8) as pool:
        measure(login(), NO_LIMITS, store)
        with frozen(server):
            longest = max(pool.map(lambda _: waited(store), range(8)))
            assert store.is_open is True
        assert longest < LONGEST_WAIT + 2 * SLACK


def test_the_breaker_closes_by_itself_and_no_request_pays_for_the_probe(
    start_own_valkey: Callable[[], Valkey],
) -> None:
    """Once the server answers again, a thread of the breaker's own finds out."""
    server = start_own_valkey()
    with impatient(server.url) as store:
        with frozen(server):
            open_it(store)
            assert any(thread.name == "authshield-breaker" for thread in threading.enumerate())
        assert store.breaker.closed.wait(10)
        assert store.is_open is False
        assert measure(login(), NO_LIMITS, store).is_missing is False


def test_a_probe_that_fails_leaves_the_breaker_open(short_path: Path) -> None:
    """It is asked again and again; here a server appears only later."""
    with impatient(f"unix://{short_path}/valkey.sock") as store:
        open_it(store)
        assert store.breaker.closed.wait(0.7) is False
        server = start_valkey(short_path)
        try:
            assert store.breaker.closed.wait(10)
        finally:
            server.stop()


def test_a_store_that_is_closed_does_not_probe_any_more(short_path: Path) -> None:
    """A breaker that was stopped starts no thread."""
    with impatient(f"unix://{short_path}/nothing.sock") as store:
        store.close()
        for _ in range(4):
            with pytest.raises(StoreUnavailable, match="Redis did not answer as it should"):
                store.command("PING")
        assert store.is_open is False


def test_an_address_where_nothing_answers_is_given_up_in_time() -> None:
    """TCP: a port whose queue is full swallows the connection without a word."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = listener.getsockname()[1]
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.settimeout(0)
        filler.connect_ex(("127.0.0.1", port))
    with impatient(f"redis://127.0.0.1:{port}/0") as store:
        assert waited(store) < LONGEST_WAIT + SLACK
    for one in [*fillers, listener]:
        one.close()


def test_without_the_store_the_event_still_tells_what_it_is(short_path: Path) -> None:
    """Facts of the event itself are there, all others at their declared default."""
    with impatient(f"unix://{short_path}/nothing.sock") as store:
        features = measure(order(500), NO_LIMITS, store)
    assert features.is_missing is True
    assert features.is_cold is False
    assert features.facts["store.is_missing"] is True
    assert (features.facts["order.value"], features.facts["account.exists"]) == (500, True)
    assert {fact.name for fact in FACTS} == set(features.facts)


def test_settling_never_fails_a_request(start_own_valkey: Callable[[], Valkey]) -> None:
    """A server that dies between the two trips costs the lesson, not the order."""
    server = start_own_valkey()
    with impatient(server.url) as store:
        made = order()
        features = measure(made, NO_LIMITS, store)
        server.stop()
        settle(made, features, settlement(made), store)
        with pytest.raises(StoreUnavailable):
            mark_account(store, "alice", frozen=True)


def test_a_forgotten_script_is_sent_again(store: Store, valkey: Valkey) -> None:
    """SCRIPT FLUSH or a failover costs one more trip, once."""
    measure(login(), NO_LIMITS, store)
    valkey.client.script_flush()
    before = store.calls
    assert measure(login(), NO_LIMITS, store).is_missing is False
    assert store.calls == before + 2
    measure(login(), NO_LIMITS, store)
    assert store.calls == before + 3


@pytest.mark.parametrize("setting", ["full", "read-only"])
def test_a_server_that_takes_no_writes_counts_as_missing(
    start_own_valkey: Callable[[], Valkey], setting: str
) -> None:
    """Out of memory or a replica: nothing is counted, so nothing may be let through as counted."""
    server = start_own_valkey()
    if setting == "full":
        server.client.config_set("maxmemory", 1)
    else:
        server.client.replicaof("127.0.0.1", 1)
    with impatient(server.url) as store:
        assert measure(login(), NO_LIMITS, store).is_missing is True
        assert store.failures == 1


def test_a_restarted_server_is_found_again(short_path: Path) -> None:
    """A connection that died is not used for another event."""
    server = start_valkey(short_path)
    with impatient(server.url) as store:
        measure(login(), NO_LIMITS, store)
        server.stop()
        server = start_valkey(short_path)
        assert measure(login(), NO_LIMITS, store).is_missing is False
        server.stop()


def test_a_replay_clears_what_it_wrote_and_nothing_else(store: Store, valkey: Valkey) -> None:
    """Only keys of its own namespace go."""
    valkey.client.set("testament", 1)
    for number in range(30):
        measure(order(account=f"a{number}"), NO_LIMITS, store)
    store.clear()
    assert valkey.client.keys() == [b"testament"]


def test_the_default_store_is_made_of_the_settings_and_anew_when_they_change(
    valkey: Valkey, settings: Settings
) -> None:
    """One for the process, until the settings say otherwise."""
    first = default_store()
    assert default_store() is first
    settings.AUTHSHIELD_NAMESPACE = "another"
    second = default_store()
    assert second is not first
    assert second.namespace == "another"
    settings.ROOT_URLCONF = "elsewhere"
    assert default_store() is second
    assert measure(login(), NO_LIMITS, second).is_missing is False
    assert valkey.client.keys("another:*")


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_a_store_of_its_own(valkey: Valkey) -> None:
    """Two processes never talk over one connection."""
    first = default_store()
    assert measure(login(), NO_LIMITS, first).is_missing is False
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        mine = default_store()
        answer = measure(login(), NO_LIMITS, mine)
        os.write(write_end, b"1" if mine is not first and not answer.is_missing else b"0")
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write_end)
    assert os.read(read_end, 1) == b"1"
    os.close(read_end)
    assert default_store() is first
    assert isinstance(valkey.client, Redis)


def test_no_value_holds_who_or_where_in_clear(store: Store, valkey: Valkey) -> None:
    """Accounts, devices, addresses and names are keyed hashes; carrier and country are no secret."""
    made = login(username="alice@example.org", account="account-4711")
    settle(made, measure(made, NO_LIMITS, store, stream=False), settlement(made), store, stream=False)
    measure(event(Kind.REQUEST), NO_LIMITS, store, stream=False)
    dump = [str(key) + repr(valkey.client.get(key)) for key in valkey.client.scan_iter()]
    everything = "".join(dump)
    assert len(dump) >= 3
    for secret in ("alice", "4711", "203.0.113", "1920"):
        assert secret not in everything
