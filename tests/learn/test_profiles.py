"""What a fraudulent session taught is unlearnt, exactly, and comes back with the label taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authshield import tasks
from authshield.judge.learning import learning
from authshield.learn import labels
from authshield.learn.labels import Target, Word
from authshield.learn.profiles import teach_account
from authshield.measure import Settlement, Store, default_store, measure, settle, stream
from authshield.models import Device, JournalEntry, Label, LedgerEntry, Session, Unlearnt
from authshield.record import durable, ledger
from authshield.score import drain
from authshield.vocabulary.assessment import Assessment
from authshield.vocabulary.event import Client, DeviceSeen, Event, Kind, Network
from tests.hijack import order, ruleset
from tests.recorded import ALLOWED, NOW, decision, event, session_extra
from tests.servers import Valkey

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNT = "42"
HOME = Network(asn=64498, country="JP", kind="residential", lat=35.7, lon=139.7, radius_km=20)
AWAY = Network(asn=64511, country="NL", kind="hosting", lat=52.4, lon=4.9, radius_km=20)
LATER = NOW + timedelta(days=40)


def happens(store: Store, made: Event, sid: str) -> None:
    """An event as the doors would take it: measured, settled, and in the ledger where it is money."""
    features = measure(made, ruleset(), store)
    lesson = learning(made, ALLOWED, features)
    told, outcome = decision(of=made.id), ALLOWED
    settled = replace(made, session=sid)
    settlement = Settlement(
        told, outcome, lesson.learn, lesson.trust, login_succeeded=True, extra=session_extra()
    )
    settle(settled, features, settlement, store)
    if made.kind is not Kind.LOGIN:
        ledger.write(Assessment(settled, features, told), outcome, None, made.at + timedelta(milliseconds=7))


def session(
    store: Store, sid: str, at: datetime, *, network: Network, device: str, symbols: tuple[str, ...]
) -> None:
    """A whole session: a sign-in and its orders."""
    ip = "192.0.2.7" if network is HOME else "198.51.100.9"
    client = Client(ip=ip, user_agent="Mozilla/5.0", browser="Firefox/Windows")
    seen = DeviceSeen(id=device, fingerprint={"screen": device})
    began = event(Kind.LOGIN, network=network, client=client, device=seen)
    happens(store, replace(began, id=f"login-{sid}", at=at), sid)
    for number, symbol in enumerate(symbols, 1):
        side = "sell" if number % 3 == 0 else "buy"
        made = order(side, symbol, 3_000_000, number=number)
        placed = replace(made, id=f"order-{sid}-{number}", at=at + timedelta(minutes=number), session=sid)
        happens(store, replace(placed, network=network, client=client, device=seen), sid)
    while entries := stream.read(store, count=500, block_ms=1):
        drain.process(entries, store, tasks._work())
        stream.ack(store, entries)


def profile(valkey: Valkey, store: Store) -> dict[str, Any]:
    """What is known of the account, windows and marks apart: uses by field and value, and habits."""
    raw = valkey.client.get(store.keys.entity("acct", ACCOUNT))
    value = msgpack.unpackb(raw, raw=True)
    known: dict[str, Any] = {}
    for name, rows in value.items():
        if name.startswith(b"p:"):
            cut = [rows[at : at + 27] for at in range(0, len(rows), 27)]
            known[name.decode()] = {row[:6]: int.from_bytes(row[22:26], "big") for row in cut}
    counts = msgpack.unpackb(value[b"a"], raw=False)
    wanted = ("logins", "orders", "buys", "thins", "sales", "margin")
    known["counts"] = {name: counts.get(name, 0) for name in wanted}
    return known


@pytest.fixture
def store(valkey: Valkey) -> Store:
    """The store of the settings."""
    assert valkey.client.ping()
    return default_store()


def customer(store: Store, number: int, symbols: tuple[str, ...] = ("7203",)) -> None:
    """The customer's own session of that day, from home."""
    at = NOW + timedelta(days=number)
    session(store, f"own-{number}", at, network=HOME, device="own", symbols=symbols)


def thief(store: Store, number: int, *, network: Network = AWAY, device: str = "stolen") -> None:
    """A thief's session of that day."""
    at = NOW + timedelta(days=number, hours=9)
    symbols = ("7992", "7203", "7992")
    session(store, f"thief-{number}", at, network=network, device=device, symbols=symbols)


def call_fraud(number: int) -> Label:
    """The desk says so, and the outbox follows."""
    label = labels.put(Target(ACCOUNT, f"thief-{number}"), "fraud", Word("aoi"), LATER)
    teach_account(ACCOUNT, LATER)
    return label


def test_a_thiefs_session_leaves_nothing_behind_and_comes_back_exactly(valkey: Valkey, store: Store) -> None:
    """Devices, networks, hours, symbols, sign-ins and habits, whichever of them the customer uses as well."""
    customer(store, 0)
    customer(store, 1, ("7203", "6501"))
    before = profile(valkey, store)
    thief(store, 2)
    after = profile(valkey, store)
    assert after != before
    label = call_fraud(2)
    assert profile(valkey, store) == before
    assert Unlearnt.objects.count() == 4
    labels.take_back(label, by="aoi", reason="it was her on a journey", now=LATER)
    teach_account(ACCOUNT, LATER)
    assert profile(valkey, store) == after
    assert not Unlearnt.objects.exists()


def test_what_a_thief_used_with_the_customers_own_device_goes_too(valkey: Valkey, store: Store) -> None:
    """A stolen cookie makes its networks trusted at once: they go, the customer's device stays."""
    customer(store, 0)
    before = profile(valkey, store)
    thief(store, 25, device="own")
    assert profile(valkey, store) != before
    call_fraud(25)
    assert profile(valkey, store) == before


def test_unlearning_twice_is_unlearning_once(valkey: Valkey, store: Store) -> None:
    """A worker that dies before it could write down what it did does no harm."""
    customer(store, 0)
    before = profile(valkey, store)
    thief(store, 1)
    call_fraud(1)
    Unlearnt.objects.all().delete()
    teach_account(ACCOUNT, LATER)
    assert profile(valkey, store) == before


def test_what_the_customer_learnt_since_stays(valkey: Valkey, store: Store) -> None:
    """Only the session's own uses are taken out."""
    customer(store, 0)
    customer(store, 5)
    alone = profile(valkey, store)
    valkey.client.flushall()
    for model in (JournalEntry, LedgerEntry, Session, Device):
        model._default_manager.all().delete()
    customer(store, 0)
    thief(store, 1)
    customer(store, 5)
    call_fraud(1)
    assert profile(valkey, store) == alone


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])  # emptied by hand
@given(st.lists(st.sampled_from(["fraud", "legit", "back", "teach"]), max_size=7))
def test_any_sequence_of_labels_leaves_what_the_last_one_says(valkey: Valkey, said: list[str]) -> None:
    """The profile depends on the label in force, not on the way there."""
    valkey.client.flushall()
    for model in (JournalEntry, LedgerEntry, Session, Device, Label, Unlearnt):
        model._default_manager.all().delete()
    store = default_store()
    customer(store, 0)
    without = profile(valkey, store)
    thief(store, 1)
    with_it = profile(valkey, store)
    for number, word in enumerate(said):
        at = LATER + timedelta(minutes=number)
        if word == "teach":
            teach_account(ACCOUNT, at)
        elif word == "back":
            for label in labels.standing(ACCOUNT):
                labels.take_back(label, by="aoi", reason="", now=at)
        else:
            labels.put(Target(ACCOUNT, "thief-1"), word, Word("aoi"), at)
    teach_account(ACCOUNT, LATER + timedelta(hours=1))
    is_fraud = [label.verdict for label in labels.standing(ACCOUNT)] == ["fraud"]
    assert profile(valkey, store) == (without if is_fraud else with_it)


def test_redis_that_lost_its_memory_does_not_learn_it_again(valkey: Valkey, store: Store) -> None:
    """The durable copy counts no sign-in that was a thief's."""
    customer(store, 0)
    thief(store, 1)
    assert durable.load(ACCOUNT).logins == 2
    call_fraud(1)
    valkey.client.flushall()
    # One device less would do no harm: it was not revoked here, only its session called fraud.
    Device.objects.exclude(pk=Device.objects.order_by("pk").values("pk")[:1]).delete()
    assert durable.load(ACCOUNT).logins == 1
