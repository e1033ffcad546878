"""The model of Freeman et al. (NDSS 2016) as the public code behaves, flaws and all: a baseline to be held against.

Written from a description of that code by counts (its golden vectors are tests), not from the code. Its flaws are
known: sharing only the device type scores higher than sharing nothing. Must not be used to decide.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import log

from authshield.observe.user_agent import summarise
from authshield.vocabulary.event import Event

# Weights by level, finest first, as published with the code; tuned by its authors on a service's sign-ins of 2020.
NETWORK_WEIGHTS = (0.6, 0.3, 0.1)
AGENT_WEIGHTS = (0.5386653840551359, 0.2680451498625666, 0.18818295100109536, 0.005106515181181322)
_NOTHING_SHARED = 4.0
UNSCORED = -50.0
_SYSTEM = re.compile(r"(?:Windows NT|Android|CrOS \w+|Mac OS X|(?:iPhone|CPU) OS) ([\d._]+)", re.ASCII)

Levels = tuple[Hashable, ...]


@dataclass(slots=True)
class Chain:
    """One feature on several levels, finest first: how often each value came, for all and for each user."""

    weights: Sequence[float]
    everybody: list[Counter[Hashable]] = field(init=False)
    own: list[Counter[tuple[str, Hashable]]] = field(init=False)
    within: dict[Hashable, set[tuple[int, Hashable]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.everybody = [Counter() for _ in self.weights]
        self.own = [Counter() for _ in self.weights]

    def learn(self, user: str, levels: Levels) -> None:
        """Count a sign-in."""
        for level, value in enumerate(levels):
            self.everybody[level][value] += 1
            self.own[level][user, value] += 1
        self.within.setdefault(levels[0], set()).update(enumerate(levels[1:], 1))

    def ratio(self, user: str, levels: Levels, sign_ins: int, own_sign_ins: int) -> float:
        """How much likelier these values are for anybody than for this user."""
        mine = sum(
            weight * own[user, value] / own_sign_ins
            for weight, own, value in zip(self.weights, self.own, levels, strict=True)
        )
        if mine == 0:
            return _NOTHING_SHARED
        shares = [self._finest(levels[0], sign_ins)]
        shares += [
            counts[value] / sign_ins for counts, value in zip(self.everybody[1:], levels[1:], strict=True)
        ]
        return sum(weight * share for weight, share in zip(self.weights, shares, strict=True)) / mine

    def _finest(self, value: Hashable, sign_ins: int) -> float:
        unseen = 1 + sum(len(counts) for counts in self.everybody[1:])
        count = self.everybody[0][value]
        if count == 0:
            return 1 / (sign_ins + unseen)
        inside = 1 + len(self.within[value])
        return count / sign_ins * (1 - unseen / (sign_ins + unseen)) * count / (count + inside)


@dataclass(slots=True)
class Freeman:
    """Sign-ins so far. Memory: a count a level, user and value."""

    network: Chain = field(default_factory=lambda: Chain(NETWORK_WEIGHTS))
    agent: Chain = field(default_factory=lambda: Chain(AGENT_WEIGHTS))
    by_user: Counter[str] = field(default_factory=Counter)
    sign_ins: int = 0

    def score(self, user: str, network: Levels, agent: Levels) -> float | None:
        """Odds of an attack; None for a first sign-in, which the public code lets through unscored."""
        own = self.by_user[user]
        if own == 0:
            return None
        where = self.network.ratio(user, network, self.sign_ins, own)
        what = self.agent.ratio(user, agent, self.sign_ins, own)
        return where * what * self.sign_ins / (len(self.by_user) * own)

    def learn(self, user: str, network: Levels, agent: Levels) -> None:
        """Take a sign-in into the history."""
        self.network.learn(user, network)
        self.agent.learn(user, agent)
        self.by_user[user] += 1
        self.sign_ins += 1

    def learn_event(self, event: Event) -> None:
        """Take a recorded sign-in into the history."""
        self.learn(event.account or "", network_of(event), agent_of(event.client.user_agent))

    def log_odds(self, event: Event) -> float:
        """The score of a recorded sign-in on a logarithmic scale; lower than any for a first one."""
        score = self.score(event.account or "", network_of(event), agent_of(event.client.user_agent))
        return UNSCORED if score is None else log(score)


def network_of(event: Event) -> Levels:
    """Address, carrier and country; one that is unknown is a value of its own."""
    return event.client.ip, event.network.asn, event.network.country


@lru_cache(maxsize=8192)
def agent_of(user_agent: str) -> Levels:
    """The string, browser and version, system and version, kind of device."""
    agent = summarise(user_agent)
    found = _SYSTEM.search(user_agent)
    device = "bot" if agent.is_bot else "mobile" if agent.is_mobile else "desktop"
    system = f"{agent.system} {found[1] if found else ''}"
    return user_agent, f"{agent.browser} {agent.version}", system, device
