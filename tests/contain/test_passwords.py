"""Customers hear of it when somebody knew their password and had no code."""

import pytest
from django.contrib.auth.models import User

from authshield.contain.passwords import tell_of_known_passwords
from authshield.enforce import challenges
from authshield.models import Challenge, Notice
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from tests.challenging import challenged, customer, later

pytestmark = pytest.mark.django_db


def _asked(user: User, binding: str = "dev:thief", kind: Kind = Kind.LOGIN, seconds: float = 0) -> Challenge:
    return challenged(user, Operation(kind, str(user.pk), {}), binding=binding, now=later(seconds))


@pytest.mark.parametrize("end", ["left", "failed", "cancelled"])
def test_an_unanswered_sign_in_is_told_once_a_day(end: str) -> None:
    """However it ended, and however often it was tried; not before its time is over."""
    user = customer()
    opened = [_asked(user, seconds=second) for second in range(3)]
    if end == "cancelled":
        challenges.cancel(opened[-1])
    if end == "failed":
        Challenge.objects.update(state=Challenge.State.FAILED)
    assert tell_of_known_passwords(later(299)) == 0
    assert tell_of_known_passwords(later(310)) == 1
    assert tell_of_known_passwords(later(340)) == 0
    assert Notice.objects.get().template == "password_known"


def test_who_passes_in_the_end_is_at_home() -> None:
    """A first code that ran out is nobody's crime."""
    user = customer()
    _asked(user, "dev:own")
    second = _asked(user, "dev:own", seconds=400)
    Challenge.objects.filter(pk=second.pk).update(state=Challenge.State.USED)
    assert tell_of_known_passwords(later(800)) == 0


def test_other_challenges_and_old_ones_are_no_news() -> None:
    """An order that was not confirmed says nothing of the password; what is an hour old was told in time."""
    user = customer()
    _asked(user, kind=Kind.ORDER)
    _asked(user)
    assert tell_of_known_passwords(later(2 * 3600)) == 0
    assert tell_of_known_passwords(later(310)) == 1
