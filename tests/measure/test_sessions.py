"""What a session remembers of its sign-in, and how a stolen one shows."""

from __future__ import annotations

from authshield.measure import Store, measure
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import (
    Client,
    DeviceSeen,
    Kind,
    Login,
    Network,
)
from tests.measure.making import (
    NO_LIMITS,
    PARIS,
    event,
    login,
    page,
    settlement,
    take,
)

ELSEWHERE = Client("198.51.100.7", "curl", browser="Firefox/Linux")


def test_a_session_remembers_how_it_began(store: Store) -> None:
    """Risk, proof and strangeness of the sign-in are facts of every later event."""
    take(login(subject=Login(succeeded=True, method="passkey", is_staff=True)), store)
    facts = measure(page(after=90), NO_LIMITS, store).facts
    assert facts["session.age_seconds"] == 90
    assert facts["session.proof_age_seconds"] == 90
    assert facts["session.strength"] == Strength.PHISHING_RESISTANT
    assert facts["session.login_risk"] == 7.0
    assert facts["session.is_unusual"] is True
    assert facts["account.is_staff"] is True


def test_a_session_that_began_strangely_stays_unusual_at_home(store: Store) -> None:
    """Later events from a trusted place do not make the session an ordinary one."""
    take(login(), store, trust=True)
    take(login(device=DeviceSeen("thief"), client=ELSEWHERE, network=PARIS, session="stolen"), store)
    assert measure(page(session="stolen"), NO_LIMITS, store).facts["session.is_unusual"] is True
    assert measure(page(), NO_LIMITS, store).facts["session.is_unusual"] is False


def test_a_stolen_session_shows(store: Store) -> None:
    """Another device, browser, carrier or country than at the sign-in is told, and so is a lost cookie."""
    take(login(), store)
    names = ["device", "browser", "network", "country"]
    same = measure(page(), NO_LIMITS, store).facts
    assert [same[f"session.{name}_changed"] for name in names] == [False] * 4
    stolen = measure(page(client=ELSEWHERE, network=PARIS, device=DeviceSeen(None)), NO_LIMITS, store).facts
    assert [stolen[f"session.{name}_changed"] for name in names] == [True] * 4


def test_what_is_unknown_now_has_not_changed(store: Store) -> None:
    """Without a geographic database nobody has moved."""
    take(login(), store)
    facts = measure(page(network=Network(), client=Client("203.0.113.9")), NO_LIMITS, store).facts
    assert [facts[f"session.{name}_changed"] for name in ("browser", "network", "country")] == [False] * 3


def test_a_session_keeps_its_strongest_proof(store: Store) -> None:
    """A weaker proof later on does not lower it, an equal one renews it."""
    take(login(), store, outcome=settlement(login(), Final.PASSED, proved=Strength.OTP).outcome)
    take(page(after=60), store, outcome=settlement(login(), Final.PASSED, proved=Strength.ANY).outcome)
    facts = measure(page(after=100), NO_LIMITS, store).facts
    assert (facts["session.strength"], facts["session.proof_age_seconds"]) == (2, 100)
    take(page(after=110), store, outcome=settlement(login(), Final.PASSED, proved=Strength.OTP).outcome)
    assert measure(page(after=120), NO_LIMITS, store).facts["session.proof_age_seconds"] == 10


def test_a_session_that_was_left_is_ended(store: Store) -> None:
    """A copy of its cookie is worth nothing after the sign-out."""
    take(login(), store)
    take(event(Kind.LOGOUT), store)
    assert measure(page(), NO_LIMITS, store).facts["session.is_ended"] is True
