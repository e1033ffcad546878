"""Limits that hardly mean what was meant are pointed out, each by its path; sound ones are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from authshield.judge import compile_ruleset
from authshield.tune.lint import lint
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import Dimension, Limit, ListEntry, Measure, RulesetSource, Scope, State

ORDERS = Limit("orders", frozenset({Kind.ORDER}), Dimension.ACCOUNT, 600, 100)
GUESSES = Limit("guesses", frozenset({Kind.LOGIN}), Dimension.IP, 600, 20, refunds_success=True)
ASKED: dict[str, Any] = {"action": Action.CHALLENGE, "required": Strength.OTP}


def other(limit: Limit, **changes: Any) -> Limit:
    """Another limit that differs in this."""
    return replace(limit, id="other", **changes)


def warnings(*limits: Limit, lists: tuple[ListEntry, ...] = ()) -> list[str]:
    """What is said of limits that can be published."""
    source = RulesetSource(1, "x", limits=limits, lists=lists)
    compile_ruleset(source)
    return lint(source)


@pytest.mark.parametrize(
    ("limits", "warning"),
    [
        ((ORDERS, other(ORDERS, text="again")), "limits[1] other: counts the very same as orders"),
        ((ORDERS, other(ORDERS, action=Action.HOLD)), "limits[1] other: counts the very same as orders"),
        (
            (ORDERS, other(ORDERS, capacity=200)),
            "limits[1] other: is hardly ever reached: orders refuses first",
        ),
        ((ORDERS, other(ORDERS, window_seconds=60)), "limits[1] other: is hardly ever reached"),
        (
            (other(ORDERS, capacity=200), ORDERS),
            "limits[0] other: is hardly ever reached: orders refuses first",
        ),
        (
            (
                replace(ORDERS, also=Dimension.SYMBOL),
                other(ORDERS, dimension=Dimension.SYMBOL, also=Dimension.ACCOUNT, capacity=200),
            ),
            "is hardly ever reached",
        ),
        (
            (replace(ORDERS, kinds=frozenset({Kind.ORDER, Kind.WITHDRAWAL})), other(ORDERS, capacity=200)),
            "is hardly ever reached",
        ),
        (
            (replace(ORDERS, **ASKED), other(ORDERS, capacity=200, **ASKED)),
            "adds nothing: orders does as much",
        ),
        (
            (replace(ORDERS, action=Action.HOLD), other(ORDERS, capacity=200, **ASKED)),
            "adds nothing: orders does as much",
        ),
        (
            (replace(GUESSES, dimension=Dimension.GLOBAL),),
            "denies by global: one attacker shuts out everybody",
        ),
        ((replace(GUESSES, dimension=Dimension.COUNTRY),), "denies by country"),
        ((replace(GUESSES, refunds_success=False),), "counts successes too"),
        ((replace(GUESSES, dimension=Dimension.ACCOUNT),), "counts strangers and the owner together"),
        ((replace(ORDERS, action=Action.ALLOW),), "it only counts, for velocity.orders"),
        ((replace(ORDERS, state=State.OFF),), "is off"),
        ((replace(ORDERS, exempt=("office",)),), 'spares the list "office", which is empty'),
    ],
)
def test_a_limit_that_hardly_means_what_was_meant_is_pointed_out(
    limits: tuple[Limit, ...], warning: str
) -> None:
    """Duplicates, limits that are never reached, and those that shut out who should not be; nothing else."""
    found = warnings(*limits)
    assert len(found) == 1, found
    assert warning in found[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ORDERS, other(ORDERS, capacity=300, window_seconds=3_600)),
        (ORDERS, other(ORDERS, capacity=200, dimension=Dimension.SESSION)),
        (ORDERS, other(ORDERS, capacity=200, also=Dimension.SYMBOL)),
        (ORDERS, other(ORDERS, capacity=200, measure=Measure.SUM)),
        (ORDERS, other(ORDERS, capacity=200, kinds=frozenset({Kind.ORDER, Kind.WITHDRAWAL}))),
        (replace(ORDERS, state=State.SHADOW), other(ORDERS, capacity=200)),
        (replace(ORDERS, state=State.ON), other(ORDERS, state=State.OFF)),
        (replace(ORDERS, **ASKED), other(ORDERS, capacity=200)),
        (replace(ORDERS, **ASKED), other(ORDERS, capacity=200, points=5, **ASKED)),
        (replace(ORDERS, burst=150), other(ORDERS, capacity=200)),
        (replace(GUESSES, grows_by=5), other(GUESSES, capacity=200)),
        (
            replace(GUESSES, dimension=Dimension.ACCOUNT, scope=Scope.UNKNOWN_DEVICE),
            other(GUESSES, dimension=Dimension.ACCOUNT, scope=Scope.KNOWN_DEVICE),
        ),
    ],
)
def test_limits_that_go_together_are_left_alone(first: Limit, second: Limit) -> None:
    """A longer window, another entity or measure, a stricter consequence: each has its own work."""
    assert [one for one in warnings(first, second) if not one.endswith("is off")] == []


def test_a_list_with_entries_is_spared_in_silence() -> None:
    """Only an empty one is worth a word."""
    office = ListEntry("office", "ip", "192.0.2.0/24")
    assert warnings(replace(ORDERS, exempt=("office",)), lists=(office,)) == []
