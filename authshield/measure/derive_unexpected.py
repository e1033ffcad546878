"""How little an account lets expect its device and its network, and how alike the device looks. Pure.

Must not be asked for where nobody looks at it: it is most of what telling a device and a network costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.measure import surprise
from authshield.measure.likeness import likeness

if TYPE_CHECKING:
    from authshield.measure.reply import Reading
    from authshield.vocabulary.features import FactValue

UNEXPECTED = frozenset(
    {
        "device.surprise",
        "device.likeness",
        "device.is_twin",
        "device.proof_missed",
        "network.surprise",
    }
)
"""The facts that are filled in here."""

USUAL_PROOFS = 3
"""A device that has given so many valid proofs is expected to give them."""

_TWIN = 2


def unexpected_facts(
    facts: dict[str, FactValue], reading: Reading, at_ms: int, trust_ms: int, *, is_bound: bool
) -> None:
    """Fill in those of an account's event, given what is known of device and network."""
    if not facts["device.is_trusted"]:
        facts["device.surprise"] = surprise.of_entry("dev", reading.entry("dev"), reading, at_ms)
    facts["network.surprise"] = _of_network(facts, reading, at_ms, trust_ms)
    looks = reading.looks
    if looks.kin:
        is_twin = facts["device.is_twin"] = looks.kin == _TWIN
        # A cookie says already which device it is: what is the same proves nothing, what is not speaks against it.
        has_changed = looks.other and not is_twin
        facts["device.likeness"] = likeness(0 if has_changed else looks.same, looks.other)
    is_usual = is_bound or looks.proofs >= USUAL_PROOFS
    facts["device.proof_missed"] = bool(is_usual and facts["device.proof"] == "")


def _of_block(reading: Reading, at_ms: int) -> float:
    """A block is judged by how often its carrier brings new ones: a line at home hardly ever, a mobile one always."""
    carrier, prefix = reading.entry("asn"), reading.entry("net")
    if not carrier.is_seen:
        return 0.5 * surprise.of_entry("net", prefix, reading, at_ms)
    brought, times = reading.entry("an").times, carrier.times
    if not prefix.is_seen:
        return surprise.of_new("net", brought, times)
    then = surprise.of_new("net", brought - 1, max(0, times - prefix.times))
    return surprise.calmed(then, prefix, at_ms)


def _of_network(facts: dict[str, FactValue], reading: Reading, at_ms: int, trust_ms: int) -> float:
    """A network that came with this very session is as new as it was, though its device may have made it trusted.

    Otherwise a stolen cookie would make the thief's network the customer's own as it arrives.
    """
    prefix, block = reading.entry("net"), _of_block(reading, at_ms)
    if facts["network.is_familiar"] and prefix.first < reading.session.get("started", at_ms):
        return 0.0 if prefix.is_old(at_ms, trust_ms) else block
    carrier = surprise.of_entry("asn", reading.entry("asn"), reading, at_ms) if facts["network.asn"] else 0.0
    found = max(block, carrier)
    if not facts["network.country"]:
        return found
    return found + surprise.of_entry("cc", reading.entry("cc"), reading, at_ms)
