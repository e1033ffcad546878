"""One detector's view of all files together, taken apart as the measures want it: ordinary sessions, attacks, money.

Clusters are what a resampling draws: an attack is its campaign, or its victim where it has none; a customer is one
account of one file. Must not compute a measure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, isnan

from authshield.evaluate.facts import Facts, Mark, attack_type, is_fraud, is_legit
from authshield.evaluate.seen import Ends, Seen

Cluster = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Session:
    """A session. ``sign_in`` is -inf where the file holds no sign-in for it; ``end`` holds ``End`` bits."""

    file: int
    cluster: Cluster
    attack: str
    mark: int
    day: int
    sign_in: float
    top: float
    end: int
    account: int


@dataclass(frozen=True, slots=True)
class Money:
    """An order or a withdrawal that counts. ``session`` is its place in ``Pool.sessions_of``, -1 for none."""

    file: int
    cluster: Cluster
    campaign: str
    attack: str
    mark: int
    minor: int
    score: float
    so_far: float
    end: int
    session: int
    session_sign_in: float
    session_mark: int


class Pool:
    """All files of one detector."""

    def __init__(self, seen: Sequence[Seen]) -> None:
        """``seen`` is in the order of the files."""
        self.seen = list(seen)
        self.files = [one.facts.file for one in seen]

    @property
    def ends(self) -> list[Ends]:
        """What was done, file by file; empty for a detector that only ranks."""
        return [one.ends for one in self.seen if one.ends is not None]

    @cached_property
    def legit(self) -> list[Session]:
        """Ordinary customers' sessions."""
        return [one for one in self._sessions() if is_legit(one.mark)]

    @cached_property
    def fraud(self) -> list[Session]:
        """Fraudulent sessions."""
        return [one for one in self._sessions() if is_fraud(one.mark)]

    @cached_property
    def victims(self) -> list[Session]:
        """Own sessions of accounts after they were defrauded."""
        apart = Mark.VICTIM | Mark.FRAUD | Mark.LEFT_OUT
        return [one for one in self._sessions() if one.mark & apart == Mark.VICTIM]

    @cached_property
    def fraud_money(self) -> list[Money]:
        """Fraudulent orders and withdrawals."""
        return [one for one in self._money() if is_fraud(one.mark)]

    @cached_property
    def legit_orders(self) -> list[Money]:
        """Orders and withdrawals of ordinary sessions."""
        return [one for one in self._money() if one.session >= 0 and is_legit(one.session_mark)]

    @cached_property
    def legit_sign_ins(self) -> list[float]:
        """Scores of ordinary sign-ins, ascending."""
        return sorted(one.sign_in for one in self.legit if one.sign_in > -inf)

    @cached_property
    def legit_tops(self) -> list[float]:
        """Highest scores of ordinary sessions, ascending."""
        return sorted(one.top for one in self.legit)

    @cached_property
    def fraud_sign_ins(self) -> list[Session]:
        """Fraudulent sessions that began with a sign-in in the file."""
        return [one for one in self.fraud if one.sign_in > -inf]

    def _sessions(self) -> Iterator[Session]:
        for number, one in enumerate(self.seen):
            names = _Names(one.facts)
            for place, mark in enumerate(one.facts.mark):
                campaign, account = one.facts.campaign[place], one.facts.account[place]
                sign_in = one.scores.sign_in[place]
                yield Session(
                    file=number,
                    cluster=names.cluster(campaign, account),
                    attack=names.types[campaign],
                    mark=mark,
                    day=one.facts.day[place],
                    sign_in=-inf if isnan(sign_in) else sign_in,
                    top=one.scores.top[place],
                    end=one.ends.session[place] if one.ends else 0,
                    account=account,
                )

    def _money(self) -> Iterator[Money]:
        for number, one in enumerate(self.seen):
            facts, names = one.facts, _Names(one.facts)
            for place, minor in enumerate(facts.money_minor):
                campaign, session = facts.money_campaign[place], facts.money_session[place]
                sign_in = one.scores.sign_in[session] if session >= 0 else -inf
                yield Money(
                    file=number,
                    cluster=names.cluster(campaign, facts.money_account[place]),
                    campaign=names.campaigns[campaign],
                    attack=names.types[campaign],
                    mark=facts.money_mark[place],
                    minor=minor,
                    score=one.scores.money[place],
                    so_far=one.scores.so_far[place],
                    end=one.ends.money[place] if one.ends else 0,
                    session=session,
                    session_sign_in=-inf if isnan(sign_in) else sign_in,
                    session_mark=facts.mark[session] if session >= 0 else 0,
                )


class _Names:
    """The names behind one file's places."""

    def __init__(self, facts: Facts) -> None:
        self.file = facts.file
        self.campaigns = list(facts.campaigns)
        self.types = [attack_type(facts.file, name) for name in self.campaigns]

    def cluster(self, campaign: int, account: int) -> Cluster:
        return (self.file, f"campaign {self.campaigns[campaign]}" if campaign else f"account {account}")
