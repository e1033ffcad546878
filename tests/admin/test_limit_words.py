"""What a limit does is told in sentences, in both languages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.utils.translation import override

from authshield.admin.limit_words import BY, DIFFERENT, EVENTS, sentences
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import Dimension, Limit, Measure, Scope, State

LOGIN, ORDER = frozenset({Kind.LOGIN}), frozenset({Kind.ORDER})
GUESSES = Limit(
    "guesses",
    LOGIN,
    Dimension.ACCOUNT,
    600,
    5,
    scope=Scope.UNKNOWN_DEVICE,
    refunds_success=True,
    progressive=True,
)
SENTENCES: list[tuple[Limit, str]] = [
    (
        GUESSES,
        (
            "At most 5 failed sign-ins from unknown devices per account in any 10 minutes. One more "
            "is refused, and each further refusal doubles the wait."
        ),
    ),
    (
        replace(GUESSES, scope=Scope.KNOWN_DEVICE, progressive=False, state=State.SHADOW),
        (
            "At most 5 failed sign-ins from each known device per account in any 10 minutes. One "
            "more is refused until there is room again. It is in shadow: recorded, and nothing comes "
            "of it."
        ),
    ),
    (
        Limit(
            "spray",
            LOGIN,
            Dimension.IP,
            3_600,
            10,
            measure=Measure.DISTINCT,
            distinct_of=Dimension.USERNAME,
            grows_by=2,
            points=7.5,
            exempt=("office", "branches"),
        ),
        (
            "At most 10 different typed names in sign-ins per address in any 1 hour. One more is "
            "refused until there is room again. It adds 7.5 to the risk. Each customer who signed in "
            "from there makes it 2 more, up to 200 in all. The customer's own trusted devices are not "
            "stopped by it. Not counted: who is on office, branches."
        ),
    ),
    (
        Limit(
            "share",
            ORDER | {Kind.ORDER_CHANGE},
            Dimension.ACCOUNT,
            1_800,
            15_050,
            measure=Measure.SHARE,
            also=Dimension.SYMBOL_SIDE,
            action=Action.CHALLENGE,
            required=Strength.OTP,
            frees_cancelled=True,
        ),
        (
            "At most 150.5 % of the portfolio in orders and changes of orders per account together with "
            "symbol and side in any 30 minutes. One more needs a proof: one-time code. A cancelled "
            "order is not counted any more."
        ),
    ),
    (
        Limit("sum", ORDER, Dimension.SESSION, 61, 1_000_000, measure=Measure.SUM, action=Action.HOLD),
        "At most 1,000,000 in value of orders per session in any 61 seconds. One more waits for the desk.",
    ),
    (
        Limit(
            "site",
            LOGIN,
            Dimension.GLOBAL,
            600,
            1_000,
            burst=50,
            points=5,
            action=Action.ALLOW,
            state=State.OFF,
        ),
        (
            "At most 1,000 sign-ins on the whole site in any 10 minutes. One more goes through. It "
            "adds 5 to the risk. That is the average; up to 50 more may come at once. The customer's own "
            "trusted devices are not stopped by it. It is off."
        ),
    ),
]


@pytest.mark.parametrize(("limit", "told"), SENTENCES, ids=[limit.id for limit, _ in SENTENCES])
def test_what_a_limit_does_is_told(limit: Limit, told: str) -> None:
    """How many of what, by what, in which window, what then, and every exception."""
    assert sentences(limit) == told
    with override("ja"):
        words = sentences(limit)
    for name in (limit.id, *limit.exempt):
        words = words.replace(name, "")
    assert not [word for word in words.split() if word.isascii() and word.strip("%,.").isalpha()], words


def test_every_dimension_and_kind_has_its_words() -> None:
    """A new one cannot be forgotten, in either language."""
    tables: list[tuple[dict[str, Any], Any]] = [(BY, Dimension), (DIFFERENT, Dimension), (EVENTS, Kind)]
    for table, names in tables:
        assert set(table) == set(names)
        with override("ja"):
            assert not [str(words) for words in table.values() if str(words).isascii()]
