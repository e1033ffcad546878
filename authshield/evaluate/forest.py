"""The isolation forest of scikit-learn, an optional extra: the only home of that package.

Fitted on what came in the warm-up, which is taken for normal, or on everything where there is too little of it.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from importlib.util import find_spec
from math import nan

from authshield.evaluate.history import Row

HOW_TO_GET = "not installed: pip install 'authshield[evaluate]'"
_LEAST_NORMAL = 500
_TREES = 200


def is_there() -> bool:
    """Whether scikit-learn is installed."""
    return find_spec("sklearn") is not None


@dataclass(slots=True)
class Rows:
    """Feature rows, and which of them are to be fitted on. Memory: 4 bytes a figure."""

    figures: array[float] = field(default_factory=lambda: array("f"))
    normal: array[int] = field(default_factory=lambda: array("b"))

    def add(self, row: Row, *, normal: bool) -> int:
        """Append; returns the row's place."""
        self.figures.extend(row)
        self.normal.append(normal)
        return len(self.normal) - 1


def anomalies(rows: Rows, seed: int) -> array[float]:
    """How strange each row is, in standard deviations of what is normal. The same seed gives the same figures."""
    if not rows.normal:
        return array("d")
    import numpy as np  # noqa: PLC0415 - optional
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415 - optional

    table = np.frombuffer(rows.figures, dtype=np.float32).reshape(len(rows.normal), -1)
    normal = np.frombuffer(rows.normal, dtype=np.int8) > 0
    if normal.sum() < _LEAST_NORMAL:
        normal[:] = True
    forest = IsolationForest(n_estimators=_TREES, random_state=seed)
    forest.fit(table[normal])
    strange = -forest.score_samples(table)
    usual = strange[normal]
    spread = float(usual.std()) or 1.0
    return array("d", (strange - float(usual.mean())) / spread)


def take(scores: array[float], places: array[int]) -> array[float]:
    """The scores at these places, NaN for a place of -1."""
    return array("d", (scores[place] if place >= 0 else nan for place in places))
