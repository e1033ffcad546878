"""What is given back, and what is learnt."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from authshield.measure import Store, measure, settle, settle_then_measure
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import (
    Client,
    DeviceSeen,
    Event,
    Kind,
    Network,
    OrderChange,
    PageRequest,
    Portfolio,
    ProfileChange,
    Withdrawal,
)
from authshield.vocabulary.ruleset import Dimension, Measure
from tests.measure.making import (
    NO_LIMITS,
    PARIS,
    event,
    limit,
    login,
    order,
    page,
    published,
    settlement,
    take,
    with_order,
)

ELSEWHERE = Client("198.51.100.7", "curl", browser="Firefox/Linux")


def test_a_right_password_gives_back_what_it_counted(store: Store) -> None:
    """Limits that refund a success count failures only; others go on counting."""
    rules = published(
        limit("failures", Dimension.ACCOUNT, 2, refunds_success=True),
        limit("by-ip", Dimension.IP, 99, refunds_success=True),
        limit("attempts", Dimension.ACCOUNT, 99),
    )
    for _ in range(5):
        assert take(login(), store, rules, login_succeeded=True).over == ()
    facts = measure(login(), rules, store).facts
    assert (facts["velocity.failures"], facts["velocity.by-ip"], facts["velocity.attempts"]) == (1, 1, 6)


def test_a_stopped_sign_in_gives_nothing_back(store: Store) -> None:
    """A guess stays counted, whatever it was stopped by."""
    rules = published(limit("failures", Dimension.ACCOUNT, 9, refunds_success=True))
    made = login()
    settle(made, measure(made, rules, store), settlement(made, Final.STOPPED), store)
    assert measure(login(), rules, store).facts["velocity.failures"] == 2


@pytest.mark.parametrize(
    "made",
    [
        order(300),
        event(Kind.WITHDRAWAL, Withdrawal(300)),
        event(Kind.ORDER_CHANGE, OrderChange("1", "amend", order(400).subject, 100)),  # type: ignore[arg-type]
    ],
    ids=lambda made: made.kind.value,
)
def test_money_that_did_not_move_is_released(store: Store, made: Event) -> None:
    """A reservation ends with the event that made it, and only that one."""
    rules = published(limit("money", Dimension.ACCOUNT, 1_000, measure=Measure.SUM))
    take(order(200), store, rules)
    features = measure(made, rules, store)
    assert features.facts["velocity.money"] == 500
    settle(made, features, settlement(made, Final.STOPPED), store)
    assert measure(order(100), rules, store).facts["velocity.money"] == 300


def test_an_attempt_at_a_factor_is_never_released(store: Store) -> None:
    """Wrong codes stay counted."""
    rules = published(limit("codes", Dimension.ACCOUNT, 9))
    made = event(Kind.FACTOR_ATTEMPT)
    settle(made, measure(made, rules, store), settlement(made, Final.STOPPED), store)
    assert measure(event(Kind.FACTOR_ATTEMPT), rules, store).facts["velocity.codes"] == 2


def test_a_sign_in_is_learnt(store: Store) -> None:
    """Device, fingerprint, network, carrier, country and browser are known from then on, but not trusted."""
    seen = ["device.is_seen", "device.browser_seen", "device.fingerprint_seen"]
    seen += ["network.prefix_seen", "network.asn_seen", "network.country_seen"]
    before = take(login(), store).facts
    assert [before[name] for name in seen] == [False] * 6
    after = measure(login(after=3600), NO_LIMITS, store).facts
    assert [after[name] for name in seen] == [True] * 6
    assert after["account.logins"] == 1
    assert after["account.age_days"] == pytest.approx(1 / 24)
    assert (after["device.is_trusted"], after["network.is_familiar"]) == (False, False)


@pytest.mark.parametrize(
    "changes",
    [{"learn": False}, {"outcome": settlement(login(), Final.STOPPED).outcome}],
    ids=["told", "stopped"],
)
def test_nothing_is_learnt_from_what_was_stopped_or_may_not_teach(
    store: Store, changes: dict[str, Any]
) -> None:
    """An attacker cannot teach the profile by trying."""
    take(login(), store, **changes)
    after = measure(login(), NO_LIMITS, store).facts
    assert (after["device.is_seen"], after["network.prefix_seen"], after["account.logins"]) == (
        False,
        False,
        0,
    )


def test_trust_is_given_to_the_device_and_where_it_was_used(store: Store) -> None:
    """A trusted device makes the networks of its sign-ins familiar at once."""
    take(login(), store, trust=True)
    after = measure(login(), NO_LIMITS, store).facts
    assert (after["device.is_trusted"], after["network.is_familiar"], after["session.is_unusual"]) == (
        True,
        True,
        False,
    )


def test_a_hosting_carrier_is_familiar_by_its_address_block_only(store: Store) -> None:
    """Everybody rents the same hosting: another block of the same carrier says nothing."""
    hosted = Network(64500, "JP", kind="hosting")
    take(login(network=hosted), store, trust=True)
    assert measure(login(network=hosted), NO_LIMITS, store).facts["network.is_familiar"] is True
    away = measure(login(network=hosted, client=ELSEWHERE), NO_LIMITS, store).facts
    assert (away["network.asn_seen"], away["network.is_familiar"]) == (True, False)
    residential = replace(hosted, kind="residential")
    assert measure(login(network=residential, client=ELSEWHERE), NO_LIMITS, store).facts[
        "network.is_familiar"
    ]


def test_a_block_that_came_to_another_carrier_is_not_the_one_that_is_known(store: Store) -> None:
    """An address block that was sold says nothing of who uses it now."""
    take(login(), store, trust=True)
    facts = measure(login(network=Network(64999, "JP", kind="residential")), NO_LIMITS, store).facts
    assert (facts["network.prefix_seen"], facts["network.is_familiar"]) == (False, False)


def test_the_device_that_the_answer_brings_is_the_one_that_is_learnt(store: Store) -> None:
    """A browser without a cookie is known by the id that its sign-in gave it."""
    take(login(device=DeviceSeen(None)), store, extra={"issued_device": "fresh"})
    after = measure(page(device=DeviceSeen("fresh")), NO_LIMITS, store).facts
    assert (after["device.is_seen"], after["session.device_changed"]) == (True, False)
    other = measure(page(device=DeviceSeen("other")), NO_LIMITS, store).facts
    assert other["session.device_changed"] is True


def test_a_program_that_keeps_no_cookies_has_not_changed_its_device(store: Store) -> None:
    """What its sign-in was given never comes back; a browser's first own id is the session's all the same."""
    extra = {"issued_device": "fresh", "without_cookies": "1"}
    take(login(device=DeviceSeen(None)), store, extra=extra)
    without = measure(page(device=DeviceSeen(None)), NO_LIMITS, store).facts
    assert without["session.device_changed"] is False
    first = measure(page(device=DeviceSeen("fresh")), NO_LIMITS, store).facts
    other = measure(page(device=DeviceSeen("other")), NO_LIMITS, store).facts
    assert (first["session.device_changed"], other["session.device_changed"]) == (False, True)


def test_a_changed_address_is_remembered(store: Store) -> None:
    """Contact data that was changed casts its shadow on what follows; a change that was stopped does not."""
    change = event(Kind.PROFILE_CHANGE, ProfileChange("email"))
    take(change, store, outcome=settlement(change, Final.STOPPED).outcome)
    assert measure(page(), NO_LIMITS, store).facts["account.contact_changed_hours"] == 1_000_000.0
    take(change, store)
    assert measure(page(after=7200), NO_LIMITS, store).facts["account.contact_changed_hours"] == 2.0


def test_orders_are_learnt(store: Store) -> None:
    """Symbol, market, margin and the number of orders."""
    take(login(), store, trust=True)
    margin = with_order(order(after=1), account_type="margin")
    before = take(margin, store).facts
    after = measure(replace(margin, id="again"), NO_LIMITS, store).facts
    names = ["order.symbol_seen", "order.market_seen", "order.is_first_margin", "order.learnt"]
    assert [before[name] for name in names] == [False, False, True, 0]
    assert [after[name] for name in names] == [True, True, False, 1]


def test_an_unusual_session_teaches_no_symbol(store: Store) -> None:
    """One share, bought first, makes a thief's symbol nobody's own; nor does what was bought today."""
    first = order()
    assert take(first, store).facts["session.is_unusual"] is True
    seen = []
    for number, held in enumerate((1, 5)):
        portfolio = Portfolio(1_000, 9_000, Decimal(held), 1)
        again = replace(with_order(first, portfolio=portfolio), id=f"again-{number}")
        facts = measure(again, NO_LIMITS, store).facts
        settle(again, measure(again, NO_LIMITS, store), settlement(again, Final.STOPPED), store)
        seen.append((facts["order.symbol_seen"], facts["order.market_seen"]))
    assert seen == [(False, False), (True, False)]


def test_an_event_that_is_measured_twice_counts_once(store: Store) -> None:
    """Measuring again after the durable copy came back does not use up a limit twice."""
    rules = published(
        limit("orders", Dimension.ACCOUNT, 1), limit("money", Dimension.ACCOUNT, 100, measure=Measure.SUM)
    )
    made = order(100)
    first, second = measure(made, rules, store), measure(made, rules, store)
    assert first.over == second.over == ()
    assert second.facts["order.bought_24h"] == 100


def test_settling_and_measuring_can_share_a_trip(store: Store) -> None:
    """A replay's packet settles the last event before it measures the next."""
    first = login()
    features = settle_then_measure(None, first, NO_LIMITS, store)
    before = store.calls
    after = settle_then_measure((first, features, settlement(first)), page(), NO_LIMITS, store)
    assert store.calls == before + 1
    assert after.facts["device.is_seen"] is True
    assert after.is_cold is False


def test_each_stage_is_one_round_trip(store: Store) -> None:
    """However many limits there are, an event is measured in one trip, and settled by a packet that nobody awaits."""
    rules = published(
        *[limit(f"limit-{number}", dimension, 99) for number in range(4) for dimension in Dimension]
    )
    measure(login(), rules, store)
    before = store.calls
    made = order()
    features = measure(made, rules, store)
    assert store.calls == before + 1
    sent = store.sends
    settle(made, features, settlement(made), store)
    assert (store.calls, store.sends) == (before + 1, sent + 1)


def test_a_sign_in_from_an_unknown_place_leaves_no_place(store: Store) -> None:
    """Without coordinates there is nothing to travel from."""
    take(login(network=Network(64512, "JP")), store)
    assert measure(login(after=60, network=PARIS), NO_LIMITS, store).facts["network.travel_kmh"] == 0.0


def test_a_sign_in_from_far_away_travels(store: Store) -> None:
    """From the last place learnt, by another device."""
    take(login(), store)
    far = login(after=3600, network=PARIS, device=DeviceSeen("other"))
    assert measure(far, NO_LIMITS, store).facts["network.travel_kmh"] == pytest.approx(9_650, abs=30)
    near = login(after=3600, network=PARIS)
    assert measure(near, NO_LIMITS, store).facts["network.travel_kmh"] == 0.0


def test_a_withdrawal_and_a_page_tell_what_they_are(store: Store) -> None:
    """The facts of their own subject."""
    withdrawal = event(Kind.WITHDRAWAL, Withdrawal(250, destination_age_days=2.5, total_minor=1_000))
    facts = measure(withdrawal, NO_LIMITS, store).facts
    assert (facts["withdrawal.value"], facts["withdrawal.share"]) == (250, 0.25)
    assert facts["withdrawal.destination_age_days"] == 2.5
    assert (
        measure(page(subject=PageRequest("/orders/")), NO_LIMITS, store).facts["request.path"] == "/orders/"
    )
    change = event(Kind.PROFILE_CHANGE, ProfileChange("phone"))
    assert measure(change, NO_LIMITS, store).facts["profile.field"] == "phone"
