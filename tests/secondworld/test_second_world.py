"""The second made-up world: the same each time, readable, labelled as asked, and its books add up."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from authshield.replay.money import Base
from authshield.replay.parse import Setting
from authshield.replay.reader import Problem, read
from authshield.vocabulary.event import Network
from bench.secondworld.__main__ import main
from bench.secondworld.scenarios import SCENARIOS

ACCOUNTS, DAYS = 50, 9
YEN = Setting(Base.of("JPY"), lambda _ip: Network(country="JP"))
RELAYED = {"email", "totp", "static"}
Events = list[dict[str, Any]]


def _made(path: Path, scenario: str, *more: str, seed: int = 1) -> bytes:
    asked = ["--accounts", str(ACCOUNTS), "--days", str(DAYS), "--seed", str(seed), "--hijacked", "0.2"]
    main([scenario, str(path), *asked, *more])
    return path.read_bytes()


@cache
def _bytes(scenario: str) -> bytes:
    with TemporaryDirectory() as folder:
        return _made(Path(folder) / "events.jsonl", scenario)


def _events(scenario: str) -> Events:
    return [json.loads(line) for line in _bytes(scenario).splitlines()]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where a file goes."""
    return tmp_path / "events.jsonl"


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(out: Path) -> None:
    """A file can be made again from its arguments, byte for byte."""
    assert _made(out, "april") == _bytes("april")
    assert _made(out, "april", seed=2) != _bytes("april")


def test_an_archive_holds_the_plain_file_and_nothing_that_changes(tmp_path: Path) -> None:
    """Neither the time nor the name of the file goes into it."""
    packed = _made(tmp_path / "a.jsonl.gz", "april")
    assert (packed[3], packed[4:8]) == (0, bytes(4))
    assert gzip.decompress(packed) == _bytes("april")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_line_is_accepted_by_the_replay(scenario: str, out: Path) -> None:
    """No line breaks the format, a step back in time or a repeated id included."""
    out.write_bytes(_bytes(scenario))
    problems: list[Problem] = []
    records = list(read([out], YEN, problems.append))
    assert problems == []
    assert len(records) == len(_bytes(scenario).splitlines())
    assert all(earlier.event.at <= later.event.at for earlier, later in pairwise(records))


@pytest.mark.parametrize("scenario", ["quiet", "rally", "month"])
def test_a_world_without_thieves_has_honest_events_only(scenario: str) -> None:
    """What looks like theft there is somebody's own doing."""
    assert {event["label"] for event in _events(scenario)} == {"legit"}


@pytest.mark.parametrize("scenario", ["april", "stealers", "patient"])
def test_the_asked_share_of_the_accounts_is_hijacked(scenario: str) -> None:
    """A fifth was asked for; each event of a thief names its campaign, and victims live on."""
    events = _events(scenario)
    frauds = [event for event in events if event["label"] == "fraud"]
    robbed = {event["account"] for event in frauds}
    assert len(robbed) == ACCOUNTS // 5
    assert all(event["campaign"].startswith("ring-") for event in frauds)
    assert robbed & {event["account"] for event in events if event["label"] == "legit"}
    assert not any("campaign" in event for event in events if event["label"] == "legit")


def test_a_relay_gets_through_codes_but_never_through_a_key_or_a_shown_order() -> None:
    """What a phisher in the middle can pass is what can be told over the telephone."""
    frauds = [event for event in _events("april") if event["label"] == "fraud"]
    assert any(event["can_pass"] for event in frauds)
    for event in frauds:
        assert set(event["can_pass"]) <= RELAYED & set(event["enrolled"])


def test_stolen_cookies_name_a_device_of_the_customer(out: Path) -> None:
    """Most thieves with cookies come as a device that the account uses, some within the customer's own session."""
    larger = _made(out, "stealers", "--accounts", "120", "--days", "15")
    events = [json.loads(line) for line in larger.splitlines()]
    honest = [event for event in events if event["label"] == "legit"]
    devices = {(event["account"], event["device"]["id"]) for event in honest}
    sessions = {event["session"] for event in honest}
    frauds = [event for event in events if event["label"] == "fraud"]
    stolen = [event for event in frauds if (event["account"], event["device"]["id"]) in devices]
    assert len(stolen) > len(frauds) / 2
    assert any(event["session"] in sessions for event in frauds)


def test_the_golden_case_is_ten_accounts_one_share_and_about_two_hours() -> None:
    """As in the documented case."""
    orders = [event for event in _events("golden") if event["label"] == "fraud" and event["kind"] == "order"]
    buys = [event for event in orders if event["order"]["side"] == "buy" and event["order"]["price"] < 150]
    symbols = {event["order"]["symbol"] for event in buys}
    assert len(symbols) == 1
    assert len({event["account"] for event in orders}) >= 8
    assert {event["campaign"] for event in orders} == {"golden"}


def test_a_rally_draws_a_crowd_into_one_share() -> None:
    """Hundreds at full size: two fifths of the accounts buy one thin share, a few hours apart."""
    buyers = defaultdict(set)
    for event in _events("rally"):
        if event["kind"] == "order" and event["order"]["side"] == "buy":
            buyers[event["order"]["symbol"], event["time"][:10]].add(event["account"])
    assert max(len(crowd) for crowd in buyers.values()) >= ACCOUNTS / 6


@pytest.mark.parametrize("scenario", ["april", "patient", "month"])
def test_portfolios_add_up_from_event_to_event(scenario: str) -> None:
    """Fills and withdrawals explain every change of cash and holdings, but for savings in whole 10,000 yen."""
    tally = Tally()
    for event in _events(scenario):
        tally.see(event)
    assert tally.checked > 40
    assert tally.deposits < tally.checked / 10


class Tally:
    """Keeps the books by the events alone. Accounts that have bought on credit are left out from then on."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self.cash: dict[str, int] = {}
        self.held: dict[tuple[str, str], int] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.credit: set[str] = set()
        self.checked = self.deposits = 0

    def see(self, event: dict[str, Any]) -> None:
        """One more event."""
        steps: dict[str, Callable[[dict[str, Any]], None]] = {
            "order": self._order,
            "fill": self._fill,
            "withdrawal": self._withdrawal,
        }
        if event["kind"] in steps:
            steps[event["kind"]](event)

    def _order(self, event: dict[str, Any]) -> None:
        account, order, now = event["account"], event["order"], event["portfolio"]
        self.orders[order["order_id"]] = order
        if order.get("account_type") == "margin":
            self.credit.add(account)
        saved = now["cash"] - self.cash.get(account, now["cash"])
        if account not in self.credit:
            assert saved >= 0
            assert saved % 10_000 == 0
            assert now["cash"] >= 0
            self.deposits += saved > 0
            self.checked += account in self.cash
        self.cash[account] = now["cash"]
        place = account, order["symbol"]
        assert self.held.get(place, now["position_quantity"]) == now["position_quantity"]
        self.held[place] = now["position_quantity"]

    def _fill(self, event: dict[str, Any]) -> None:
        order, account = self.orders[event["order_id"]], event["account"]
        sign = 1 if order["side"] == "buy" else -1
        self.cash[account] -= sign * round(event["quantity"] * event["price"] * order.get("fx", 1))
        self.held[account, order["symbol"]] += sign * event["quantity"]

    def _withdrawal(self, event: dict[str, Any]) -> None:
        if event["account"] in self.cash:
            self.cash[event["account"]] -= event["amount"]


def test_a_file_without_labels_differs_in_nothing_else(out: Path) -> None:
    """Labels and campaigns are left out; not a byte of the rest depends on that."""
    bare = [json.loads(line) for line in _made(out, "stuffing", "--no-labels").splitlines()]
    told = [
        {name: value for name, value in event.items() if name not in {"label", "campaign"}}
        for event in _events("stuffing")
    ]
    assert bare == told
