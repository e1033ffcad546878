"""What a limit promises beyond its window: bounds, pairs, bursts, growth, delays, lists, cancelled orders."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from authshield.measure import Store, measure, settle
from authshield.measure.plan import plan
from authshield.measure.reply import read
from authshield.measure.settle import ISSUED_ORDER, UNFILLED
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import Client, DeviceSeen, Kind, Network, OrderChange, Portfolio, Withdrawal
from authshield.vocabulary.ruleset import Dimension, Measure
from tests.measure.making import Listed, event, limit, login, order, published, settlement, take, with_order
from tests.servers import Valkey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authshield.vocabulary.event import Event
    from tests.measure.making import Published

HOUR = 3_600.0


def through(events: Sequence[Event], rules: Published, store: Store) -> list[Event]:
    """Those that no limit stops, asked in one trip."""
    plans = [plan(made, rules, store.keys) for made in events]
    replies = store.run([planned.call for planned in plans])
    asked = zip(events, plans, replies, strict=True)
    return [made for made, planned, reply in asked if not read(made, planned.shape, reply).over]


def count(made: Event, rules: Published, store: Store, name: str = "x") -> object:
    """What the limit counts, this event included."""
    return measure(made, rules, store, stream=False).facts["velocity." + name]


def most_at_once(events: Sequence[Event], window_ms: int) -> int:
    """The most that any window of this length holds."""
    times = [made.at_ms for made in events]
    return max(sum(start <= time < start + window_ms for time in times) for start in times)


def test_large_counts_let_nothing_more_through_and_refuse_at_most_one_percent_early(store: Store) -> None:
    """No window holds more than the limit, and what an exact log of 1.01 windows would let by passes."""
    rules = published(limit("x", Dimension.IP, 100, window_seconds=60))
    events = [login(after=number * 0.137) for number in range(2_000)]
    passed = through(events, rules, store)
    assert most_at_once(passed, 60_000) == 100
    times = [made.at_ms for made in passed]
    for made in events:
        if made not in passed:
            assert sum(made.at_ms - 60_600 < time <= made.at_ms for time in times) >= 100


def test_a_burst_is_bounded_and_the_rate_goes_on(store: Store) -> None:
    """A window holds the rate and the burst at most; after a burst one more comes with each interval."""
    rules = published(limit("x", Dimension.IP, 60, burst=10, window_seconds=60))
    assert len(through([login(after=0) for _ in range(40)], rules, store)) == 10
    assert len(through([login(after=1) for _ in range(5)], rules, store)) == 1
    passed = through([login(after=30 + number * 0.05) for number in range(3_000)], rules, store)
    assert 60 <= most_at_once(passed, 60_000) <= 70


def test_many_different_values_are_estimated_in_bounded_memory(store: Store, valkey: Valkey) -> None:
    """Above 64 a sketch counts: within a few percent, forgotten after the window, a limit that holds."""
    of = {"measure": Measure.DISTINCT, "distinct_of": Dimension.USERNAME}
    rules = published(limit("x", Dimension.PREFIX, 2_000, window_seconds=600, **of))
    guesses = [login(account=None, username=f"name-{number}", after=number * 0.1) for number in range(3_000)]
    passed = len(through(guesses, rules, store))
    assert 1_900 < passed < 2_100
    late = login(account=None, username="late", after=310)
    assert measure(late, rules, store, stream=False).over[0].retry_after_ms <= 60_000
    assert count(login(account=None, username="later", after=1_000), rules, store) == 1
    sketches = [key for key in valkey.client.scan_iter("test:*") if b":h" in key]
    assert 0 < len(sketches) <= 12
    assert all(valkey.client.pttl(key) > 0 for key in sketches)


def test_a_value_that_is_measured_again_at_the_edge_of_a_sketch_is_not_refused(store: Store) -> None:
    """An event that was let through as the last one stays let through when it is measured again."""
    of = {"measure": Measure.DISTINCT, "distinct_of": Dimension.USERNAME}
    rules = published(limit("x", Dimension.IP, 65, **of))
    events = [login(account=None, username=f"name-{number}") for number in range(80)]
    last = through(events, rules, store)[-1]
    assert measure(last, rules, store).over == ()


def test_whoever_varies_the_second_dimension_gains_nothing(store: Store, valkey: Valkey) -> None:
    """Past 64 values of the second dimension all new ones share one count; memory stays small."""
    rules = published(limit("x", Dimension.IP, 5, also=Dimension.USERNAME))
    first = [login(account=None, username=f"name-{number}", after=0.001 * number) for number in range(64)]
    assert len(through(first, rules, store)) == 64
    others = [
        login(account=None, username=f"other-{number}", after=1 + 0.001 * number) for number in range(500)
    ]
    assert len(through(others, rules, store)) == 5
    assert (
        len(through([login(account=None, username="name-3", after=2) for _ in range(9)], rules, store)) == 4
    )
    assert valkey.client.strlen(store.keys.entity("ip", "203.0.113.9/32")) < 5_000
    assert (
        len(through([login(account=None, username="other-9", after=70) for _ in range(9)], rules, store)) == 5
    )


def test_a_pair_without_its_second_value_is_not_counted(store: Store) -> None:
    """A browser without a cookie has no device to make a pair with."""
    rules = published(limit("x", Dimension.IP, 1, also=Dimension.DEVICE))
    assert count(login(device=DeviceSeen(None)), rules, store) == 0
    assert (count(login(), rules, store), count(login(device=DeviceSeen("other")), rules, store)) == (1, 1)


@pytest.mark.parametrize(
    ("dimension", "same", "other"),
    [
        (Dimension.COUNTRY, login(), login(network=Network(1, "FR"))),
        (Dimension.FINGERPRINT, login(), login(device=DeviceSeen("x", "", {"screen": "1x1"}))),
        (Dimension.SYMBOL_SIDE, order(1), order(1, side="sell")),
        (
            Dimension.BANK_ACCOUNT,
            event(Kind.WITHDRAWAL, Withdrawal(1, destination="A")),
            event(Kind.WITHDRAWAL, Withdrawal(1, destination="B")),
        ),
    ],
    ids=lambda value: value.value if isinstance(value, Dimension) else "",
)
def test_a_limit_counts_by_this_dimension(
    store: Store, dimension: Dimension, same: Event, other: Event
) -> None:
    """Same value, same count; another value, another count."""
    rules = published(limit("x", dimension, 9))
    numbers = [count(replace(made, id=f"{n}"), rules, store) for n, made in enumerate((same, same, other))]
    assert numbers == [1, 2, 1]


def test_a_global_limit_counts_everybody(store: Store) -> None:
    """One count for the whole site, whoever it is and wherever from."""
    rules = published(limit("x", Dimension.GLOBAL, 1_000, refunds_success=True))
    assert count(login(), rules, store) == 1
    assert count(login(account="bob", client=Client("198.51.100.1")), rules, store) == 2


def test_shares_of_the_portfolio_add_up(store: Store) -> None:
    """In basis points, rounded up; nothing where the portfolio is unknown."""
    rules = published(limit("x", Dimension.ACCOUNT, 5_000, measure=Measure.SHARE))
    assert count(order(3_000), rules, store) == 3_000
    assert count(with_order(order(1), portfolio=Portfolio(30_000)), rules, store) == 3_001
    assert count(with_order(order(1_000), portfolio=Portfolio()), rules, store) == 3_001
    (hit,) = measure(order(2_000), rules, store).over
    assert hit.count == 5_001


def test_customers_behind_an_address_make_room_for_each_other(store: Store) -> None:
    """Each customer who signed in adds to the capacity, once, up to 20 times it; strangers do not."""
    rules = published(limit("x", Dimension.IP, 2, grows_by=3, window_seconds=3_600))

    def failures(after: float) -> int:
        return len(through([login(account=None, username="z", after=after) for _ in range(99)], rules, store))

    assert failures(0) == 2
    for number in range(3):
        for _ in range(2):
            made = login(account=f"customer-{number}", after=HOUR)
            features = measure(made, rules, store)
            settle(made, features, settlement(made, login_succeeded=True), store)
    assert count(login(after=HOUR), rules, store) == 7
    assert failures(HOUR) == 2 + 3 * 3 - 7
    assert failures(2 * HOUR) == 2


def test_growth_ends_at_twenty_times_the_capacity(store: Store) -> None:
    """However many customers there are."""
    rules = published(limit("x", Dimension.IP, 1, grows_by=100, refunds_success=True))
    take(login(), store, rules, login_succeeded=True)
    assert len(through([login(account=None) for _ in range(50)], rules, store)) == 20


def test_each_refusal_doubles_the_wait_up_to_the_window(store: Store) -> None:
    """And it begins anew after a window without one."""
    rules = published(limit("x", Dimension.IP, 1, progressive=True))

    def wait(after: float) -> list[int]:
        return [hit.retry_after_ms for hit in measure(login(after=after), rules, store).over]

    assert wait(0) == []
    assert [wait(50), wait(55), wait(57), wait(58)] == [[10_000], [10_000], [12_000], [16_000]]
    assert wait(59.999) == [16]
    assert wait(60) == []
    assert [wait(110), wait(115)] == [[60_000], [60_000]]


def test_who_is_on_an_exempt_list_is_not_counted(store: Store) -> None:
    """Neither counted nor refused; a list of another name spares nobody."""
    rules = published(limit("x", Dimension.IP, 1, exempt=("offices", "partners")))
    assert count(login(), replace(rules, lists=Listed(("partners",))), store) == 0
    assert count(login(), replace(rules, lists=Listed(("others",))), store) == 1
    assert measure(login(), replace(rules, lists=Listed(("offices",))), store).over == ()


@pytest.mark.parametrize("is_known_before", [True, False], ids=["by the site", "by the broker"])
def test_a_cancelled_order_is_given_back_where_the_limit_says_so(store: Store, is_known_before: bool) -> None:
    """By the order's number, whether it was known before the order was placed or came with the answer."""
    rules = published(
        limit("frees", Dimension.ACCOUNT, 1_000, measure=Measure.SUM, frees_cancelled=True),
        limit("keeps", Dimension.ACCOUNT, 1_000, measure=Measure.SUM),
    )
    made = with_order(order(600), order_id="N1" if is_known_before else "")
    extra = {} if is_known_before else {ISSUED_ORDER: "N1"}
    take(made, store, rules, outcome=settlement(made).outcome, extra=extra)
    for order_id, left in (("N2", 601), ("N1", 1), ("N1", 1)):
        cancel = event(Kind.ORDER_CHANGE, OrderChange(order_id, "cancel"), after=5)
        take(cancel, store, rules, extra={UNFILLED: "yes"})
        asked = order(1, after=6)
        facts = measure(asked, rules, store).facts
        settle(asked, measure(asked, rules, store), settlement(asked, Final.STOPPED), store)
        assert (facts["velocity.frees"], facts["velocity.keeps"]) == (left, 601)


def test_a_cancelled_order_that_was_filled_in_part_stays_counted(store: Store) -> None:
    """As does one of which nobody says that it was not: cancelling the rest must not refill the limit."""
    rules = published(limit("x", Dimension.ACCOUNT, 1_000, measure=Measure.SUM, frees_cancelled=True))
    take(with_order(order(600), order_id="N1"), store, rules)
    take(event(Kind.ORDER_CHANGE, OrderChange("N1", "cancel"), after=5), store, rules)
    assert count(order(1, after=6), rules, store) == 601


def test_a_cancel_that_did_not_happen_frees_nothing(store: Store) -> None:
    """A cancel that was stopped leaves the order where it is."""
    rules = published(limit("x", Dimension.ACCOUNT, 1_000, measure=Measure.SUM, frees_cancelled=True))
    take(with_order(order(600), order_id="N1"), store, rules)
    cancel = event(Kind.ORDER_CHANGE, OrderChange("N1", "cancel"), after=5)
    settled = settlement(cancel, Final.STOPPED, extra={UNFILLED: "yes"})
    settle(cancel, measure(cancel, rules, store), settled, store)
    assert count(order(1, after=6), rules, store) == 601


def test_nothing_that_the_desk_typed_is_part_of_a_script(store: Store) -> None:
    """A limit's id and its lists can hold whatever they like: the script runs, and names neither."""
    nasty = "x' end redis.call('FLUSHALL') --\n]] \\0\" $name"
    rules = published(limit(nasty, Dimension.IP, 1, exempt=(nasty,)))
    planned = plan(login(), rules, store.keys)
    assert "FLUSHALL" not in planned.call.script.text.decode()
    assert count(login(), rules, store, nasty) == 1


def test_what_scripts_are_told_is_the_same_for_the_same_limits(store: Store) -> None:
    """A second process that has the same version asks for the very same script."""
    one, two = (published(limit("x", Dimension.IP, 5), limit("y", Dimension.GLOBAL, 500)) for _ in range(2))
    assert plan(login(), one, store.keys).call.script.sha == plan(login(), two, store.keys).call.script.sha


def test_a_thousand_limits_are_counted_in_one_trip(store: Store) -> None:
    """A script has room for them all, and its reply tells each apart."""
    limits = [limit(f"x{number}", Dimension.IP, number + 1) for number in range(1_000)]
    rules = published(*limits)
    before = store.calls
    features = measure(login(), rules, store, stream=False)
    assert (store.calls - before, len(features.over)) == (1, 0)
    assert len(measure(login(), rules, store, stream=False).over) == 1
    assert features.facts["velocity.x999"] == 1
