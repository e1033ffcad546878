"""A customer says "this wasn't me": a label, a case, and containment at once, as if the desk had confirmed it.

One way only: nothing that a customer or a link says here lifts anything. Must not be asked for the session in which
it is said; whoever has taken that over would end the customer's.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from authshield.contain import playbook
from authshield.contain.cases import Entry, note, open_or_join
from authshield.contain.intake import want_containment
from authshield.errors import GatewayError, StoreUnavailable
from authshield.learn import labels
from authshield.learn.labels import Target, Word
from authshield.models import Case, JournalEntry, Label, LedgerEntry, Session, Verdict
from authshield.sealing import is_signed, sign
from authshield.vocabulary.decision import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

logger = logging.getLogger("authshield.learn")

LINK_DAYS = 30
"""How long a link can be used: most customers notice within a month."""

CERTAIN = 100.0
_PURPOSE = "not-me"
_CODE = "customer_report"


def not_me(account: str, sid: str, *, by: str, from_sid: str = "", now: datetime) -> Case:
    """Take a customer's word that a session was somebody else's. Twice is once; a closed case opens no other.

    Raises ``InvalidInput`` beyond the number of labels that one customer puts in a day. Cost: some 40 statements.
    """
    with transaction.atomic():
        word = Word(by, Label.Source.CUSTOMER, "this wasn't me", from_sid)
        label = labels.put(Target(account, sid), Verdict.FRAUD, word, now)
        known = Case.objects.filter(
            sid=sid, account=account, state=Case.State.CLOSED, opened_at__gte=label.at
        )
        if (closed := known.first()) is not None:
            return closed
        reason = Reason(_CODE, CERTAIN, "the customer says: this wasn't me")
        case = open_or_join(
            account, sid, title="The customer says: this wasn't me", score=CERTAIN, reasons=(reason,), now=now
        )
        told = Entry(f"label:{label.pk}", "customer:reported", "The customer says: this wasn't me.", actor=by)
        note(case, told, now)
        want_containment(case, now)
    # At once for whoever waits for it; the outbox does what fails here.
    with suppress(GatewayError, StoreUnavailable):
        playbook.contain(str(case.pk), now)
    case.refresh_from_db()
    return case


def is_known(account: str, sid: str) -> bool:
    """Whether such a session was recorded of this account. Cost: 1 to 3 queries."""
    mine = {"account": account, "sid": sid}
    return any(
        table.filter(**mine).exists()
        for table in (Session.objects, LedgerEntry.objects, JournalEntry.objects)
    )


def reported(account: str, sids: Iterable[str]) -> set[str]:
    """Those of these sessions that the customer has reported. Cost: 1 query."""
    found = Label.objects.filter(
        account=account,
        sid__in=list(sids),
        event_id="",
        source=Label.Source.CUSTOMER,
        verdict=Verdict.FRAUD,
        taken_back_at=None,
    )
    return set(found.values_list("sid", flat=True))


def link_token(account: str, sid: str, now: datetime) -> str:
    """What a link carries that can report this session and nothing else, also for who cannot sign in any more."""
    until = int((now + timedelta(days=LINK_DAYS)).timestamp())
    return f"{sid}.{until}.{sign(f'{account} {sid} {until}', _PURPOSE)}"


def from_token(token: str, now: datetime) -> tuple[str, str] | None:
    """Account and session of a link; None for one that we did not sign, or that is over. Cost: 1 query."""
    sid, _, rest = token.partition(".")
    until, _, signature = rest.partition(".")
    if not (until.isascii() and until.isdigit() and len(until) < 12 and int(until) > now.timestamp()):  # noqa: PLR2004 - no date is longer
        return None
    row = Session.objects.filter(pk=sid).first()
    if row is None or not is_signed(f"{row.account} {sid} {until}", signature, _PURPOSE):
        return None
    return row.account, sid
