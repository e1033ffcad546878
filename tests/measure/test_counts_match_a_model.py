"""Windows against a naive model: a list of what was counted, and nothing clever."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from authshield.measure import Store, measure, settle
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import Event
from authshield.vocabulary.features import Features, LimitHit
from authshield.vocabulary.ruleset import Dimension, Measure
from tests.measure.making import START, limit, order, published, settlement

COUNT = limit("count", Dimension.ACCOUNT, 4)
SUM = limit("sum", Dimension.ACCOUNT, 1_000, measure=Measure.SUM, window_seconds=90)
DISTINCT = limit(
    "distinct",
    Dimension.SESSION,
    2,
    measure=Measure.DISTINCT,
    distinct_of=Dimension.SYMBOL,
    window_seconds=45,
)
RULES = published(COUNT, SUM, DISTINCT)


@dataclass
class Naive:
    """What was counted by one limit: (millisecond, event id, amount, member)."""

    window: int
    rows: list[tuple[int, str, int, str]] = field(default_factory=list)

    def live(self, now: int) -> list[tuple[int, str, int, str]]:
        """The rows that still count."""
        return [row for row in self.rows if now < row[0] + self.window]

    def total(self, now: int) -> int:
        """Their sum."""
        return sum(row[2] for row in self.live(now))

    def members(self, now: int) -> dict[str, int]:
        """Each member and when it came last."""
        return {row[3]: row[0] for row in self.live(now)}


class Windows(RuleBasedStateMachine):
    """Orders of one account in any sequence, some of them stopped afterwards, while time goes on."""

    store: Store
    runs = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        self.account = f"account-{self.runs}"
        self.now = 0
        self.counted = Naive(60_000)
        self.summed = Naive(90_000)
        self.told = Naive(45_000)
        self.waiting: list[tuple[Event, Features]] = []

    @rule(milliseconds=st.sampled_from([0, 1, 1_000, 14_999, 15_000, 30_000, 44_999, 45_000, 60_000, 90_000]))
    def time_goes_on(self, milliseconds: int) -> None:
        """By nothing, a little, or just over the edge of a window."""
        self.now += milliseconds

    @rule(value=st.integers(1, 600), symbol=st.sampled_from("abcd"))
    def an_order_comes(self, value: int, symbol: str) -> None:
        """Every count is the one of the list."""
        made = order(value, after=self.now / 1000, symbol=symbol, account=self.account, session=self.account)
        features = measure(made, RULES, self.store, durable=False)
        over = {hit.limit_id: hit for hit in features.over}
        self._check_total("count", self.counted, 1, 4, features, over.get("count"), made)
        self._check_total("sum", self.summed, value, 1_000, features, over.get("sum"), made)
        self._check_members(symbol, features, over.get("distinct"), made)
        self.waiting.append((made, features))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), happened=st.booleans())
    def an_order_is_settled(self, data: st.DataObject, happened: bool) -> None:
        """What did not happen leaves the list."""
        made, features = self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))
        settle(made, features, settlement(made, Final.ALLOWED if happened else Final.STOPPED), self.store)
        if not happened:
            for naive in (self.counted, self.summed, self.told):
                naive.rows = [row for row in naive.rows if row[1] != made.id]

    @precondition(lambda self: self.waiting)
    @rule()
    def an_order_is_measured_again(self) -> None:
        """It is in the list already."""
        made, _ = self.waiting[-1]
        if made.at == START + timedelta(milliseconds=self.now) and not self.waiting[-1][1].over:
            features = measure(made, RULES, self.store, durable=False)
            assert features.facts["velocity.count"] == self.counted.total(self.now)
            assert features.facts["velocity.sum"] == self.summed.total(self.now)

    def _check_total(  # noqa: PLR0913, PLR0917 - the model of one limit
        self,
        name: str,
        naive: Naive,
        amount: int,
        capacity: int,
        features: Features,
        hit: LimitHit | None,
        made: Event,
    ) -> None:
        total = naive.total(self.now) + amount
        assert features.facts[f"velocity.{name}"] == total
        assert (hit is not None) == (total > capacity)
        if hit is None:
            naive.rows.append((self.now, made.id, amount, ""))
            return
        later = self.now + hit.retry_after_ms
        if amount <= capacity:
            assert naive.total(later) + amount <= capacity
            assert naive.total(later - 1) + amount > capacity

    def _check_members(self, symbol: str, features: Features, hit: LimitHit | None, made: Event) -> None:
        members = self.told.members(self.now)
        expected = len({*members, symbol})
        assert features.facts["velocity.distinct"] == expected
        assert (hit is not None) == (symbol not in members and expected > 2)
        if hit is None:
            self.told.rows.append((self.now, made.id, 1, symbol))
        else:
            later = self.now + hit.retry_after_ms
            assert len(self.told.members(later)) < 2
            assert len(self.told.members(later - 1)) == 2


@pytest.mark.timeout(120)
def test_every_window_counts_what_a_plain_list_would(store: Store) -> None:
    """Counts, sums and distinct counts are exact, whatever comes, is stopped, or comes twice."""
    machine = type("Windows", (Windows,), {"store": store})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
