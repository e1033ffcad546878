"""Simulated attackers for the public RBA data set, drawn from the set itself, as its authors' study defines them.

naive: any address and browser; vpn: an address of the victim's country; targeted: an address of the victim's city and
a browser of the victim's kind. Their passwords are wrong, so that nothing is learnt from them; a sign-in is judged
before its password is looked at. Nothing that comes later in the file is ever drawn. Must not read a label.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Any, BinaryIO

from authshield.observe.user_agent import summarise
from authshield.replay.fields import Body, FieldError
from authshield.replay.rba import rba_lines

KINDS = ("naive", "vpn", "targeted")
ATTACK_SHARE = 0.1
_KEPT = 200
_SOONEST, _LATEST = timedelta(hours=1).total_seconds(), timedelta(days=7).total_seconds()
_TRIES = 8

Line = tuple[int, Body | FieldError]


@dataclass(frozen=True, slots=True)
class _Source:
    """What an attacker may take from an earlier sign-in."""

    user: str
    ip: str
    network: Any
    agent: str


@dataclass(slots=True)
class _Sample:
    """A fair sample of all that was offered, of a bounded size (Vitter's algorithm R)."""

    offered: int = 0
    kept: list[_Source] = field(default_factory=list)

    def offer(self, source: _Source, random: Random) -> None:
        self.offered += 1
        if len(self.kept) < _KEPT:
            self.kept.append(source)
        elif (place := random.randrange(self.offered)) < _KEPT:
            self.kept[place] = source

    def draw(self, victim: str, random: Random) -> _Source | None:
        """One that is not the victim's, if a few tries find any."""
        for _ in range(_TRIES if self.kept else 0):
            source = random.choice(self.kept)
            if source.user != victim:
                return source
        return None


class Attacked:
    """The set's rows with attacks among them, some days after a sign-in of their victim. The seed fixes all draws."""

    def __init__(self, seed: int, share: float = ATTACK_SHARE) -> None:
        """``share`` of all successful sign-ins is followed by one attack of each kind."""
        self._seed = seed
        self._share = share

    def lines(self, stream: BinaryIO) -> Iterator[Line]:
        """As ``rba_lines``; the same on every reading."""
        world = _World(Random(self._seed), self._share)  # noqa: S311 - draws that must repeat
        for number, body in rba_lines(stream):
            at = None if isinstance(body, FieldError) else _moment(body)
            if at is not None:
                for attack in world.due(at, body):
                    yield number, attack
            yield number, body
            if at is not None and not isinstance(body, FieldError) and body["session"] is not None:
                world.saw(at, body)


class _World:
    """What was seen so far, and the attacks that wait."""

    def __init__(self, random: Random, share: float) -> None:
        self._random = random
        self._share = share
        self._samples: dict[Hashable, _Sample] = {}
        self._waiting: list[tuple[datetime, int, str, Mapping[str, Any]]] = []
        self._made = 0

    def saw(self, at: datetime, body: Mapping[str, Any]) -> None:
        """Take a successful sign-in: others may copy it, and its user may be attacked."""
        source = _Source(body["account"], body["ip"], body["network"], body["user_agent"])
        for key in (None, *_keys(body).values()):
            self._samples.setdefault(key, _Sample()).offer(source, self._random)
        if self._random.random() < self._share:
            for kind in KINDS:
                delay = timedelta(seconds=self._random.uniform(_SOONEST, _LATEST))
                self._made += 1
                heappush(self._waiting, (at + delay, self._made, kind, body))

    def due(self, now: datetime, row: object) -> Iterator[Body]:
        """The attacks up to now, at the time of the row that comes next."""
        while self._waiting and self._waiting[0][0] <= now:
            _, number, kind, victim = heappop(self._waiting)
            attack = self._attack(kind, victim)
            if attack is not None and isinstance(row, Mapping):
                yield {**attack, "id": f"{kind}-{number}", "time": row["time"]}

    def _attack(self, kind: str, victim: Mapping[str, Any]) -> dict[str, Any] | None:
        keys, own = _keys(victim), victim["account"]
        where = self._draw({"naive": None, "vpn": keys["country"], "targeted": keys["city"]}[kind], own)
        what = self._draw(keys["agent"] if kind == "targeted" else None, own)
        if where is None or what is None:
            return None
        return {
            **victim,
            "session": None,
            "outcome": "failure",
            "label": "fraud",
            "campaign": kind,
            "ip": where.ip,
            "network": where.network,
            "user_agent": what.agent,
        }

    def _draw(self, key: Hashable, victim: str) -> _Source | None:
        sample = self._samples.get(key)
        return None if sample is None else sample.draw(victim, self._random)


def _keys(body: Mapping[str, Any]) -> dict[str, Hashable]:
    country = body["network"]["country"]
    agent = summarise(body["user_agent"])
    return {
        "country": ("country", country),
        "city": ("city", country, body["place"]),
        "agent": ("agent", agent.key, agent.is_mobile),
    }


def _moment(body: Body) -> datetime | None:
    try:
        return datetime.fromisoformat(str(body["time"]))
    except ValueError:  # the reader refuses the line, and says why
        return None
