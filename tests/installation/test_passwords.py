"""N-20: what a site's password rules should be, tried on the rules that it has."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from pytest_django.fixtures import Settings

from authshield import password_checks
from authshield.password_checks import W_COMPOSITION, W_CUT_OFF, W_NO_BLOCKLIST, W_SHORT

DJANGO = "django.contrib.auth.password_validation."
COMMON = {"NAME": DJANGO + "CommonPasswordValidator"}
ALL = {W_COMPOSITION, W_CUT_OFF, W_NO_BLOCKLIST, W_SHORT}


class NeedsDigit:
    """A rule of the old kind."""

    def validate(self, password: str, user: object = None) -> None:
        """Refuse what has no digit."""
        del user
        if not any(one.isdigit() for one in password):
            raise ValidationError("a digit, please")


class AtMost20:
    """A limit of the old kind."""

    def validate(self, password: str, user: object = None) -> None:
        """Refuse what is long."""
        del user
        if len(password) > 20:
            raise ValidationError("too long")


def length(least: int) -> dict[str, Any]:
    """Django's rule of length."""
    return {"NAME": DJANGO + "MinimumLengthValidator", "OPTIONS": {"min_length": least}}


def found() -> set[str]:
    """The warnings of a site's check before it goes live."""
    return {str(one.id) for one in run_checks(include_deployment_checks=True)} & ALL


def test_n20_the_demo_asks_for_length_and_against_common_ones_and_for_nothing_else() -> None:
    """Its own settings are what the checks want."""
    assert found() == set()
    assert "MinimumLengthValidator" in str(django_settings.AUTH_PASSWORD_VALIDATORS)


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ([length(15), COMMON], set()),
        ([length(8), COMMON], {W_SHORT}),
        ([length(14), COMMON], {W_SHORT}),
        ([length(15)], {W_NO_BLOCKLIST}),
        ([COMMON], {W_SHORT}),
        ([], {W_SHORT, W_NO_BLOCKLIST}),
        ([length(15), COMMON, {"NAME": f"{__name__}.NeedsDigit"}], {W_COMPOSITION}),
        ([length(15), COMMON, {"NAME": f"{__name__}.AtMost20"}], {W_COMPOSITION}),
    ],
)
def test_n20_rules_that_are_too_lax_or_of_the_old_kind_are_named(
    settings: Settings, rules: list[dict[str, Any]], wanted: set[str]
) -> None:
    """Too short, no blocklist, rules of composition, an upper limit."""
    settings.AUTH_PASSWORD_VALIDATORS = rules
    assert found() == wanted


def test_n20_a_hash_that_cuts_passwords_off_is_named(settings: Settings) -> None:
    """Two passwords with the same beginning would be one."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptPasswordHasher"]
    assert W_CUT_OFF in found()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
    assert W_CUT_OFF not in found()


def test_n20_passwords_are_checked_before_a_site_goes_live_only() -> None:
    """A validator may ask another site; a check of every start must not."""
    assert not ALL & {str(one.id) for one in run_checks()}
    assert password_checks.LEAST == 15
