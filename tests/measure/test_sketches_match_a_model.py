"""Windows of sketches against plain sets of values: within the error that is written down, whatever comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from authshield.measure import Store, measure, settle
from authshield.measure.plan import plan
from authshield.measure.reply import read
from authshield.vocabulary.actions import Action
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import Kind, Login
from authshield.vocabulary.ruleset import Dimension, Measure
from tests.measure.making import START, limit, login, published, settlement
from tests.measure.models import Sketch, Told

if TYPE_CHECKING:
    from authshield.vocabulary.event import Event
    from tests.servers import Valkey

NAMES = {"measure": Measure.DISTINCT, "distinct_of": Dimension.USERNAME, "kinds": frozenset({Kind.LOGIN})}
RULES = published(
    limit("few", Dimension.IP, 100, window_seconds=20, **NAMES),
    limit("many", Dimension.PREFIX, 700, window_seconds=60, **NAMES),
    limit("most", Dimension.GLOBAL, 4_000, window_seconds=600, **NAMES),
)
STEPS = (0, 1, 1_999, 2_000, 6_000, 20_000, 22_000, 60_000, 66_000)
KEPT_TAGS = 64


class Trial:
    """Names that are tried from one address, told by the guard; the sets look on."""

    def __init__(self, server: Valkey, store: Store) -> None:
        server.client.flushall()
        self.store, self.now = store, 0
        self.models = {one.id: Sketch(one.window_seconds * 1000, one.capacity) for one in RULES.limits}
        self.last: list[Event] = []

    def crowd(self, first: int, count: int) -> None:
        """So many names, each in turn, in one trip."""
        self._ask([self._login(f"name-{number}") for number in range(first, first + count)])

    def again(self) -> None:
        """The last of them are measured once more at the same moment: each counts once."""
        if self.last[0].at == START + timedelta(milliseconds=self.now):
            self._ask(self.last)

    def stop(self, number: int) -> None:
        """A sketch cannot forget: what was refused unheard by another limit stays counted."""
        made = self._login(f"name-{number}")
        features = measure(made, RULES, self.store, durable=False, stream=False)
        over = {hit.limit_id: hit.retry_after_ms for hit in features.over}
        for name, model in self.models.items():
            told = Told(int(features.facts["velocity." + name]), over.get(name, -1))  # type: ignore[arg-type]
            model.check(made.at_ms, made.id, made.username, told)
        settled = settlement(made, Final.STOPPED, learn=False)
        refused = replace(settled.decision, action=Action.DENY, retry_after_seconds=9)
        settled = replace(settled, decision=refused)
        settle(made, features, settled, self.store, ruleset=RULES, stream=False)

    def _ask(self, events: list[Event]) -> None:
        plans = [plan(made, RULES, self.store.keys) for made in events]
        replies = self.store.run([planned.call for planned in plans])
        for made, planned, reply in zip(events, plans, replies, strict=True):
            reading = read(made, planned.shape, reply)
            over = {hit.limit_id: hit.retry_after_ms for hit in reading.over}
            for name, model in self.models.items():
                told = Told(int(reading.counts[name]), over.get(name, -1))
                model.check(made.at_ms, made.id, made.username, told)
        self.last = events[-KEPT_TAGS:]

    def _login(self, name: str) -> Event:
        return login(after=self.now / 1000, account=None, username=name, subject=Login(succeeded=False))


class Sketches(RuleBasedStateMachine):
    """A trial in whatever sequence."""

    server: Valkey
    store: Store

    def __init__(self) -> None:
        super().__init__()
        self.trial = Trial(self.server, self.store)

    @rule(step=st.sampled_from(STEPS))
    def time_goes_on(self, step: int) -> None:
        """By nothing, a little, or just over the edge of a sketch or a window."""
        self.trial.now += step

    @rule(first=st.integers(0, 6_000), count=st.sampled_from((1, 7, 60, 700)))
    def names_are_tried(self, first: int, count: int) -> None:
        """Some of them again."""
        self.trial.crowd(first, count)

    @precondition(lambda self: self.trial.last)
    @rule()
    def the_last_are_measured_again(self) -> None:
        """As after an account came back from the durable copy."""
        self.trial.again()

    @rule(number=st.integers(0, 6_000))
    def one_is_stopped(self, number: int) -> None:
        """And stays counted."""
        self.trial.stop(number)


@pytest.mark.timeout(300)
def test_sketches_tell_what_sets_would_but_for_their_error(any_server: Valkey, any_store: Store) -> None:
    """Five standard errors, a tenth of the window, and no more."""
    machine = type("Sketches", (Sketches,), {"server": any_server, "store": any_store})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=15,
            phases=[Phase.reuse, Phase.generate],  # crowds take minutes to shrink
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


@pytest.mark.timeout(300)
def test_a_long_day_of_sketches_stays_with_the_sets(any_server: Valkey, any_store: Store) -> None:
    """Some ten thousand names, where sketches fill, overflow and run out over and over."""
    chance, trial = Random(5), Trial(any_server, any_store)
    for _ in range(150):
        step = chance.random()
        if step < 0.4:
            trial.now += chance.choice(STEPS)
        elif step < 0.5 and trial.last:
            trial.again()
        elif step < 0.6:
            trial.stop(chance.randrange(6_000))
        else:
            trial.crowd(chance.randrange(6_000), chance.choice((1, 7, 60, 400)))
