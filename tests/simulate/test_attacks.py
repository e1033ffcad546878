"""Each kind of thief does what is known of him, and his events are labelled so."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict

import pytest

from authshield.simulate.people import DAY_TRADER
from tests.simulate.made import Event, made, seconds, value

REDIRECTED = 2.0  # seconds; below it are the pages that a sign-in leads to


def taken(run_events: list[Event]) -> dict[str, float]:
    """When each account's first fraudulent event was."""
    first: dict[str, float] = {}
    for event in run_events:
        if event.get("label") == "fraud":
            first.setdefault(event["account"], seconds(event))
    return first


@pytest.mark.parametrize("name", ["quiet", "rally", "crash", "renumber", "rollout"])
def test_where_nobody_attacks_nothing_is_fraud(name: str) -> None:
    """All events are legitimate, and there is no campaign."""
    events = made(name, accounts=80, days=24).events
    assert {event["label"] for event in events} == {"legit"}
    assert not any("campaign" in event for event in events)


def test_a_phisher_relays_codes_and_nothing_that_shows_the_order() -> None:
    """He passes e-mail, app and recovery codes; a passkey or an honest confirmation never."""
    passes = [set(event["can_pass"]) for event in made("april", hijacked=0.08).fraud()]
    assert set().union(*passes) == {"email", "totp", "static"}


def test_nobody_is_attacked_in_the_first_days() -> None:
    """The first ten days are quiet, so that scores can warm up."""
    run = made("april", hijacked=0.08)
    begin = seconds(run.events[0])
    assert min(taken(run.events).values()) > begin + 9.9 * 86_400


def test_a_stolen_cookie_names_the_victims_device() -> None:
    """A stealer's login carries an id that the customer's browser was given, or goes on with an open session."""
    run = made("stealers", accounts=300, hijacked=0.1)
    legit = {(e["account"], e["device"]["id"]) for e in run.events if e["label"] == "legit"}
    fraud = run.fraud()
    assert fraud
    assert all((e["account"], e["device"]["id"]) in legit for e in fraud)
    labels: dict[str, set[str]] = defaultdict(set)
    for event in run.events:
        if event["session"]:
            labels[event["session"]].add(event["label"])
    assert any(len(both) == 2 for both in labels.values()), "sessions that were ridden"


def test_patient_thieves_trade_small_before_the_drain() -> None:
    """Between the takeover and the campaign's first order lie days, with small orders in them."""
    run = made("patient", accounts=300, hijacked=0.08)
    first = taken(run.events)
    drains: dict[str, float] = {}
    small: Counter[str] = Counter()
    for event in run.of("order", "fraud"):
        if "campaign" in event:
            drains.setdefault(event["account"], seconds(event))
        else:
            small[event["account"]] += 1
    waits = [(drains[account] - first[account]) / 86_400 for account in drains]
    assert len(waits) > 10
    assert sorted(waits)[len(waits) // 2] > 4
    assert sum(small[account] > 0 for account in drains) > len(drains) / 2


def test_poison_is_ten_quiet_logins() -> None:
    """Before the first order there are about ten logins without any."""
    run = made("poison", hijacked=0.08)
    logins: Counter[str] = Counter()
    before: dict[str, int] = {}
    for event in run.fraud():
        if event["kind"] == "login" and event["outcome"] == "success":
            logins[event["account"]] += 1
        elif event["kind"] == "order":
            before.setdefault(event["account"], logins[event["account"]])
    assert before
    assert sorted(before.values())[len(before) // 2] >= 9


def test_the_golden_case_is_ten_accounts_one_share_and_two_hours() -> None:
    """As in the arrest: ten accounts, some JPY 100 million raised, one cheap share."""
    run = made("golden", accounts=400, days=24)
    orders = run.of("order", "fraud")
    buys = [e for e in orders if e["order"]["side"] == "buy"]
    assert len({e["account"] for e in orders}) == 10
    assert len({e["order"]["symbol"] for e in buys}) == 1
    assert seconds(orders[-1]) - seconds(orders[0]) < 4 * 3600, "and an hour for lunch"
    assert 3e7 < sum(value(e) for e in orders if e["order"]["side"] == "sell") < 4e8
    assert {e["campaign"] for e in orders} == {"golden"}


def test_a_list_of_passwords_is_tried_in_bursts_and_names_strangers() -> None:
    """Stuffing: many names within hours, a tenth of them nobody's; failed guesses have no label."""
    run = made("stuffing", accounts=300, days=24, hijacked=0.02)
    guesses = [e for e in run.of("login", "") if "label" not in e]
    assert all(e["outcome"] == "failure" and e["can_pass"] == [] for e in guesses)
    assert 0.05 < sum(e["account"] is None for e in guesses) / len(guesses) < 0.2
    hours = Counter(int(seconds(e) // 3600) for e in guesses)
    assert sum(hours.values()) / len(hours) > 5
    assert len(hours) < 24 * 14 * 0.4


def test_a_spray_is_one_try_an_account_and_day() -> None:
    """Spraying: hardly anybody is tried twice on a day."""
    run = made("spraying", accounts=300, days=24, hijacked=0.01)
    guesses = [e for e in run.of("login") if "label" not in e and e["account"]]
    tries = Counter((e["account"], e["time"][:10]) for e in guesses)
    assert sum(tries.values()) / len(tries) < 1.6
    assert len({e["account"] for e in guesses}) > 290


def test_slow_guesses_come_from_an_address_each() -> None:
    """Slow: one try in three days or more, never from where another came from."""
    run = made("slow", accounts=300, days=24, hijacked=0.01)
    guesses = [e for e in run.of("login") if "label" not in e]
    assert len({e["ip"] for e in guesses}) > 0.95 * len(guesses)
    times: dict[str, list[float]] = defaultdict(list)
    for event in guesses:
        times[event["account"] or event["username"]].append(seconds(event))
    gaps = [b - a for known in times.values() for a, b in itertools.pairwise(known)]
    assert min(gaps) >= 3 * 86_400


def test_evasion_makes_thieves_harder_to_see() -> None:
    """From level 2 on the fingerprint is the victim's; from level 3 on the orders are small."""
    sizes = []
    for level in (0, 3):
        run = made("april", accounts=300, days=30, hijacked=0.08, evasion=level)
        known: dict[str, set[str]] = defaultdict(set)
        copied = []
        for event in run.events:
            screen = str(event["device"]["fingerprint"])
            if event.get("label") == "legit":
                known[event["account"]].add(screen)
            elif event["kind"] == "login":
                copied.append(screen in known[event["account"]])
        assert (sum(copied) / len(copied) > 0.6) == (level >= 2)
        buys = [e for e in run.of("order", "fraud") if e["order"]["side"] == "buy"]
        sizes.append(max(value(e) / e["instrument"]["adv"] for e in buys))
    assert sizes[1] < 0.06 < sizes[0]


def test_thieves_book_orders_where_the_customer_does() -> None:
    """Margin or cash says nothing of who placed an order: a day trader's thief uses the margin too."""
    run = made("april", accounts=600, hijacked=0.15, days=24)
    people = {person.account: person for person in run.simulation.world.people}
    booked = [(people[e["account"]], e["order"]["account_type"]) for e in run.of("order", "fraud")]
    assert {kind for person, kind in booked if person.kind == DAY_TRADER} == {"margin"}
    assert {kind for person, kind in booked if not person.margin} == {"cash", "nisa"}


@pytest.mark.parametrize("name", ["april", "patient", "stealers"])
def test_no_gap_between_two_events_comes_again_and_again(name: str) -> None:
    """Pauses of the same milliseconds give away how a file was made; those of scripted orders are meant."""
    last: dict[str, float] = {}
    gaps: Counter[float] = Counter()
    for event in made(name, accounts=300, hijacked=0.08).events:
        session = event["session"]
        if session is None:
            continue
        gap = round(seconds(event) - last.get(session, math.inf), 3)
        if gap > REDIRECTED and event["kind"] not in ("order", "fill"):
            gaps[gap] += 1
        last[session] = seconds(event)
    assert gaps.most_common(1)[0][1] <= 6, gaps.most_common(3)
