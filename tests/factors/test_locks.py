"""Whom a lock hits: the authenticator that was guessed at; and who learns of it."""

from functools import partial

import pytest
from django.core.mail import EmailMessage
from pytest_django.fixtures import Settings

from authshield import clock, signals
from authshield.errors import ChallengeError
from authshield.factors import attempts, enrolled, recovery, shut, totp, verify
from authshield.learn.work import HANDLERS
from authshield.models import Notice, TotpFactor
from authshield.record import outbox
from tests.challenging import NOW, customer, later, with_app, wrong_code
from tests.together import together

GUESSES = 40


def _guess(user: object, token: str, seconds: float = 0) -> str:
    try:
        verify(user, "totp", token, later(seconds))  # type: ignore[arg-type]
    except ChallengeError as error:
        return error.code
    return "passed"


@pytest.mark.django_db(transaction=True)
def test_a_lock_is_told_to_the_customer_once_however_many_guesses_ran_into_it(
    mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    """In parallel, ten are looked at, one notice is sent, in the customer's language."""
    settings.LANGUAGE_CODE = "ja"
    user = customer()
    factor = with_app(user)
    outcomes = together([partial(_guess, user, wrong_code(factor))] * GUESSES)
    assert outcomes.count("passed") == 0
    factor.refresh_from_db()
    assert factor.failures == 10
    (notice,) = Notice.objects.all()
    assert (notice.template, notice.account) == ("factor_locked", str(user.pk))
    outbox.run_due(clock.now(), HANDLERS)
    (mail,) = mailoutbox
    assert "認証アプリ" in str(mail.body)


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_over_the_last_lock_disable_it_at_fifty() -> None:
    """However they come, no more than fifty are ever looked at."""
    user = customer()
    factor = with_app(user)
    TotpFactor.objects.update(failures=45)
    together([partial(_guess, user, wrong_code(factor))] * 20)
    factor.refresh_from_db()
    assert factor.failures == 50
    assert factor.disabled_at is not None
    assert Notice.objects.get().template == "factor_disabled"
    assert _guess(user, totp.code_at(factor, later(10**7)), 10**7) == "factor_locked"


@pytest.mark.django_db
def test_every_lock_is_told_anew() -> None:
    """A second lock on another day is news."""
    user = customer()
    factor = with_app(user)
    for day in (0.0, 86_400.0):
        for _ in range(10):
            _guess(user, wrong_code(factor, later(day)), day)
        TotpFactor.objects.update(failures=0)
    assert Notice.objects.filter(template="factor_locked").count() == 2


@pytest.mark.django_db
def test_others_factors_go_on() -> None:
    """The owner's own recovery codes, and everybody else's app."""
    alice, bob = customer(), customer("bob")
    factor, other = with_app(alice), with_app(bob)
    code = recovery.generate(alice, NOW)[0]
    for _ in range(GUESSES):
        _guess(alice, wrong_code(factor))
    assert shut(alice, NOW) == {"totp": later(900)}
    assert shut(bob, NOW) == {}
    assert verify(alice, "static", code, NOW)
    assert _guess(bob, totp.code_at(other, NOW)) == "passed"


@pytest.mark.django_db
def test_whoever_listens_hears_of_it() -> None:
    """A public signal with the time until which it is locked, none where it is for good."""
    heard: list[tuple[str, object]] = []

    def hear(factor: str, until: object, **_: object) -> None:
        heard.append((factor, until))

    signals.factor_locked.connect(hear, weak=False, dispatch_uid="test")
    user = customer()
    factor = with_app(user)
    for _ in range(12):
        _guess(user, wrong_code(factor))
    TotpFactor.objects.update(failures=49, locked_until=None)
    _guess(user, wrong_code(factor))
    signals.factor_locked.disconnect(dispatch_uid="test")
    assert heard == [("totp", later(900)), ("totp", None)]
    assert enrolled(user) == ()
    assert shut(user, NOW) == {"totp": None}


@pytest.mark.django_db
def test_what_is_open_is_not_restored() -> None:
    """There is nothing to give back, and no count to clear on the way."""
    factor = with_app(customer())
    TotpFactor.objects.update(failures=4)
    factor.refresh_from_db()
    assert not attempts.restore(factor)
    factor.refresh_from_db()
    assert factor.failures == 4
