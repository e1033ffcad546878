"""What an account's profile says of the network that an event comes from. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.measure.generate_bases import DAY_MS
from authshield.measure.travel import least_speed_kmh

if TYPE_CHECKING:
    from authshield.measure.reply import Reading
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import FactValue

_PREFIX_ONLY = frozenset({"hosting", "anonymizer"})
"""Networks whose carrier says nothing of who uses it: there only the address block can be familiar."""


def network_facts(facts: dict[str, FactValue], event: Event, reading: Reading, trust_ms: int) -> None:
    """Fill in what the account knows of address, block, carrier and country, and how fast it would have come."""
    network, at = event.network, event.at_ms
    address, prefix, carrier = reading.entry("ip"), reading.entry("net"), reading.entry("asn")
    by_carrier = network.kind not in _PREFIX_ONLY and carrier.is_earned(at, trust_ms)
    # A block that came to another carrier is not the block that the account knows.
    is_same_carrier = network.asn == 0 or carrier.is_seen
    is_usual_carrier = network.asn == 0 or carrier.is_earned(at, trust_ms)
    facts["network.is_familiar"] = (is_usual_carrier and prefix.is_earned(at, trust_ms)) or by_carrier
    if address.is_seen:
        started = reading.session.get("started", at)
        facts["network.address_days"] = max(0, started - address.first) / DAY_MS
    facts["network.prefix_seen"] = is_same_carrier and prefix.is_seen
    facts["network.asn_seen"] = carrier.is_seen
    facts["network.country_seen"] = reading.entry("cc").is_seen
    facts["network.travel_kmh"] = least_speed_kmh(event, reading)
