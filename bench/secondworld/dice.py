"""Chance: a seeded stream and the distributions of this world. Must not ask the system for anything."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from math import exp, gamma
from random import Random
from typing import TypeVar

T = TypeVar("T")


@cache
def _zipf(size: int, exponent: float) -> tuple[float, ...]:
    return tuple(accumulate((place + 1) ** -exponent for place in range(size)))


class Dice(Random):
    """``Random`` with the few shapes that are used here."""

    def hit(self, share: float) -> bool:
        """True in ``share`` of the cases."""
        return self.random() < share

    def around(self, mean: float, shape: float = 2.0) -> float:
        """Gamma; the smaller ``shape``, the wilder."""
        return self.gammavariate(shape, mean / shape)

    def stretched(self, mean: float, shape: float) -> float:
        """Weibull of that mean; under a shape of 1 the tail is heavy."""
        return self.weibullvariate(mean / gamma(1 + 1 / shape), shape)

    def rank(self, size: int, exponent: float) -> int:
        """Zipf: 0 most often, up to ``size`` - 1."""
        sums = _zipf(size, exponent)
        return bisect_left(sums, self.random() * sums[-1])

    def count(self, mean: float) -> int:
        """Poisson; slow for a large mean."""
        limit, product, found = exp(-mean), self.random(), 0
        while product > limit:
            product *= self.random()
            found += 1
        return found

    def clump(self, mean: float, shape: float) -> int:
        """Negative binomial: Poisson around a gamma."""
        return self.count(self.around(mean, shape))

    def draw(self, table: Sequence[tuple[T, float]]) -> T:
        """One of the weighted."""
        left = self.random() * sum(weight for _one, weight in table)
        for one, weight in table:
            left -= weight
            if left < 0:
                return one
        return table[-1][0]

    def name(self, letters: int, alphabet: str = "0123456789abcdefghjkmnpqrstvwxyz") -> str:
        """A random word."""
        return "".join(self.choices(alphabet, k=letters))
