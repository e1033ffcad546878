"""The numbers of a ruleset that are no rule of their own: what they are called, and what they may be.

Must not hold settings of the installation; those are in ``conf``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number with its default and its bounds, both included."""

    name: str
    default: float
    least: float
    most: float
    text: str


PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "thin_adv_minor", 20_000_000, 0, 1e15, "a symbol is thin under this average daily traded value"
    ),
    Parameter("trust_days", 21, 1, 365, "undisputed days after which a device or network is trusted"),
    Parameter(
        "fresh_proof_seconds", 900, 0, 86_400, "how long a proof in the session counts as fresh on pages"
    ),
    Parameter("score_case", 50, 1, 100, "late score of a session from which on a case is opened"),
    Parameter("model_login", 1, 0, 1, "1 weighs who it is: device, network, session; 0 does not"),
    Parameter("model_order", 1, 0, 1, "1 weighs what an order or a withdrawal does; 0 does not"),
    Parameter("model_campaign", 1, 0, 1, "1 weighs who else buys the symbol; 0 does not"),
    Parameter(
        "symbol_guard",
        0,
        0,
        2,
        "what a campaign puts on buys of its thin symbol: 0 nothing, 1 a phishing-resistant proof, 2 a hold",
    ),
    Parameter("symbol_guard_members", 4, 2, 100, "members from which on a campaign does so"),
    Parameter("symbol_guard_seconds", 3600, 60, 86_400, "quiet seconds after which the symbol is free again"),
    Parameter("symbol_guard_most", 3, 1, 20, "symbols that campaigns may have guarded at a time"),
    Parameter("score_contain", 70, 1, 100, "late score of a session from which on it is ended and contained"),
)

_BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


def complete(given: Mapping[str, float]) -> dict[str, float]:
    """All parameters, those not given at their default."""
    return {parameter.name: parameter.default for parameter in PARAMETERS} | dict(given)


def parameter(name: str) -> Parameter | None:
    """The declaration of a parameter, None where there is none of that name."""
    return _BY_NAME.get(name)
