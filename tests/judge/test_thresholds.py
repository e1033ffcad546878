"""Thresholds for devices that the account trusts, and for all others."""

from __future__ import annotations

import pytest

from authshield.errors import RuleError
from authshield.judge import compile_ruleset, judge
from authshield.tune.transfer import source_from_json, source_of_version, source_to_json
from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import RulesetSource, Scope, Threshold
from tests.judge.events import event, features, rule, ruleset

LOGIN = frozenset({Kind.LOGIN})
KNOWN = Threshold(LOGIN, 80, Action.DENY, scope=Scope.KNOWN_DEVICE)
STRANGE = Threshold(LOGIN, 40, Action.DENY, scope=Scope.UNKNOWN_DEVICE)


@pytest.mark.parametrize(
    ("points", "is_trusted", "action"),
    [
        (39, False, Action.ALLOW),
        (40, False, Action.DENY),
        (79, True, Action.ALLOW),
        (80, True, Action.DENY),
    ],
)
def test_each_kind_of_device_has_its_threshold(points: int, is_trusted: bool, action: Action) -> None:
    """From its own risk on, and not from the other's."""
    rules = ruleset(
        rule("points", kind=Kind.LOGIN, points=points),
        thresholds=(KNOWN, STRANGE),
        parameters=NOTHING,
    )
    facts = features(device__is_trusted=is_trusted)
    assert judge(event(Kind.LOGIN), facts, rules).action is action


def test_a_published_threshold_and_weight_come_back_as_they_were() -> None:
    """Through the JSON that versions are stored as."""
    source = RulesetSource(3, "mine", thresholds=(KNOWN, STRANGE), weights={"who:browser": (-0.5, 1.25)})
    assert source_from_json(source_to_json(source)) == source


def test_weights_that_fall_are_not_published() -> None:
    """A more suspicious step never weighs less; a sign that is none is named."""
    with pytest.raises(RuleError, match=r"weights\.who:browser.*weights\.who:nobody"):
        compile_ruleset(RulesetSource(1, "mine", weights={"who:browser": (1.0, 0.0), "who:nobody": (1.0,)}))


def test_weights_that_a_newer_release_has_no_use_for_are_left_out() -> None:
    """A version that was published before an upgrade stays in force."""
    kept = source_to_json(RulesetSource(3, "mine", weights={"who:browser": (0.0, 1.0), "who:gone": (1.0,)}))
    assert source_of_version(kept, 3).weights == {"who:browser": (0.0, 1.0)}


NOTHING = {"model_login": 0.0, "model_order": 0.0, "model_campaign": 0.0}
"""Rules alone."""
