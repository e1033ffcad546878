"""Networks: providers and the lines that people (and thieves) come by. Most homes have IPv6, phones change addresses.

A provider is known to the site's network data wholly, in parts (no kind, no place) or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.secondworld.dice import Dice

CITIES = (
    ("Tokyo", 35.69, 139.69, 27), ("Yokohama", 35.44, 139.64, 11), ("Osaka", 34.69, 135.5, 12),
    ("Nagoya", 35.18, 136.91, 9), ("Saitama", 35.86, 139.65, 8), ("Chiba", 35.61, 140.12, 7),
    ("Kobe", 34.69, 135.18, 6), ("Fukuoka", 33.59, 130.42, 6), ("Sapporo", 43.06, 141.35, 5),
    ("Sendai", 38.27, 140.87, 3), ("Hiroshima", 34.4, 132.46, 3), ("Kyoto", 35.02, 135.76, 3),
    ("Niigata", 37.9, 139.02, 2), ("Kanazawa", 36.59, 136.63, 1), ("Takamatsu", 34.34, 134.04, 1),
    ("Kagoshima", 31.56, 130.56, 1), ("Naha", 26.21, 127.68, 1),
)  # fmt: skip
_ABROAD = (
    ("US", 37.34, -121.89), ("KR", 37.57, 126.98), ("TW", 25.03, 121.57), ("TH", 13.75, 100.5),
    ("SG", 1.35, 103.82), ("HK", 22.32, 114.17), ("GB", 51.51, -0.13), ("DE", 50.11, 8.68),
)  # fmt: skip
_HEX = "0123456789abcdef"
# kind, how many, share of IPv6, radius in km
_KINDS = (
    ("residential", 15, 0.78, 28.0),
    ("mobile", 6, 0.66, 240.0),
    ("business", 16, 0.12, 15.0),
    ("hosting", 9, 0.2, 60.0),
    ("anonymizer", 4, 0.05, 400.0),
)
_KINDS_ABROAD = (("residential", 0.5, 40.0), ("mobile", 0.5, 300.0), ("hosting", 0.1, 80.0))

City = tuple[str, float, float]


@dataclass(frozen=True, slots=True)
class Provider:
    """Who owns the addresses, and what the site's network data tells of them."""

    number: int
    asn: int
    kind: str
    country: str
    v6_share: float
    radius: float
    tells: bool
    tells_kind: bool
    tells_place: bool


@dataclass(slots=True)
class Line:
    """One way into the internet; ``stable`` ones keep their address or prefix."""

    provider: Provider
    city: City
    v6: str
    v4: str
    stable: bool
    host: str
    network: dict[str, Any] | None

    def address(self, dice: Dice) -> str:
        """The address of one visit; hosts change theirs within a prefix, phones change all of it."""
        provider = self.provider
        if not self.stable:
            self.v6, self.v4 = _prefix(dice, provider), _pooled(dice, provider)
        if self.v6 and not dice.hit(0.1):
            if dice.hit(0.7):
                self.host = _words(dice, 4)
            return f"{self.v6}:{self.host}"
        return self.v4


class Networks:
    """All providers, at home and abroad."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self.by_kind: dict[str, list[Provider]] = {kind: [] for kind, *_rest in _KINDS}
        self._abroad: list[tuple[Provider, City]] = []
        number = 0
        for kind, count, v6_share, radius in _KINDS:
            for _one in range(count):
                self.by_kind[kind].append(
                    self._provider(number, kind, "JP", v6_share=v6_share, radius=radius)
                )
                number += 1
        for country, lat, lon in _ABROAD:
            for kind, v6_share, radius in _KINDS_ABROAD:
                owner = self._provider(number, kind, country, v6_share=v6_share, radius=radius)
                self._abroad.append((owner, (country, lat, lon)))
                number += 1

    def _provider(self, number: int, kind: str, country: str, *, v6_share: float, radius: float) -> Provider:
        tell = self._dice.hit
        asn = 64600 + number * 7
        return Provider(number, asn, kind, country, v6_share, radius, tell(0.93), tell(0.56), tell(0.74))

    def city(self, dice: Dice) -> City:
        """Where somebody lives."""
        name, lat, lon, _weight = dice.choices(CITIES, [one[3] for one in CITIES])[0]
        return name, lat, lon

    def line(self, dice: Dice, kind: str, city: City, provider: Provider | None = None) -> Line:
        """A new line of that kind; phones and tunnels surface at a gateway, not where they are."""
        owners = self.by_kind[kind]
        provider = provider or owners[dice.rank(len(owners), 0.9)]
        gateway = city
        if kind in {"mobile", "anonymizer", "hosting"}:
            gateway = dice.draw(((city, 0.15), (CITIES[0][:3], 0.55), (CITIES[2][:3], 0.3)))
        return _line(dice, provider, gateway)

    def abroad(self, dice: Dice, kinds: tuple[str, ...] = ("residential", "mobile")) -> Line:
        """A line in another country."""
        fit = [one for one in self._abroad if one[0].kind in kinds]
        provider, city = fit[dice.rank(len(fit), 0.4)]
        return _line(dice, provider, city)

    def exit_near(self, dice: Dice, home: Line, closeness: float) -> Line:
        """A bought exit: the closer, the more often of the home's provider and city, or of its city."""
        if home.provider.country != "JP":
            return self.abroad(dice)
        kind = "mobile" if dice.hit(0.12) else "residential"
        if dice.hit(0.45 * closeness) and home.provider.kind == kind:
            return _line(dice, home.provider, home.city)
        if dice.hit(0.6 * closeness):
            return self.line(dice, kind, home.city)
        if dice.hit(0.12):
            return self.abroad(dice, ("residential", "hosting"))
        rented = dice.draw((("residential", 0.62), ("mobile", 0.1), ("hosting", 0.2), ("anonymizer", 0.08)))
        return self.line(dice, rented, self.city(dice))


def _words(dice: Dice, count: int) -> str:
    return ":".join("".join(dice.choices(_HEX, k=4)).lstrip("0") or "1" for _one in range(count))


def _prefix(dice: Dice, provider: Provider) -> str:
    if not dice.hit(provider.v6_share):
        return ""
    return f"3fff:{provider.number:x}:{dice.randrange(1, 4096):x}:{dice.randrange(256):x}"


def _pooled(dice: Dice, provider: Provider) -> str:
    """An address that many share."""
    return f"100.{64 + provider.number % 64}.{dice.randrange(4)}.{dice.randrange(1, 255)}"


def _line(dice: Dice, provider: Provider, city: City) -> Line:
    stable = provider.kind != "mobile"
    v4 = f"10.{provider.number}.{dice.randrange(256)}.{dice.randrange(1, 255)}"
    if provider.kind == "mobile" or (provider.kind == "residential" and dice.hit(0.3)):
        v4 = _pooled(dice, provider)
    network: dict[str, Any] | None = None
    if provider.tells:
        network = {"asn": provider.asn, "country": provider.country}
        if provider.tells_place:
            spread = provider.radius / 150
            network["lat"] = round(city[1] + dice.gauss(0, spread * 0.4), 2)
            network["lon"] = round(city[2] + dice.gauss(0, spread * 0.4), 2)
            network["radius_km"] = int(provider.radius)
        if provider.tells_kind:
            network["kind"] = provider.kind
    return Line(provider, city, _prefix(dice, provider), v4, stable, _words(dice, 4), network)
