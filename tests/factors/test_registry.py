"""Which factors an account has, and what a token proves."""

import django_otp
import pytest
from django_otp.models import Device
from pytest_django import DjangoAssertNumQueries

from authshield import clock
from authshield.errors import ChallengeError
from authshield.factors import email, enrolled, recovery, totp, verify
from authshield.models import RecoveryCodes, TotpFactor
from authshield.vocabulary.actions import FACTOR_STRENGTH, Strength
from tests.challenging import NOW, customer, later, with_app, wrong_code

pytestmark = pytest.mark.django_db


def test_factors_are_listed_weakest_first_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """As the demand wants them."""
    user = customer()
    with_app(user)
    recovery.generate(user, NOW)
    email.enrol(user, NOW)
    with django_assert_num_queries(1):
        assert enrolled(user) == ("email", "totp", "static")


def test_what_cannot_be_used_is_not_listed() -> None:
    """Unconfirmed, disabled, used up or without an address: none counts."""
    user = customer()
    totp.enrol(user, issuer="Hinode", now=NOW)
    RecoveryCodes.objects.create(user=user, name="static", hashes=[])
    email.enrol(user, NOW)
    user.email = ""
    assert enrolled(user) == ()
    TotpFactor.objects.update(confirmed=True, disabled_at=NOW)
    assert enrolled(user) == ()


def test_a_right_token_proves_its_strength() -> None:
    """A code of the app is otp, one by e-mail is any."""
    user = customer()
    factor = with_app(user)
    assert verify(user, "totp", totp.code_at(factor, NOW), NOW) == Strength.OTP


@pytest.mark.parametrize("factor", ["totp", "static", "email", "webauthn", "", "__class__"])
def test_a_factor_that_is_not_there_proves_nothing(factor: str) -> None:
    """And the answer is that of a wrong token."""
    with pytest.raises(ChallengeError) as caught:
        verify(customer(), factor, "123456", NOW)
    assert (caught.value.code, caught.value.status_code) == ("challenge_failed", 401)


def test_a_locked_factor_tells_when_it_may_be_tried_again() -> None:
    """429 with the seconds, from the tenth failure on."""
    user = customer()
    factor = with_app(user)
    codes = []
    for _ in range(10):
        with pytest.raises(ChallengeError) as caught:
            verify(user, "totp", wrong_code(factor), NOW)
        codes.append((caught.value.code, caught.value.retry_after_seconds))
    assert codes == [("challenge_failed", 0)] * 9 + [("factor_locked", 900)]
    with pytest.raises(ChallengeError) as caught:
        verify(user, "totp", totp.code_at(factor, later(100)), later(100))
    assert caught.value.retry_after_seconds == 800


def test_a_disabled_factor_promises_no_time() -> None:
    """It has to be enrolled anew."""
    user = customer()
    with_app(user)
    TotpFactor.objects.update(disabled_at=NOW)
    with pytest.raises(ChallengeError) as caught:
        verify(user, "totp", "123456", NOW)
    assert (caught.value.code, caught.value.retry_after_seconds) == ("factor_locked", 0)


def test_failures_count_for_the_factor_that_was_tried_alone() -> None:
    """Guessing at the app does not touch the recovery codes."""
    user = customer()
    factor = with_app(user)
    code = recovery.generate(user, NOW)[0]
    for _ in range(10):
        with pytest.raises(ChallengeError):
            verify(user, "totp", wrong_code(factor), NOW)
    assert verify(user, "static", code, NOW) == Strength.OTP
    factor.refresh_from_db()
    assert factor.failures == 10


def test_django_otps_own_tools_work_on_the_same_devices() -> None:
    """``devices_for_user``, persistent ids and ``verify_token``: a code is accepted once there as well."""
    user = customer()
    factor = with_app(user)
    now = clock.now()
    assert list(django_otp.devices_for_user(user)) == [factor]
    assert Device.from_persistent_id(factor.persistent_id) == factor
    code = totp.code_at(factor, now)
    assert django_otp.verify_token(user, factor.persistent_id, code) == factor
    assert django_otp.verify_token(user, factor.persistent_id, code) is None
    assert factor.verify_is_allowed() == (True, None)


def test_django_otp_is_told_of_a_lock() -> None:
    """Its question before a try is answered from the same columns."""
    factor = with_app(customer())
    now = clock.now()
    for _ in range(10):
        assert not factor.verify_token(wrong_code(factor, now))
    factor.refresh_from_db()
    is_allowed, facts = factor.verify_is_allowed()
    assert not is_allowed
    assert facts is not None
    assert facts["failure_count"] == 10
    assert facts["locked_until"] > now


def test_n6_no_factor_comes_by_telephone_and_a_number_is_none() -> None:
    """Neither SMS nor voice is among the factors; whoever has but a number has nothing to be asked for."""
    assert set(FACTOR_STRENGTH) == {"email", "totp", "static", "webauthn", "oob"}
    user = customer()
    user.phone = "090-1234-5678"  # type: ignore[attr-defined] # as a broker's own user may have
    assert enrolled(user) == ()
    for factor in ("sms", "voice", "phone"):
        with pytest.raises(ChallengeError) as refused:
            verify(user, factor, "123456", NOW)
        assert refused.value.code == "challenge_failed"
