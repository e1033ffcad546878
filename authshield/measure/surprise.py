"""How unexpected something new is to this account: what it never used before, against how often it uses new things.

An account whose owner is on the road comes from new networks every week; one whose owner never leaves home does not.
The chance of something new is estimated from how many different values its sign-ins showed, drawn towards what is
usual for customers where little is known (a Dirichlet prior of ``PRIOR_WEIGHT`` sign-ins). Surprise is the negative
logarithm of it, in nats. Pure.

Source of the shares: our assumptions, from the order of magnitude that public studies of sign-ins give; they only say
where an account of few sign-ins starts.
"""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from authshield.measure.reply import Entry, Reading

NEW_SHARE = {
    "dev": 0.06,
    "net": 0.30,
    "asn": 0.06,
    "cc": 0.01,
    "hr": 0.25,
    "sym": 0.35,
    "mkt": 0.03,
    "thins": 0.04,
    "sales": 0.06,
}
"""What share of sign-ins or orders brings something new, over all customers."""

PRIOR_WEIGHT = 4.0
MOST = 4.5
CALMING_A_DAY = 0.085
"""What is in use without a dispute gets less strange by this much a day: most victims notice within a month."""

DAY_MS = 86_400_000
_HALF_KNOWN = 3.0


@lru_cache(maxsize=16_384)
def of_new(kind: str, different: int, times: int) -> float:
    """Nats of surprise at a new value, after ``times`` uses showed ``different`` values; 0 to 4.5.

    The first value of all was no news. An account that is hardly known can hardly surprise.
    """
    share = NEW_SHARE[kind]
    chance = (max(0, different - 1) + PRIOR_WEIGHT * share) / (times + PRIOR_WEIGHT)
    return min(MOST, -log(min(1.0, chance))) * times / (times + _HALF_KNOWN)


def of_doing(kind: str, done: int, times: int) -> float:
    """The same of doing what was done ``done`` of ``times`` times."""
    chance = (done + PRIOR_WEIGHT * NEW_SHARE[kind]) / (times + PRIOR_WEIGHT)
    return min(MOST, -log(min(1.0, chance)))


def of_entry(kind: str, entry: Entry, reading: Reading, at_ms: int) -> float:
    """Surprise at this very value: as when it was new, calming down for as long as it is used undisputed."""
    times = int(reading.account.get("logins", 0))
    different = reading.numbers.get(kind, 0)
    if not entry.is_seen:
        return of_new(kind, different, times)
    then = of_new(kind, different - 1, max(0, times - entry.times))
    return calmed(then, entry, at_ms)


def calmed(then: float, entry: Entry, at_ms: int) -> float:
    """What was a surprise when it was new, after it was used undisputed for so long."""
    return max(0.0, then - CALMING_A_DAY * max(0, at_ms - entry.first) / DAY_MS)
