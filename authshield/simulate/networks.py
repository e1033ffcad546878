"""Where people are in the network: carriers, cities and addresses, all of reserved space.

10/8, 100.64/10 and 2001:db8::/32 with private AS numbers, so that no file can name anybody. Thieves draw from the
same tables as travellers and people in cafés do.
"""

from __future__ import annotations

from dataclasses import dataclass

from authshield.simulate.draws import Draws, Weighted
from authshield.simulate.parameters import Parameters

RESIDENTIAL, MOBILE, BUSINESS, HOSTING, ANONYMIZER = (
    "residential",
    "mobile",
    "business",
    "hosting",
    "anonymizer",
)
_FIRST_ASN = 64512
# City, latitude, longitude, weight.
_CITIES = (
    (35.68, 139.69, 26),
    (35.44, 139.64, 9),
    (34.69, 135.50, 14),
    (35.18, 136.91, 9),
    (33.61, 130.42, 7),
    (43.06, 141.35, 6),
    (38.27, 140.87, 5),
    (35.86, 139.65, 8),
    (35.61, 140.12, 7),
    (34.39, 132.46, 4),
    (35.01, 135.77, 3),
    (26.21, 127.68, 2),
)
CITIES = len(_CITIES)
_ABROAD = (
    ("US", 40.71, -74.01, 20),
    ("TW", 25.03, 121.57, 14),
    ("KR", 37.57, 126.98, 14),
    ("TH", 13.76, 100.50, 10),
    ("SG", 1.35, 103.82, 9),
    ("HK", 22.32, 114.17, 8),
    ("CN", 31.23, 121.47, 7),
    ("VN", 21.03, 105.85, 6),
    ("GB", 51.51, -0.13, 5),
    ("FR", 48.86, 2.35, 4),
    ("DE", 50.11, 8.68, 4),
    ("AU", -33.87, 151.21, 3),
)
_TWICE = [pair for pair in enumerate(_ABROAD) for _ in range(2)]  # two carriers in each
# Shares of the carriers.
_HOMES = (24, 18, 14, 10, 8, 7, 6, 4, 3, 3, 2, 1)
_MOBILES = (36, 28, 24, 12)
_REGION = 2  # /24s of a mobile carrier in one region


@dataclass(slots=True)
class Block:
    """A carrier's addresses in one city."""

    asn: int
    country: str
    city: int  # place in the list of its country's cities
    kind: str
    first: int  # address of the first /24, as a number
    count: int  # of /24s
    number: int  # its part of the IPv6 space
    json: str

    def v4(self, draws: Draws) -> str:
        """Any IPv4 address of it."""
        return self.v4_at(draws.below(self.count), 1 + draws.below(254))

    def v4_at(self, part: int, host: int) -> str:
        """One address: its /24, and the last number."""
        address = self.first + part * 256 + host
        return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session comes from."""

    ip: str
    block: Block


@dataclass(slots=True)
class Line:
    """A fixed line: an IPv4 address that stays, or an IPv6 prefix under which it changes every day."""

    block: Block
    v4: str
    house: int

    def place(self, draws: Draws) -> Place:
        """Where its inhabitants are seen today."""
        if not self.house:
            return Place(self.v4, self.block)
        host = draws.token()
        prefix = f"2001:db8:{self.block.number:x}:{self.house:x}"
        return Place(
            f"{prefix}:{_hex(host[:4])}:{_hex(host[4:8])}:{_hex(host[8:])}:{1 + draws.below(65535):x}",
            self.block,
        )


class Networks:
    """The table of all carriers."""

    def __init__(self, parameters: Parameters) -> None:
        """Lay out the address space; the same for every seed, as the world's is."""
        self._next_v4 = 10 << 24
        self._next_asn = _FIRST_ASN
        self._blocks = 0
        self._ipv6 = parameters["networks.ipv6_homes"]
        self._roams = parameters["networks.roams"]
        radius = parameters["networks.mobile_radius_km"]
        homes = [self._carrier(RESIDENTIAL, 8, 30) for _ in _HOMES]
        self.homes = [Weighted([carrier[city] for carrier in homes], _HOMES) for city in range(CITIES)]
        self._next_v4 = (100 << 24) + (64 << 16)
        self.mobiles = [self._gateway(radius) for _ in _MOBILES]
        self.mobile = Weighted(range(len(self.mobiles)), _MOBILES)
        self.renumbered = [self._gateway(radius) for _ in _MOBILES]
        self._next_v4 = 10 << 24 | 64 << 16
        self.offices = [block for _ in range(30) for block in self._carrier(BUSINESS, 1, 30)]
        self.hosting = [self._block(HOSTING, ("JP", 0), 16, 30) for _ in range(6)]
        self.anonymizers = [self._block(ANONYMIZER, ("JP", 0), 6, 100) for _ in range(5)]
        self.relays = [self._block(ANONYMIZER, ("JP", city), 4, 60) for city in range(CITIES)]
        weights = [row[3] for row in _ABROAD for _ in range(2)]
        foreign = [self._block(RESIDENTIAL, (row[0], place), 16, 50) for place, row in _TWICE]
        self.abroad = Weighted(foreign, weights)
        self.city = Weighted(range(CITIES), [row[2] for row in _CITIES])

    def line(self, draws: Draws, city: int) -> Line:
        """A new fixed line in a city."""
        return self.line_of(draws, draws.weighted(self.homes[city]))

    def line_of(self, draws: Draws, block: Block) -> Line:
        """A new fixed line of that carrier there."""
        house = 1 + draws.below(65535) if draws.chance(self._ipv6) else 0
        return Line(block, block.v4(draws), house)

    def fixed(self, draws: Draws, city: int) -> Place:
        """Any fixed line of the city: a café, a friend's home, somebody's proxy."""
        return self.line(draws, city).place(draws)

    def moving(self, draws: Draws, carrier: int, city: int, *, renumbered: bool = False) -> Place:
        """A phone on the move: another address each time, thousands of people behind it, mostly of one region."""
        block = (self.renumbered if renumbered else self.mobiles)[carrier]
        if draws.chance(self._roams):
            return Place(block.v4(draws), block)
        part = city * _REGION + draws.below(_REGION)
        return Place(block.v4_at(part, 1 + draws.below(254)), block)

    def foreign(self, draws: Draws) -> Place:
        """A hotel or a home in another country."""
        return place_in(draws, draws.weighted(self.abroad))

    def _carrier(self, kind: str, count: int, radius: float) -> list[Block]:
        asn = self._next_asn
        return [self._block(kind, ("JP", city), count, radius, asn=asn) for city in range(CITIES)]

    def _gateway(self, radius: float) -> Block:
        return self._block(MOBILE, ("JP", 0), CITIES * _REGION, radius)

    def _block(self, kind: str, where: tuple[str, int], count: int, radius: float, *, asn: int = 0) -> Block:
        country, city = where
        if not asn or asn == self._next_asn:
            asn = self._next_asn
            self._next_asn += 1
        lat, lon = _CITIES[city][:2] if country == "JP" else _ABROAD[city][1:3]
        self._blocks += 1
        text = (
            f'"network":{{"asn":{asn},"country":"{country}","lat":{lat},"lon":{lon},'
            f'"radius_km":{radius:g},"kind":"{kind}"}}'
        )
        block = Block(asn, country, city, kind, self._next_v4, count, self._blocks, text)
        self._next_v4 += count * 256
        return block


def place_in(draws: Draws, block: Block) -> Place:
    """Any address of a block."""
    return Place(block.v4(draws), block)


def _hex(text: str) -> str:
    return f"{int(text, 16):x}"
