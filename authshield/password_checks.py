"""System checks of passwords, by NIST SP 800-63B-4, 3.1.1.2: tried on the site's own validators.

AuthShield stores no password and asks for none: what a good one is, ``AUTH_PASSWORD_VALIDATORS`` say. For
``check --deploy`` alone, as a validator may ask somebody. Must not change anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import get_default_password_validators
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 - Django's name
from django.core.exceptions import ValidationError

W_SHORT = "authshield.W026"
W_NO_BLOCKLIST = "authshield.W027"
W_COMPOSITION = "authshield.W028"
W_CUT_OFF = "authshield.W029"

LEAST = 15
"""Characters of a password that may stand alone, as it does on a device that is known."""

UNCOMMON = "vqkzjwxfhgtbnpd"
COMMON = ("password", "qwertyuiop", "iloveyou", "12345678")
LONG = (
    "quiet harbour lanterns drift slowly",
    "QUIETHARBOURLANTERNSDRIFTSLOWLY",
    "静かな港の灯りがゆっくりと流れてゆく夜",
    "quiet harbour lanterns drift slowly over the northern sea, again",
)
"""Words, one case, no digit, no sign; Japanese; and as long as anybody has to be let."""

CUTTING = "django.contrib.auth.hashers.BCryptPasswordHasher"


@register(Tags.security, deploy=True)
def check_passwords(**_: Any) -> Iterator[CheckMessage]:
    """New passwords are long and uncommon, and nothing else is asked of them."""
    rules = get_default_password_validators()
    if _takes(rules, UNCOMMON[: LEAST - 1]):
        yield Warning(
            f"AUTH_PASSWORD_VALIDATORS let passwords of fewer than {LEAST} characters through.",
            hint=f"MinimumLengthValidator with 'OPTIONS': {{'min_length': {LEAST}}}",
            id=W_SHORT,
        )
    if not any(_knows_common_ones(rule) for rule in rules):
        yield Warning(
            "AUTH_PASSWORD_VALIDATORS refuse no common passwords: they are the first that are tried.",
            hint="add 'django.contrib.auth.password_validation.CommonPasswordValidator'",
            id=W_NO_BLOCKLIST,
        )
    if not all(_takes(rules, password) for password in LONG):
        yield Warning(
            "AUTH_PASSWORD_VALIDATORS refuse long passwords for what they are made of: that makes them no better.",
            hint="take out rules on capitals, digits and signs, and any limit below 64 characters",
            id=W_COMPOSITION,
        )
    if settings.PASSWORD_HASHERS[0] == CUTTING:
        yield Warning(
            f"{CUTTING} looks at the first 72 bytes of a password: in Japanese, at 24 characters.",
            hint="put BCryptSHA256PasswordHasher, Argon2PasswordHasher or PBKDF2PasswordHasher first",
            id=W_CUT_OFF,
        )


def _takes(rules: Sequence[Any], password: str) -> bool:
    try:
        for rule in rules:
            rule.validate(password, None)
    except ValidationError:
        return False
    return True


def _knows_common_ones(rule: Any) -> bool:
    """Whether it refuses a common password and takes an uncommon one of the same length."""
    return any(not _takes([rule], one) and _takes([rule], UNCOMMON[: len(one)]) for one in COMMON[:3])
