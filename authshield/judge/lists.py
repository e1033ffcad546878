"""Named lists, compiled for look-up: which lists hold an event's address, device, account, symbol, network.

Must not look anything up over the network or in a database; lists are part of a published ruleset.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from authshield.vocabulary.event import Order, OrderChange

if TYPE_CHECKING:
    from collections.abc import Iterable

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
_ASN = re.compile(r"(?:AS)?([0-9]{1,10})", re.IGNORECASE)
_FOREVER = datetime.max.replace(tzinfo=UTC)
_MAX_LENGTH = 100

Names = dict[str, datetime]


class Lists:
    """Look-ups by kind; addresses by prefix length, so that the cost does not grow with the list."""

    __slots__ = ("_networks", "_values")

    def __init__(self, entries: Iterable[ListEntry]) -> None:
        """``entries`` were found valid by ``problem_with``."""
        self._values: dict[tuple[str, str], Names] = {}
        self._networks: dict[tuple[int, int], dict[int, Names]] = {}
        for entry in entries:
            _keep(self._names_of(entry), entry)

    def _names_of(self, entry: ListEntry) -> Names:
        if entry.kind != "ip":
            return self._values.setdefault((entry.kind, canonical(entry.kind, entry.value)), {})
        network = ip_network(canonical("ip", entry.value))
        shift = network.max_prefixlen - network.prefixlen
        by_prefix = self._networks.setdefault((network.version, shift), {})
        return by_prefix.setdefault(int(network.network_address) >> shift, {})

    def facts(self, event: Event) -> dict[str, list[str]]:
        """The five ``lists.*`` facts of an event, none where nothing is listed; expired entries are left out."""
        if not self._values and not self._networks:
            return {}
        return {
            "lists.ip": self._of_address(event.client.ip, event.at),
            "lists.device": sorted(
                {
                    *self._of("device", event.device.id, event.at),
                    *self._of("device", event.device.key, event.at),
                }
            ),
            "lists.account": self._of("account", event.account, event.at),
            "lists.symbol": self._of("symbol", _symbol(event), event.at),
            "lists.network": sorted(
                {
                    *self._of("asn", str(event.network.asn), event.at),
                    *self._of("country", event.network.country, event.at),
                }
            ),
        }

    def _of(self, kind: str, value: str | None, at: datetime) -> list[str]:
        found = self._values.get((kind, value)) if value else None
        return _still(found, at) if found else []

    def _of_address(self, text: str, at: datetime) -> list[str]:
        if not self._networks:
            return []
        try:
            address = ip_address(text)
        except ValueError:
            return []
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        number, names = int(address), set[str]()
        for (version, shift), by_prefix in self._networks.items():
            if version == address.version and (found := by_prefix.get(number >> shift)):
                names.update(_still(found, at))
        return sorted(names)


def _keep(names: Names, entry: ListEntry) -> None:
    until = entry.expires_at or _FOREVER
    names[entry.name] = max(until, names.get(entry.name, until))


def _still(names: Names, at: datetime) -> list[str]:
    return sorted(name for name, until in names.items() if until > at)


def _symbol(event: Event) -> str | None:
    subject = event.subject
    order = subject.order if isinstance(subject, OrderChange) else subject
    return order.symbol if isinstance(order, Order) else None


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
