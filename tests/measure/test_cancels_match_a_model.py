"""Limits on orders that are cancelled, stopped, amended or held, against naive models: what is given back."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from authshield.measure import Store, measure, settle
from authshield.measure.settle import ISSUED_ORDER, UNFILLED
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import Client, Kind, Order, OrderChange
from authshield.vocabulary.ruleset import Dimension, Measure
from tests.measure.making import event, limit, order, published, settlement, with_order
from tests.measure.models import Log, Pairs, Rate, Told

if TYPE_CHECKING:
    from collections.abc import Callable

    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import Features
    from tests.servers import Valkey

ACCOUNT, SESSION, IP, SYMBOL = Dimension.ACCOUNT, Dimension.SESSION, Dimension.IP, Dimension.SYMBOL
PLACED = frozenset({Kind.ORDER})
TRADED = frozenset({Kind.ORDER, Kind.ORDER_CHANGE})
FREES = {"frees_cancelled": True}
PORTFOLIO = 10_000
STEPS = (0, 1, 500, 10_000, 29_999, 30_000, 60_000)
ADDRESSES = ("198.51.100.1", "203.0.113.1")
SYMBOLS = ("1301", "4503", "7203")

LIMITS: dict[str, tuple[Any, Callable[[], Any]]] = {
    one.id: (one, model)
    for one, model in (
        (limit("count", ACCOUNT, 6, kinds=PLACED, **FREES), lambda: Log(60_000, 6)),
        (
            limit("sum", ACCOUNT, 1_500, kinds=TRADED, measure=Measure.SUM, **FREES),
            lambda: Log(60_000, 1_500),
        ),
        (
            limit("share", SESSION, 2_500, kinds=TRADED, measure=Measure.SHARE, **FREES),
            lambda: Log(60_000, 2_500),
        ),
        (
            limit("parts", ACCOUNT, 65, kinds=PLACED, window_seconds=50, **FREES),
            lambda: Log(50_000, 65, step=500, known=64),
        ),
        (limit("rate", SESSION, 20, kinds=PLACED, burst=5, **FREES), lambda: Rate(60_000, 20, 5)),
        (
            limit("pair", ACCOUNT, 3, kinds=PLACED, also=SYMBOL, **FREES),
            lambda: Pairs(60_000, 64, lambda: Log(60_000, 3)),
        ),
        (limit("address", IP, 4, kinds=PLACED, **FREES), lambda: Log(60_000, 4)),
        (limit("keeps", ACCOUNT, 2_000, kinds=TRADED, measure=Measure.SUM), lambda: Log(60_000, 2_000)),
    )
}
MONEY = frozenset({"sum", "share", "keeps"})
GROUPS = {"windows": ("count", "parts", "rate", "pair", "address"), "money": ("sum", "share", "keeps")}


class Placed(NamedTuple):
    """An order that was counted: by which event, from where."""

    made: Event
    features: Features
    number: str


class Trial:
    """One account's orders at two addresses, told by the guard and by the models side by side."""

    def __init__(self, server: Valkey, store: Store, names: tuple[str, ...]) -> None:
        server.client.flushall()
        self.store, self.names, self.now, self.numbers = store, names, 0, 0
        self.rules = published(*[LIMITS[name][0] for name in names])
        self.models: dict[tuple[str, str], Any] = {}
        self.waiting: list[Placed] = []
        self.live: list[Placed] = []

    def order(self, value: int, symbol: str, address: str, *, is_named: bool) -> None:
        """The broker's number is known before, or comes with the answer."""
        self.numbers += 1
        number = f"N{self.numbers}"
        made = order(value, after=self.now / 1000, symbol=symbol, client=Client(address))
        self._ask(with_order(made, order_id=number) if is_named else made, number)

    def amend(self, which: int, more: int) -> None:
        """What an amend adds is counted by itself, and stays."""
        placed = self.live[which]
        before = _value(placed.made)
        assert isinstance(placed.made.subject, Order)
        after = with_order(placed.made, value_minor=before + more).subject
        assert isinstance(after, Order)
        change = OrderChange(placed.number, "amend", after, before)
        self._ask(event(Kind.ORDER_CHANGE, change, after=self.now / 1000, client=placed.made.client), "")

    def settle(self, which: int, final: Final) -> None:
        """An order that is held keeps its place; one that was stopped never had one."""
        placed = self.waiting.pop(which)
        made, features, number = placed
        if features.over:
            final = Final.STOPPED
        is_named = isinstance(made.subject, Order) and made.subject.order_id
        extra = {ISSUED_ORDER: number} if number and not is_named and final is not Final.STOPPED else {}
        self._settle(made, features, final, extra)
        if final is Final.STOPPED:
            self._give_back(made.id, made, self.names)
        elif number:
            self.live.append(placed)

    def cancel(self, which: int, address: str, *, happened: bool, filled: bool, again: bool) -> None:
        """It frees what counts by something that the cancel has too, if nothing of the order was filled."""
        placed = self.live[which] if again else self.live.pop(which)
        change = OrderChange(placed.number, "cancel")
        made = event(Kind.ORDER_CHANGE, change, after=self.now / 1000, client=Client(address))
        features = measure(made, self.rules, self.store, durable=False, stream=False)
        extra = {} if filled else {UNFILLED: "yes"}
        self._settle(made, features, Final.ALLOWED if happened else Final.STOPPED, extra)
        if happened and not filled:
            freeing = tuple(name for name in self.names if LIMITS[name][0].frees_cancelled)
            self._give_back(placed.made.id, made, freeing)

    def _ask(self, made: Event, number: str) -> None:
        features = measure(made, self.rules, self.store, durable=False, stream=False)
        over = {hit.limit_id: hit.retry_after_ms for hit in features.over}
        for name in self.names:
            if made.kind in LIMITS[name][0].kinds:
                told = Told(int(features.facts["velocity." + name]), over.get(name, -1))  # type: ignore[arg-type]
                model = self._model(name, made)
                assert told == model.take(made.at_ms, made.id, _amount(made, name), _symbol(made)), name
        self.waiting.append(Placed(made, features, number))

    def _settle(self, made: Event, features: Features, final: Final, extra: dict[str, str]) -> None:
        settled = settlement(made, final, learn=False, extra=extra)
        for _ in range(2):
            settle(made, features, settled, self.store, ruleset=self.rules, stream=False)

    def _give_back(self, event_id: str, by: Event, names: tuple[str, ...]) -> None:
        for name in names:
            self._model(name, by).give_back(event_id)

    def _model(self, name: str, made: Event) -> Any:
        one, make = LIMITS[name]
        return self.models.setdefault((name, made.client.ip if one.dimension is IP else ""), make())


def _value(made: Event) -> int:
    assert isinstance(made.subject, Order)
    return made.subject.value_minor


def _amount(made: Event, name: str) -> int:
    if name not in MONEY:
        return 1
    subject = made.subject
    if isinstance(subject, OrderChange):
        assert subject.order is not None
        moved = subject.order.value_minor - subject.previous_value_minor
    else:
        moved = _value(made)
    return -(-moved * 10_000 // PORTFOLIO) if name == "share" else moved


def _symbol(made: Event) -> str:
    asked = made.subject.order if isinstance(made.subject, OrderChange) else made.subject
    assert isinstance(asked, Order)
    return asked.symbol


class Cancels(RuleBasedStateMachine):
    """A trial in whatever sequence."""

    server: Valkey
    store: Store
    names: tuple[str, ...]

    def __init__(self) -> None:
        super().__init__()
        self.trial = Trial(self.server, self.store, self.names)

    @rule(step=st.sampled_from(STEPS))
    def time_goes_on(self, step: int) -> None:
        """By nothing, a little, or just over the edge of a window."""
        self.trial.now += step

    @rule(
        value=st.sampled_from((1, 99, 101, 400)),
        symbol=st.sampled_from(SYMBOLS),
        address=st.sampled_from(ADDRESSES),
        is_named=st.booleans(),
        times=st.sampled_from((1, 1, 2, 25)),
    )
    def orders_come(self, value: int, symbol: str, address: str, *, is_named: bool, times: int) -> None:
        """Alike."""
        for _ in range(times):
            self.trial.order(value, symbol, address, is_named=is_named)

    @precondition(lambda self: self.trial.waiting)
    @rule(data=st.data(), final=st.sampled_from((Final.ALLOWED, Final.HELD, Final.STOPPED)))
    def one_is_settled(self, data: st.DataObject, final: Final) -> None:
        """In any order."""
        self.trial.settle(data.draw(st.integers(0, len(self.trial.waiting) - 1)), final)

    @precondition(lambda self: self.trial.live)
    @rule(data=st.data(), more=st.sampled_from((0, 1, 250)))
    def one_is_amended(self, data: st.DataObject, more: int) -> None:
        """To the same or to more."""
        self.trial.amend(data.draw(st.integers(0, len(self.trial.live) - 1)), more)

    @precondition(lambda self: self.trial.live)
    @rule(
        data=st.data(),
        address=st.sampled_from(ADDRESSES),
        came_to=st.sampled_from(("free", "free", "filled", "stopped")),
        again=st.booleans(),
    )
    def one_is_cancelled(self, data: st.DataObject, address: str, came_to: str, *, again: bool) -> None:
        """Or not, or too late for a part of it, and perhaps not for the last time."""
        which = data.draw(st.integers(0, len(self.trial.live) - 1))
        happened, filled = came_to != "stopped", came_to == "filled"
        self.trial.cancel(which, address, happened=happened, filled=filled, again=again)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_cancelled_orders_leave_the_windows_that_free_them(
    any_server: Valkey, any_store: Store, names: tuple[str, ...]
) -> None:
    """And stay in all others, whatever else comes in whatever order."""
    machine = type("Cancels", (Cancels,), {"server": any_server, "store": any_store, "names": names})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_a_long_day_of_cancels_stays_with_the_model(
    any_server: Valkey, any_store: Store, names: tuple[str, ...]
) -> None:
    """Twelve hundred steps, settled and cancelled late."""
    chance, trial = Random(11), Trial(any_server, any_store, names)
    finals = (Final.ALLOWED, Final.ALLOWED, Final.HELD, Final.STOPPED)
    for _ in range(1_200):
        step, address = chance.random(), chance.choice(ADDRESSES)
        if step < 0.15:
            trial.now += chance.choice(STEPS)
        elif step < 0.5 and trial.waiting:
            trial.settle(chance.randrange(len(trial.waiting)), chance.choice(finals))
        elif step < 0.6 and trial.live:
            trial.amend(chance.randrange(len(trial.live)), chance.choice((0, 1, 250)))
        elif step < 0.8 and trial.live:
            which = chance.randrange(len(trial.live))
            happened, filled, again = (chance.random() < part for part in (0.8, 0.3, 0.2))
            trial.cancel(which, address, happened=happened, filled=filled, again=again)
        else:
            value = chance.choice((1, 99, 101, 400))
            trial.order(value, chance.choice(SYMBOLS), address, is_named=chance.random() < 0.5)
