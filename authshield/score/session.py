"""The late look at a session after one of its orders: its own evidence, and what others have in common with it.

The same signs and weights as in the request, and the scan for campaigns on top. Pure but for the members that it is
given to keep: the same in a replay and live. A late score is on the scale of risks: 100 is even odds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authshield.judge.evidence.weigh import POINTS_A_NAT, weigh
from authshield.score.scan import Campaign, look, noted
from authshield.vocabulary.decision import Reason
from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from authshield.judge import Ruleset
    from authshield.judge.evidence.weigh import Weighed
    from authshield.score.scan import Join, Member, Members
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import Features

MODEL = "evidence-1"
SCORED = frozenset({Kind.ORDER, Kind.ORDER_CHANGE, Kind.WITHDRAWAL})
"""Kinds of event after which a session is looked at again."""

SCORE_CASE = 50.0
SCORE_CONTAIN = 70.0
MOST = 100.0


@dataclass(frozen=True, slots=True)
class LateScore:
    """0 to 100, with the points of each part, largest first; they add up to the score before it is clipped.

    ``opens_case`` and ``contains`` compare it with the ruleset's ``score_case`` and ``score_contain``. ``campaign``
    is what it is part of.
    """

    score: float
    reasons: tuple[Reason, ...]
    opens_case: bool = False
    contains: bool = False
    campaign: Campaign | None = None


NOTHING = LateScore(0.0, ())


def score(event: Event, features: Features, ruleset: Ruleset, members: Members) -> LateScore:
    """Score the session of an order, order change or withdrawal, and note it at its joins.

    Every other kind scores 0, as does what could not be measured. Cost: 30 µs and what ``members`` cost.
    """
    weighed = _weighed(event, features, ruleset)
    if weighed is None:
        return NOTHING
    campaign = None
    if ruleset.source.parameters["model_campaign"]:
        campaign = next(iter(look(event, features, weighed.strangeness, members)), None)
    return _late(weighed, campaign, ruleset)


def notes(event: Event, features: Features, ruleset: Ruleset) -> list[tuple[Join, Member]]:
    """What ``score`` will note of this event at its joins, for members that are read in batches."""
    weighed = _weighed(event, features, ruleset)
    if weighed is None or not ruleset.source.parameters["model_campaign"]:
        return []
    return noted(event, features, weighed.strangeness)


def of_member(member: Member, campaign: Campaign) -> float:
    """The late score of another member of a campaign: the evidence of its last order, and the campaign's."""
    return round(min(MOST, max(0.0, POINTS_A_NAT * (member.nats + campaign.gain))), 2)


def _weighed(event: Event, features: Features, ruleset: Ruleset) -> Weighed | None:
    scales = ruleset.scales.get(event.kind)
    if event.kind not in SCORED or scales is None or features.is_missing or event.account is None:
        return None
    return weigh(features.facts, scales)


def _late(weighed: Weighed, campaign: Campaign | None, ruleset: Ruleset) -> LateScore:
    gain = campaign.gain if campaign is not None and campaign.gain > weighed.campaign else 0.0
    added = (
        [Reason("campaign:scan", round(POINTS_A_NAT * gain, 2), in_words(campaign))]
        if campaign and gain
        else []
    )
    parts = [
        Reason(line.code, round(line.points, 2), line.text)
        for line in weighed.lines()
        if not gain or not line.code.startswith("campaign:")
    ]
    reasons = tuple(sorted([*added, *parts], key=lambda reason: (-reason.points, reason.code)))
    total = round(min(MOST, max(0.0, sum(reason.points for reason in reasons))), 2)
    parameters = ruleset.source.parameters
    return LateScore(
        total,
        reasons if total else (),
        opens_case=total >= parameters["score_case"],
        contains=total >= parameters["score_contain"],
        campaign=campaign,
    )


_JOINED_BY = {
    "symbol": "buy {} within a short time",
    "block": "come from one address block",
    "looks": "come from devices that look the same",
    "agent": "come from one carrier with one browser",
    "sellers": "sell most of what they have",
}


def in_words(campaign: Campaign) -> str:
    """What the desk reads of a campaign."""
    what = _JOINED_BY[campaign.join.kind].format(campaign.join.value)
    return f"{len(campaign.members)} of {campaign.seen} accounts that {what} look like one thief's"
