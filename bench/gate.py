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

Ceilings = dict[str, dict[str, int]]
"""By scenario: ``most`` that is allowed and the ``aim``, thousand instructions over bare Django."""


def ceilings() -> Ceilings:
    """As they are written."""
    return tomllib.loads(GATE.read_text(encoding="utf-8"))


def exceeded(counted: Mapping[str, float], allowed: Ceilings) -> list[str]:
    """What is above its ceiling, in words."""
    return [
        f"{SCENARIOS[scenario].title}: {number:.0f} thousand instructions over bare Django, at most "
        f"{allowed[scenario]['most']} are allowed (bench/gate.toml); python -m bench.instructions "
        f"--by-function --scenarios {scenario} says what takes them"
        for scenario, number in counted.items()
        if number > allowed[scenario]["most"]
    ]


def lowered(text: str, counted: Mapping[str, float]) -> str:
    """The file with each ceiling as low as what was counted allows, and no lower than the aim. None rises."""
    allowed = tomllib.loads(text)
    for scenario, number in counted.items():
        reached = ceil(number * MARGIN / STEP) * STEP
        most = min(allowed[scenario]["most"], max(reached, allowed[scenario]["aim"]))
        text = re.sub(rf"(\[{scenario}\][^\[]*?most = )\d+", rf"\g<1>{most}", text)
    return text
