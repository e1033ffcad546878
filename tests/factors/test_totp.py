"""Codes of an authenticator app."""

import base64
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from authshield.factors import totp
from authshield.models import TotpFactor
from tests.challenging import NOW, customer, later, with_app, wrong_code
from tests.together import just_before

pytestmark = pytest.mark.django_db


def accepts(factor: TotpFactor, token: str, seconds: float = 0) -> bool:
    """Try a token some seconds after NOW."""
    return totp.accepts(factor, token, later(seconds))


def test_the_uri_lets_an_app_make_the_same_codes() -> None:
    """What the QR code says is the standard form, with the secret that is sealed."""
    enrolment = totp.enrol(customer(), issuer="Hinode Securities", now=NOW)
    parts = urlsplit(enrolment.uri)
    query = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Hinode%20Securities%3Aalice")
    assert query["secret"] == [enrolment.secret]
    assert query["issuer"] == ["Hinode Securities"]
    assert len(base64.b32decode(enrolment.secret)) == 20


def test_the_secret_is_sealed() -> None:
    """Nothing in the table opens an account."""
    enrolment = totp.enrol(customer(), issuer="Hinode", now=NOW)
    row = TotpFactor.objects.values().get()
    assert base64.b32decode(enrolment.secret) not in bytes(row["sealed_key"])
    assert enrolment.secret not in str(row)


def test_the_qr_code_passes_a_strict_content_security_policy() -> None:
    """Inline SVG without script, style or foreign address."""
    svg = totp.enrol(customer(), issuer="Hinode", now=NOW).svg
    assert svg.startswith("<svg ")
    assert not any(word in svg for word in ("style", "script", "http"))


def test_an_enrolment_counts_once_its_first_code_came() -> None:
    """Until then the factor is unconfirmed; afterwards nothing waits any more."""
    user = customer()
    enrolment = totp.enrol(user, issuer="Hinode", now=NOW)
    assert not totp.confirm(user, wrong_code(enrolment.factor), NOW)
    waiting = totp.pending(user, issuer="Hinode", now=NOW)
    assert waiting is not None
    assert waiting.uri == enrolment.uri
    assert totp.confirm(user, totp.code_at(enrolment.factor, NOW), NOW)
    assert totp.pending(user, issuer="Hinode", now=NOW) is None
    assert not totp.confirm(user, totp.code_at(enrolment.factor, NOW), NOW)


def test_an_enrolment_waits_half_an_hour() -> None:
    """A secret that was left on a screen is no way in later."""
    user = customer()
    enrolment = totp.enrol(user, issuer="Hinode", now=NOW)
    late = later(1800)
    assert not totp.confirm(user, totp.code_at(enrolment.factor, late), late)


def test_an_enrolment_that_is_confirmed_twice_at_once_is_confirmed_once() -> None:
    """A double click does not delete what it has just confirmed."""
    user = customer()
    enrolment = totp.enrol(user, issuer="Hinode", now=NOW)
    code = totp.code_at(enrolment.factor, NOW)
    with just_before('"last_step" =', lambda: totp.confirm(user, code, NOW)):
        assert not totp.confirm(user, code, NOW)
    assert TotpFactor.objects.get(user=user).confirmed


def test_a_new_app_replaces_the_old_one_once_it_is_confirmed() -> None:
    """There is one app an account, and a begun enrolment takes nothing away."""
    user = customer()
    old = with_app(user)
    enrolment = totp.enrol(user, issuer="Hinode", now=NOW)
    assert TotpFactor.objects.get(user=user, confirmed=True) == old
    assert totp.confirm(user, totp.code_at(enrolment.factor, NOW), NOW)
    assert TotpFactor.objects.get(user=user) == enrolment.factor


def test_the_code_that_confirmed_an_enrolment_signs_nobody_in() -> None:
    """It was used up."""
    user = customer()
    enrolment = totp.enrol(user, issuer="Hinode", now=NOW)
    code = totp.code_at(enrolment.factor, NOW)
    assert totp.confirm(user, code, NOW)
    assert not accepts(enrolment.factor, code)


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_a_clock_may_be_one_step_off(seconds: int) -> None:
    """A code of the step before or after is accepted."""
    factor = with_app(customer())
    assert accepts(factor, totp.code_at(factor, later(seconds)))


@pytest.mark.parametrize("seconds", [-60, 60, 86400])
def test_a_clock_may_not_be_further_off(seconds: int) -> None:
    """Two steps away is refused."""
    factor = with_app(customer())
    assert not accepts(factor, totp.code_at(factor, later(seconds)))


def test_the_strict_profile_takes_codes_of_now_alone(settings: Settings) -> None:
    """With a window of 0 even the step before is refused."""
    settings.AUTHSHIELD_TOTP_WINDOW = 0
    factor = with_app(customer())
    assert not accepts(factor, totp.code_at(factor, later(-30)))
    assert accepts(factor, totp.code_at(factor, NOW))


@pytest.mark.parametrize("form", ["{0}", " {0} ", "{1} {2}", "{1}-{2}", "\u3000{3}\u3000"])
def test_full_width_digits_blanks_and_hyphens_are_fine(form: str) -> None:
    """People type codes as their keyboard and their eyes like it."""
    factor = with_app(customer())
    code = totp.code_at(factor, NOW)
    wide = code.translate({ord("0") + i: chr(ord("\uff10") + i) for i in range(10)})
    assert accepts(factor, form.format(code, code[:3], code[3:], wide))


def test_a_success_clears_the_failures_of_this_authenticator() -> None:
    """Nine mistakes and a right code: it starts from zero."""
    factor = with_app(customer())
    for _ in range(9):
        assert not accepts(factor, wrong_code(factor))
    assert accepts(factor, totp.code_at(factor, NOW))
    factor.refresh_from_db()
    assert (factor.failures, factor.locked_until) == (0, None)
    assert factor.last_used_at == NOW


def test_ten_failures_lock_it_and_the_lock_ends() -> None:
    """A locked authenticator refuses even the right code, for fifteen minutes."""
    factor = with_app(customer())
    for _ in range(10):
        accepts(factor, wrong_code(factor))
    assert not accepts(factor, totp.code_at(factor, NOW))
    assert not accepts(factor, totp.code_at(factor, later(899)), 899)
    assert accepts(factor, totp.code_at(factor, later(900)), 900)


def test_a_try_while_it_is_locked_is_not_counted() -> None:
    """Nobody makes a lock longer by knocking."""
    factor = with_app(customer())
    for _ in range(30):
        accepts(factor, wrong_code(factor))
    factor.refresh_from_db()
    assert factor.failures == 10


def test_each_lock_is_longer_and_the_fiftieth_failure_disables() -> None:
    """900, 1800, 3600, 7200 seconds; then it has to be enrolled anew."""
    factor = with_app(customer())
    seconds, locks = 0.0, []
    for _ in range(50):
        accepts(factor, wrong_code(factor, later(seconds)), seconds)
        factor.refresh_from_db()
        if factor.locked_until and factor.locked_until > later(seconds):
            locks.append((factor.locked_until - later(seconds)).total_seconds())
            seconds += locks[-1]
    assert locks == [900, 1800, 3600, 7200]
    assert factor.disabled_at == later(seconds)
    much_later = seconds + 10**7
    assert not accepts(factor, totp.code_at(factor, later(much_later)), much_later)


def test_the_right_code_at_the_tenth_try_is_accepted() -> None:
    """The charge in advance must not cost the person the try that is right."""
    factor = with_app(customer())
    for _ in range(9):
        accepts(factor, wrong_code(factor))
    assert accepts(factor, totp.code_at(factor, NOW))


@settings(deadline=None)  # a database is slow at times
@given(steps=st.lists(st.integers(0, 40), min_size=1, max_size=10))
def test_accepted_steps_only_ever_grow(steps: list[int]) -> None:
    """Whatever order codes come in, none is accepted at or before an accepted one; ten tries lock nothing yet."""
    user = customer(uuid4().hex)
    factor = with_app(user)
    newest = -1
    for step in steps:
        moment = NOW + timedelta(seconds=30 * step)
        was_accepted = totp.accepts(factor, totp.code_at(factor, moment), moment)
        assert was_accepted == (step > newest)
        newest = max(newest, step)
