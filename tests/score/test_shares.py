"""Drains share the shards evenly; all that belongs to an account stays in one shard, in order."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from authshield.measure import Store, default_store, measure
from authshield.measure.stream import lag, read
from authshield.models import JournalEntry
from authshield.schedule import beat_schedule
from authshield.score.drain import drain
from authshield.score.shares import LEASE, Shares
from authshield.vocabulary.event import Kind
from tests.hijack import ruleset
from tests.recorded import event
from tests.servers import Valkey


@pytest.fixture
def sharded(store: Store, settings: Settings) -> Store:
    """A store with four shards."""
    del store
    settings.AUTHSHIELD_STREAM_SHARDS = 4
    return default_store()


def test_the_first_takes_all_and_gives_half_to_the_second(sharded: Store) -> None:
    """At their next turns, without anybody's help."""
    first, second = Shares(sharded, "1"), Shares(sharded, "2")
    assert len(first.take()) == 4
    assert (second.take(), second.is_needed) == ((), True)
    mine = first.take()
    theirs = second.take()
    assert (len(mine), len(theirs)) == (2, 2)
    assert {*mine, *theirs} == {0, 1, 2, 3}


def test_a_share_that_is_given_back_is_taken_by_the_others(sharded: Store) -> None:
    """A drain that ends leaves all of its shards."""
    first, second = Shares(sharded, "1"), Shares(sharded, "2")
    first.take(), second.take(), first.take(), second.take()
    second.give_back()
    assert len(first.take()) == 4


def test_more_drains_than_shards_leave(sharded: Store) -> None:
    """The fifth has nothing to do."""
    five = [Shares(sharded, str(number)) for number in range(5)]
    for shares in five:
        shares.take()
    held = [shares.take() for shares in five]
    assert sorted(map(len, held)) == [0, 1, 1, 1, 1]
    assert not five[-1].is_needed


def test_the_shards_of_a_drain_that_died_come_to_the_others(sharded: Store, valkey: Valkey) -> None:
    """Once its leases have run out."""
    dead, alive = Shares(sharded, "dead"), Shares(sharded, "alive")
    dead.take(), alive.take(), dead.take(), alive.take()
    for key in valkey.client.keys("*lease*"):  # as if the time had passed
        if valkey.client.type(key) == b"string" and valkey.client.get(key) == b"dead":
            valkey.client.delete(key)
    valkey.client.zrem(sharded.keys.lease("drains"), "dead")
    assert len(alive.take()) == 4


def test_a_shard_that_an_older_worker_holds_is_left_to_it(sharded: Store, valkey: Valkey) -> None:
    """Such a one holds the lease and says no more."""
    valkey.client.set(sharded.keys.lease(LEASE), "old")
    assert Shares(sharded, "new").take() == (1, 2, 3)


def test_an_accounts_events_go_to_one_shard(sharded: Store) -> None:
    """Its sign-ins too, before they have a session; different accounts are spread."""
    for number in range(40):
        account = f"account-{number % 8}"
        measure(event(Kind.LOGIN, 2 * number, account=account), ruleset(), sharded)
        measure(event(Kind.REQUEST, 2 * number + 1, account=account), ruleset(), sharded)
    assert lag(sharded) == 80
    found = [read(sharded, count=100, block_ms=0, shard=shard) for shard in range(4)]
    owners = [{entry.event.account for entry in entries} for entries in found]
    assert sum(map(len, owners)) == 8
    assert sum(bool(one) for one in owners) > 1
    for entries in found:
        for owner in {entry.event.account for entry in entries}:
            told = [entry.event.at for entry in entries if entry.event.account == owner]
            assert told == sorted(told)


@pytest.mark.django_db(transaction=True)
def test_one_drain_empties_all_shards(sharded: Store, desk: Any) -> None:
    """Fewer workers than shards lose nothing."""
    for number in range(60):
        measure(event(Kind.REQUEST, number, account=f"account-{number}"), ruleset(), sharded)
    assert drain(sharded, desk.work, linger_seconds=timedelta(seconds=8).total_seconds()) == 60
    assert lag(sharded) == 0
    assert JournalEntry.objects.count() == 60


def test_beat_asks_for_a_drain_a_shard(settings: Settings) -> None:
    """So many can work at the same time."""
    settings.AUTHSHIELD_STREAM_SHARDS = 3
    names = [name for name, entry in beat_schedule().items() if entry["task"] == "authshield.drain"]
    assert names == ["authshield-drain", "authshield-drain-2", "authshield-drain-3"]
