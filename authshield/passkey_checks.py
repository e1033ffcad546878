"""System checks of passkeys: where browsers would let the site's passkeys be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's names

from authshield.errors import ConfigurationError
from authshield.installation import LOCALHOST, ORIGINS, RP_ID, check_origins

E_ORIGINS = "authshield.E003"
W_LOCALHOST = "authshield.W025"


@register(Tags.security)
def check_passkeys(**_: Any) -> Iterator[CheckMessage]:
    """Browsers let the site's passkeys be used on its own pages."""
    try:
        check_origins(getattr(settings, ORIGINS, ()), getattr(settings, RP_ID, ""))
    except ConfigurationError as error:
        hint = f"{ORIGINS} = ['https://trade.example.jp']; {RP_ID} = 'trade.example.jp', or what it ends with"
        yield Error(str(error), hint=hint, id=E_ORIGINS)


@register(Tags.security, deploy=True)
def check_passkeys_at_home(**_: Any) -> Iterator[CheckMessage]:
    """Passkeys are for more than this machine."""
    if getattr(settings, RP_ID, "") == LOCALHOST:
        yield Warning(
            f"{RP_ID} is 'localhost': customers cannot use passkeys, the one factor that cannot be relayed.",
            hint="authshield.install(globals(), origins=['https://trade.example.jp'], …)  # the site's own",
            id=W_LOCALHOST,
        )
