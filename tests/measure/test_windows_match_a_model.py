"""The generated script against naive models: every kind of window, in any sequence of events, on every server."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from authshield.measure import Store, measure, settle
from authshield.measure.plan import plan
from authshield.measure.reply import read
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import Order
from authshield.vocabulary.ruleset import Dimension, Measure
from tests.measure.making import START, limit, order, published, settlement
from tests.measure.models import Delays, Distinct, Log, Pairs, Rate, Told

if TYPE_CHECKING:
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import Features

ACCOUNT, SESSION, SYMBOL = Dimension.ACCOUNT, Dimension.SESSION, Dimension.SYMBOL
RULES = published(
    limit("count", ACCOUNT, 7),
    limit("sum", ACCOUNT, 1_000, measure=Measure.SUM, window_seconds=90),
    limit("share", SESSION, 5_000, measure=Measure.SHARE),
    limit("distinct", SESSION, 3, measure=Measure.DISTINCT, distinct_of=SYMBOL, window_seconds=45),
    limit("parts", ACCOUNT, 70, window_seconds=50),
    limit("rate", ACCOUNT, 20, burst=6),
    limit("slow-rate", SESSION, 3, burst=2, window_seconds=7),
    limit("pair", ACCOUNT, 3, also=SYMBOL),
    limit("many-pairs", SESSION, 1, also=SYMBOL, window_seconds=30),
    limit("delays", ACCOUNT, 4, progressive=True, window_seconds=45),
)
SYMBOLS = [f"S{number}" for number in range(130)]


def models() -> dict[str, Any]:
    """One for each limit, in milliseconds."""
    return {
        "count": Log(60_000, 7),
        "sum": Log(90_000, 1_000),
        "share": Log(60_000, 5_000),
        "distinct": Distinct(45_000, 3),
        "parts": Log(50_000, 70, step=500, known=64),
        "rate": Rate(60_000, 20, 6),
        "slow-rate": Rate(7_000, 3, 2),
        "pair": Pairs(60_000, 64, lambda: Log(60_000, 3)),
        "many-pairs": Pairs(30_000, 64, lambda: Log(30_000, 1)),
        "delays": Delays(Log(45_000, 4)),
    }


class Group(NamedTuple):
    """Limits that are tested together: steps of time that matter to them, and how many orders come at once."""

    limits: tuple[str, ...]
    steps: tuple[int, ...]
    crowd: int = 0


GROUPS = {
    "logs": Group(
        ("count", "sum", "share", "distinct", "delays"),
        (0, 1, 14_999, 15_000, 30_000, 45_000, 60_000, 90_000),
    ),
    "rates": Group(("rate", "slow-rate"), (0, 1, 333, 1_000, 2_333, 2_334, 3_000, 7_000, 18_000)),
    "parts": Group(("parts",), (0, 499, 500, 10_000, 49_500, 50_499), 40),
    "pairs": Group(("pair", "many-pairs"), (0, 10_000, 29_999, 30_000, 60_000), 60),
}


class Trial:
    """Orders of one account, told by the guard and by the models side by side."""

    runs = 0

    def __init__(self, store: Store, group: Group) -> None:
        Trial.runs += 1
        self.store, self.group = store, group
        self.account = f"account-{Trial.runs}"
        self.now = 0
        self.published = published(*[one for one in RULES.limits if one.id in group.limits])
        self.models = {name: model for name, model in models().items() if name in group.limits}
        self.waiting: list[tuple[Event, Features]] = []

    def order(self, value: int, symbol: str) -> None:
        """Every count and every wait is the model's."""
        made = self._order(value, symbol)
        features = measure(made, self.published, self.store, durable=False, stream=False)
        over = {hit.limit_id: hit.retry_after_ms for hit in features.over}
        told = {
            name: Told(int(features.facts["velocity." + name]), over.get(name, -1))  # type: ignore[arg-type]
            for name in self.models
        }
        self._compare(made, told)
        self.waiting.append((made, features))

    def crowd(self, symbols: list[str]) -> None:
        """Orders of small value all at once, each of another symbol."""
        events = [self._order(1, symbol) for symbol in symbols]
        plans = [plan(made, self.published, self.store.keys) for made in events]
        replies = self.store.run([planned.call for planned in plans])
        for made, planned, reply in zip(events, plans, replies, strict=True):
            reading = read(made, planned.shape, reply)
            over = {hit.limit_id: hit.retry_after_ms for hit in reading.over}
            self._compare(made, {name: Told(n, over.get(name, -1)) for name, n in reading.counts.items()})

    def settle(self, number: int, *, happened: bool) -> None:
        """What did not happen leaves every window as though it had never come; again that changes nothing."""
        made, features = self.waiting.pop(number)
        settled = settlement(made, Final.ALLOWED if happened else Final.STOPPED)
        for _ in range(2):
            settle(made, features, settled, self.store, ruleset=self.published, stream=False)
        if not happened:
            for model in self.models.values():
                model.give_back(made.id)

    def again(self) -> None:
        """An order that is measured again counts once."""
        made, features = self.waiting[-1]
        if made.at == START + timedelta(milliseconds=self.now) and not features.over:
            again = measure(made, self.published, self.store, durable=False, stream=False)
            for name, model in self.models.items():
                assert again.facts["velocity." + name] == self._told(model, made).number

    def _order(self, value: int, symbol: str) -> Event:
        return order(value, after=self.now / 1000, symbol=symbol, account=self.account, session=self.account)

    def _told(self, model: Any, made: Event) -> Told:
        assert isinstance(made.subject, Order)
        is_money = model is self.models.get("sum") or model is self.models.get("share")
        told: Told = model.take(
            made.at_ms, made.id, made.subject.value_minor if is_money else 1, made.subject.symbol
        )
        return told

    def _compare(self, made: Event, told: dict[str, Told]) -> None:
        assert told == {name: self._told(model, made) for name, model in self.models.items()}


class Windows(RuleBasedStateMachine):
    """A trial in whatever sequence."""

    store: Store
    group: Group

    def __init__(self) -> None:
        super().__init__()
        self.trial = Trial(self.store, self.group)

    @rule(data=st.data())
    def time_goes_on(self, data: st.DataObject) -> None:
        """By nothing, a little, or just over the edge of a window."""
        self.trial.now += data.draw(st.sampled_from(self.group.steps))

    @rule(value=st.integers(1, 600), symbol=st.sampled_from(SYMBOLS[:5]))
    def an_order_comes(self, value: int, symbol: str) -> None:
        """By itself."""
        self.trial.order(value, symbol)

    @precondition(lambda self: self.group.crowd)
    @rule(data=st.data(), first=st.integers(0, 70))
    def a_crowd_of_orders_comes(self, data: st.DataObject, first: int) -> None:
        """Windows fill that one order at a time would not."""
        self.trial.crowd(SYMBOLS[first : first + data.draw(st.integers(2, self.group.crowd))])

    @precondition(lambda self: self.trial.waiting)
    @rule(data=st.data(), happened=st.booleans())
    def an_order_is_settled(self, data: st.DataObject, happened: bool) -> None:
        """Or stopped, in any order."""
        number = data.draw(st.integers(0, len(self.trial.waiting) - 1))
        self.trial.settle(number, happened=happened)

    @precondition(lambda self: self.trial.waiting)
    @rule()
    def an_order_is_measured_again(self) -> None:
        """As after its account came back from the durable copy."""
        self.trial.again()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_every_window_tells_what_a_plain_list_would(any_store: Store, group: Group) -> None:
    """Counts and waits are exact in each kind of window, whatever comes, is stopped, or comes twice."""
    machine = type("Windows", (Windows,), {"store": any_store, "group": group})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_a_long_day_stays_with_the_model(any_store: Store, group: Group) -> None:
    """A thousand steps of one account, where windows fill, overflow, run dry and are given back over and over."""
    chance, trial = Random(7), Trial(any_store, group)
    for _ in range(1_000):
        step = chance.random()
        if step < 0.25:
            trial.now += chance.choice(group.steps)
        elif step < 0.3 and group.crowd:
            first = chance.randrange(70)
            trial.crowd(SYMBOLS[first : first + chance.randrange(2, group.crowd)])
        elif step < 0.55 and trial.waiting:
            late = min(len(trial.waiting), chance.choice((1, 3, 12)))
            trial.settle(len(trial.waiting) - late, happened=chance.random() < 0.4)
        elif step < 0.6 and trial.waiting:
            trial.again()
        else:
            trial.order(chance.choice((1, 80, 300)), chance.choice(SYMBOLS[:5]))
