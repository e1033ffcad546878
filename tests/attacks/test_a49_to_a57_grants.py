"""A49 to A57: using a proof for something else, elsewhere, twice, too late, or without having given it."""

import logging
from datetime import datetime
from functools import partial

import pytest
from django.db import transaction

from authshield.enforce import challenges, gate
from authshield.errors import ChallengeError, Refused, StepUpRequired
from authshield.models import AccountState, Challenge, Session
from authshield.vocabulary.operation import Operation
from tests.challenging import NOW, SESSION, an_order, challenged, customer, later, passed, with_app
from tests.together import together

State = Challenge.State


def granted(challenge: Challenge, operation: Operation, binding: str = SESSION, now: datetime = NOW) -> str:
    """``granted``, or the code of the refusal."""
    try:
        challenges.grant(challenge.pk, operation=operation, binding=binding, now=now)
    except ChallengeError as error:
        return error.code
    return "granted"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changed",
    [
        {"symbol": "6758"},
        {"side": "sell"},
        {"quantity": "101"},
        {"quantity": "100.0"},
        {"limit_price": "2512.6"},
        {"order_type": "market"},
        {"extra": "1"},
    ],
)
def test_a49_any_changed_field_voids_the_grant(
    changed: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """409, logged as an attack, and the order that was shown needs a new proof as well."""
    user = customer()
    challenge = passed(user, with_app(user))
    with caplog.at_level(logging.WARNING, logger="authshield"):
        assert granted(challenge, an_order(str(user.pk), **changed)) == "binding_mismatch"
    assert str(challenge.pk) in caplog.text
    assert granted(challenge, an_order(str(user.pk))) == "challenge_expired"


@pytest.mark.django_db
def test_a49_a_change_before_the_proof_voids_the_challenge_too() -> None:
    """Nobody passes the small order's challenge after asking for the large one with it."""
    user = customer()
    challenge = challenged(user)
    assert granted(challenge, an_order(str(user.pk), quantity="100000")) == "binding_mismatch"
    assert Challenge.objects.get().state == State.VOID


@pytest.mark.django_db
def test_a52_a_grant_of_one_session_is_none_in_another() -> None:
    """Of the same person, in either direction; and trying it does no harm."""
    user = customer()
    challenge = passed(user, with_app(user))
    assert granted(challenge, an_order(str(user.pk)), "sid:another") == "challenge_not_found"
    with pytest.raises(ChallengeError):
        challenges.get(challenge.pk, account=str(user.pk), bindings=("sid:another", "dev:x"), now=NOW)
    assert granted(challenge, an_order(str(user.pk))) == "granted"


@pytest.mark.django_db(transaction=True)
def test_a53_one_grant_executes_one_of_many_identical_orders() -> None:
    """A double click, a retry, a race: once."""
    user = customer()
    challenge = passed(user, with_app(user))
    executed: list[int] = []

    def place(number: int) -> str:
        found = challenges.grant(challenge.pk, operation=an_order(str(user.pk)), binding=SESSION, now=NOW)
        with transaction.atomic():
            challenges.use(found, NOW)
            executed.append(number)
        return "placed"

    outcomes = together([partial(place, number) for number in range(8)])
    codes = sorted(
        outcome.code if isinstance(outcome, ChallengeError) else str(outcome) for outcome in outcomes
    )
    assert codes == ["challenge_used"] * 7 + ["placed"]
    assert len(executed) == 1
    assert granted(challenge, an_order(str(user.pk))) == "challenge_used"


@pytest.mark.django_db(transaction=True)
def test_a53_an_execution_that_fails_does_not_spend_the_grant() -> None:
    """Proof and effect are one transaction."""
    user = customer()
    challenge = passed(user, with_app(user))
    with transaction.atomic():
        challenges.use(challenge, NOW)
        transaction.set_rollback(True)
    assert granted(challenge, an_order(str(user.pk))) == "granted"


@pytest.mark.django_db
def test_a55_a_grant_lives_two_minutes() -> None:
    """Looking at it and using it."""
    user = customer()
    challenge = passed(user, with_app(user))
    assert granted(challenge, an_order(str(user.pk)), now=later(119)) == "granted"
    assert granted(challenge, an_order(str(user.pk)), now=later(120)) == "challenge_expired"
    with pytest.raises(ChallengeError) as caught:
        challenges.use(challenge, later(120))
    assert caught.value.status_code == 410


@pytest.mark.django_db
def test_a55_a_grant_is_worth_nothing_after_a_freeze_or_the_end_of_its_session() -> None:
    """The last gate is in the transaction of the effect."""
    user = customer()
    account = str(user.pk)
    passed(user, with_app(user))
    gate.final_gate(account, "of-alice")
    AccountState.objects.create(account=account, frozen_at=NOW)
    with pytest.raises(Refused, match="account_frozen"):
        gate.final_gate(account, "of-alice")
    Session.objects.create(sid="of-alice", account=account, started_at=NOW, last_seen_at=NOW, ended_at=NOW)
    with pytest.raises(Refused, match="session_ended"):
        gate.final_gate(account, "of-alice")


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.OPEN, State.FAILED, State.VOID, State.USED])
def test_a57_a_challenge_that_is_not_passed_grants_nothing(state: Challenge.State) -> None:
    """No step of its life can be skipped or gone back."""
    user = customer()
    challenge = challenged(user)
    Challenge.objects.update(state=state)
    with pytest.raises((ChallengeError, StepUpRequired)):
        challenges.grant(challenge.pk, operation=an_order(str(user.pk)), binding=SESSION, now=NOW)
    with pytest.raises(ChallengeError):
        challenges.use(challenge, NOW)
    assert Challenge.objects.get().state == state
