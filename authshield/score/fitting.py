"""Weights of evidence from labelled events: what each step of each sign weighs, by a bounded logistic regression.

Weights never fall from one step of a sign to the next, stay within the bounds that an attacker who can imitate sets,
and are drawn towards given ones, so that a hundred labels mend the shipped weights rather than replace them. Needs
numpy. Must not look at accounts, times or anything but steps and labels.

Model: logit P(fraud) = base(kind) + sum of weights. Increments between steps are kept at 0 or above by projected
gradient descent with Nesterov's acceleration; the penalty is a ridge around the given weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from authshield.judge.evidence.signs import SIGNS
from authshield.judge.evidence.weights import WEIGHED, base_code

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ROUNDS = 1500
LEAST_FOR_OWN = {
    "login:stranger": -2.5,
    "login:network": -2.0,
    "login:device_proof": -2.5,
    "who:device": -2.5,
    "who:network": -2.0,
    "who:device_proof": -2.5,
    "who:sign_in": -2.5,
    "who:unproved": -4.5,
    "order:symbol": -2.0,
}
"""What a familiar sight may buy at most: the share of thieves who can show it as well (stolen cookies, proxies in the
victim's street, passkeys on a hijacked machine)."""

LEAST, MOST = -1.5, 5.0
MOST_ABOVE_LEAST = {"order:stake": 3.5}
"""What a sign may weigh at most above its first step: a customer who always trades much shall not always be asked."""


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled event: its kind, the step of each sign, whether it was fraud, and how much it counts."""

    kind: str
    steps: Mapping[str, int]
    is_fraud: bool
    counts: float = 1.0


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where each weight stands in the vector of parameters."""

    bases: dict[str, int]
    starts: dict[str, int]
    size: int

    @classmethod
    def of_signs(cls) -> _Layout:
        bases = {kind.value: place for place, kind in enumerate(sorted(WEIGHED))}
        starts, at = {}, len(bases)
        for sign in SIGNS:
            starts[sign.code] = at
            at += sign.steps
        return cls(bases, starts, at)


def fit(
    examples: Sequence[Example], around: Mapping[str, tuple[float, ...]], *, pull: float = 20.0
) -> dict[str, tuple[float, ...]]:
    """Weights that explain the labels, drawn towards ``around`` as if by ``pull`` examples a weight.

    Bases come out as evidence: what an ordinary event starts from, the share of fraud among the examples taken out.
    A sign weighs 0 on the step on which most ordinary events stand, so that what is told of it is news.
    Cost: some seconds for 100,000 examples. Raises ``ValueError`` where one of the two labels is missing.
    """
    counts = np.array([one.counts for one in examples])
    labels = np.array([one.is_fraud for one in examples], dtype=float)
    fraud, legit = float(counts @ labels), float(counts @ (1 - labels))
    if not fraud or not legit:
        raise ValueError("weights need examples of both labels")
    layout = _Layout.of_signs()
    rows = _rows(examples, layout)
    balance = np.where(labels == 1, legit / fraud, 1.0) ** 0.5 * counts
    shift = 0.5 * float(np.log(fraud / legit))
    prior = _vector(around, layout, shift)
    found = _descend(rows, labels, balance, prior=prior, pull=pull, layout=layout)
    return _centred(_named(found, layout, shift), _usual_steps(rows, counts * (1 - labels), layout))


def _usual_steps(rows: NDArray[np.int64], counts: Floats, layout: _Layout) -> dict[str, int]:
    """The step of each sign on which most of these examples stand."""
    seen = np.bincount(rows.ravel(), np.repeat(counts, rows.shape[1]), layout.size + 1)
    found = {}
    for sign in SIGNS:
        here = seen[layout.starts[sign.code] : layout.starts[sign.code] + sign.steps]
        if here.any():
            found[sign.code] = int(np.argmax(here))
    return found


def _centred(weights: dict[str, tuple[float, ...]], usual: Mapping[str, int]) -> dict[str, tuple[float, ...]]:
    """The same sums, told from the usual on: what a sign weighs there goes to the bases of its events."""
    found = dict(weights)
    for sign in SIGNS:
        if sign.code not in usual:
            continue
        offset = weights[sign.code][usual[sign.code]]
        found[sign.code] = tuple(round(one - offset, 2) for one in weights[sign.code])
        for kind in sign.kinds:
            code = base_code(kind)
            found[code] = (round(found[code][0] + offset, 2),)
    return found


def _rows(examples: Sequence[Example], layout: _Layout) -> NDArray[np.int64]:
    """For each example the places of its weights; the last place stands for a sign that was not looked at."""
    rows = np.full((len(examples), len(SIGNS) + 1), layout.size, dtype=np.int64)
    for number, one in enumerate(examples):
        rows[number, 0] = layout.bases[one.kind]
        for place, sign in enumerate(SIGNS, 1):
            step = one.steps.get(sign.code)
            if step is not None:
                rows[number, place] = layout.starts[sign.code] + step
    return rows


def _vector(weights: Mapping[str, tuple[float, ...]], layout: _Layout, shift: float) -> Floats:
    vector = np.zeros(layout.size)
    for kind in WEIGHED:
        vector[layout.bases[kind.value]] = weights[base_code(kind)][0] + shift
    for code, start in layout.starts.items():
        vector[start : start + len(weights[code])] = weights[code]
    return vector


def _descend(
    rows: NDArray[np.int64],
    labels: Floats,
    balance: Floats,
    *,
    prior: Floats,
    pull: float,
    layout: _Layout,
) -> Floats:
    weights, ahead, pace = prior.copy(), prior.copy(), 1.0
    used = np.bincount(rows.ravel(), np.repeat(balance, rows.shape[1]), layout.size + 1)[:-1]
    step = 1.0 / (0.25 * rows.shape[1] * used + pull)
    for _ in range(ROUNDS):
        z = np.append(ahead, 0.0)[rows].sum(axis=1)
        error = balance * (1 / (1 + np.exp(-np.clip(z, -30, 30))) - labels)
        gradient = np.bincount(rows.ravel(), np.repeat(error, rows.shape[1]), layout.size + 1)[:-1]
        new = _bounded(
            ahead - step * (gradient + pull * (ahead - prior)), layout, np.asarray(used + pull, float)
        )
        next_pace = (1 + (1 + 4 * pace * pace) ** 0.5) / 2
        ahead = new + (pace - 1) / next_pace * (new - weights)
        weights, pace = new, next_pace
    return weights


def _bounded(weights: Floats, layout: _Layout, mass: Floats) -> Floats:
    """The nearest weights that never fall from step to step and keep within their bounds."""
    for sign in SIGNS:
        here = slice(layout.starts[sign.code], layout.starts[sign.code] + sign.steps)
        rising = _rising(weights[here], mass[here])
        least = max(rising[0], LEAST_FOR_OWN.get(sign.code, LEAST))
        weights[here] = np.clip(
            rising, least, min(MOST, least + MOST_ABOVE_LEAST.get(sign.code, MOST - LEAST))
        )
    return weights


def _rising(values: Floats, mass: Floats) -> Floats:
    """Pool adjacent violators: the nearest sequence, by ``mass``, that never falls."""
    pools: list[tuple[float, float, int]] = []
    for value, heavy in zip(values, mass, strict=True):
        mean, weight, number = float(value), float(heavy), 1
        while pools and pools[-1][0] > mean:
            before, other, more = pools.pop()
            mean = (mean * weight + before * other) / (weight + other)
            weight, number = weight + other, number + more
        pools.append((mean, weight, number))
    return np.concatenate([np.full(number, mean) for mean, _, number in pools])


def _named(vector: Floats, layout: _Layout, shift: float) -> dict[str, tuple[float, ...]]:
    found: dict[str, tuple[float, ...]] = {}
    for kind in sorted(WEIGHED):
        found[base_code(kind)] = (round(float(vector[layout.bases[kind.value]]) - shift, 2),)
    for sign in SIGNS:
        start = layout.starts[sign.code]
        found[sign.code] = tuple(round(float(one), 2) for one in vector[start : start + sign.steps])
    return found
