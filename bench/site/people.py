"""The customers of the site. Must not know what is measured with them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

from bench.site import settings
from bench.traffic import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.traffic import Person


def make(people: Sequence[Person]) -> None:
    """Owners and victims, all with the same password, and an authenticator app where the variant knows of any."""
    encoded = make_password(PASSWORD)
    names = [person.name for person in people] + [person.victim for person in people]
    users = User.objects.bulk_create([User(username=name, password=encoded) for name in names])
    if settings.FAMILY == "authshield":
        _enrol(users)
    elif settings.FAMILY == "otp":
        from django_otp.plugins.otp_totp.models import TOTPDevice

        TOTPDevice.objects.bulk_create(TOTPDevice(user=user, name="totp", confirmed=True) for user in users)


def _enrol(users: Sequence[User]) -> None:
    from authshield.clock import now
    from authshield.factors import totp
    from authshield.models.factors import TotpFactor

    first = totp.enrol(users[0], issuer="bench", now=now() - timedelta(days=30)).factor
    TotpFactor.objects.bulk_create(
        TotpFactor(
            user=user,
            name="totp",
            confirmed=True,
            sealed_key=bytes(first.sealed_key),
            created_at=first.created_at,
        )
        for user in users[1:]
    )
    TotpFactor.objects.filter(pk=first.pk).update(confirmed=True)
