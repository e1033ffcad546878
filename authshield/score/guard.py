"""Whether a campaign puts its symbol under guard: within the limits that the desk has set. Pure.

Must not set or lift anything: live that is a switch of ``tune``, in a replay the replay's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.ruleset import Switch, SwitchKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authshield.score.scan import Campaign

_PUTS = {1: (Action.CHALLENGE, Strength.PHISHING_RESISTANT), 2: (Action.HOLD, Strength.NONE)}


@dataclass(frozen=True, slots=True)
class Guard:
    """A symbol's guard, and how many symbols may have one at a time."""

    switch: Switch
    most: int


def guard_of(
    campaign: Campaign, parameters: Mapping[str, float], now: datetime, *, is_thin: bool
) -> Guard | None:
    """The guard that this campaign puts on its symbol until some time after ``now``; None for none.

    ``is_thin``: its symbol is known to be thinly traded. Each further member has it last longer.
    """
    puts = _PUTS.get(round(parameters["symbol_guard"]))
    is_enough = len(campaign.members) >= parameters["symbol_guard_members"]
    if puts is None or campaign.join.kind != "symbol" or not is_thin or not is_enough:
        return None
    until = now + timedelta(seconds=parameters["symbol_guard_seconds"])
    switch = Switch(SwitchKind.SYMBOL, until, campaign.join.value, *puts)
    return Guard(switch, round(parameters["symbol_guard_most"]))
