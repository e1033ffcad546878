"""Which lists hold what an event came with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.judge.lists import FACT_KINDS, KINDS, Lists, canonical
from authshield.vocabulary.event import Client, DeviceSeen, Kind, Network, OrderChange
from authshield.vocabulary.ruleset import ListEntry
from tests.judge.events import AT, ORDER, event

ENTRIES = [
    ListEntry("net", "ip", "203.0.113.0/24"),
    ListEntry("host", "ip", "203.0.113.7"),
    ListEntry("six", "ip", "2001:db8::/32"),
    ListEntry("mapped", "ip", "::ffff:198.51.100.0/120"),
    ListEntry("mobile", "asn", "AS64512"),
    ListEntry("home", "country", "jp"),
    ListEntry("stolen", "device", "d1"),
    ListEntry("vip", "account", "A1"),
    ListEntry("hot", "symbol", "7203"),
]


def test_every_kind_is_found_where_a_rule_looks_for_it() -> None:
    """An event's address, device, account, symbol and network, each in its own fact."""
    assert Lists(ENTRIES).facts(event()) == {
        "lists.ip": ["host", "net"],
        "lists.device": ["stolen"],
        "lists.account": ["vip"],
        "lists.symbol": ["hot"],
        "lists.network": ["home", "mobile"],
    }
    assert {kind for kinds in FACT_KINDS.values() for kind in kinds} == set(KINDS)


def test_a_device_is_found_by_its_id_and_by_the_hash_that_the_desk_sees() -> None:
    """Recorded events carry the id, the desk's pages the keyed hash; both may stand in a list."""
    entries = [*ENTRIES, ListEntry("desk", "device", "f00d")]
    seen = event(device=DeviceSeen("d1", key="f00d"))
    assert Lists(entries).facts(seen)["lists.device"] == ["desk", "stolen"]
    assert Lists(entries).facts(event(device=DeviceSeen("other", key="f00d")))["lists.device"] == ["desk"]
    assert Lists(entries).facts(event(device=DeviceSeen("other", key="")))["lists.device"] == []


def test_what_is_not_listed_is_in_no_list() -> None:
    """Unknown devices, accounts and networks are no member of anything."""
    stranger = event(
        Kind.LOGIN, account=None, device=DeviceSeen(), network=Network(), client=Client("192.0.2.1")
    )
    assert set(map(len, Lists(ENTRIES).facts(stranger).values())) == {0}
    assert Lists([]).facts(event()) == {name: [] for name in FACT_KINDS}


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("2001:db8::7", ["six"]),
        ("::ffff:203.0.113.9", ["net"]),
        ("198.51.100.3", ["mapped"]),
        ("nonsense", []),
    ],
)
def test_addresses_of_both_families_are_found(address: str, names: list[str]) -> None:
    """An IPv4 address in IPv6 clothes is the same address."""
    assert Lists(ENTRIES).facts(event(client=Client(address)))["lists.ip"] == names


def test_an_amended_order_has_its_symbol_and_a_cancelled_one_none() -> None:
    """A change without the order behind it names no symbol."""
    lists = Lists(ENTRIES)
    amend = event(Kind.ORDER_CHANGE, subject=OrderChange("o1", "amend", replace(ORDER, symbol="7203")))
    cancel = event(Kind.ORDER_CHANGE, subject=OrderChange("o1", "cancel"))
    assert lists.facts(amend)["lists.symbol"] == ["hot"]
    assert lists.facts(cancel)["lists.symbol"] == []


def test_an_entry_ends_at_its_time_and_the_later_of_two_counts() -> None:
    """By the event's own time; a second entry without end outlives the first."""
    short = ListEntry("blocked", "account", "A1", AT + timedelta(hours=1))
    lists = Lists([short])
    assert lists.facts(event())["lists.account"] == ["blocked"]
    assert lists.facts(event(at=AT + timedelta(hours=1)))["lists.account"] == []
    both = Lists([replace(short, expires_at=None), short])
    assert both.facts(event(at=AT + timedelta(days=9)))["lists.account"] == ["blocked"]


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 128))
def test_an_address_is_found_exactly_in_the_networks_that_hold_it(
    listed: object, asked: object, length: int
) -> None:
    """As the standard library says, with mapped addresses taken as what they map."""
    network = ip_network(
        f"{listed}/{min(length, 32 if ip_address(str(listed)).version == 4 else 128)}", strict=False
    )
    plain = ip_network(canonical("ip", str(network)))
    address = ip_address(str(asked))
    address = getattr(address, "ipv4_mapped", None) or address
    found = Lists([ListEntry("one", "ip", str(network))]).facts(event(client=Client(str(asked))))["lists.ip"]
    assert found == (["one"] if address.version == plain.version and address in plain else [])
