"""What a script is told of an event: keyed tags and amounts, as bytes, by name. Pure.

Names: the profile's fields by what they are, "amount" and "share" of money, "side", "tag:<kind>" for the value that
an entity of this kind has, "pair:<kind>" the same, but zeros where the event has none.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from authshield.measure import keys as naming
from authshield.vocabulary.event import Order, OrderChange, Withdrawal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authshield.measure.keys import Keys
    from authshield.vocabulary.event import Event

TAG_BYTES = 6
AMOUNT_BYTES = 7
NOTHING = bytes(TAG_BYTES)
NO_TOKEN = bytes(2 + TAG_BYTES)
MOST = (1 << 53) - 1
"""The greatest amount that is told apart from greater ones: numbers of a script are exact up to here."""

_BASIS_POINTS = 10_000


def order_of(event: Event) -> Order | None:
    """The order that is placed, or that an amend would make of one."""
    if isinstance(event.subject, Order):
        return event.subject
    return event.subject.order if isinstance(event.subject, OrderChange) else None


def amount_of(event: Event) -> int:
    """What the event moves, in minor units: an order's value, what an amend adds, a withdrawal's amount."""
    subject = event.subject
    if isinstance(subject, (Order, Withdrawal)):
        return subject.value_minor
    if isinstance(subject, OrderChange) and subject.order is not None:
        return max(0, subject.order.value_minor - subject.previous_value_minor)
    return 0


def share_of(event: Event) -> int:
    """What the event moves of the portfolio before it, in basis points, rounded up; 0 where that is unknown."""
    order = order_of(event)
    total = 0 if order is None else order.portfolio.total_minor
    return -(-amount_of(event) * _BASIS_POINTS // total) if total > 0 else 0


def browser_and_places(event: Event) -> tuple[tuple[str, str], ...]:
    """The profile fields of a sign-in and the event's values; an empty value is an unknown one."""
    network = event.network
    return (
        ("fp", fingerprint_of(event)),
        ("ip", naming.networks(event.client.ip)[0]),
        ("net", naming.networks(event.client.ip)[1]),
        ("asn", str(network.asn) if network.asn else ""),
        ("cc", network.country),
        ("br", event.client.browser),
    )


_last_fingerprint: tuple[Mapping[str, str], str] | None = None


def fingerprint_of(event: Event) -> str:
    """The fingerprint as one text. The last one is kept: an event's is asked for some times in a row."""
    global _last_fingerprint  # noqa: PLW0603 - one slot, read and replaced whole: threads can only miss it
    found, last = event.device.fingerprint, _last_fingerprint
    if last is not None and last[0] is found:
        return last[1]
    text = naming.fingerprint_text(found)
    _last_fingerprint = found, text
    return text


def hour_of(event: Event) -> str:
    """The hour of the day, in UTC, as it stands in profiles."""
    return str(event.at.hour)


TRAITS = (
    *("screen", "timezone", "languages", "platform", "webgl", "canvas", "fonts", "cores", "memory", "touch"),
    *("accept_language", "sec_ch_ua_platform"),
)
"""What a browser says of its device, in the order of their marks."""


def traits_of(event: Event, keys: Keys) -> bytes:
    """A mark of two octets for each trait, zeros for one that is unknown."""
    client = event.client
    return _marks(fingerprint_of(event), client.accept_language, client.sec_ch_ua_platform, keys.tag)


@lru_cache(maxsize=1 << 14)
def _marks(fingerprint: str, accept_language: str, platform: str, tag: Callable[[str, str], int]) -> bytes:
    found = dict(one.partition("=")[::2] for one in fingerprint.split("\x1f") if one)
    found |= {"accept_language": accept_language, "sec_ch_ua_platform": platform}
    return b"".join(_mark(name, found.get(name, ""), tag) for name in TRAITS)


def _mark(name: str, value: str, tag: Callable[[str, str], int]) -> bytes:
    return (tag("trait", f"{name}={value}") % 65_535 + 1).to_bytes(2, "big") if value else b"\0\0"


def device_tag(keys: Keys, event: Event) -> int:
    """The device as it stands in profiles; 0 where no valid cookie came."""
    return 0 if event.device.id is None else keys.tag("device", event.device.id)


def field_tag(keys: Keys, field: str, value: str) -> int:
    """A value as it stands in profiles; 0 for an unknown one."""
    return keys.tag("fingerprint" if field == "fp" else field, value) if value else 0


_LASTING = frozenset({"device", "fingerprint", "address", "block", "carrier", "country", "browser", "traits"})
_LASTING_KINDS = frozenset({"ip", "net", "asn", "dev", "cc", "fp"})


def is_lasting(name: str) -> bool:
    """Whether this operand stays the same as long as client, device and network do."""
    purpose, _, kind = name.partition(":")
    return name in _LASTING or (purpose in {"tag", "pair"} and kind in _LASTING_KINDS)


@cache
def operand(name: str) -> Callable[[Event, Mapping[str, str], Keys], bytes]:
    """The function that tells this operand of an event, given the event's entities."""
    purpose, _, kind = name.partition(":")
    if purpose == "tag":
        return lambda _, found, keys: _bytes(keys.tag(kind, found.get(kind, "")))
    if purpose == "pair":
        return lambda _, found, keys: _bytes(keys.tag(kind, found[kind])) if kind in found else NOTHING
    return _OPERANDS[name]


def _bytes(tag: int) -> bytes:
    return tag.to_bytes(TAG_BYTES, "big")


def _amount(amount: int) -> bytes:
    return min(max(0, amount), MOST).to_bytes(AMOUNT_BYTES, "big")


def _device(event: Event, _: Mapping[str, str], keys: Keys) -> bytes:
    found = event.device.id
    return NOTHING if found is None else _bytes(keys.tag("device", found))


def _token(event: Event, _: Mapping[str, str], __: Keys) -> bytes:
    """The generation of the device cookie, and which cookie of that generation it is."""
    return bytes.fromhex(event.cookie) if event.cookie else NO_TOKEN


def _proof(event: Event, _: Mapping[str, str], keys: Keys) -> bytes:
    return _bytes(keys.tag("proof", event.proof)) if event.proof else NOTHING


def _fingerprint(event: Event, _: Mapping[str, str], keys: Keys) -> bytes:
    found = fingerprint_of(event)
    return _bytes(keys.tag("fingerprint", found)) if found else NOTHING


def _address(event: Event, _: Mapping[str, str], keys: Keys) -> bytes:
    return _bytes(keys.tag("ip", naming.networks(event.client.ip)[0]))


def _block(event: Event, _: Mapping[str, str], keys: Keys) -> bytes:
    return _bytes(keys.tag("net", naming.networks(event.client.ip)[1]))


def _carrier(event: Event, _: Mapping[str, str], keys: Keys) -> bytes:
    found = event.network.asn
    return _bytes(keys.tag("asn", str(found))) if found else NOTHING


def _country(event: Event, _: Mapping[str, str], keys: Keys) -> bytes:
    found = event.network.country
    return _bytes(keys.tag("cc", found)) if found else NOTHING


def _browser(event: Event, _: Mapping[str, str], keys: Keys) -> bytes:
    found = event.client.browser
    return _bytes(keys.tag("br", found)) if found else NOTHING


def _hour(event: Event, _: Mapping[str, str], keys: Keys) -> bytes:
    return _bytes(keys.tag("hr", hour_of(event)))


def _traits(event: Event, _: Mapping[str, str], keys: Keys) -> bytes:
    return traits_of(event, keys)


def _symbol(event: Event, _: Mapping[str, str], keys: Keys) -> bytes:
    order = order_of(event)
    return NOTHING if order is None else _bytes(keys.tag("sym", order.symbol))


def _market(event: Event, _: Mapping[str, str], keys: Keys) -> bytes:
    order = order_of(event)
    return _bytes(keys.tag("mkt", order.market)) if order is not None and order.market else NOTHING


def _side(event: Event, _: Mapping[str, str], __: Keys) -> bytes:
    order = order_of(event)
    return b"B" if order is not None and order.side == "buy" else b"S"


_OPERANDS: dict[str, Callable[[Event, Mapping[str, str], Keys], bytes]] = {
    "device": _device,
    "token": _token,
    "proof": _proof,
    "fingerprint": _fingerprint,
    "address": _address,
    "block": _block,
    "carrier": _carrier,
    "country": _country,
    "browser": _browser,
    "hour": _hour,
    "traits": _traits,
    "symbol": _symbol,
    "market": _market,
    "side": _side,
    "amount": lambda event, _, __: _amount(amount_of(event)),
    "share": lambda event, _, __: _amount(share_of(event)),
}
