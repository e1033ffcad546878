"""Grants: a passed challenge, good for one operation, once, for two minutes, under one ruleset."""

import pytest
from pytest_django import DjangoAssertNumQueries

from authshield.enforce import challenges
from authshield.errors import ChallengeError, StepUpRequired
from authshield.models import Challenge, RulesetVersion
from tests.challenging import NOW, SESSION, an_order, challenged, customer, later, passed, with_app

pytestmark = pytest.mark.django_db
State = Challenge.State


def publish(number: int) -> None:
    """A ruleset with that number becomes the newest."""
    RulesetVersion.objects.create(number=number, snapshot={}, created_at=NOW)


def test_a_grant_allows_the_operation_that_was_shown() -> None:
    """The same challenge comes back, and can be used."""
    user = customer()
    challenge = passed(user, with_app(user))
    found = challenges.grant(str(challenge.pk), operation=an_order(str(user.pk)), binding=SESSION, now=NOW)
    challenges.use(found, NOW)
    assert (found.state, found.used_at) == (State.USED, NOW)


def test_using_costs_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """It is in every proved order's way."""
    user = customer()
    challenge = passed(user, with_app(user))
    with django_assert_num_queries(1):
        challenges.use(challenge, NOW)


def test_one_that_was_not_passed_yet_is_asked_for_again() -> None:
    """The client gets the step-up once more, not an error."""
    user = customer()
    challenge = challenged(user)
    with pytest.raises(StepUpRequired) as caught:
        challenges.grant(challenge.pk, operation=an_order(str(user.pk)), binding=SESSION, now=NOW)
    assert caught.value.challenge == challenge


def test_one_that_was_never_passed_and_is_late_is_over() -> None:
    """Then it has to be opened anew."""
    user = customer()
    challenge = challenged(user)
    with pytest.raises(ChallengeError) as caught:
        challenges.grant(challenge.pk, operation=an_order(str(user.pk)), binding=SESSION, now=later(300))
    assert caught.value.status_code == 410


def test_a_published_ruleset_voids_the_grant() -> None:
    """What was proved under other rules is proved anew."""
    user = customer()
    challenge = passed(user, with_app(user))
    publish(1)
    challenges.grant(challenge.pk, operation=an_order(str(user.pk)), binding=SESSION, now=NOW)
    publish(2)
    with pytest.raises(ChallengeError) as caught:
        challenges.grant(challenge.pk, operation=an_order(str(user.pk)), binding=SESSION, now=NOW)
    assert caught.value.status_code == 410
    assert Challenge.objects.get().state == State.VOID


def test_a_ruleset_that_is_published_between_look_and_use_voids_it_too() -> None:
    """The use itself checks."""
    user = customer()
    challenge = passed(user, with_app(user))
    publish(2)
    with pytest.raises(ChallengeError) as caught:
        challenges.use(challenge, NOW)
    assert caught.value.status_code == 410
