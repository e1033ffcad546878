"""Weights out of labelled events."""

from __future__ import annotations

import random

import pytest

from authshield.judge.evidence.weights import faults, shipped
from authshield.score.fitting import LEAST_FOR_OWN, Example, fit


def _examples(number: int, seed: int) -> list[Example]:
    """Orders where a strange device goes with fraud, and nothing else is told."""
    dice = random.Random(seed)
    made = []
    for _ in range(number):
        is_fraud = dice.random() < 0.1
        step = dice.choice((3, 4, 5)) if dice.random() < (0.9 if is_fraud else 0.1) else dice.choice((0, 1))
        made.append(Example("order", {"who:network": step}, is_fraud))
    return made


def test_weights_follow_the_labels_and_keep_their_bounds() -> None:
    """What goes with fraud weighs more; no step weighs less than the one before; familiarity buys a bounded trust."""
    fitted = fit(_examples(4000, 1), shipped(), pull=1)
    device = fitted["who:network"]
    assert list(faults(fitted)) == []
    assert device[4] - device[0] > 2
    assert device[0] >= LEAST_FOR_OWN["who:network"]


def test_what_nobody_labelled_keeps_its_weight() -> None:
    """A sign that no example shows stays as it was given."""
    fitted = fit(_examples(500, 2), shipped(), pull=20)
    assert fitted["order:sold"] == pytest.approx(shipped()["order:sold"], abs=0.02)


def test_one_label_alone_teaches_nothing() -> None:
    """Without fraud, or with nothing else, there is nothing to weigh."""
    with pytest.raises(ValueError, match="both labels"):
        fit([Example("order", {}, False)], shipped())  # noqa: FBT003
