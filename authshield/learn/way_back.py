"""The way back after a takeover: what was added to an account since a moment, shown whole and removed at once.

Sessions end and their lessons are unlearnt; devices, factors, addresses, bank accounts, plans, resting and waiting
orders go. Whoever comes next proves who it is. Each step may be repeated; what a port refuses stays in the case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from authshield.backends.accounts import account_of, user_of
from authshield.backends.loader import customer_records, order_gateway
from authshield.contain import devices, steps
from authshield.contain.cases import Entry, note, open_or_join
from authshield.contain.notices import local_time, notify
from authshield.enforce import holds
from authshield.errors import AuthShieldError, GatewayError
from authshield.factors import oob, passkey
from authshield.factors.registry import MODELS
from authshield.learn import labels
from authshield.learn.labels import Target, Word
from authshield.models import Case, Challenge, Device, DeviceKey, Hold, Label, Session, Verdict
from authshield.vocabulary.decision import Reason
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ports import AddedRecord, OpenOrder

PROOF_SECONDS = 900
CERTAIN = 100.0
TAKEN_BACK = "taken back"


@dataclass(frozen=True, slots=True)
class Factor:
    """An authenticator that was set up since: its kind, its row, and what its owner calls it."""

    kind: str
    pk: int
    name: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Added:
    """All that came since a moment."""

    since: datetime
    sessions: tuple[Session, ...]
    devices: tuple[Device, ...]
    factors: tuple[Factor, ...]
    records: tuple[AddedRecord, ...]
    orders: tuple[OpenOrder, ...]
    holds: tuple[Hold, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take back."""
        return not any((self.sessions, self.devices, self.factors, self.records, self.orders, self.holds))


def added(account: str, since: datetime, *, spare: str = "") -> Added:
    """What came to an account since a moment, but for the session ``spare`` and its device.

    Raises ``GatewayError`` where the broker's books or records do not answer. Cost: 8 queries and the ports' calls.
    """
    own = Session.objects.filter(pk=spare).first() if spare else None
    begun = Session.objects.filter(account=account, started_at__gte=since).exclude(pk=spare)
    sessions = begun.exclude(ended_reason=TAKEN_BACK)
    known = Device.objects.filter(account=account, revoked_at=None)
    new = known.filter(Q(first_seen_at__gte=since) | Q(trusted_at__gte=since))
    theirs = {row.sid for row in sessions}
    gateway = order_gateway()
    open_orders = [one for one in gateway.open_orders(account) if one.state != "held"]
    return Added(
        since,
        tuple(sessions.order_by("started_at")),
        tuple(new.exclude(device_hash=own.device_hash if own else "").order_by("first_seen_at")),
        tuple(_factors(user_of(account), since)),
        tuple(customer_records().added_since(account, since)),
        tuple(one for one in open_orders if _is_new(one, since, theirs)),
        tuple(Hold.objects.filter(account=account, state=Hold.State.WAITING, created_at__gte=since)),
    )


def older_factors(user: AbstractBaseUser, since: datetime, enrolled: Sequence[str]) -> tuple[str, ...]:
    """Those of the enrolled factors that were there before: only they can tell the customer from the thief.

    A passkey counts where none has come since: which of them was used is not told apart. Cost: 4 queries.
    """
    young = {one.kind for one in _factors(user, since)}
    return tuple(name for name in enrolled if name not in young)


def proved_by_older(sid: str, names: Sequence[str], now: datetime) -> bool:
    """Whether this session was proved within a quarter of an hour by one of these factors. Cost: 1 query."""
    used = Challenge.objects.filter(
        binding=f"sid:{sid}",
        kind=Kind.REQUEST.value,
        state=Challenge.State.USED,
        factor_used__in=list(names),
    ).order_by("-used_at")
    last = used.values_list("used_at", flat=True).first()
    return last is not None and (now - last).total_seconds() <= PROOF_SECONDS


def take_back(account: str, since: datetime, word: Word, now: datetime, *, spare: str = "") -> Case:
    """Remove what came since, and have the account prove itself; returns the case that tells all of it.

    Raises ``GatewayError`` where a part failed: all others are done, the case says which, and it may be repeated.
    Cost: some 40 statements a session.
    """
    found = added(account, since, spare=spare)
    reason = Reason("takeover", CERTAIN, "the account was taken over")
    title = f"Taken back: all that came since {local_time(since)}"
    case = open_or_join(account, "", title=title, score=CERTAIN, reasons=(reason,), now=now)
    doing = _Doing(account, word, now, case)
    failed = [what for what, step in _steps(found, doing) if not _done(doing, what, step)]
    with transaction.atomic():
        steps.end_all_sessions(account, TAKEN_BACK, by=word.by, now=now, keep=spare)
        if not spare:
            steps.must_prove(account, now)
        key = f"taken_back:{case.pk}:{since:%Y%m%d%H%M}"
        notify(
            account, "taken_back", key, context={"at": local_time(now), "since": local_time(since)}, now=now
        )
    if failed:
        raise GatewayError(f"Case {case.pk}: not done yet: {', '.join(failed)}; the case says why")
    return case


@dataclass(frozen=True, slots=True)
class _Doing:
    """Whose account is taken back, by whose word, when, and the case that tells of it."""

    account: str
    word: Word
    now: datetime
    case: Case


def _steps(found: Added, doing: _Doing) -> Iterator[tuple[str, Callable[[], object]]]:
    """Whoever is in goes first, then what could be turned into money, then what would let them in again."""
    for session in found.sessions:
        yield f"session {session.sid[:12]}", partial(_end, session, doing)
    for order in found.orders:
        yield f"order {order.reference}", partial(_cancel, order, doing)
    for hold in found.holds:
        yield f"held {hold.reference or hold.kind}", partial(_cancel_hold, hold, doing)
    for factor in found.factors:
        yield f"factor {factor.kind} {factor.name}".strip(), partial(_drop, doing.account, factor)
    for record in found.records:
        key = f"{doing.case.pk}:{record.reference}:remove"
        step = partial(customer_records().remove, doing.account, record.reference, key=key)
        yield f"{record.kind} {record.text}", step
    for device in found.devices:
        yield f"device {device}", partial(devices.forget, device, doing.now)


def _done(doing: _Doing, what: str, step: Callable[[], object]) -> bool:
    by, now = doing.word.by, doing.now
    try:
        step()
    except AuthShieldError as error:
        key = f"back:{now:%Y%m%d%H%M%S}:{what}"[:100]
        note(doing.case, Entry(key, "taken_back:failed", f"Not removed: {what}: {error}", actor=by), now)
        return False
    note(doing.case, Entry(f"back:{what}"[:100], "taken_back:done", f"Removed: {what}.", actor=by), now)
    return True


def _cancel(order: OpenOrder, doing: _Doing) -> None:
    key = f"{doing.case.pk}:{order.reference}:cancel"
    order_gateway().cancel(doing.account, order.reference, reason=TAKEN_BACK, key=key)


def _cancel_hold(hold: Hold, doing: _Doing) -> None:
    holds.cancel(hold, by=doing.word.by, reason=TAKEN_BACK, now=doing.now)


def _end(session: Session, doing: _Doing) -> None:
    """End it, and have the profile unlearn what it taught."""
    labels.put(Target(session.account, session.sid), Verdict.FRAUD, doing.word, doing.now)
    steps.end_session(session.sid, TAKEN_BACK, by=doing.word.by, now=doing.now, account=session.account)


def _drop(account: str, factor: Factor) -> None:
    user = user_of(account)
    if user is None:
        return
    if factor.kind == passkey.FACTOR:
        passkey.remove(user, factor.pk)
    elif factor.kind == oob.FACTOR:
        DeviceKey.objects.filter(account=account, pk=factor.pk).update(confirms_at=None)
    else:
        MODELS[factor.kind].objects.filter(user=user, pk=factor.pk).delete()


def _factors(user: AbstractBaseUser | None, since: datetime) -> Iterator[Factor]:
    if user is None:
        return
    for kind, model in MODELS.items():
        for row in model.objects.filter(user=user, confirmed=True, created_at__gte=since):
            yield Factor(kind, row.pk, "", row.created_at)
    for key in DeviceKey.objects.filter(account=account_of(user), confirms_at__gte=since):
        yield Factor(oob.FACTOR, key.pk, "", key.confirms_at)
    for one in passkey.of(user):
        if one.created_at is not None and one.created_at >= since:
            yield Factor(passkey.FACTOR, one.pk, one.name, one.created_at)


def _is_new(order: OpenOrder, since: datetime, theirs: set[str]) -> bool:
    return order.session in theirs or (order.placed_at is not None and order.placed_at >= since)


def by_customer(account: str, sid: str) -> Word:
    """The customer's own word, said in this session."""
    return Word(f"customer {account}"[:150], Label.Source.CUSTOMER, "taken back by the customer", sid)
