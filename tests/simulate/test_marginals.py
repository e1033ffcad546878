"""The file's ratios are those that were published, as far as they are known."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from statistics import mean, median

from authshield.simulate.people import DAY_TRADER
from tests.simulate.made import made, seconds


def test_april_has_the_ratios_that_were_published() -> None:
    """FSA: 41 to 57 % of accesses end in trades, and bought is 0.88 of sold."""
    summary = made("april", accounts=600, hijacked=0.1, days=24).simulation.summary()
    assert 0.41 <= summary["traded"] / summary["hijacked"] <= 0.60
    assert 0.75 <= summary["fraud_bought"] / summary["fraud_sold"] <= 0.95


def test_thieves_sell_most_and_buy_one_thin_share() -> None:
    """What is bought is a cheap share with little volume, from the proceeds of what was held."""
    run = made("april", accounts=600, hijacked=0.1, days=24)
    buys = [e for e in run.of("order", "fraud") if e["order"]["side"] == "buy"]
    usual = [e for e in run.of("order", "legit") if e["order"]["side"] == "buy"]
    thin = median(e["instrument"]["adv"] for e in buys)
    assert thin < 0.2 * median(e["instrument"]["adv"] for e in usual)
    assert all(e["portfolio"]["position_quantity"] == 0 or e["campaign"] for e in buys)
    assert mean(e["order"]["price"] * e["order"]["fx"] < 300 for e in buys) > 0.9


def test_customers_turn_over_what_jsda_counted() -> None:
    """JPY 2.3 million in half a year and funded account, both sides; day traders all of the margin."""
    run = made("quiet", accounts=600, days=24)
    people = {p.account: p for p in run.simulation.world.people}
    rates = {e["order"]["order_id"]: e["order"]["fx"] for e in run.of("order")}
    turned: Counter[bool] = Counter()
    for fill in run.of("fill"):
        day_trades = people[fill["account"]].kind == DAY_TRADER
        turned[day_trades] += fill["quantity"] * fill["price"] * rates[fill["order_id"]]
    traders = sum(p.kind == DAY_TRADER for p in people.values())
    assert 0.2e6 < turned[False] / 600 * 30 / 24 < 0.8e6
    assert 25e6 < turned[True] / traders * 30 / 24 < 160e6


def test_failures_come_in_clusters() -> None:
    """StopGuessing: who mistypes mistypes again; RBA: about 78 % of all tries succeed."""
    run = made("quiet", accounts=600, days=24)
    outcomes = Counter(e["outcome"] for e in run.of("login"))
    assert 0.65 < outcomes["success"] / outcomes.total() < 0.97
    tries: dict[str, list[float]] = defaultdict(list)
    for event in run.of("login"):
        if event["outcome"] == "failure" and event["account"]:
            tries[event["account"]].append(seconds(event))
    again = [b - a < 400 for times in tries.values() for a, b in itertools.pairwise(times)]
    assert mean(again) > 0.5


def test_a_session_is_short_and_most_customers_come_seldom() -> None:
    """Three to six events a session; 40 % of the accounts are hardly ever seen."""
    run = made("quiet", accounts=600, days=24)
    sessions = Counter(e["session"] for e in run.events if e["session"])
    assert 3 <= mean(sessions.values()) <= 6
    logins = Counter(e["account"] for e in run.of("login") if e["outcome"] == "success")
    seldom = sum(logins[p.account] <= 1 for p in run.simulation.world.people) / 600
    assert 0.25 < seldom < 0.55


def test_a_device_hardly_changes_within_a_month() -> None:
    """More than nine attributes in ten stay what they are; half of the logins come from a changing address."""
    run = made("quiet", accounts=600, days=24)
    first: dict[str, dict[str, str]] = {}
    same, moved, last = [], [], dict[str, str]()
    for event in run.of("request"):
        device = event["device"]["id"]
        known = first.setdefault(device, event["device"]["fingerprint"])
        same += [known[name] == text for name, text in event["device"]["fingerprint"].items()]
        moved.append(last.get(device, event["ip"]) != event["ip"])
        last[device] = event["ip"]
    assert mean(same) > 0.9
    assert 0.15 < mean(moved) < 0.7
