"""Holds: what waits is decided once."""

import pytest
from pytest_django.fixtures import Settings

from authshield.backends.loader import load
from authshield.enforce import holds
from authshield.errors import ChallengeError, GatewayError, InvalidInput, Refused
from authshield.models import AccountState, Challenge, Hold, Session
from authshield.vocabulary.actions import Action, Strength
from tests.challenging import NOW, an_order, customer, decided, event_of, later, passed, with_app
from tests.memory_books import PATH, MemoryBooks

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(settings: Settings) -> MemoryBooks:
    """Empty books that the project is configured with."""
    settings.AUTHSHIELD_ORDER_GATEWAY = PATH
    load.cache_clear()
    books = load(PATH)
    assert isinstance(books, MemoryBooks)
    return books


def waiting(account: str = "7", action: Action = Action.HOLD, required: Strength = Strength.NONE) -> Hold:
    """A held order."""
    operation = an_order(account)
    return holds.hold(event_of(operation), decided(action, required), operation, NOW)


def test_a_hold_waits_in_the_books(books: MemoryBooks) -> None:
    """With the operation as it was judged, the broker's reference and the reasons for the desk."""
    held = waiting()
    assert books.waiting[held.reference] == an_order("7")
    stored = Hold.objects.get()
    assert (stored.state, stored.sid, stored.digest) == (Hold.State.WAITING, "of-alice", an_order("7").digest)
    assert stored.reasons[0] == {"code": "thin_symbol", "points": 20, "text": "thin"}
    assert stored.expires_at == later(86400)


def test_books_that_do_not_take_it_leave_no_row(books: MemoryBooks) -> None:
    """Nothing is called held that does not wait anywhere."""
    books.is_closed = True
    with pytest.raises(GatewayError):
        waiting()
    assert not Hold.objects.exists()


@pytest.mark.parametrize(
    ("action", "required", "expected"),
    [
        (Action.HOLD, Strength.NONE, Strength.PHISHING_RESISTANT),
        (Action.HOLD, Strength.OOB, Strength.OOB),
        (Action.CHALLENGE, Strength.ANY, Strength.OTP),
        (Action.CHALLENGE, Strength.PHISHING_RESISTANT, Strength.PHISHING_RESISTANT),
    ],
)
@pytest.mark.usefixtures("books")
def test_what_would_release_it_is_what_was_asked_for(
    action: Action, required: Strength, expected: Strength
) -> None:
    """At least a code where a code was asked for, at least a passkey where it was held."""
    assert waiting(action=action, required=required).required == expected


def test_the_desk_releases_it_once(books: MemoryBooks) -> None:
    """A second decision of any kind is refused."""
    held = holds.release(waiting(), by="analyst", reason="called back", now=later(5))
    assert (held.state, held.decided_by, held.decision_reason) == ("released", "analyst", "called back")
    assert held.decided_at == later(5)
    for decide in (holds.release, holds.cancel):
        with pytest.raises(InvalidInput) as caught:
            decide(held, by="tuner", reason="again", now=later(6))
        assert caught.value.status_code == 409
    assert (books.executed, books.cancelled) == ([held.reference], [])


def test_a_cancelled_one_never_takes_effect(books: MemoryBooks) -> None:
    """The books cancel it, with the reason."""
    held = holds.cancel(waiting(), by="analyst", reason="fraud", now=NOW)
    assert held.state == Hold.State.CANCELLED
    assert (books.executed, books.cancelled) == ([], [held.reference])


def test_books_that_do_not_answer_leave_it_waiting(books: MemoryBooks) -> None:
    """The decision can be made again."""
    held = waiting()
    books.is_closed = True
    with pytest.raises(GatewayError):
        holds.release(held, by="analyst", reason="", now=NOW)
    assert Hold.objects.get().state == Hold.State.WAITING
    books.is_closed = False
    assert holds.release(held, by="analyst", reason="", now=NOW).state == Hold.State.RELEASED


def test_nothing_is_released_for_a_frozen_account(books: MemoryBooks) -> None:
    """The account has to be opened first."""
    held = waiting()
    AccountState.objects.create(account="7", frozen_at=NOW)
    with pytest.raises(Refused) as caught:
        holds.release(held, by="analyst", reason="", now=NOW)
    assert caught.value.code == "account_frozen"
    assert not books.executed


def test_a_hold_expires_and_is_too_late_for_a_release(books: MemoryBooks) -> None:
    """After a day without a decision it is cancelled in the books."""
    held = waiting()
    with pytest.raises(InvalidInput):
        holds.release(held, by="analyst", reason="", now=later(86400))
    assert holds.expire_due(later(86399)) == 0
    assert holds.expire_due(later(86400)) == 1
    assert holds.expire_due(later(86401)) == 0
    assert Hold.objects.get().state == Hold.State.EXPIRED
    assert books.cancelled == [held.reference]


def test_one_that_the_books_refuse_is_expired_next_time(books: MemoryBooks) -> None:
    """And does not keep the others waiting."""
    waiting()
    books.is_closed = True
    assert holds.expire_due(later(86400)) == 0
    books.is_closed = False
    assert holds.expire_due(later(86400)) == 1


def released_by(hold: Hold, challenge: Challenge, *, proved: Strength, sid: str = "of-alice") -> Hold:
    """The customer's proof releases it; ``proved`` is what the factor was worth."""
    challenge.proved = proved
    return holds.release_by_proof(hold, challenge, sid=sid, now=NOW)


def test_the_customers_stronger_factor_releases_it(books: MemoryBooks) -> None:
    """The proof for this very operation is spent on it."""
    user = customer()
    held = waiting(str(user.pk))
    challenge = passed(user, with_app(user))
    done = released_by(held, challenge, proved=Strength.PHISHING_RESISTANT)
    assert (done.state, done.decided_by, done.decision_reason) == ("released", "customer", "totp")
    assert Challenge.objects.get().state == Challenge.State.USED
    assert books.executed == [held.reference]


def test_a_weaker_factor_does_not(books: MemoryBooks) -> None:
    """A code that could be relayed releases no hold."""
    user = customer()
    held = waiting(str(user.pk))
    challenge = passed(user, with_app(user))
    with pytest.raises(ChallengeError):
        released_by(held, challenge, proved=Strength.OTP)
    assert not books.executed


def test_a_proof_for_another_operation_does_not(books: MemoryBooks) -> None:
    """Not even of the same account."""
    user = customer()
    held = waiting(str(user.pk))
    challenge = passed(user, with_app(user), an_order(str(user.pk), quantity="1"))
    with pytest.raises(ChallengeError) as caught:
        released_by(held, challenge, proved=Strength.OOB)
    assert caught.value.code == "binding_mismatch"
    assert not books.executed


def test_a_session_that_was_ended_releases_nothing(books: MemoryBooks) -> None:
    """And the proof is not spent."""
    user = customer()
    held = waiting(str(user.pk))
    challenge = passed(user, with_app(user))
    Session.objects.create(
        sid="of-alice", account=str(user.pk), started_at=NOW, last_seen_at=NOW, ended_at=NOW
    )
    with pytest.raises(Refused):
        released_by(held, challenge, proved=Strength.OOB)
    assert Challenge.objects.get().state == Challenge.State.PASSED
    assert not books.executed
