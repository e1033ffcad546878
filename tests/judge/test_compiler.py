"""What cannot be published is refused at once, whole, with its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from authshield.errors import RuleError
from authshield.judge import compile_ruleset, judge
from authshield.judge.parameters import PARAMETERS
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import (
    Dimension,
    Limit,
    ListEntry,
    Measure,
    Rule,
    RulesetSource,
    Scope,
    State,
    Threshold,
)
from tests.judge.events import event, features, rule, ruleset, source

LOGIN, ORDER = frozenset({Kind.LOGIN}), frozenset({Kind.ORDER})


def limit(identifier: str = "a-limit", kinds: frozenset[Kind] = LOGIN, **rest: object) -> Limit:
    """A limit that is right but for ``rest``."""
    values: dict[str, object] = {"dimension": Dimension.ACCOUNT, "window_seconds": 600, "capacity": 5}
    return Limit(identifier, kinds, **values | rest)  # type: ignore[arg-type]


def problems(made: RulesetSource) -> tuple[str, ...]:
    """What compiling a ruleset complains of."""
    with pytest.raises(RuleError) as caught:
        compile_ruleset(made)
    return caught.value.problems


def listed(kind: str, value: str, **rest: object) -> RulesetSource:
    """A ruleset of one list entry."""
    return source(lists=(ListEntry("blocked", kind, value, **rest),))  # type: ignore[arg-type]


CASES = [
    (source(rule("a b")), "rules[0] a b: an id has 2 to 50"),
    (source(rule("same"), rule("same")), "rules[1] same: the id is already used by rules[0]"),
    (source(rule("same"), limits=(limit("same"),)), "limits[0] same: the id is already used by rules[0]"),
    (source(limits=(limit("a-b"), limit("a_b"))), 'limits[1] a_b: shares the field velocity.a_b with "a-b"'),
    (
        source(rule("ok"), rule("new-device", "true &&\n  order.foo")),
        "rules[1] new-device: 2:3 unknown field",
    ),
    (source(rule("off-rule", "foo", state=State.OFF)), "rules[0] off-rule: 1:1 unknown field"),
    (source(rule("minus", points=-1)), "rules[0] minus: points are -1, allowed are 0 to 1000"),
    (source(rule("nan", points=float("nan"))), "rules[0] nan: points are nan"),
    (source(rule("code", code="Ä")), 'rules[0] code: code "Ä"'),
    (source(Rule("none", frozenset(), "true")), "rules[0] none: names no kind of event"),
    (source(rule("wait", kind=Kind.LOGIN, action=Action.HOLD)), "hold is not possible for login"),
    (source(rule("out", kind=Kind.LOGOUT, action=Action.DENY)), "logout cannot be stopped"),
    (source(rule("done", kind=Kind.FILL, action=Action.CHALLENGE)), "fill cannot be stopped"),
    (
        source(rule("odd", action=Action.DENY, required=Strength.OTP)),
        "required strength otp makes sense with challenge",
    ),
    (
        source(limits=(limit(capacity=0),)),
        "limits[0] a-limit: capacity: 0 is not possible, allowed are 1 to 1000000",
    ),
    (source(limits=(limit(capacity=1_000_001),)), "capacity: 1000001 is not"),
    (
        source(limits=(limit(window_seconds=0),)),
        "window_seconds: 0 seconds are not possible, allowed are 1 second to 30 days",
    ),
    (source(limits=(limit(window_seconds=2_592_001),)), "window_seconds: 2592001 seconds"),
    (
        source(limits=(limit(dimension=Dimension.IP, scope=Scope.KNOWN_DEVICE),)),
        "scope: only a limit by account alone",
    ),
    (
        source(limits=(limit(kinds=ORDER, refunds_success=True),)),
        "refunds_success: only sign-ins and answers",
    ),
    (source(limits=(limit(measure=Measure.DISTINCT),)), "distinct_of: different values of what?"),
    (
        source(limits=(limit(distinct_of=Dimension.IP),)),
        "distinct_of: this is for counting different values only",
    ),
    (
        source(limits=(limit(measure=Measure.DISTINCT, distinct_of=Dimension.ACCOUNT),)),
        "distinct_of: there is only ever one account",
    ),
    (
        source(limits=(limit(measure=Measure.SUM),)),
        "measure: only orders, their changes and withdrawals have a value",
    ),
    (source(limits=(limit(dimension=Dimension.SYMBOL),)), "login: there is no symbol to count by"),
    (
        source(limits=(limit(dimension=Dimension.SYMBOL_SIDE),)),
        "dimension: login: there is no symbol_side to count by",
    ),
    (
        source(limits=(limit(dimension=Dimension.SESSION),)),
        "dimension: login: there is no session to count by",
    ),
    (
        source(limits=(limit(dimension=Dimension.BANK_ACCOUNT),)),
        "dimension: login: there is no bank_account to count by",
    ),
    (
        source(limits=(limit(kinds=ORDER, dimension=Dimension.USERNAME),)),
        "dimension: order: there is no username to count by",
    ),
    (source(limits=(limit(also=Dimension.SYMBOL),)), "login: there is no symbol to count by"),
    (
        source(limits=(limit(also=Dimension.ACCOUNT),)),
        "also: a pair needs two different things, both are account",
    ),
    (source(limits=(limit(also=Dimension.GLOBAL),)), "also: the whole site is everything already"),
    (
        source(limits=(limit(also=Dimension.IP, scope=Scope.UNKNOWN_DEVICE),)),
        "scope: only a limit by account alone",
    ),
    (
        source(limits=(limit(measure=Measure.DISTINCT, distinct_of=Dimension.SYMBOL),)),
        "login: there is no symbol to count by",
    ),
    (
        source(limits=(limit(measure=Measure.DISTINCT, distinct_of=Dimension.IP, also=Dimension.IP),)),
        "distinct_of: there is only ever one ip",
    ),
    (
        source(limits=(limit(measure=Measure.DISTINCT, distinct_of=Dimension.GLOBAL),)),
        "distinct_of: there is only ever one global",
    ),
    (
        source(
            limits=(
                limit(
                    measure=Measure.DISTINCT, distinct_of=Dimension.IP, capacity=1_001, refunds_success=True
                ),
            )
        ),
        "refunds_success: of more than 1000 different values none can be given back",
    ),
    (source(limits=(limit(measure=Measure.SHARE),)), "measure: only orders and their changes have a share"),
    (
        source(limits=(limit(kinds=ORDER, measure=Measure.SHARE, capacity=10_000_001),)),
        "allowed are 1 to 10000000",
    ),
    (source(limits=(limit(burst=-1),)), "burst: -1 is not possible, allowed are 0 (none) to 1000000"),
    (
        source(limits=(limit(kinds=ORDER, measure=Measure.SUM, burst=1),)),
        "burst: a burst makes sense only where events are counted",
    ),
    (
        source(limits=(limit(frees_cancelled=True),)),
        "frees_cancelled: only orders and their changes can be cancelled",
    ),
    (
        source(
            limits=(
                limit(
                    kinds=ORDER, measure=Measure.DISTINCT, distinct_of=Dimension.SYMBOL, frees_cancelled=True
                ),
            )
        ),
        "frees_cancelled: counts and sums can be given back",
    ),
    (source(limits=(limit(grows_by=1),)), "grows_by: only sign-ins counted by address"),
    (
        source(limits=(limit(dimension=Dimension.IP, also=Dimension.DEVICE, grows_by=1),)),
        "grows_by: only sign-ins",
    ),
    (source(limits=(limit(dimension=Dimension.IP, kinds=ORDER, grows_by=1),)), "grows_by: only sign-ins"),
    (source(limits=(limit(dimension=Dimension.IP, grows_by=-1),)), "grows_by: -1 is not possible"),
    (
        source(limits=(limit(action=Action.CHALLENGE, progressive=True),)),
        "progressive: only a denial has a wait",
    ),
    (source(limits=(limit(exempt=("Not a list",)),)), "exempt: “Not a list” is no name"),
    (source(limits=(limit(exempt=("office", "office")),)), "exempt: at most 10 lists, each once"),
    (source(limits=(limit(action=Action.HOLD),)), "hold is not possible for login"),
    (
        source(thresholds=(Threshold(ORDER, 101, Action.DENY),)),
        "thresholds[0]: risk is 101, allowed are 0 to 100",
    ),
    (source(thresholds=(Threshold(ORDER, -1, Action.DENY),)), "risk is -1"),
    (source(thresholds=(Threshold(ORDER, 50, Action.ALLOW),)), "a threshold needs an action"),
    (source(thresholds=(Threshold(LOGIN, 50, Action.HOLD),)), "hold is not possible for login"),
    (
        listed("ip", "192.0.2.7/24"),
        'lists[0] blocked: "192.0.2.7/24" has bits set beyond its prefix; did you mean 192.0.2.0/24?',
    ),
    (listed("ip", "192.0.2.999"), "is not an address or network"),
    (listed("asn", "AS99999999999"), "is not an autonomous system number"),
    (listed("asn", "carrier"), "is not an autonomous system number"),
    (listed("country", "Japan"), "is not a country code"),
    (listed("device", " d1"), "is not a device"),
    (listed("planet", "Mars"), 'unknown kind of list "planet"'),
    (listed("ip", "192.0.2.7", expires_at=datetime(2026, 1, 1)), "expires_at has no time zone"),  # noqa: DTZ001 - the slip
    (source(lists=(ListEntry("Bad Name", "ip", "192.0.2.7"),)), "a list's name has 2 to 50"),
    (
        source(parameters={"thin_adv_minr": 1}),
        'parameters.thin_adv_minr: unknown, did you mean "thin_adv_minor"?',
    ),
    (source(parameters={"zzz": 1}), "parameters.zzz: unknown"),
    (source(parameters={"trust_days": 0}), "parameters.trust_days: is 0, allowed are 1 to 365"),
]


@pytest.mark.parametrize(("made", "message"), CASES, ids=[message[:40] for _, message in CASES])
def test_what_makes_no_sense_is_refused_with_its_path(made: RulesetSource, message: str) -> None:
    """Each slip is told by path and way out."""
    assert any(message in problem for problem in problems(made)), problems(made)


def test_all_problems_of_a_ruleset_come_at_once() -> None:
    """Nobody has to publish ten times to see ten problems."""
    made = source(
        rule("one", "foo > 1", points=-1),
        rule("two", "order.value", action=Action.DENY, required=Strength.ANY),
        limits=(limit(capacity=0, window_seconds=0),),
        thresholds=(Threshold(frozenset(), 50, Action.DENY),),
        parameters={"nothing": 1},
    )
    assert len(problems(made)) == 8


def test_parameters_that_are_not_given_have_their_default() -> None:
    """Whoever reads a compiled ruleset finds every parameter."""
    compiled = ruleset(parameters={"trust_days": 30})
    assert set(compiled.source.parameters) == {one.name for one in PARAMETERS}
    assert compiled.source.parameters["trust_days"] == 30
    assert all(one.least <= one.default <= one.most for one in PARAMETERS)


def test_limits_are_found_by_kind_and_off_ones_left_out() -> None:
    """Measuring asks for the limits of a kind; the same tuple each time, shadow ones among them."""
    shadow, off = limit("shadow", state=State.SHADOW), limit("off-one", state=State.OFF)
    compiled = ruleset(limits=(limit(), shadow, off, limit("other", ORDER)))
    assert [one.id for one in compiled.limits_for(Kind.LOGIN)] == ["a-limit", "shadow"]
    assert compiled.limits_for(Kind.LOGIN) is compiled.limits_for(Kind.LOGIN)
    assert compiled.limits_for(Kind.REQUEST) == ()
    assert compiled.version == 7


def test_many_long_rules_are_judged_in_batches() -> None:
    """More than the engine takes at once is split, and each rule keeps its own answer."""
    padding = " || ".join(["string(order.value) == '9'"] * 50)
    rules = [rule(f"rule-{i:02}", f"order.value == {i} || {padding}", points=1) for i in range(60)]
    compiled = ruleset(*rules)
    program = compiled.programs[Kind.ORDER]
    assert program.quick == ()
    assert len(program.rest.batches) > 1
    assert judge(event(), features(order__value=59), compiled).rules == ("rule-59",)


def test_rules_too_much_for_one_list_are_still_judged() -> None:
    """Where the engine refuses the joined list, each rule is asked alone."""
    compiled = ruleset(*[rule(f"rule-{i}", f"order.value > {i}", points=1) for i in range(30)])
    whole = compiled.programs[Kind.ORDER].whole
    facts = {"order.value": 15}
    together = whole.run(facts, {})
    whole.__dict__["batches"] = tuple((None, rules) for _, rules in whole.batches)
    assert whole.run(facts, {}) == together
    assert len(together[0]) == 15


def test_what_stays_the_same_is_compiled_once() -> None:
    """A list that changes publishes a version anew: its conditions are those of the version before."""
    before = ruleset(rule("r1", "order.is_thin"))
    after = compile_ruleset(replace(before.source, version=before.version + 1))
    assert after.version == before.version + 1
    old, new = before.programs[Kind.ORDER], after.programs[Kind.ORDER]
    assert new.answer is old.answer
    assert new.whole.conditions["r1"] is old.whole.conditions["r1"]
