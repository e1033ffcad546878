"""Random numbers, one at a time and quick: numpy draws them in blocks.

Must be the only source of chance. What is drawn depends on the seed and on the order of the calls alone.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")
_BLOCK = 8192


class Draws:
    """A stream of chance; streams with different ``names`` are independent."""

    __slots__ = ("_normals", "_uniforms", "rng")

    def __init__(self, seed: int, name: int) -> None:
        """``name`` sets this stream apart from the others of the same seed."""
        self.rng = np.random.Generator(np.random.PCG64([seed, name]))
        self._uniforms: list[float] = []
        self._normals: list[float] = []

    def uniform(self) -> float:
        """From 0 up to 1."""
        if not self._uniforms:
            self._uniforms = self.rng.random(_BLOCK).tolist()
        return self._uniforms.pop()

    def chance(self, share: float) -> bool:
        """True in that share of the calls."""
        if not self._uniforms:
            self._uniforms = self.rng.random(_BLOCK).tolist()
        return self._uniforms.pop() < share

    def between(self, bounds: Sequence[float]) -> float:
        """Evenly between the two bounds."""
        low, high = bounds
        return low + (high - low) * self.uniform()

    def normal(self) -> float:
        """Standard normal."""
        if not self._normals:
            self._normals = self.rng.standard_normal(_BLOCK).tolist()
        return self._normals.pop()

    def lognormal(self, median: float, sigma: float) -> float:
        """Log-normal."""
        return median * math.exp(sigma * self.normal())

    def exponential(self, mean: float) -> float:
        """Exponential."""
        return -mean * math.log(1.0 - self.uniform())

    def poisson(self, mean: float) -> int:
        """Poisson, for means that are small."""
        floor, product, count = math.exp(-mean), self.uniform(), 0
        while product > floor:
            product *= self.uniform()
            count += 1
        return count

    def below(self, limit: int) -> int:
        """A whole number from 0 up to ``limit``, without it."""
        return int(self.uniform() * limit)

    def pick(self, items: Sequence[T]) -> T:
        """Any of the items."""
        return items[int(self.uniform() * len(items))]

    def weighted(self, table: Weighted[T]) -> T:
        """An item of the table, by its weight."""
        return table.items[bisect(table.bounds, self.uniform() * table.total)]

    def token(self) -> str:
        """Twelve hexadecimal digits."""
        return f"{int(self.uniform() * 281474976710656):012x}"


class Weighted(Generic[T]):
    """Items with weights, ready to draw from."""

    __slots__ = ("bounds", "items", "total")

    def __init__(self, items: Sequence[T], weights: Sequence[float]) -> None:
        """Weights need not add up to anything."""
        sums = list(accumulate(weights))
        self.items = items
        self.total = sums[-1]
        self.bounds = sums[:-1]
