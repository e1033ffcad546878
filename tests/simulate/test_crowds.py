"""What looks like an attack and is none is in the files."""

from __future__ import annotations

from collections import Counter, defaultdict

from tests.simulate.made import made, seconds


def test_news_makes_hundreds_buy_one_thin_share() -> None:
    """A third of the accounts buys the same small share within an hour."""
    run = made("rally", accounts=400, days=24)
    buys = [e for e in run.of("order") if e["order"]["side"] == "buy"]
    crowd = Counter((e["order"]["symbol"], int(seconds(e) // 5400)) for e in buys)
    (symbol, slot), count = crowd.most_common(1)[0]
    assert count > 60
    bought = [e for e in buys if e["order"]["symbol"] == symbol and int(seconds(e) // 5400) == slot]
    assert bought[0]["instrument"]["adv"] < 5e7
    assert sum(e["portfolio"]["position_quantity"] == 0 for e in bought) > 0.9 * len(bought)


def test_a_crash_brings_five_times_the_logins() -> None:
    """On the day of the crash everybody looks, and some sell everything."""
    run = made("crash", accounts=300, days=24)
    begin = run.simulation.world.start / 1000
    days = Counter(int((seconds(e) - begin) // 86_400) for e in run.of("login") if e["outcome"] == "success")
    top, count = days.most_common(1)[0]
    others = sorted(n for day, n in days.items() if day != top)
    assert count > 3 * others[len(others) // 2]


def test_a_carrier_moves_its_customers() -> None:
    """From one day on a part of the phones comes from a network that nobody knew."""
    run = made("renumber", accounts=300, days=24)
    begin = run.simulation.world.start / 1000
    networks: dict[bool, set[int]] = defaultdict(set)
    for event in run.events:
        if event["network"]["kind"] == "mobile":
            networks[seconds(event) - begin > 15 * 86_400].add(event["network"]["asn"])
    assert len(networks[True] - networks[False]) == 1


def test_every_browser_has_its_new_version_within_days() -> None:
    """A release that takes a month elsewhere takes two days here."""

    def spread(name: str) -> Counter[str]:
        run = made(name, accounts=300, days=24)
        begin = run.simulation.world.start / 1000
        late = [e for e in run.of("login") if 18 < (seconds(e) - begin) / 86_400 < 21]
        return Counter(e["user_agent"].split("Chrome/")[1][:3] for e in late if "Chrome/" in e["user_agent"])

    def newest(versions: Counter[str]) -> float:
        return versions[max(versions)] / versions.total()

    assert max(spread("rollout")) > max(spread("quiet"))
    assert newest(spread("rollout")) > 0.6


def test_an_ordinary_month_has_its_own_liquidations_and_new_phones() -> None:
    """Somebody sells everything for good reasons, and payday brings phones that nobody knew."""
    run = made("quiet", accounts=600, days=30)
    sold: Counter[str] = Counter()
    for event in run.of("order"):
        held = event["portfolio"]["positions"]
        whole = event["order"]["quantity"] == event["portfolio"]["position_quantity"]
        sold[event["session"]] += event["order"]["side"] == "sell" and whole and held >= 1
    assert max(sold.values()) >= 3
    unknown = [e for e in run.of("login") if e["device"]["id"] is None and e["time"][8:10] == "25"]
    assert len(unknown) >= 3
