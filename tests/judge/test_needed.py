"""What a verdict reads, and what it is when nothing was found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authshield.judge import compile_ruleset, judge, learning
from authshield.judge.cel import language_of
from authshield.tune.transfer import default_source
from authshield.vocabulary.decision import Decision, Final, Outcome
from authshield.vocabulary.event import Kind
from authshield.vocabulary.facts import MISSING
from authshield.vocabulary.features import Features, LimitHit
from tests.judge.conditions import COUNT, LIMITS, VALUES
from tests.judge.events import event, features, rule, ruleset, source

LANGUAGE = language_of(source(limits=LIMITS))


@given(st.data())
@settings(max_examples=60)
def test_a_verdict_reads_nothing_but_what_is_needed(data: st.DataObject) -> None:
    """With only the facts that ``needed`` names, the decision and the lesson are the same."""
    shipped = compile_ruleset(default_source())
    kind = data.draw(st.sampled_from(list(Kind)))
    values = {
        name: data.draw(st.sampled_from(VALUES[LANGUAGE.types[name]]))
        for name in sorted(shipped.needed[kind])
        if name in MISSING
    }
    over = tuple(LimitHit(limit.id, 6, 1000) for limit in shipped.limits_for(kind)[:2])
    over = over if data.draw(st.booleans()) else ()
    whole, part = Features(MISSING | values, over=over), Features(values, over=over)
    assert judge(event(kind), whole, shipped) == judge(event(kind), part, shipped)
    outcome = Outcome(Final.ALLOWED)
    assert learning(event(kind), outcome, whole, trust_first_device=True) == learning(
        event(kind), outcome, part, trust_first_device=True
    )


def test_what_is_needed_names_counts_as_facts() -> None:
    """A limit's count is asked for by the limit's id, an absent rule's facts not at all."""
    compiled = ruleset(rule("one", f"{COUNT} > 3 && order.is_thin"), limits=LIMITS)
    assert {"velocity.order-count", "order.is_thin", "account.is_frozen"} <= compiled.needed[Kind.ORDER]
    assert "order.is_thin" not in compiled.needed[Kind.LOGIN]


def test_an_event_without_findings_has_a_whole_decision() -> None:
    """Allowed, with every field as the constructor would set it, and frozen."""
    decision = judge(event(), features(), ruleset())
    assert decision == Decision("e1", decision.action, decision.required, 0.0, (), (), 7)
    assert type(decision) is Decision
    with pytest.raises(AttributeError):
        decision.risk = 1.0  # type: ignore[misc]
