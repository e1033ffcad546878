"""The ceilings of bench/gate.toml. Must not count."""

from __future__ import annotations

import re
import tomllib
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from bench.variants import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Mapping

GATE = Path(__file__).parent / "gate.toml"
MARGIN = 1.03
"""Above what was counted: other versions of Python's own libraries move it by that much."""

STEP = 10

SAME = 0.01
OTHER = 1.1
"""On another interpreter, which the bare site tells by more than ``SAME``, ceilings move with it and a bit more."""

Ceilings = dict[str, dict[str, int]]
"""By scenario: ``most`` that is allowed and the ``aim``, thousand instructions over bare Django; and what ``bare``
took, whole, where that was written."""


def ceilings() -> Ceilings:
    """As they are written."""
    return tomllib.loads(GATE.read_text(encoding="utf-8"))


def exceeded(counted: Mapping[str, float], bare: Mapping[str, float], allowed: Ceilings) -> list[str]:
    """What is above its ceiling, in words. ``bare`` is what the bare site's requests take here, whole."""
    most = {
        scenario: allowed[scenario]["most"] * _factor(bare[scenario] / allowed[scenario]["bare"])
        for scenario in counted
    }
    return [
        f"{SCENARIOS[scenario].title}: {number:.0f} thousand instructions over bare Django, at most "
        f"{most[scenario]:.0f} are allowed (bench/gate.toml); python -m bench.instructions "
        f"--by-function --scenarios {scenario} says what takes them"
        for scenario, number in counted.items()
        if number > most[scenario]
    ]


def _factor(ratio: float) -> float:
    return 1.0 if abs(ratio - 1.0) <= SAME else ratio * OTHER


def lowered(text: str, counted: Mapping[str, float]) -> str:
    """The file with each ceiling as low as what was counted allows, and no lower than the aim. None rises."""
    allowed = tomllib.loads(text)
    for scenario, number in counted.items():
        reached = ceil(number * MARGIN / STEP) * STEP
        most = min(allowed[scenario]["most"], max(reached, allowed[scenario]["aim"]))
        text = re.sub(rf"(\[{scenario}\][^\[]*?most = )\d+", rf"\g<1>{most}", text)
    return text
