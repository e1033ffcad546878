"""How fast somebody must have travelled between two sign-ins, at the least.

Source of the formula and its figures: Cloudflare's and academic measurements of geolocation error. A location is
a disc, and only the distance between two generous discs counts.
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from authshield.measure.reply import Reading
    from authshield.vocabulary.event import Event, Network

EARTH_KM = 6371.0
GENEROSITY = 1.5
SHORTEST_SECONDS = 60.0
RADIUS_KM = {"residential": 50.0, "business": 50.0, "mobile": 300.0}
UNKNOWN_RADIUS_KM = 500.0
RELAYS = frozenset({"business", "hosting", "anonymizer"})
USUAL_TIMES = 3
"""A relay that the account has signed in through so often says nothing of where the person is."""


def radius_km(network: Network) -> float:
    """How wrong the location may be; never less than what is usual for mobile networks there."""
    usual = RADIUS_KM.get(network.kind, UNKNOWN_RADIUS_KM)
    return max(network.radius_km, usual) if network.kind == "mobile" else network.radius_km or usual


def least_speed_kmh(event: Event, reading: Reading) -> float:
    """Least speed between the last sign-in learnt and this event; 0 where it cannot be known.

    The same device in both places is a switched tunnel, not a journey.
    """
    network = event.network
    place = reading.account.get("place")
    if place is None or network.lat is None or network.lon is None:
        return 0.0
    if reading.is_place_device:
        return 0.0
    if network.kind in RELAYS and reading.entry("asn").times >= USUAL_TIMES:
        return 0.0
    lat, lon, radius, at_ms = (float(value) for value in place)
    distance = haversine_km(lat, lon, network.lat, network.lon) - GENEROSITY * (radius + radius_km(network))
    seconds = max(SHORTEST_SECONDS, abs(event.at_ms - at_ms) / 1000)
    return max(0.0, distance) / seconds * 3600


def haversine_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance between two points in degrees."""
    a = sin(radians(lat2 - lat1) / 2) ** 2
    a += cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, a)))
