"""How much a browser looks like one that was seen before: trait by trait, weighed by how rare each is. Pure.

A trait that is the same speaks for the same device by the logarithm of how much likelier that is than by chance, one
that differs against it (Fellegi and Sunter 1969). All of it can be copied by a phishing page, so that whoever weighs
the sum bounds what it may buy.

Source: how many bits each trait tells, in fingerprints collected in 2026 (Apify fingerprint data, Apache-2.0); how
often each stays the same on a device for some months, our assumptions in the order of published studies (FP-Stalker
2018; 216 attributes of 2 million browsers 2020).
"""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import NamedTuple

from authshield.measure.operands import TRAITS


class _Trait(NamedTuple):
    """Chances: that it stays the same on a device, and that two devices share it."""

    stays: float
    shared: float

    @property
    def same(self) -> float:
        return log(self.stays / self.shared)

    @property
    def other(self) -> float:
        return log((1 - self.stays) / (1 - self.shared))


_TRAITS = {
    "screen": _Trait(0.95, 0.05),
    "timezone": _Trait(0.97, 0.90),
    "languages": _Trait(0.98, 0.80),
    "platform": _Trait(0.995, 0.40),
    "webgl": _Trait(0.95, 0.08),
    "canvas": _Trait(0.90, 0.05),
    "fonts": _Trait(0.92, 0.12),
    "cores": _Trait(0.99, 0.25),
    "memory": _Trait(0.99, 0.35),
    "touch": _Trait(0.99, 0.60),
    "accept_language": _Trait(0.97, 0.70),
    "sec_ch_ua_platform": _Trait(0.99, 0.40),
}
_BITS = tuple((1 << place, _TRAITS[name].same, _TRAITS[name].other) for place, name in enumerate(TRAITS))


@lru_cache(maxsize=4096)
def likeness(same: int, other: int) -> float:
    """Nats for the same device: a bit for each of ``TRAITS``; 0 where none is known."""
    total = 0.0
    for bit, alike, unlike in _BITS:
        if same & bit:
            total += alike
        elif other & bit:
            total += unlike
    return total
