"""The shipped limits on the real server: each stops what it is for, and the one before still goes through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from authshield.judge import compile_ruleset, judge
from authshield.measure import Store, measure, settle
from authshield.tune.transfer import default_source
from authshield.vocabulary.assurance import Assurance
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import DeviceSeen, Event, Kind, ProfileChange, Withdrawal
from authshield.vocabulary.ruleset import SHARED, Dimension, Measure, State
from tests.measure.making import event, login, order, settlement

if TYPE_CHECKING:
    from tests.servers import Valkey

RULESET = compile_ruleset(replace(default_source(), rules=(), thresholds=(), assurance=Assurance()))
SHIPPED = {limit.id: limit for limit in RULESET.source.limits}


@pytest.fixture
def store(valkey: Valkey) -> Iterator[Store]:
    """A store of its own; patient, because the machine may be busy with other tests."""
    made = Store(valkey.url, namespace="test", timeout_seconds=5.0)
    yield made
    made.close()


def stopped(events: list[Event], store: Store) -> list[set[str]]:
    """The limits that stood in the way of each; what none stood in the way of takes effect, as a customer's does."""
    found = []
    for one in events:
        features = measure(one, RULESET, store)
        decision = judge(one, features, RULESET)
        final = Final.STOPPED if decision.rules else Final.ALLOWED
        is_in = one.kind is Kind.LOGIN and final is Final.ALLOWED
        settled = settlement(one, final, login_succeeded=is_in)
        settle(one, features, settled, store, ruleset=RULESET)
        found.append(set(decision.rules))
    return found


def withdrawals(accounts: list[str], banks: list[str], devices: list[str]) -> list[Event]:
    """A small withdrawal each minute."""
    return [
        event(
            Kind.WITHDRAWAL,
            Withdrawal(100, destination=bank),
            after=60.0 * number,
            account=account,
            session=f"of-{account}",
            device=DeviceSeen(device),
        )
        for number, (account, bank, device) in enumerate(zip(accounts, banks, devices, strict=True))
    ]


def test_one_bank_account_is_not_paid_by_a_third_customer(store: Store) -> None:
    """A couple may share one; a third customer's withdrawal waits."""
    names = ["ann", "bob", "cem"]
    found = stopped(withdrawals(names, ["mule"] * 3, names), store)
    assert found == [set(), set(), {"withdrawal-bank-accounts-30d"}]


def test_one_customer_does_not_pay_to_a_fourth_bank_account(store: Store) -> None:
    """Three are more than most people have."""
    banks = ["one", "two", "three", "two", "four"]
    found = stopped(withdrawals(["ann"] * 5, banks, ["ann"] * 5), store)
    assert found == [set()] * 4 + [{"withdrawal-destinations-30d"}]


def test_one_device_does_not_withdraw_from_a_fifth_account(store: Store) -> None:
    """Four are a family."""
    names = ["ann", "bob", "cem", "dan", "eve"]
    found = stopped(withdrawals(names, names, ["tablet"] * 5), store)
    assert found == [set()] * 4 + [{"withdrawal-device-accounts-24h"}]


def test_one_device_does_not_trade_for_a_sixth_account(store: Store) -> None:
    """Nor does it change the contact data of a fifth."""
    names = ["ann", "bob", "cem", "dan", "eve", "fay"]
    orders = [order(after=60.0 * n, account=name, session=name) for n, name in enumerate(names)]
    assert stopped(orders, store) == [set()] * 5 + [{"order-device-accounts-24h"}]
    changes = [
        event(Kind.PROFILE_CHANGE, ProfileChange("email"), after=60.0 * n, account=name, session=name)
        for n, name in enumerate(names)
    ]
    assert stopped(changes, store)[3:5] == [set(), {"profile-device-accounts-24h"}]


def test_a_strange_device_does_not_turn_the_portfolio_over(store: Store) -> None:
    """Selling all of 10,000 goes through here, which rules look at; spending most of it at once does not."""
    sold = [order(2_500, "sell", after=60.0 * n, symbol=f"100{n}") for n in range(4)]
    bought = [order(4_000, "buy", after=300.0 + n, symbol="9999") for n in range(2)]
    assert stopped([*sold, *bought], store) == [set()] * 5 + [{"order-share-strangers-30m"}]


def test_a_script_is_asked_where_a_person_is_not(store: Store) -> None:
    """A rush goes through; a minute of it does not, and neither do 40 slices of one order."""
    rush = [order(1, after=0.1 * n, symbol=f"{1000 + n}") for n in range(100)]
    found = stopped(rush, store)
    assert found[:30] == [set()] * 30
    assert sum(not one for one in found) <= 60
    assert {"order-rush-session-1m"} in found
    slices = [
        order(1, after=10.0 * n, account="bob", session="bob", device=DeviceSeen("bobs")) for n in range(42)
    ]
    found = stopped(slices, store)
    assert found[:40] == [set()] * 40
    assert found[40:] == [{"order-symbol-count-10m"}] * 2
    other_side = order(1, "sell", after=420.0, account="bob", session="bob", device=DeviceSeen("bobs"))
    assert stopped([other_side], store) == [set()]


def test_customers_behind_one_address_make_room_for_each_other(store: Store) -> None:
    """Failures that stop a lone guesser do not stop an address from which customers sign in."""
    customers = [
        login(after=float(n), account=f"c{n}", username=f"c{n}", session=f"c{n}", device=DeviceSeen(f"d{n}"))
        for n in range(20)
    ]
    assert stopped(customers, store) == [set()] * 20
    guesses = [
        login(
            after=30.0 + n, account=f"x{n % 8}", username=f"x{n % 8}", session=None, device=DeviceSeen(None)
        )
        for n in range(25)
    ]
    assert [judge(one, measure(one, RULESET, store), RULESET).rules for one in guesses] == [()] * 25


def test_a_lone_guesser_at_an_address_is_refused(store: Store) -> None:
    """The same 25 failures, and nobody who signs in from there."""
    guesses = [
        login(
            after=30.0 + n, account=f"x{n % 8}", username=f"x{n % 8}", session=None, device=DeviceSeen(None)
        )
        for n in range(25)
    ]
    found = [set(judge(one, measure(one, RULESET, store), RULESET).rules) for one in guesses]
    assert found == [set()] * 20 + [{"login-address-10m"}] * 5


def test_what_many_share_is_never_denied() -> None:
    """Carriers, countries, fingerprints and the whole site are asked for a code; addresses may be refused."""
    shared = SHARED - {Dimension.IP, Dimension.PREFIX} | {Dimension.GLOBAL}
    found = [limit for limit in SHIPPED.values() if limit.dimension in shared]
    assert {limit.dimension for limit in found} == shared
    assert {limit.action.word for limit in found} == {"challenge"}


def test_every_kind_of_limit_is_shipped_at_least_once() -> None:
    """At least 20, all on; each dimension, measure and feature has its example."""
    limits = list(SHIPPED.values())
    assert len(limits) >= 20
    assert {limit.state for limit in limits} == {State.ON}
    used = {limit.dimension for limit in limits} | {limit.also for limit in limits}
    assert set(Dimension) - used == {Dimension.SYMBOL}
    assert {limit.measure for limit in limits} == set(Measure)
    assert any(limit.burst for limit in limits)
    assert any(limit.grows_by for limit in limits)
    assert any(limit.progressive for limit in limits)


def test_longer_windows_hold_more_and_in_proportion_less() -> None:
    """Of limits that differ in the window, the longer one holds more, but not as many more as it is longer."""
    groups: dict[object, list[tuple[int, int]]] = {}
    for limit in SHIPPED.values():
        same = (limit.kinds, limit.dimension, limit.also, limit.measure, limit.distinct_of, limit.scope)
        groups.setdefault(same, []).append((limit.window_seconds, limit.capacity))
    pairs = [pair for group in groups.values() for pair in pairwise(sorted(group))]
    assert len(pairs) >= 8
    for (short, few), (long, many) in pairs:
        assert few < many < few * long / short
