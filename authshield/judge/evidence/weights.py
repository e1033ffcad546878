"""What each step of each sign weighs, in nats: the shipped weights, and the check of others.

Must not weigh an event; that is ``weigh``.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from authshield.judge.evidence.signs import BY_CODE, SIGNS
from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Weights = dict[str, tuple[float, ...]]

MOST_NATS = 10.0
WEIGHED = frozenset({kind for sign in SIGNS for kind in sign.kinds})
"""Kinds of event that are weighed."""


def base_code(kind: Kind) -> str:
    """The name of what an ordinary event of this kind starts from."""
    return f"base:{kind.value}"


@cache
def shipped() -> Weights:
    """The weights that come with the package, with where they are from in its ``weights.json``."""
    text = (Path(__file__).parent / "weights.json").read_text(encoding="utf-8")
    return {code: tuple(nats) for code, nats in json.loads(text)["weights"].items()}


def completed(given: Mapping[str, tuple[float, ...]]) -> Weights:
    """The given weights, and the shipped ones for what they leave out."""
    return shipped() | dict(given)


def usable(given: Mapping[str, tuple[float, ...]]) -> Weights:
    """Those of published weights that still fit the signs: a newer release may have cut one into other steps."""
    wrong = {code for code, _ in faults(given)}
    return {code: nats for code, nats in given.items() if code not in wrong}


def faults(given: Mapping[str, tuple[float, ...]]) -> Iterator[tuple[str, str]]:
    """What is wrong with weights: code and words. Steps must not weigh less the more suspicious they are."""
    bases = {base_code(kind) for kind in WEIGHED}
    for code, nats in given.items():
        if code in bases:
            wanted = 1
        elif code in BY_CODE:
            wanted = BY_CODE[code].steps
        else:
            yield code, "there is no such sign"
            continue
        if len(nats) != wanted:
            yield code, f"needs {wanted} weights, has {len(nats)}"
        elif not all(isfinite(one) and abs(one) <= MOST_NATS for one in nats):
            yield code, f"weights go from {-MOST_NATS:.0f} to {MOST_NATS:.0f} nats"
        elif any(after < before for before, after in pairwise(nats)):
            yield code, "a more suspicious step must not weigh less than the one before it"
