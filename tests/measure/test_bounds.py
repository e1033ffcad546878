"""Nothing in Redis grows without end, and what is forgotten never lifts a limit."""

from __future__ import annotations

from dataclasses import replace

from authshield.measure import Store, measure, settle
from authshield.measure.counted import counted
from authshield.measure.lessons import PROFILE
from authshield.measure.profile import trust_device
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import DeviceSeen
from authshield.vocabulary.ruleset import Dimension, Measure
from tests.measure.making import START, limit, login, order, published, settlement
from tests.servers import Valkey

NO_LIMITS = published()
DAY = 86_400


def learn(device: str, store: Store, after: float) -> None:
    """Sign in with this device."""
    made = login(device=DeviceSeen(device), after=after)
    settle(made, measure(made, NO_LIMITS, store), settlement(made), store, stream=False)


def is_seen(device: str, store: Store, after: float = 100) -> object:
    """Whether the account has used it."""
    return measure(login(device=DeviceSeen(device), after=after), NO_LIMITS, store).facts["device.is_seen"]


def test_the_longest_unused_device_without_trust_is_the_first_to_go(store: Store) -> None:
    """An attacker's many devices push each other out, never a trusted one."""
    trust_device(store, "alice", "trusted", now=START)
    for number in range(PROFILE["dev"] + 2):
        learn(f"device-{number}", store, after=number)
    assert [is_seen(f"device-{number}", store) for number in range(5)] == [False, False, False, True, True]
    assert is_seen("trusted", store) is True


def test_where_all_are_trusted_the_longest_unused_goes(store: Store) -> None:
    """The bound holds in any case."""
    for number in range(PROFILE["dev"] + 1):
        trust_device(store, "alice", f"device-{number}", now=START.replace(second=number))
    assert [is_seen(f"device-{number}", store) for number in range(2)] == [False, True]


def test_what_was_not_used_for_half_a_year_is_forgotten(store: Store) -> None:
    """A device that comes back after that is a new one."""
    learn("old", store, after=0)
    assert is_seen("old", store, after=180 * DAY - 1) is True
    assert is_seen("old", store, after=180 * DAY) is False
    learn("other", store, after=180 * DAY)
    learn("old", store, after=180 * DAY + 1)
    facts = measure(login(device=DeviceSeen("old"), after=180 * DAY + 1), NO_LIMITS, store).facts
    assert (facts["device.is_seen"], facts["device.age_days"]) == (True, 0.0)


def test_a_sum_of_very_many_orders_never_falls_short(store: Store, valkey: Valkey) -> None:
    """Over 256 rows the oldest are merged into the newer ones: the sum stays whole, the value small."""
    rules = published(limit("money", Dimension.ACCOUNT, 10**9, measure=Measure.SUM, window_seconds=1_000))
    total = 0
    for number in range(400):
        total += number + 1
        facts = measure(order(number + 1, after=number), rules, store, stream=False).facts
        assert facts["velocity.money"] == total
        assert facts["order.bought_24h"] == total
    key = store.keys.entity("acct", "alice")
    assert valkey.client.strlen(key) < 32_000
    late = measure(order(1, after=1_200), rules, store, stream=False).facts["velocity.money"]
    exact = sum(number + 1 for number in range(201, 400)) + 1
    assert isinstance(late, int)
    assert exact <= late <= total + 1


def test_a_merged_row_is_not_given_back_with_the_event_that_it_once_was(store: Store) -> None:
    """Stopping an order whose row has taken up an older one's amount must not free that amount too."""
    rules = published(limit("money", Dimension.ACCOUNT, 10**9, measure=Measure.SUM, window_seconds=1_000))
    orders = [order(1, after=number) for number in range(257)]
    measured = [(made, measure(made, rules, store, stream=False)) for made in orders]
    made, features = measured[1]
    settle(made, features, settlement(made, Final.STOPPED), store, stream=False)
    total = measure(order(1, after=300), rules, store, stream=False).facts["velocity.money"]
    assert isinstance(total, int)
    assert total >= 257


def test_bought_of_a_symbol_stays_exact_while_others_are_merged(store: Store) -> None:
    """Rows are merged within their symbol, so that one symbol's sum does not spill into another's."""
    for number in range(600):
        measure(order(1, symbol="AB"[number % 2], after=number), NO_LIMITS, store, stream=False)
    facts = measure(order(1, symbol="A", after=601), NO_LIMITS, store, stream=False).facts
    assert (facts["order.symbol_bought_24h"], facts["order.bought_24h"]) == (301, 601)


def test_so_many_symbols_that_rows_of_different_ones_are_merged_only_overestimate(store: Store) -> None:
    """A merged row of two symbols counts for each."""
    for number in range(514):
        measure(order(1, symbol=f"S{number}", after=number), NO_LIMITS, store, stream=False)
    facts = measure(order(1, symbol="fresh", after=601), NO_LIMITS, store, stream=False).facts
    assert facts["order.bought_24h"] == 515
    bought = facts["order.symbol_bought_24h"]
    assert isinstance(bought, int)
    assert 1 < bought < 10


def test_keys_expire(store: Store, valkey: Valkey) -> None:
    """Every key has an end: half a year for an account, a month for a session, its windows for the rest."""
    rules = published(limit("by-ip", Dimension.IP, 9, window_seconds=600))
    made = login()
    settle(made, measure(made, rules, store, stream=False), settlement(made), store, stream=False)
    days = {
        kind: valkey.client.ttl(store.keys.entity(kind, value)) / DAY
        for kind, value in (("acct", "alice"), ("sess", "alice-session"), ("ip", "203.0.113.9/32"))
    }
    assert 179.9 < days["acct"] <= 180
    assert 29.9 < days["sess"] <= 30
    assert 0 < days["ip"] * DAY <= 600


def test_windows_that_ended_leave_the_value_with_the_next_write(store: Store, valkey: Valkey) -> None:
    """A limit that is gone from the ruleset does not stay in every account for ever."""
    rules = published(limit("gone", Dimension.ACCOUNT, 9, window_seconds=60))
    (gone,) = counted(rules.limits)["acct"]
    key = store.keys.entity("acct", "alice")
    measure(login(), rules, store)
    assert gone.name in repr(valkey.client.get(key))
    trust_device(store, "alice", "alice-device", now=START)
    made = login(after=60)
    settle(made, measure(made, NO_LIMITS, store), settlement(made), store)
    assert gone.name not in repr(valkey.client.get(key))


def test_a_value_that_cannot_be_read_counts_as_none(store: Store, valkey: Valkey) -> None:
    """Rubbish in one key does not stop the account's sign-ins."""
    valkey.client.set(store.keys.entity("acct", "alice"), b"\xc1rubbish")
    assert measure(login(), NO_LIMITS, store).is_missing is False


def test_a_clock_that_runs_ahead_elsewhere_does_not_lift_a_limit(store: Store) -> None:
    """Events from a web node whose clock is ahead stay counted by the others, and in order."""
    rules = published(limit("orders", Dimension.ACCOUNT, 3))
    for after in (5, 0, 3):
        assert measure(order(after=after), rules, store).over == ()
    (hit,) = measure(order(after=4), rules, store).over
    assert (hit.count, hit.retry_after_ms) == (4, 56_000)


def test_an_amount_over_the_whole_limit_waits_for_the_whole_window(store: Store) -> None:
    """It can never pass, so the wait is the window and no less."""
    rules = published(limit("money", Dimension.ACCOUNT, 100, measure=Measure.SUM))
    (hit,) = measure(order(101), rules, store).over
    assert (hit.count, hit.retry_after_ms) == (101, 60_000)
    none = replace(
        rules.limits[0], id="names", measure=Measure.DISTINCT, distinct_of=Dimension.SYMBOL, capacity=0
    )
    (hit,) = measure(order(1), published(none), store).over
    assert (hit.count, hit.retry_after_ms) == (1, 60_000)
