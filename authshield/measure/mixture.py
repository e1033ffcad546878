"""Are some of those who do the same thing no customers? A likelihood ratio over what is known against each. Pure.

For a share ``pi`` of thieves among the members, each with evidence ``L`` (nats) against its own session, the log odds
are ``sum(ln(1 - pi + pi * exp(L)))``; the share that explains the members best is taken. Every honest member takes
about ``ln(1 - pi)`` away, so that a news rally of two hundred clean buyers cancels itself while five doubtful buyers
of an idle symbol add up. A member's own evidence is bounded, so that none makes a campaign alone.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

from authshield.measure.generate_bases import STEPS
from authshield.measure.lessons import MOST_NATS

if TYPE_CHECKING:
    from collections.abc import Iterable

CLEAN = MOST_NATS - 1
"""Steps of evidence, from the least on, that speak clearly for a customer: two nats and more."""

RECENT_WINDOWS = 2

SHARES = (0.05, 0.1, 0.2, 0.4, 0.7)
_TERMS = tuple(
    tuple(log(1 - share + share * exp(step - MOST_NATS)) for share in SHARES)
    for step in range(2 * MOST_NATS + 1)
)
"""What a member of each step of evidence adds, by share."""


def bounded(nats: float) -> float:
    """Evidence as it counts for a campaign."""
    return min(float(MOST_NATS), max(-float(MOST_NATS), nats))


def log_odds(evidence: Iterable[float]) -> tuple[float, float]:
    """The log odds of the likeliest share of thieves, 0 at least, and that share."""
    members = [bounded(nats) for nats in evidence]
    best, best_share = 0.0, 0.0
    for share in SHARES:
        total = sum(log(1 - share + share * exp(nats)) for nats in members)
        if total > best:
            best, best_share = total, share
    return best, best_share


def clean_of(buyers: bytes) -> int:
    """How many bought in the last two hours whose sessions look like customers'; of each kind 255 at most."""
    return sum(
        sum(buyers[start : start + CLEAN])
        for start in range(0, min(len(buyers), RECENT_WINDOWS * STEPS), STEPS)
    )


def worst_of(buyers: bytes) -> float:
    """The log odds in the worst of the windows; ``buyers`` has how many there were, by window and evidence.

    Windows come narrow first and each holds those before it.
    """
    worst, totals = 0.0, [0.0] * len(SHARES)
    for start in range(0, len(buyers), STEPS):
        window = buyers[start : start + STEPS].rstrip(b"\0")
        if window:
            for members, terms in zip(window, _TERMS):  # noqa: B905 - a keyword costs more than the loop
                if members:
                    totals = [total + members * term for total, term in zip(totals, terms)]  # noqa: B905
            worst = max(worst, *totals)
    return worst
