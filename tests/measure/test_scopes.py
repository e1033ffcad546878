"""Whose events a limit counts: strangers are throttled, the customer goes on."""

from __future__ import annotations

from authshield.measure import Store, measure, settle
from authshield.measure.generate import KEPT as READY_KEPT
from authshield.measure.profile import forget_device, trust_device
from authshield.vocabulary.event import Client, DeviceSeen, Event
from authshield.vocabulary.features import Features
from authshield.vocabulary.ruleset import Dimension, Measure, Scope, State
from tests.measure.making import START, Published, limit, login, order, page, published, settlement

STRANGERS = limit("strangers", Dimension.ACCOUNT, 2, scope=Scope.UNKNOWN_DEVICE)
OWNERS = limit("owners", Dimension.ACCOUNT, 3, scope=Scope.KNOWN_DEVICE)
RULES = published(STRANGERS, OWNERS)
STRANGER = DeviceSeen(None)


def over(event: Event, rules: Published, store: Store) -> list[str]:
    """Ids of the limits that this event exceeds."""
    return [hit.limit_id for hit in measure(event, rules, store).over]


def facts(event: Event, rules: Published, store: Store) -> Features:
    """Measured once."""
    return measure(event, rules, store)


def test_strangers_cannot_use_up_what_a_trusted_device_may_do(store: Store) -> None:
    """However often an account is guessed at, its owner's device has a budget of its own."""
    trust_device(store, "alice", "alice-device", now=START)
    assert [over(login(device=STRANGER), RULES, store) for _ in range(4)] == [
        [],
        [],
        ["strangers"],
        ["strangers"],
    ]
    assert [over(login(), RULES, store) for _ in range(4)] == [[], [], [], ["owners"]]


def test_two_trusted_devices_do_not_share_a_budget(store: Store) -> None:
    """Each known device has its own count."""
    for device in ("alice-device", "alice-phone"):
        trust_device(store, "alice", device, now=START)
    assert [over(login(), RULES, store) for _ in range(4)][-1] == ["owners"]
    assert over(login(device=DeviceSeen("alice-phone")), RULES, store) == []


def test_a_device_that_was_only_seen_counts_as_a_strangers_until_it_is_old_enough(store: Store) -> None:
    """Trust by age comes after the ruleset's days, not before."""
    first = login()
    settle(first, measure(first, RULES, store), settlement(first), store)
    before, after = (measure(login(after=days * 86400), RULES, store) for days in (20.99, 21))
    assert before.facts["device.is_trusted"] is False
    assert before.facts["velocity.strangers"] == 1
    assert before.facts["velocity.owners"] == 0
    assert after.facts["device.is_trusted"] is True
    assert after.facts["velocity.strangers"] == 0
    assert after.facts["velocity.owners"] == 1


def test_a_forgotten_device_is_a_stranger(store: Store) -> None:
    """Taking trust back takes effect at once."""
    trust_device(store, "alice", "alice-device", now=START)
    forget_device(store, "alice", "alice-device")
    assert facts(login(), RULES, store).facts["velocity.strangers"] == 1


def test_an_account_that_does_not_exist_is_limited_by_its_name(store: Store) -> None:
    """The answer to the third guess is the same for a name without an account."""
    guesses = [over(login(account=None, username="Nobody"), RULES, store) for _ in range(3)]
    assert guesses == [[], [], ["strangers"]]
    assert over(login(account=None, username=" nobody "), RULES, store) == ["strangers"]


def test_a_username_is_counted_whether_or_not_the_account_exists(store: Store) -> None:
    """The limit on names counts on the name alone, whatever the account and however it was typed."""
    rules = published(limit("names", Dimension.USERNAME, 2))
    assert over(login(username="Alice"), rules, store) == []
    assert over(login(account=None, username="ALICE"), rules, store) == []
    assert over(login(username="alice"), rules, store) == ["names"]


def test_an_address_is_a_host_or_a_block(store: Store) -> None:
    """An address counts as /32 or /64, a prefix as /24 or /48, and a mapped IPv4 address as IPv4."""
    rules = published(limit("hosts", Dimension.IP, 9), limit("blocks", Dimension.PREFIX, 9))

    def counts(ip: str) -> tuple[object, object]:
        found = measure(login(client=Client(ip)), rules, store).facts
        return found["velocity.hosts"], found["velocity.blocks"]

    assert counts("192.0.2.1") == (1, 1)
    assert counts("::ffff:192.0.2.1") == (2, 2)
    assert counts("192.0.2.2") == (1, 3)
    assert counts("2001:db8:1:2::1") == (1, 1)
    assert counts("2001:db8:1:2:ffff::1") == (2, 2)
    assert counts("2001:db8:1:3::1") == (1, 3)


def test_a_limit_on_something_unknown_counts_nothing(store: Store) -> None:
    """Without a carrier there is no limit by carrier; without a device none by device."""
    rules = published(limit("carrier", Dimension.ASN, 0), limit("device", Dimension.DEVICE, 0))
    made = login(device=STRANGER, network=type(login().network)())
    assert over(made, rules, store) == []
    assert over(login(), rules, store) == ["carrier", "device"] or over(login(), rules, store) == [
        "device",
        "carrier",
    ]


def test_a_limit_that_is_off_is_not_counted(store: Store) -> None:
    """Off means off; shadow still counts, so that the desk sees what it would do."""
    rules = published(
        limit("off", Dimension.ACCOUNT, 0, state=State.OFF),
        limit("shadow", Dimension.ACCOUNT, 0, state=State.SHADOW),
    )
    assert over(order(), rules, store) == ["shadow"]


def test_a_redefined_limit_does_not_misread_what_it_counted_before(store: Store) -> None:
    """A limit that turns from orders to money starts anew."""
    assert over(order(500), published(limit("x", Dimension.ACCOUNT, 1)), store) == []
    summed = published(limit("x", Dimension.ACCOUNT, 1_000, measure=Measure.SUM))
    assert measure(order(700), summed, store).facts["velocity.x"] == 700


def test_different_names_behind_one_address_are_counted_once_each(store: Store) -> None:
    """A distinct count counts values, not events."""
    rules = published(
        limit("names", Dimension.IP, 2, measure=Measure.DISTINCT, distinct_of=Dimension.USERNAME)
    )
    names = ["alice", "alice", "bob", "bob", "carol", "alice"]
    hits = [bool(over(login(username=name, account=None), rules, store)) for name in names]
    assert hits == [False, False, False, False, True, False]


def test_many_rulesets_after_each_other_are_each_counted_by_their_own_limits(store: Store) -> None:
    """What is made ready for one version is never used for another, also after it is forgotten."""
    for number in range(READY_KEPT + 2):
        rules = published(limit(f"limit-{number}", Dimension.ACCOUNT, 0))
        (hit,) = measure(order(after=number), rules, store, stream=False).over
        assert hit.limit_id == f"limit-{number}"


def test_a_limit_on_money_lets_what_is_no_money_by(store: Store) -> None:
    """A page moves nothing, so it is neither counted nor over."""
    rules = published(limit("money", Dimension.ACCOUNT, 0, measure=Measure.SUM))
    assert over(page(), rules, store) == []
