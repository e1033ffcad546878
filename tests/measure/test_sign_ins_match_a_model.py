"""Limits on sign-ins against naive models: whose they are, growth, lists, pairs, waits, what a success gives back."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from authshield.measure import Store, measure, settle
from authshield.measure.profile import trust_device
from authshield.vocabulary.actions import Action
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import Client, DeviceSeen, Kind
from authshield.vocabulary.ruleset import Dimension, Measure, Scope
from tests.measure.making import START, Listed, limit, login, published, settlement
from tests.measure.models import Delays, Distinct, Growing, Log, Pairs, Rate, Told

if TYPE_CHECKING:
    from collections.abc import Callable

    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import Features
    from tests.servers import Valkey

ACCOUNT, IP, PREFIX, NAME = Dimension.ACCOUNT, Dimension.IP, Dimension.PREFIX, Dimension.USERNAME
OWNED = "owned"
NAMES = {"measure": Measure.DISTINCT, "distinct_of": NAME}
REFUNDS = {"refunds_success": True}


class Subject(NamedTuple):
    """A limit, its naive model, and what an event is counted by; None: it is not."""

    limit: Any
    model: Callable[[], Any]
    key: Callable[[Attempt], Any]


class Attempt(NamedTuple):
    """One sign-in: who, from where, by which browser, and whether the address is on a list."""

    account: str
    address: str
    device: str
    is_listed: bool

    @property
    def is_known(self) -> bool:
        """Whether the browser is the account's own."""
        return self.device == f"{OWNED}-{self.account}"


def _strange(made: Attempt) -> str | None:
    return None if made.is_known else made.account


def _own(made: Attempt) -> str | None:
    return made.device if made.is_known else None


def _address(made: Attempt) -> str:
    return made.address


SUBJECTS = {
    one.limit.id: one
    for one in (
        Subject(limit("grows", IP, 2, grows_by=3, **REFUNDS), lambda: Growing(Log(60_000, 2), 3), _address),
        Subject(
            limit("grows-to-an-end", IP, 1, grows_by=15, window_seconds=30),
            lambda: Growing(Log(30_000, 1), 15),
            _address,
        ),
        Subject(
            limit("grows-in-parts", IP, 65, grows_by=2, window_seconds=50, **REFUNDS),
            lambda: Growing(Log(50_000, 65, step=500, known=64), 2),
            _address,
        ),
        Subject(
            limit("grows-in-a-rate", IP, 20, burst=4, grows_by=7),
            lambda: Growing(Rate(60_000, 20, 4), 7),
            _address,
        ),
        Subject(
            limit("grows-in-names", PREFIX, 2, grows_by=1, window_seconds=90, **NAMES, **REFUNDS),
            lambda: Growing(Distinct(90_000, 2), 1),
            lambda _: "block",
        ),
        Subject(
            limit("grows-with-delays", IP, 3, grows_by=1, progressive=True),
            lambda: Delays(Growing(Log(60_000, 3), 1)),
            _address,
        ),
        Subject(
            limit("spares-a-list", IP, 2, exempt=("offices", "partners")),
            lambda: Log(60_000, 2),
            lambda made: None if made.is_listed else made.address,
        ),
        Subject(
            limit("strangers", ACCOUNT, 3, scope=Scope.UNKNOWN_DEVICE, progressive=True, **REFUNDS),
            lambda: Delays(Log(60_000, 3)),
            _strange,
        ),
        Subject(
            limit("owners", ACCOUNT, 2, scope=Scope.KNOWN_DEVICE, **REFUNDS), lambda: Log(60_000, 2), _own
        ),
        Subject(
            limit("pairs", IP, 2, also=NAME, progressive=True, **REFUNDS),
            lambda: Pairs(60_000, 64, lambda: Delays(Log(60_000, 2))),
            _address,
        ),
        Subject(limit("pairs-in-a-rate", NAME, 6, also=IP, burst=2), lambda: Rate(60_000, 6, 2), tuple),
        Subject(limit("everybody", Dimension.GLOBAL, 9, **REFUNDS), lambda: Log(60_000, 9), lambda _: ""),
    )
}
SUBJECTS["pairs-in-a-rate"] = SUBJECTS["pairs-in-a-rate"]._replace(key=lambda made: made[:2])

GROUPS = {
    "growth": ("grows", "grows-to-an-end", "grows-in-parts", "grows-in-a-rate", "grows-in-names"),
    "whose": ("strangers", "owners", "spares-a-list", "everybody", "grows-with-delays"),
    "pairs": ("pairs", "pairs-in-a-rate"),
}
STEPS = (0, 1, 499, 3_000, 15_000, 29_999, 30_000, 45_000, 60_000, 90_000)
ACCOUNTS = ("alice", "bob", "carol")
ADDRESSES = ("2001:db8:1:1::1", "2001:db8:1:2::1")


class Trial:
    """Sign-ins of three customers at two addresses, told by the guard and by the models side by side."""

    def __init__(self, server: Valkey, store: Store, names: tuple[str, ...]) -> None:
        server.client.flushall()
        self.store, self.now = store, 0
        self.names = names
        self.rules = published(
            *[replace(SUBJECTS[name].limit, kinds=frozenset({Kind.LOGIN})) for name in names]
        )
        self.models: dict[tuple[str, Any], Any] = {}
        self.waiting: list[tuple[Attempt, Event, Features]] = []
        for account in ACCOUNTS:
            trust_device(store, account, f"{OWNED}-{account}", now=START)

    def attempt(self, made: Attempt) -> None:
        """Every count and every wait is the model's; what is not a limit's to count is nothing to it."""
        event = login(
            after=self.now / 1000,
            account=made.account,
            username=made.account,
            client=Client(made.address),
            device=DeviceSeen(made.device or None),
        )
        rules = replace(self.rules, lists=Listed(("partners",) if made.is_listed else ("others",)))
        features = measure(event, rules, self.store, durable=False, stream=False)
        over = {hit.limit_id: hit.retry_after_ms for hit in features.over}
        for name in self.names:
            model = self._model(name, made)
            expected = Told(0) if model is None else model.take(event.at_ms, event.id, 1, made.account)
            assert Told(int(features.facts["velocity." + name]), over.get(name, -1)) == expected, name  # type: ignore[arg-type]
        self.waiting.append((made, event, features))

    def settle(self, number: int, *, is_right: bool) -> None:
        """A right password gives back and teaches the address; a wrong one does not; unheard gives all back."""
        made, event, features = self.waiting.pop(number)
        if features.over:
            settled = settlement(event, Final.STOPPED, learn=False)
            refused = replace(settled.decision, action=Action.DENY, retry_after_seconds=9)
            settled = replace(settled, decision=refused)
        else:
            settled = settlement(event, learn=False, login_succeeded=is_right)
        for _ in range(2):
            settle(event, features, settled, self.store, ruleset=self.rules, stream=False)
        for (name, _), model in self.models.items():
            gives_back = bool(features.over) or (is_right and SUBJECTS[name].limit.refunds_success)
            if gives_back:
                model.give_back(event.id)
        if is_right and not features.over:
            for name in self.names:
                model = self._model(name, made)
                growing = model.log if isinstance(model, Delays) else model
                if isinstance(growing, Growing):
                    growing.welcome(made.account, event.at_ms)

    def _model(self, name: str, made: Attempt) -> Any:
        key = SUBJECTS[name].key(made)
        return None if key is None else self.models.setdefault((name, key), SUBJECTS[name].model())


class SignIns(RuleBasedStateMachine):
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
        account=st.sampled_from(ACCOUNTS),
        address=st.sampled_from(ADDRESSES),
        is_own=st.booleans(),
        is_listed=st.booleans(),
        times=st.sampled_from((1, 1, 3, 30)),
    )
    def somebody_tries(
        self, account: str, address: str, *, is_own: bool, is_listed: bool, times: int
    ) -> None:
        """With the account's own browser or without any cookie, once or again and again."""
        device = f"{OWNED}-{account}" if is_own else ""
        for _ in range(times):
            self.trial.attempt(Attempt(account, address, device, is_listed))

    @precondition(lambda self: self.trial.waiting)
    @rule(data=st.data(), is_right=st.booleans())
    def a_try_is_settled(self, data: st.DataObject, *, is_right: bool) -> None:
        """In any order."""
        self.trial.settle(data.draw(st.integers(0, len(self.trial.waiting) - 1)), is_right=is_right)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_every_limit_on_sign_ins_tells_what_a_plain_list_would(
    any_server: Valkey, any_store: Store, names: tuple[str, ...]
) -> None:
    """Growth, lists, known devices, pairs, doubled waits and refunds, whatever comes in whatever order."""
    machine = type("SignIns", (SignIns,), {"server": any_server, "store": any_store, "names": names})
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
def test_a_long_day_of_sign_ins_stays_with_the_model(
    any_server: Valkey, any_store: Store, names: tuple[str, ...]
) -> None:
    """Fifteen hundred steps, settled late and out of order."""
    chance, trial = Random(7), Trial(any_server, any_store, names)
    for _ in range(1_500):
        step = chance.random()
        if step < 0.2:
            trial.now += chance.choice(STEPS)
        elif step < 0.55 and trial.waiting:
            late = min(len(trial.waiting), chance.choice((1, 2, 9)))
            trial.settle(len(trial.waiting) - late, is_right=chance.random() < 0.5)
        else:
            account = chance.choice(ACCOUNTS)
            device = f"{OWNED}-{account}" if chance.random() < 0.4 else ""
            trial.attempt(Attempt(account, chance.choice(ADDRESSES), device, chance.random() < 0.3))
