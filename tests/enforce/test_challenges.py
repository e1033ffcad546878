"""Challenges: opened, answered, over."""

from dataclasses import replace
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from authshield.enforce import challenges
from authshield.errors import ChallengeError
from authshield.factors import email, recovery, totp
from authshield.models import Challenge, EmailFactor, Notice
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.event import Kind, Order, OrderChange
from authshield.vocabulary.operation import Operation
from tests.challenging import (
    NOW,
    SESSION,
    Asked,
    an_order,
    challenged,
    customer,
    decided,
    event_of,
    later,
    passed,
    with_app,
    wrong_code,
)
from tests.together import just_before

pytestmark = pytest.mark.django_db
State = Challenge.State


def test_a_challenge_holds_the_canonical_operation() -> None:
    """What is shown, proved and executed is the text that is stored."""
    operation = an_order("7")
    challenge = challenged(customer(), operation)
    assert challenge.operation == operation.canonical()
    assert challenge.digest == operation.digest
    assert Operation.from_canonical(challenge.operation) == operation
    assert challenge.shown == {
        "ip": "203.0.113.7",
        "country": "JP",
        "value_minor": 251_250,
        "currency": "JPY",
    }


def test_its_public_reasons_are_coarse_and_the_weightiest_comes_first() -> None:
    """No rule id and no score reaches the person."""
    assert challenged(customer()).reasons == ["new_device", "unusual_order"]


def test_an_amend_is_shown_with_the_worth_of_the_order_as_it_would_be() -> None:
    """The order inside the change counts."""
    operation = Operation(Kind.ORDER_CHANGE, "7", {"order_id": "O-1", "change": "amend"})
    order = event_of(an_order("7")).subject
    assert isinstance(order, Order)
    event = replace(event_of(operation), subject=OrderChange("O-1", "amend", order))
    challenge = challenges.open_challenge(
        event, decided(), Asked(), operation, binding=SESSION, return_to="/", login_backend="", now=NOW
    )
    assert challenge.shown["value_minor"] == 251_250


def test_the_right_code_passes_it(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """It is a grant for two minutes then, with what was proved and by which factor."""
    user = customer()
    factor = with_app(user)
    challenge = challenged(user)
    with django_assert_num_queries(6):
        challenges.answer(challenge, user, factor="totp", token=totp.code_at(factor, NOW), now=NOW)
    assert challenge.state == State.PASSED
    assert (challenge.proved, challenge.factor_used) == (Strength.OTP, "totp")
    assert challenge.grant_expires_at == later(120)


def test_wrong_codes_count_down_and_then_it_is_over() -> None:
    """Five tries; the sixth is not even looked at."""
    user = customer()
    factor = with_app(user)
    challenge = challenged(user)
    left = []
    for _ in range(5):
        with pytest.raises(ChallengeError) as caught:
            challenges.answer(challenge, user, factor="totp", token=wrong_code(factor), now=NOW)
        assert (caught.value.code, caught.value.status_code) == ("challenge_failed", 401)
        left.append(caught.value.attempts_left)
    assert left == [4, 3, 2, 1, 0]
    assert challenge.state == State.FAILED
    with pytest.raises(ChallengeError) as caught:
        challenges.answer(challenge, user, factor="totp", token=totp.code_at(factor, NOW), now=NOW)
    assert (caught.value.code, caught.value.status_code) == ("challenge_expired", 410)


def test_the_fifth_try_may_be_the_right_one() -> None:
    """Counting in advance takes no try away."""
    user = customer()
    factor = with_app(user)
    challenge = challenged(user)
    for _ in range(4):
        with pytest.raises(ChallengeError):
            challenges.answer(challenge, user, factor="totp", token=wrong_code(factor), now=NOW)
    challenges.answer(challenge, user, factor="totp", token=totp.code_at(factor, NOW), now=NOW)
    assert challenge.state == State.PASSED


def test_a_locked_factor_is_told_with_the_tries_left() -> None:
    """429 with the seconds; another way is still open."""
    user = customer()
    with_app(user).__class__.objects.update(failures=10, locked_until=later(60))
    code = recovery.generate(user, NOW)[0]
    challenge = challenged(user, asked=Asked(factors=("totp", "static")))
    with pytest.raises(ChallengeError) as caught:
        challenges.answer(challenge, user, factor="totp", token="123456", now=NOW)
    error = caught.value
    assert (error.code, error.status_code) == ("factor_locked", 429)
    assert (error.attempts_left, error.retry_after_seconds) == (4, 60)
    challenges.answer(challenge, user, factor="static", token=code, now=NOW)
    assert challenge.factor_used == "static"


def test_after_five_minutes_it_is_over() -> None:
    """For looking at and for answering."""
    user = customer()
    factor = with_app(user)
    challenge = challenged(user)
    late = later(300)
    with pytest.raises(ChallengeError) as seen:
        challenges.get(challenge.pk, account=None, bindings=(SESSION,), now=late)
    with pytest.raises(ChallengeError) as answered:
        challenges.answer(challenge, user, factor="totp", token=totp.code_at(factor, late), now=late)
    assert (seen.value.status_code, answered.value.status_code) == (410, 410)


def test_an_answered_one_is_told_as_used() -> None:
    """A second answer or a reload passes nothing again."""
    user = customer()
    challenge = passed(user, with_app(user))
    with pytest.raises(ChallengeError) as caught:
        challenges.get(str(challenge.pk), account=None, bindings=(SESSION,), now=NOW)
    assert (caught.value.code, caught.value.status_code) == ("challenge_used", 409)


@pytest.mark.parametrize("name", ["", "7", "' or 1=1", "\ud800", str(UUID(int=7))])
def test_an_unknown_id_is_not_found(name: str) -> None:
    """Whatever it looks like."""
    with pytest.raises(ChallengeError) as caught:
        challenges.get(name, account=None, bindings=(SESSION,), now=NOW)
    assert caught.value.status_code == 404


def test_of_more_than_three_the_oldest_is_void() -> None:
    """By session: another session's challenges stay."""
    user = customer()
    other = challenged(user, binding="sid:other")
    opened = [challenged(user, now=later(second)) for second in range(5)]
    states = [Challenge.objects.get(pk=one.pk).state for one in opened]
    assert states == ["void", "void", "open", "open", "open"]
    assert Challenge.objects.get(pk=other.pk).state == State.OPEN


def test_one_too_many_that_is_still_open_cannot_be_answered() -> None:
    """Opened at the same time, none of them could make the others void."""
    user = customer()
    factor = with_app(user)
    oldest, *others = [challenged(user, now=later(second)) for second in range(4)]
    Challenge.objects.update(state=State.OPEN)
    now = later(5)
    code = totp.code_at(factor, now)
    with pytest.raises(ChallengeError) as caught:
        challenges.answer(oldest, user, factor="totp", token=code, now=now)
    assert caught.value.status_code == 410
    assert challenges.answer(others[0], user, factor="totp", token=code, now=now).state == State.PASSED


def test_an_expired_one_takes_no_place() -> None:
    """Three that can be answered may be open besides."""
    user = customer()
    opened = [challenged(user, now=later(second)) for second in (0, 300, 301, 302)]
    assert [Challenge.objects.get(pk=one.pk).state for one in opened[1:]] == ["open"] * 3


def test_where_email_is_the_only_way_the_code_is_sent_at_once() -> None:
    """A program that was asked can answer without a page; over the limit nothing breaks."""
    bob = customer("bob")
    email.enrol(bob, NOW)
    for second in range(5):
        challenged(bob, asked=Asked(Strength.ANY, ("email",)), now=later(second))
    assert Notice.objects.count() == 3
    assert EmailFactor.objects.get().sends == 3


def test_a_challenge_of_an_account_without_a_user_is_sent_nowhere() -> None:
    """The account may be gone by now."""
    challenged(customer(), an_order("4711"), asked=Asked(Strength.ANY, ("email",)))
    assert not Notice.objects.exists()


def test_cancel_ends_it() -> None:
    """Also where it was passed and not used yet."""
    user = customer()
    challenge = passed(user, with_app(user))
    challenges.cancel(challenge)
    with pytest.raises(ChallengeError) as caught:
        challenges.grant(challenge.pk, operation=an_order(str(user.pk)), binding=SESSION, now=NOW)
    assert caught.value.status_code == 410


def test_more_time_is_given_and_the_tries_stay_counted() -> None:
    """Up to fifty minutes after it was opened."""
    user = customer()
    factor = with_app(user)
    challenge = challenged(user)
    with pytest.raises(ChallengeError):
        challenges.answer(challenge, user, factor="totp", token=wrong_code(factor), now=NOW)
    assert challenges.extend(challenge, later(290))
    challenge.refresh_from_db()
    assert (challenge.attempts, challenge.expires_at) == (1, later(590))
    assert not challenges.extend(challenge, later(590))
    Challenge.objects.update(expires_at=later(4000))
    assert not challenges.extend(challenge, later(3000))


def test_somebody_else_cannot_answer_it() -> None:
    """Not even with a right code of their own."""
    alice, mallory = customer(), customer("mallory")
    factor = with_app(mallory)
    challenge = challenged(alice)
    with pytest.raises(ChallengeError) as caught:
        challenges.answer(challenge, mallory, factor="totp", token=totp.code_at(factor, NOW), now=NOW)
    assert caught.value.status_code == 404
    challenge.refresh_from_db()
    assert challenge.attempts == 0


@pytest.mark.parametrize("moment", ['"attempts" =', '"last_step" =', '"proved" ='])
def test_one_that_is_voided_while_the_code_is_checked_does_not_pass(moment: str) -> None:
    """Whenever that happens: the state decides at the end, not at the beginning."""
    user = customer()
    factor = with_app(user)
    challenge = challenged(user)
    with (
        just_before(moment, lambda: Challenge.objects.update(state=State.VOID)),
        pytest.raises(ChallengeError) as caught,
    ):
        challenges.answer(challenge, user, factor="totp", token=totp.code_at(factor, NOW), now=NOW)
    assert caught.value.status_code == 410
    assert Challenge.objects.get().state == State.VOID


def test_without_a_try_left_nothing_is_looked_at() -> None:
    """Also while another answer that took the last one is still being checked."""
    user = customer()
    factor = with_app(user)
    challenge = challenged(user)
    Challenge.objects.update(attempts=5)
    with pytest.raises(ChallengeError) as caught:
        challenges.answer(challenge, user, factor="totp", token=totp.code_at(factor, NOW), now=NOW)
    assert caught.value.status_code == 410
    factor.refresh_from_db()
    assert factor.failures == 0
