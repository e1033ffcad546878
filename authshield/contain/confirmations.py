"""What surrounds a confirmation on another device: telling the customer that something waits, and a refusal's case.

Must not tell what waits, nor the number: whoever reads the mail gets neither.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from authshield.backends.accounts import user_of
from authshield.backends.loader import device_prompter
from authshield.contain import notices
from authshield.contain.cases import Entry, note, open_or_join
from authshield.factors import oob
from authshield.models import OobRequest
from authshield.record import outbox
from authshield.vocabulary.decision import Reason
from authshield.vocabulary.ports import Prompt

if TYPE_CHECKING:
    from datetime import datetime

    from authshield.models import Case

PROMPT = "prompt_devices"
TEMPLATE = "oob_waiting"
CERTAIN = 100.0
REFUSED = "The customer says of a confirmation that was asked for: this wasn't me"


def tell(request: OobRequest, now: datetime) -> None:
    """Have the customer told that something waits: by notice, and on the devices where there is a prompter.

    As rarely as something may be asked for: three times in ten minutes. Cost: 4 statements, 1 more for a prompter.
    """
    context = {"at": notices.local_time(now), "minutes": oob.VALID_SECONDS // 60}
    with transaction.atomic():
        notices.notify(request.account, TEMPLATE, f"oob:{request.pk}", context=context, now=now)
        if device_prompter() is not None:
            outbox.enqueue(PROMPT, str(request.pk), now)


def prompt(request_id: str, now: datetime) -> None:
    """Hand a request that still waits to the prompter. Raises ``GatewayError`` or ``ConfigurationError``."""
    prompter = device_prompter()
    waiting = OobRequest.objects.filter(pk=request_id, state=OobRequest.State.WAITING, expires_at__gt=now)
    request = waiting.first()
    if prompter is None or request is None:
        return
    able = oob.devices(request.account, now, before=request.asked_at).exclude(device_hash=request.device_hash)
    with translation.override(notices.language_of(user_of(request.account))):
        subject = gettext("Something waits for your confirmation")
        text = gettext("Look at what it is before you enter anything. If it was not you, say so there.")
    prompter.prompt(
        Prompt(
            account=request.account,
            devices=tuple(able.values_list("device_hash", flat=True)),
            path=reverse("authshield:confirmations"),
            subject=subject,
            text=text,
            expires_at=request.expires_at,
        )
    )


def refused_sign_in(account: str, by: str, now: datetime) -> Case:
    """Tell the desk of a sign-in that the customer did not ask for: there is no session that could be ended."""
    reason = Reason("customer_report", CERTAIN, "the customer says: this wasn't me")
    with transaction.atomic():
        case = open_or_join(account, "", title=REFUSED, score=CERTAIN, reasons=(reason,), now=now)
        note(case, Entry(f"oob:{uuid.uuid4()}", "customer:reported", REFUSED, actor=by), now)
    return case
