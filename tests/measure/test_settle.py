"""What is given back, and what is learnt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authshield.measure import Settlement, Store, measure, settle, settle_then_measure
from authshield.measure.profile import hydrate, mark_account, mark_session
from authshield.sealing import keyed_hash
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import (
    Client,
    DeviceSeen,
    Event,
    Kind,
    Login,
    Network,
    OrderChange,
    ProfileChange,
    Withdrawal,
)
from authshield.vocabulary.features import Features
from authshield.vocabulary.ruleset import Dimension, Measure
from authshield.vocabulary.snapshot import AccountSnapshot, KnownDevice
from tests.measure.making import PARIS, START, Published, event, limit, login, order, published, settlement

NO_LIMITS = published()
ELSEWHERE = Client("198.51.100.7", "curl", browser="Firefox/Linux")


def take(made: Event, store: Store, rules: Published = NO_LIMITS, **changes: object) -> Features:
    """Measure and settle; the Features are those from before it was settled."""
    features = measure(made, rules, store)
    given: Settlement = replace(settlement(made), **changes)  # type: ignore[arg-type]
    settle(made, features, given, store)
    return features


def page(after: float = 1.0, **changes: object) -> Event:
    """A page of her session."""
    return event(Kind.REQUEST, after=after, **changes)


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
    store: Store, changes: dict[str, object]
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


def test_a_session_remembers_how_it_began(store: Store) -> None:
    """Risk, proof and strangeness of the sign-in are facts of every later event."""
    take(login(subject=Login(succeeded=True, method="passkey", is_staff=True)), store)
    facts = measure(page(after=90), NO_LIMITS, store).facts
    assert facts["session.age_seconds"] == 90
    assert facts["session.proof_age_seconds"] == 90
    assert facts["session.strength"] == Strength.PHISHING_RESISTANT
    assert facts["session.login_risk"] == 7.0
    assert facts["session.is_unusual"] is True
    assert facts["account.is_staff"] is True


def test_a_session_that_began_strangely_stays_unusual_at_home(store: Store) -> None:
    """Later events from a trusted place do not make the session an ordinary one."""
    take(login(), store, trust=True)
    take(login(device=DeviceSeen("thief"), client=ELSEWHERE, network=PARIS, session="stolen"), store)
    assert measure(page(session="stolen"), NO_LIMITS, store).facts["session.is_unusual"] is True
    assert measure(page(), NO_LIMITS, store).facts["session.is_unusual"] is False


def test_a_stolen_session_shows(store: Store) -> None:
    """Another device, browser, carrier or country than at the sign-in is told, and so is a lost cookie."""
    take(login(), store)
    names = ["device", "browser", "network", "country"]
    same = measure(page(), NO_LIMITS, store).facts
    assert [same[f"session.{name}_changed"] for name in names] == [False] * 4
    stolen = measure(page(client=ELSEWHERE, network=PARIS, device=DeviceSeen(None)), NO_LIMITS, store).facts
    assert [stolen[f"session.{name}_changed"] for name in names] == [True] * 4


def test_what_is_unknown_now_has_not_changed(store: Store) -> None:
    """Without a geographic database nobody has moved."""
    take(login(), store)
    facts = measure(page(network=Network(), client=Client("203.0.113.9")), NO_LIMITS, store).facts
    assert [facts[f"session.{name}_changed"] for name in ("browser", "network", "country")] == [False] * 3


def test_a_session_keeps_its_strongest_proof(store: Store) -> None:
    """A weaker proof later on does not lower it, an equal one renews it."""
    take(login(), store, outcome=settlement(login(), Final.PASSED, proved=Strength.OTP).outcome)
    take(page(after=60), store, outcome=settlement(login(), Final.PASSED, proved=Strength.ANY).outcome)
    facts = measure(page(after=100), NO_LIMITS, store).facts
    assert (facts["session.strength"], facts["session.proof_age_seconds"]) == (2, 100)
    take(page(after=110), store, outcome=settlement(login(), Final.PASSED, proved=Strength.OTP).outcome)
    assert measure(page(after=120), NO_LIMITS, store).facts["session.proof_age_seconds"] == 10


def test_a_session_that_was_left_is_ended(store: Store) -> None:
    """A copy of its cookie is worth nothing after the sign-out."""
    take(login(), store)
    take(event(Kind.LOGOUT), store)
    assert measure(page(), NO_LIMITS, store).facts["session.is_ended"] is True


def test_a_changed_address_is_remembered(store: Store) -> None:
    """Contact data that was changed casts its shadow on what follows; a change that was stopped does not."""
    change = event(Kind.PROFILE_CHANGE, ProfileChange("email"))
    take(change, store, outcome=settlement(change, Final.STOPPED).outcome)
    assert measure(page(), NO_LIMITS, store).facts["account.contact_changed_hours"] == 1_000_000.0
    take(change, store)
    assert measure(page(after=7200), NO_LIMITS, store).facts["account.contact_changed_hours"] == 2.0


def test_orders_are_learnt(store: Store) -> None:
    """Symbol, market, margin and the number of orders."""
    margin = order()
    assert margin.subject is not None
    margin = replace(margin, subject=replace(margin.subject, account_type="margin"))  # type: ignore[call-arg]
    before = take(margin, store).facts
    after = measure(replace(margin, id="again"), NO_LIMITS, store).facts
    names = ["order.symbol_seen", "order.market_seen", "order.is_first_margin", "order.learnt"]
    assert [before[name] for name in names] == [False, False, True, 0]
    assert [after[name] for name in names] == [True, True, False, 1]


def test_the_desk_s_marks_are_facts_at_once(store: Store) -> None:
    """Frozen, ended, scored and proved are read with the next event."""
    mark_account(store, "alice", frozen=True, contact_changed_at=START)
    mark_session(store, "alice-session", ended=True, score=88.5, strength=Strength.OTP, proof_at=START)
    facts = measure(page(after=3600), NO_LIMITS, store).facts
    assert facts["account.is_frozen"] is True
    assert facts["account.contact_changed_hours"] == 1.0
    assert (facts["session.is_ended"], facts["session.score"], facts["session.strength"]) == (True, 88.5, 2)
    assert facts["session.proof_age_seconds"] == 3600
    mark_account(store, "alice", frozen=False)
    assert measure(page(), NO_LIMITS, store).facts["account.is_frozen"] is False


def test_an_account_is_cold_until_its_durable_copy_is_back(store: Store) -> None:
    """After the loss of Redis, devices, trust and freezes come back with one call."""
    assert measure(login(), NO_LIMITS, store).is_cold is True
    assert measure(login(), NO_LIMITS, store, durable=False).is_cold is False
    assert measure(login(account=None), NO_LIMITS, store).is_cold is False
    fingerprint = keyed_hash("screen=1920x1080\x1ftimezone=Asia/Tokyo", "fingerprint")
    device = KnownDevice(keyed_hash("alice-device", "device"), START, START, True, fingerprint)  # noqa: FBT003
    young = KnownDevice(keyed_hash("young", "device"), START, START)
    snapshot = AccountSnapshot(
        frozen=True, contact_changed_at=START, devices=(device, young), logins=5, first_login_at=START
    )
    hydrate("alice", snapshot, store)
    features = measure(login(after=86400), NO_LIMITS, store)
    assert features.is_cold is False
    facts = features.facts
    assert (facts["device.is_seen"], facts["device.is_trusted"], facts["device.fingerprint_seen"]) == (
        True,
    ) * 3
    assert (facts["account.logins"], facts["account.is_cold"], facts["account.is_frozen"]) == (5, False, True)
    assert (facts["account.contact_changed_hours"], facts["account.age_days"]) == (24.0, 1.0)
    other = measure(login(device=DeviceSeen("young")), NO_LIMITS, store).facts
    assert (other["device.is_seen"], other["device.is_trusted"]) == (True, False)


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
    """However many limits there are, an event costs two trips, and a page or a failed login one."""
    rules = published(
        *[limit(f"limit-{number}", dimension, 99) for number in range(4) for dimension in Dimension]
    )
    measure(login(), rules, store)
    before = store.calls
    made = order()
    features = measure(made, rules, store)
    assert store.calls == before + 1
    settle(made, features, settlement(made), store)
    assert store.calls == before + 2
