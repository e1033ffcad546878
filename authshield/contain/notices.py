"""Notices to customers: written down with their cause, rendered and sent from the outbox.

What is stored holds no link; a containment link, where the site wants them, is made in the moment of sending, and a
sealed context is opened only then. Addresses that were replaced lately are told too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from authshield.backends.accounts import user_of
from authshield.backends.loader import notifier
from authshield.conf import current
from authshield.contain.links import freeze_link
from authshield.models import FormerAddress, Notice
from authshield.record import outbox, redact
from authshield.sealing import unseal

SEND = "send_notice"
SEALED_PURPOSE = "notice"
LANGUAGES = ("en", "ja")
MOST_ADDRESSES = 5


def notify(
    account: str, template: str, key: str, *, context: Mapping[str, Any], now: datetime, address: str = ""
) -> Notice | None:
    """Have a notice sent, once for a ``key``; None for an account without an address, or a repeated key.

    ``template`` names ``authshield/mail/<language>/<template>.txt``, whose first line is the subject.
    ``address`` stands in for the user's own and for those that it has replaced within ``FORMER_ADDRESS_DAYS``.
    Returns the notice to the first of them. Cost: 4 statements, 3 more for each address that was replaced.
    """
    user = user_of(account)
    to = [address] if address else _addresses(user, account, now)
    words = {
        "account": account,
        "template": template,
        "language": language_of(user),
        "context": redact.tree(context),
        "created_at": now,
    }
    with transaction.atomic():
        made = [
            _write(one, f"{key[:96]}:{place}" if place else key[:100], words, now)
            for place, one in enumerate(to)
        ]
    return made[0] if made else None


def _addresses(user: Any, account: str, now: datetime) -> list[str]:
    """Where the customer is told: at the own address, and at those that somebody has replaced lately."""
    own = str(getattr(user, "email", "") or "")
    since = now - timedelta(days=current().FORMER_ADDRESS_DAYS)
    former = FormerAddress.objects.filter(account=account, replaced_at__gt=since).order_by("-replaced_at")
    found = [own, *former.values_list("address", flat=True)[:MOST_ADDRESSES]]
    return list(dict.fromkeys(filter(None, found)))


def _write(address: str, key: str, words: Mapping[str, Any], now: datetime) -> Notice | None:
    notice, is_new = Notice.objects.get_or_create(key=key, defaults={**words, "address": address})
    if is_new:
        outbox.enqueue(SEND, str(notice.pk), now)
    return notice if is_new else None


def send(notice_id: str, now: datetime) -> None:
    """Send a notice unless it was sent; its sealed part is wiped then. Raises ``GatewayError``."""
    notice = Notice.objects.filter(pk=notice_id, sent_at=None).first()
    if notice is None:
        return
    with translation.override(notice.language):
        secret = _opened(notice) | {"freeze_link": freeze_link(notice.account, now)}
        subject, text = rendered(notice, sealed=secret)
        notifier().notify(address=notice.address, subject=subject, text=text)
    Notice.objects.filter(pk=notice.pk).update(sent_at=now, sealed_context=b"")


def rendered(notice: Notice, *, sealed: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text. What is sealed shows only if it is handed in."""
    language = notice.language.split("-")[0]
    folder = language if language in LANGUAGES else LANGUAGES[0]
    whole = render_to_string(
        f"authshield/mail/{folder}/{notice.template}.txt", {**notice.context, **sealed, "notice": notice}
    )
    subject, _, text = whole.strip().partition("\n")
    return subject.strip(), text.strip() + "\n"


def local_time(at: datetime) -> str:
    """A time on the market's clock, for people in either language."""
    zone = ZoneInfo(current().MARKET_TIME_ZONE)
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _opened(notice: Notice) -> dict[str, Any]:
    sealed = bytes(notice.sealed_context)
    opened: dict[str, Any] = json.loads(unseal(sealed, SEALED_PURPOSE)) if sealed else {}
    return opened


def language_of(user: Any) -> str:
    """The language that a customer is told things in."""
    return str(getattr(user, "language", "") or settings.LANGUAGE_CODE)[:10]
