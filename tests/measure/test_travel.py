"""Impossible travel, with discs instead of points."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authshield.measure.reply import Entry, Reading
from authshield.measure.travel import haversine_km, least_speed_kmh, radius_km
from authshield.vocabulary.event import DeviceSeen, Event, Network
from tests.measure.making import PARIS, TOKYO, login

STRANGE = DeviceSeen(None)


def from_tokyo(made: Event, **changes: object) -> Reading:
    """What is known of an account whose last sign-in was in Tokyo an hour before."""
    place = [TOKYO.lat, TOKYO.lon, 20.0, made.at_ms - 3_600_000]
    return replace(Reading(account={"place": place}), **changes)  # type: ignore[arg-type]


def test_from_tokyo_to_paris_in_an_hour_is_faster_than_any_aeroplane() -> None:
    """9,700 km less one and a half times both radii."""
    made = login(network=PARIS, device=STRANGE)
    assert least_speed_kmh(made, from_tokyo(made)) == pytest.approx(9_710 - 60, abs=20)


def test_two_places_whose_discs_touch_are_one() -> None:
    """Tokyo to Osaka on a mobile network is no journey: both gateways serve the whole country."""
    osaka = Network(64512, "JP", 34.69, 135.5, 20.0, "mobile")
    assert radius_km(osaka) == 300.0
    made = login(network=osaka, device=STRANGE)
    assert least_speed_kmh(made, from_tokyo(made)) == 0.0


def test_an_unknown_radius_is_a_generous_one() -> None:
    """Better no speed than a wrong one."""
    assert radius_km(Network(lat=1.0, lon=1.0)) == 500.0
    assert radius_km(Network(lat=1.0, lon=1.0, kind="residential")) == 50.0
    assert radius_km(Network(lat=1.0, lon=1.0, radius_km=5.0, kind="residential")) == 5.0


@pytest.mark.parametrize(
    ("network", "reading"),
    [
        (replace(PARIS, lat=None), {}),
        (PARIS, {"account": {}}),
        (PARIS, {"is_place_device": True}),
        (replace(PARIS, kind="anonymizer"), {"profile": {"asn": Entry(1, 2, 3, 0)}}),
    ],
    ids=["unknown place", "first sign-in", "same device", "her usual tunnel"],
)
def test_no_speed_is_made_up(network: Network, reading: dict[str, object]) -> None:
    """Where it cannot be known, or is a tunnel and no journey, it is 0."""
    made = login(network=network, device=STRANGE)
    assert least_speed_kmh(made, from_tokyo(made, **reading)) == 0.0


def test_two_events_at_once_do_not_divide_by_zero() -> None:
    """A minute is the shortest time that is believed."""
    made = login(network=PARIS, device=STRANGE)
    reading = from_tokyo(made)
    reading.account["place"][3] = made.at_ms
    assert least_speed_kmh(made, reading) == pytest.approx((9_710 - 60) * 60, rel=0.01)


def test_distances_are_great_circles() -> None:
    """Half the equator, and nothing."""
    assert haversine_km(0, 0, 0, 180) == pytest.approx(20_015, abs=1)
    assert haversine_km(35, 139, 35, 139) == 0
