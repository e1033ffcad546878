"""Campaigns: do accounts that have something in common look as if thieves were among them? Pure.

What they can have in common is a *join*: the symbol that they buy, the address block or the carrier and browser that
they come from, the looks of the device, or that they all sell most of what they have. Each account stands in it with
the latest evidence against its own session. ``mixture`` weighs them together: honest members cancel each other, a few
doubtful ones add up. A campaign names its members and adds to the evidence against each of them.

Source: risk-weighted mixture scan over joins; the priors are our assumptions: how rarely, in a day, a symbol or a
network of that kind is part of a campaign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log
from typing import TYPE_CHECKING, NamedTuple, Protocol

from authshield.measure.keys import fingerprint_text, networks
from authshield.measure.mixture import bounded, log_odds
from authshield.vocabulary.event import Order

if TYPE_CHECKING:
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import Features

BASE_NATS = -10.2
"""Log odds that a session is a thief's before anything is known: the scale of April 2025 (4,852 in 129 million)."""

WINDOWS = (timedelta(minutes=10), timedelta(hours=2), timedelta(days=1))
LONGEST = WINDOWS[-1]
KEPT = 512
"""Members of a join that are looked at: the latest."""

LEAST_CHANCE = 0.3
"""How likely it has to be that there is a campaign at all: in a rally some strange sessions meet by chance."""

MOST_GAIN = 4.0
"""What others do may ask a customer, and hold an order that is odd anyway; it ends nobody's session alone."""

TRAITS_ENOUGH = 5
SELLING = 0.5
LEAST_MEMBERS = 2

PRIOR_NATS = {"symbol": -6.0, "block": -10.0, "looks": -10.0, "agent": -13.0, "sellers": -13.0}
"""Log odds that there is a campaign at this join, before its members are looked at."""


class Join(NamedTuple):
    """What accounts have in common: its kind, and its value (``""`` where there is but one)."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Member:
    """An account at a join, with the latest evidence against it (nats) and the session and event that it is from."""

    account: str
    sid: str
    event_id: str
    at: datetime
    nats: float


@dataclass(frozen=True, slots=True)
class Campaign:
    """Accounts that look like one thief's. ``members`` are those more likely his than not, the likeliest first.

    ``gain``: nats that it adds to the evidence against each member.
    """

    join: Join
    members: tuple[Member, ...]
    log_odds: float
    share: float
    gain: float
    seen: int


class Members(Protocol):
    """Where members are kept: memory in a replay, the database live."""

    def put(self, join: Join, member: Member) -> None:
        """Keep it, unless there is later evidence of its account at this join."""

    def since(self, join: Join, at: datetime) -> Sequence[Member]:
        """The latest members of a join, at most ``KEPT``, all later than ``at``; the oldest first."""


def joins(event: Event, features: Features) -> Iterator[Join]:
    """What this order has in common with others'."""
    order = event.subject
    if not isinstance(order, Order):
        return
    facts = features.facts
    if order.side == "buy" and not facts["order.symbol_seen"]:
        yield Join("symbol", order.symbol)
    sold = facts["order.liquidation_24h"]
    if order.side == "sell" and isinstance(sold, float | int) and sold >= SELLING:
        yield Join("sellers", "")
    if facts["network.is_familiar"] or facts["device.is_trusted"]:
        return
    yield Join("block", networks(event.client.ip)[1])
    if len(event.device.fingerprint) >= TRAITS_ENOUGH:
        yield Join("looks", fingerprint_text(event.device.fingerprint))
    if event.network.asn:
        yield Join("agent", f"{event.network.asn} {event.client.browser}")


def noted(event: Event, features: Features, nats: float) -> list[tuple[Join, Member]]:
    """What this order is noted as, by join."""
    if event.account is None:
        return []
    mine = Member(event.account, event.session or "", event.id, event.at, bounded(nats))
    return [(join, mine) for join in joins(event, features)]


def look(event: Event, features: Features, nats: float, members: Members) -> list[Campaign]:
    """Note this order at its joins and find the campaigns that it is part of, the clearest first.

    ``nats`` is the evidence against its session and itself alone. Harmless twice.
    """
    found = []
    for join, mine in noted(event, features, nats):
        members.put(join, mine)
        campaign = clearest(join, members.since(join, event.at - LONGEST), event.at)
        if campaign is not None:
            found.append(campaign)
    return sorted(found, key=lambda campaign: (-campaign.gain, campaign.join))


def clearest(join: Join, members: Sequence[Member], now: datetime) -> Campaign | None:
    """The campaign in whichever window shows it best; None where there is none worth a line."""
    windows = [[one for one in members if one.at > now - window] for window in WINDOWS]
    scored = [(*log_odds(one.nats for one in window), window) for window in windows]
    odds, share, window = max(scored, key=lambda one: one[0])
    chance = 1 / (1 + exp(-(odds + PRIOR_NATS[join.kind])))
    gain = log(chance * share + (1 - chance) * exp(BASE_NATS)) - BASE_NATS if share else 0.0
    gain = min(gain, MOST_GAIN)
    likely = tuple(_likely(window, chance * share))
    if chance < LEAST_CHANCE or gain <= 0 or len(likely) < LEAST_MEMBERS:
        return None
    return Campaign(join, likely, odds, share, gain, len(window))


def _likely(window: Iterable[Member], prior: float) -> Iterator[Member]:
    """Those who are more likely than not the thief's."""
    if not 0 < prior < 1:
        return
    edge = -log(prior / (1 - prior))
    yield from sorted((one for one in window if one.nats > edge), key=lambda one: (-one.nats, one.account))


@dataclass(slots=True)
class InMemory:
    """Members in memory, for a replay; the oldest first."""

    kept: dict[Join, dict[str, Member]]

    def put(self, join: Join, member: Member) -> None:
        """Keep it, unless there is later evidence of its account at this join."""
        mine = self.kept.setdefault(join, {})
        before = mine.get(member.account)
        if before is not None:
            if age(before) >= age(member):
                return
            del mine[member.account]
        is_late = bool(mine) and age(mine[next(reversed(mine))]) > age(member)
        mine[member.account] = member
        if is_late:
            self.kept[join] = mine = {one.account: one for one in sorted(mine.values(), key=age)}
        if len(mine) > KEPT:
            del mine[next(iter(mine))]

    def since(self, join: Join, at: datetime) -> Sequence[Member]:
        """The latest members of a join, all later than ``at``; the oldest first."""
        return [member for member in self.kept.get(join, {}).values() if member.at > at]


def age(member: Member) -> tuple[datetime, str, str]:
    """In this order members are kept; of two events of one moment, the ids decide."""
    return member.at, member.event_id, member.account
