"""Named lists, compiled for look-up: which lists hold an event's address, device, account, symbol, network.

Must not look anything up over the network or in a database; lists are part of a published ruleset.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from authshield.vocabulary.event import Order, OrderChange

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from authshield.vocabulary.event import Event
    from authshield.vocabulary.ruleset import ListEntry

KINDS = ("ip", "device", "account", "symbol", "asn", "country")
FACT_KINDS = {
    "lists.ip": ("ip",),
    "lists.device": ("device",),
    "lists.account": ("account",),
    "lists.symbol": ("symbol",),
    "lists.network": ("asn", "country"),
}
_NOTHING: dict[str, list[str]] = {name: [] for name in FACT_KINDS}
_ASN = re.compile(r"(?:AS)?([0-9]{1,10})", re.IGNORECASE)
_FOREVER = datetime.max.replace(tzinfo=UTC)
_MAX_LENGTH = 100

Names = dict[str, datetime]


class Lists:
    """Look-ups by kind; addresses by prefix length, so that the cost does not grow with the list."""

    __slots__ = ("_held", "_networks", "_values")

    def __init__(self, entries: Iterable[ListEntry]) -> None:
        """``entries`` were found valid by ``problem_with``."""
        self._values: dict[str, dict[str, Names]] = {}
        self._networks: dict[tuple[int, int], dict[int, Names]] = {}
        for entry in entries:
            _keep(self._names_of(entry), entry)
        kinds = {*self._values, *(("ip",) if self._networks else ())}
        held = ((name, tuple(one for one in of if one in kinds)) for name, of in FACT_KINDS.items())
        self._held = tuple((name, of) for name, of in held if of)

    def _names_of(self, entry: ListEntry) -> Names:
        if entry.kind != "ip":
            by_value = self._values.setdefault(entry.kind, {})
            return by_value.setdefault(canonical(entry.kind, entry.value), {})
        network = ip_network(canonical("ip", entry.value))
        shift = network.max_prefixlen - network.prefixlen
        by_prefix = self._networks.setdefault((network.version, shift), {})
        return by_prefix.setdefault(int(network.network_address) >> shift, {})

    def facts(self, event: Event, names: Collection[str] = FACT_KINDS) -> Mapping[str, list[str]]:
        """These ``lists.*`` facts of an event, without expired entries. Cost: nothing where nothing is listed."""
        found = _NOTHING
        for name, kinds in self._held:
            if name in names:
                found = found | {name: self._found(kinds, event)}
        return found

    def _found(self, kinds: tuple[str, ...], event: Event) -> list[str]:
        """Names of the lists that hold the event by one of these kinds, all of which have entries."""
        at = event.at
        if kinds == ("ip",):
            return self._of_address(event.client.ip, at)
        found: set[str] = set()
        for kind in kinds:
            by_value = self._values[kind]
            for value in _VALUES[kind](event):
                if value and (names := by_value.get(value)):
                    found.update(_still(names, at))
        return sorted(found)

    def _of_address(self, text: str, at: datetime) -> list[str]:
        address = _address(text)
        if address is None:
            return []
        version, number = address
        names = set[str]()
        for (of, shift), by_prefix in self._networks.items():
            if of == version and (found := by_prefix.get(number >> shift)):
                names.update(_still(found, at))
        return sorted(names)


@lru_cache(maxsize=4096)
def _address(text: str) -> tuple[int, int] | None:
    """Version and number; of an IPv4 address in IPv6's clothes its own. None where it is no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.version, int(address)


def _keep(names: Names, entry: ListEntry) -> None:
    until = entry.expires_at or _FOREVER
    names[entry.name] = max(until, names.get(entry.name, until))


def _still(names: Names, at: datetime) -> list[str]:
    return [name for name, until in names.items() if until > at]


def _symbol(event: Event) -> str | None:
    subject = event.subject
    order = subject.order if isinstance(subject, OrderChange) else subject
    return order.symbol if isinstance(order, Order) else None


# What an event is looked up by. An entry is never empty, and so what is not known is in no list.
_VALUES: dict[str, Callable[[Event], tuple[str | None, ...]]] = {
    "device": lambda event: (event.device.id, event.device.key),
    "account": lambda event: (event.account,),
    "symbol": lambda event: (_symbol(event),),
    "asn": lambda event: (str(event.network.asn),),
    "country": lambda event: (event.network.country,),
}


def canonical(kind: str, value: str) -> str:
    """The one spelling of a value under which it is found. Raises ``ValueError`` with what is wrong."""
    if kind not in KINDS:
        raise ValueError(f'unknown kind of list "{kind}": it is one of {", ".join(KINDS)}')
    if kind == "ip":
        return str(_network(value))
    if kind == "asn":
        if not (match := _ASN.fullmatch(value.strip())) or int(match[1]) >= 1 << 32:
            raise ValueError(f'"{value}" is not an autonomous system number, such as 64512')
        return str(int(match[1]))
    if kind == "country":
        if not re.fullmatch(r"[A-Za-z]{2}", value.strip()):
            raise ValueError(f'"{value}" is not a country code of two letters, such as JP')
        return value.strip().upper()
    if not value.strip() or value != value.strip() or len(value) > _MAX_LENGTH or not value.isprintable():
        raise ValueError(f'"{value[:_MAX_LENGTH]}" is not a {kind}: 1 to {_MAX_LENGTH} visible characters')
    return value


def _network(value: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(value.strip())
    except ValueError:
        raise ValueError(_network_problem(value)) from None
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    bits_before_ipv4 = 96
    if mapped and network.prefixlen >= bits_before_ipv4:
        return IPv4Network((mapped, network.prefixlen - bits_before_ipv4))
    return network


def _network_problem(value: str) -> str:
    try:
        fitting = ip_network(value.strip(), strict=False)
    except ValueError:
        return f'"{value}" is not an address or network, such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32'
    return f'"{value}" has bits set beyond its prefix; did you mean {fitting}?'
