"""Reasons that are told late are the tuple that they would have been."""

from __future__ import annotations

import copy
import pickle

from authshield.vocabulary.decision import Reason
from authshield.vocabulary.reasons import Reasons

TOLD = (Reason("a", 2.0, "more"), Reason("b", 1.0, "less"))


def test_they_behave_as_the_tuple() -> None:
    """Compared, counted, walked through, picked from, hashed, printed."""
    reasons = Reasons(lambda: TOLD)
    assert reasons == TOLD
    assert TOLD == reasons  # noqa: SIM300 - the tuple is asked first
    assert reasons == Reasons(lambda: TOLD)
    assert reasons != ()
    assert (len(reasons), list(reasons), reasons[0], reasons[1:]) == (2, list(TOLD), TOLD[0], TOLD[1:])
    assert (hash(reasons), repr(reasons)) == (hash(TOLD), repr(TOLD))


def test_they_are_made_once_and_only_when_somebody_reads() -> None:
    """Nothing is made by holding them."""
    asked = []

    def make() -> tuple[Reason, ...]:
        asked.append(1)
        return TOLD

    reasons = Reasons(make)
    assert asked == []
    assert list(reasons) == list(reasons)
    assert asked == [1]


def test_copied_or_pickled_they_are_the_tuple() -> None:
    """What makes them does not travel."""
    reasons = Reasons(lambda: TOLD)
    assert pickle.loads(pickle.dumps(reasons)) == TOLD  # noqa: S301 - its own
    copied: object = copy.deepcopy(reasons)
    assert isinstance(copied, tuple)
