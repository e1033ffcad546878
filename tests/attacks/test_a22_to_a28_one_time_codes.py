"""A22 to A28: replaying, guessing, racing and downgrading one-time codes."""

from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from authshield import clock
from authshield.enforce import challenges
from authshield.errors import ChallengeError
from authshield.factors import email, recovery, totp, verify
from authshield.models import Challenge, EmailFactor, Notice, RecoveryCodes, TotpFactor
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from tests.challenging import (
    NOW,
    Asked,
    an_order,
    challenged,
    customer,
    later,
    passed,
    with_app,
    wrong_code,
)
from tests.servers import Valkey
from tests.together import together


def answered(challenge: Challenge, user: User, factor: str, token: str, *, now: datetime = NOW) -> str:
    """What comes of an answer: ``passed``, or the code of its refusal."""
    try:
        challenges.answer(challenge, user, factor=factor, token=token, now=now)
    except ChallengeError as error:
        return error.code
    return "passed"


@pytest.mark.django_db
def test_a22_a_code_is_accepted_once_overall() -> None:
    """Not again in its window, nor in another session, nor for another purpose."""
    user = customer()
    factor = with_app(user)
    code = totp.code_at(factor, NOW)
    sign_in = challenged(user, Operation(Kind.LOGIN, str(user.pk), {}), binding="dev:browser")
    assert answered(sign_in, user, "totp", code) == "passed"
    for binding in ("dev:browser", "sid:other"):
        replayed = challenged(user, binding=binding)
        assert answered(replayed, user, "totp", code, now=later(20)) == "challenge_failed"


@pytest.mark.django_db
@pytest.mark.parametrize("step", [-1, 0])
def test_a23_after_a_step_no_earlier_one_is_accepted(step: int) -> None:
    """The counter of accepted steps only grows."""
    user = customer()
    factor = with_app(user)
    verify(user, "totp", totp.code_at(factor, NOW), NOW)
    with pytest.raises(ChallengeError):
        verify(user, "totp", totp.code_at(factor, later(30 * step)), later(1))
    assert verify(user, "totp", totp.code_at(factor, later(30)), later(2)) == Strength.OTP


@pytest.mark.django_db
def test_a24_fresh_challenges_and_sessions_give_no_fresh_guesses() -> None:
    """Each challenge dies at five; the authenticator's own count goes on and locks it at ten."""
    user = customer()
    factor = with_app(user)
    codes: list[str] = []
    for session in range(6):
        challenge = challenged(user, binding=f"sid:{session}")
        codes += [answered(challenge, user, "totp", wrong_code(factor)) for _ in range(3)]
    assert codes == ["challenge_failed"] * 9 + ["factor_locked"] * 9
    assert answered(challenged(user), user, "totp", totp.code_at(factor, NOW)) == "factor_locked"
    challenge = challenged(user, binding="sid:last")
    dying = [answered(challenge, user, "totp", "1") for _ in range(6)]
    assert dying[-1] == "challenge_expired"
    factor.refresh_from_db()
    assert factor.failures == 10


@pytest.mark.django_db(transaction=True)
def test_a22_a_site_with_one_transaction_a_request_forgets_no_used_code(
    valkey: Valkey, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes after the code may fail and roll the request back there; the code stays used."""
    del valkey
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", value=True)
    user = customer()
    factor = with_app(user)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    binding = f"sid:{client.session['authshield']['sid']}"
    challenge = challenged(user, binding=binding, now=clock.now())
    Challenge.objects.update(return_to="/nowhere/")
    code = totp.code_at(factor, clock.now())
    answer = client.post(f"/security/challenge/{challenge.pk}/", {"factor": "totp", "token": code})
    assert answer.status_code == 404
    challenge.refresh_from_db()
    assert challenge.state == Challenge.State.PASSED
    with pytest.raises(ChallengeError):
        verify(user, "totp", code, clock.now())


@pytest.mark.django_db(transaction=True)
def test_a24_forty_parallel_guesses_get_ten_looks() -> None:
    """The count comes before the look: the eleventh is refused unread, however fast they come."""
    user = customer()
    factor = with_app(user)
    wrong = wrong_code(factor)
    acts = [lambda: verify(user, "totp", wrong, NOW)] * 40
    outcomes = together(acts)
    assert all(isinstance(outcome, ChallengeError) for outcome in outcomes), outcomes
    factor.refresh_from_db()
    assert factor.failures == 10
    assert factor.locked_until == later(900)


@pytest.mark.django_db(transaction=True)
def test_a25_of_parallel_submissions_of_one_code_exactly_one_passes() -> None:
    """Of an app's code, on different challenges."""
    user = customer()
    factor = with_app(user)
    code = totp.code_at(factor, NOW)
    opened = [challenged(user, binding=f"sid:{number}") for number in range(6)]
    acts = [lambda challenge=challenge: answered(challenge, user, "totp", code) for challenge in opened]
    assert sorted(map(str, together(acts))) == ["challenge_failed"] * 5 + ["passed"]
    assert Challenge.objects.filter(state=Challenge.State.PASSED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a25_a_double_click_passes_one_challenge_once() -> None:
    """Both clicks carry the right code for the same challenge."""
    user = customer()
    factor = with_app(user)
    code = totp.code_at(factor, NOW)
    challenge = challenged(user)
    acts = [lambda: answered(Challenge.objects.get(pk=challenge.pk), user, "totp", code)] * 2
    assert sum(outcome == "passed" for outcome in together(acts)) == 1


@pytest.mark.django_db(transaction=True)
def test_a25_a_recovery_code_is_used_once_and_the_others_survive() -> None:
    """Six times the same code and one other, at the same time."""
    user = customer()
    first, second, *_ = recovery.generate(user, NOW)
    factor = RecoveryCodes.objects.get()
    acts = [lambda: recovery.accepts(factor, first, NOW)] * 6 + [
        lambda: recovery.accepts(factor, second, NOW)
    ]
    outcomes = together(acts)
    assert sum(outcome is True for outcome in outcomes[:6]) == 1
    assert outcomes[6] is True
    assert recovery.left(user) == 8


@pytest.mark.django_db(transaction=True)
def test_a25_a_code_by_email_is_used_once() -> None:
    """The newest, six times at the same time."""
    user = customer("bob")
    factor = email.enrol(user, NOW)
    EmailFactor.objects.update(code_hash=email._hash(user.pk, "12345678"), code_expires_at=later(600))
    acts = [lambda: email.accepts(EmailFactor.objects.get(pk=factor.pk), "12345678", NOW)] * 6
    assert sorted(map(str, together(acts))) == ["False"] * 5 + ["True"]


@pytest.mark.django_db(transaction=True)
def test_a26_of_parallel_challenges_only_three_can_be_answered() -> None:
    """The newest three; the others are void, also where they were opened at once."""
    user = customer()
    factor = with_app(user)
    acts = [lambda second=second: challenged(user, now=later(second)) for second in range(12)]
    opened = [challenge for challenge in together(acts) if isinstance(challenge, Challenge)]
    assert len(opened) == 12
    now = later(12)
    outcomes = [answered(challenge, user, "totp", wrong_code(factor, now), now=now) for challenge in opened]
    assert sorted(outcomes) == ["challenge_expired"] * 9 + ["challenge_failed"] * 3


@pytest.mark.django_db(transaction=True)
def test_a27_parallel_wishes_for_codes_send_three() -> None:
    """A mailbox is not flooded."""
    user = customer("bob")
    email.enrol(user, NOW)
    outcomes = together([lambda: email.send(user, NOW)] * 10)
    assert sorted(map(str, outcomes)) == ["0"] * 3 + ["600"] * 7
    assert Notice.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("factor", ["email", "", "sms", "static", "webauthn"])
def test_a28_a_weaker_factor_than_was_asked_for_is_refused(factor: str) -> None:
    """The server chose the factors. The attempt counts, and no code is used up."""
    user = customer()
    with_app(user)
    recovery.generate(user, NOW)
    email.enrol(user, NOW)
    EmailFactor.objects.update(code_hash=email._hash(user.pk, "12345678"), code_expires_at=later(600))
    challenge = challenged(user, asked=Asked(factors=("totp",)))
    assert answered(challenge, user, factor, "12345678") == "challenge_failed"
    challenge.refresh_from_db()
    assert (challenge.state, challenge.attempts) == ("open", 1)
    assert EmailFactor.objects.get().code_hash
    assert TotpFactor.objects.get().failures == 0


@pytest.mark.django_db
def test_a33_an_approval_of_one_person_is_none_of_another() -> None:
    """Started as Mallory, finished in the victim's session, and the other way round."""
    alice, mallory = customer(), customer("mallory")
    challenge = passed(mallory, with_app(mallory))
    with pytest.raises(ChallengeError) as caught:
        challenges.grant(challenge.pk, operation=an_order(str(alice.pk)), binding=challenge.binding, now=NOW)
    assert caught.value.status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "outcome"), [(-30, True), (30, True), (-300, False), (300, False)])
def test_a34_a_server_clock_may_be_half_a_minute_off(seconds: int, outcome: bool) -> None:
    """And a clock that jumps back never opens a used code again."""
    factor = with_app(customer())
    code = totp.code_at(factor, NOW)
    assert totp.accepts(factor, code, later(seconds)) is outcome
    if outcome:
        assert not totp.accepts(factor, code, later(seconds - 30))
