"""The scoring stream: whatever was seen and settled reaches a worker, once it is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from authshield.errors import StoreUnavailable
from authshield.measure import Store, measure, settle, stream
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Decision, Final, Outcome, Reason
from authshield.vocabulary.ruleset import Dimension, Measure
from tests.measure.making import limit, login, order, published, settlement
from tests.servers import Valkey

RULES = published(
    limit("orders", Dimension.ACCOUNT, 1),
    limit("names", Dimension.IP, 0, measure=Measure.DISTINCT, distinct_of=Dimension.USERNAME),
    thin_adv_minor=20_000,
    trust_days=3,
)


def read(store: Store, count: int = 10) -> list[stream.Entry]:
    """What is there now."""
    return stream.read(store, count=count, block_ms=1)


def test_a_worker_derives_the_features_that_the_request_had(store: Store) -> None:
    """Facts and limits alike, without the ruleset that was in force."""
    measured = [
        (made, measure(made, RULES, store))
        for made in (login(), order(), order(after=1), login(account=None))
    ]
    assert measured[2][1].over
    entries = read(store)
    assert [(entry.event, entry.features) for entry in entries if isinstance(entry, stream.Seen)] == measured
    assert [entry.at for entry in entries] == [made.at for made, _ in measured]


def test_a_settled_event_comes_with_everything_that_was_decided(store: Store) -> None:
    """Decision, outcome and what the door added, unchanged."""
    made = order()
    decision = Decision(
        made.id,
        Action.HOLD,
        Strength.OTP,
        61.5,
        (Reason("thin", 61.5, "thin symbol"),),
        ("r1", "shadow:r2"),
        7,
    )
    outcome = Outcome(Final.HELD, Strength.ANY, "c1", "h1", "k1")
    given = replace(
        settlement(made),
        decision=decision,
        outcome=outcome,
        extra={"key_hash": "ab"},
        trust=True,
        learn=False,
    )
    settle(made, measure(made, RULES, store, stream=False), given, store)
    (entry,) = read(store)
    assert isinstance(entry, stream.Settled)
    assert (entry.event, entry.decision, entry.outcome) == (made, decision, outcome)
    assert (entry.extra, entry.trust, entry.at) == ({"key_hash": "ab"}, True, made.at)


def test_what_was_not_acknowledged_comes_again_first(store: Store) -> None:
    """A worker that died loses nothing; what was acknowledged is gone."""
    made = [order(after=number) for number in range(4)]
    for one in made:
        measure(one, RULES, store)
    first = read(store, count=2)
    assert [entry.event.id for entry in read(store, count=2)] == [entry.event.id for entry in first]
    assert stream.lag(store) == 4
    stream.ack(store, first)
    assert stream.lag(store) == 2
    rest = read(store)
    assert [entry.event.id for entry in rest] == [one.id for one in made[2:]]
    stream.ack(store, rest)
    stream.ack(store, [])
    assert (read(store), stream.lag(store)) == ([], 0)


def test_entries_of_nobody_are_left_out(store: Store, valkey: Valkey) -> None:
    """Rubbish in the stream does not stop what follows it."""
    valkey.client.xadd(store.keys.stream, {"k": "seen", "b": "rubbish"})
    made = order()
    measure(made, RULES, store)
    assert [entry.event for entry in read(store)] == [made]
    assert stream.lag(store) == 1


def test_an_entry_that_was_deleted_while_it_waited_is_left_out(store: Store, valkey: Valkey) -> None:
    """A trimmed entry that a worker had read before is no entry any more."""
    measure(order(), RULES, store)
    (entry,) = read(store)
    valkey.client.xdel(store.keys.stream, entry.entry_id)
    assert read(store) == []


def test_a_full_stream_drops_the_oldest_and_counts_them(valkey: Valkey) -> None:
    """The bound holds memory; what it cost is known."""
    store = Store(valkey.url, namespace="small", timeout_seconds=5.0, stream_length=100)
    for number in range(900):
        measure(order(account=f"a{number}"), RULES, store)
    assert stream.lag(store) < 500
    assert stream.dropped(store) == 900 - stream.lag(store)
    store.close()


def test_a_stream_that_nobody_has_written_to_can_be_read(store: Store) -> None:
    """The group is made where it is missing, also after a flush."""
    assert read(store) == []
    assert (stream.lag(store), stream.dropped(store)) == (0, 0)


def test_a_lease_is_one_holder_s(store: Store) -> None:
    """Taken once, renewed and dropped by its holder alone."""
    assert stream.take_lease(store, "drain", "mine", 60) is True
    assert stream.take_lease(store, "drain", "yours", 60) is False
    assert stream.renew_lease(store, "drain", "yours", 60) is False
    assert stream.renew_lease(store, "drain", "mine", 60) is True
    assert stream.drop_lease(store, "drain", "yours") is False
    assert stream.drop_lease(store, "drain", "mine") is True
    assert stream.take_lease(store, "drain", "yours", 60) is True


def test_a_worker_without_redis_is_told_so(short_path: Path) -> None:
    """It tries again later; nothing is hidden from it."""
    store = Store(f"unix://{short_path}/nothing.sock", namespace="test")
    with pytest.raises(StoreUnavailable, match="XREADGROUP"):
        read(store)
    store.close()
