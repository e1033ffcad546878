"""One-way links: whoever holds one can freeze the account that it names, and nothing else. Needs no sign-in.

Off by default, since a mail of a broker should carry no link at all (JSDA). Must not lift anything, show anything of
the account, or act by being opened: machines open links.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse

from authshield.conf import current
from authshield.sealing import is_signed, sign

LINK_DAYS = 30
_PURPOSE = "freeze-link"
_LONGEST = 12


def freeze_token(account: str, now: datetime) -> str:
    """What a link carries: the account as hex, when it ends, and our signature."""
    until = int((now + timedelta(days=LINK_DAYS)).timestamp())
    named = account.encode().hex()
    return f"{named}.{until}.{sign(f'{named} {until}', _PURPOSE)}"


def account_of_token(token: str, now: datetime) -> str | None:
    """The account that a link may freeze; None for one that we did not sign, or that is over. Cost: no query."""
    named, _, rest = token.partition(".")
    until, _, signature = rest.partition(".")
    is_date = until.isascii() and until.isdigit() and len(until) < _LONGEST
    if not (is_date and int(until) > now.timestamp() and is_signed(f"{named} {until}", signature, _PURPOSE)):
        return None
    return bytes.fromhex(named).decode()


def freeze_link(account: str, now: datetime) -> str:
    """The whole address for a mail, at the site's fixed name; empty where links are off."""
    site = current().SITE_URL.rstrip("/")
    if not (current().CONTAINMENT_LINKS and site):
        return ""
    return site + reverse("authshield:freeze_by_link", args=[freeze_token(account, now)])
