"""How long nobody used a session, and that one which was too old does not grow young by being asked for."""

from __future__ import annotations

from dataclasses import replace

from authshield.measure import Store, measure, settle
from authshield.vocabulary.actions import Action
from authshield.vocabulary.assurance import EXPIRED
from authshield.vocabulary.decision import Decision, Final, Reason
from tests.measure.making import NO_LIMITS, login, page, settlement, take


def idle(store: Store, after: float) -> object:
    """What a page so many seconds after the sign-in is told."""
    return measure(page(after=after), NO_LIMITS, store).facts["session.idle_seconds"]


def test_idleness_counts_from_the_last_request_to_the_minute(store: Store) -> None:
    """From the sign-in at first; pages within a minute are one."""
    take(login(), store)
    assert idle(store, 90) == 90
    assert idle(store, 120) == 30
    assert idle(store, 149) == 59
    assert idle(store, 1000) == 910
    assert idle(store, 4600) == 3600


def test_a_session_of_which_nothing_is_known_is_not_idle(store: Store) -> None:
    """A store that has lost its memory ends nobody's session."""
    assert idle(store, 90) == 0
    assert idle(store, 9_000) == 0


def test_n14_what_was_refused_for_its_age_ends_the_session_for_good(store: Store) -> None:
    """Any other refusal does not."""
    take(login(), store)
    for code, is_ended in (("denied", False), (EXPIRED, True)):
        late = page(after=90_000)
        features = measure(late, NO_LIMITS, store)
        base: Decision = settlement(late).decision
        refused = replace(base, action=Action.DENY, reasons=(Reason(code, 0.0, "x"),))
        settle(late, features, replace(settlement(late, Final.STOPPED), decision=refused), store)
        assert measure(page(after=90_001), NO_LIMITS, store).facts["session.is_ended"] is is_ended
