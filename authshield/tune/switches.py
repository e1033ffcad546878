"""Panic switches: set with an expiry, live on every node within a second, gone by themselves.

Must not change a rule; a switch lies over the published rules and leaves no trace when it ends.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from authshield.errors import RuleError
from authshield.models import SwitchRow
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import HOLDABLE, Kind
from authshield.vocabulary.ruleset import Switch, SwitchKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

MOST = timedelta(days=7)
RESPECTED = timedelta(days=1)
"""For so long nothing sets a guard again that the desk has ended."""

_STOPPABLE = frozenset(Kind) - {Kind.FILL, Kind.LOGOUT}


def turn_on(switch: Switch, *, reason: str, by: str, now: datetime) -> SwitchRow:
    """Set a switch. Raises ``RuleError`` where it makes no sense, with all problems."""
    problems = list(_problems(switch, reason, now))
    if problems:
        raise RuleError(problems)
    return SwitchRow.objects.create(
        kind=switch.kind.value,
        target=switch.target,
        action=switch.action.word,
        required=switch.required.word,
        expires_at=switch.expires_at,
        reason=reason,
        created_by=by,
        created_at=now,
    )


def turn_off(number: int, now: datetime) -> bool:
    """End a switch before its time. Returns whether it was on."""
    still_on = SwitchRow.objects.filter(Q(pk=number) & Q(expires_at__gt=now))
    return still_on.update(expires_at=now, ended_at=now) == 1


def guard(switch: Switch, *, most: int, reason: str, now: datetime) -> SwitchRow | None:
    """Put a symbol under guard, or have its guard last longer; None where that is not wanted.

    It is not where ``most`` symbols have a guard already, or the desk took this one's away less than a day ago.
    Cost: 4 statements.
    """
    mine = SwitchRow.objects.filter(kind=SwitchKind.SYMBOL.value)
    last = mine.filter(target=switch.target).order_by("-pk").first()
    if last is not None and last.ended_at is not None and last.ended_at > now - RESPECTED:
        return None
    if last is not None and last.expires_at > now:
        longer = mine.filter(pk=last.pk, ended_at=None, expires_at__lt=switch.expires_at)
        longer.update(expires_at=switch.expires_at)
        return last
    on = mine.filter(expires_at__gt=now).order_by("pk")
    if on.count() >= most:
        return None
    row = turn_on(switch, reason=reason, by="", now=now)
    if row.pk in set(on.values_list("pk", flat=True)[:most]):
        return row
    row.delete()  # of workers at one moment the first ones' stay
    return None


def live(now: datetime) -> tuple[Switch, ...]:
    """The switches that are on. Cost: 1 small query."""
    return tuple(
        Switch(
            kind=SwitchKind(row.kind),
            expires_at=row.expires_at,
            target=row.target,
            action=Action.of(row.action),
            required=Strength.of(row.required),
        )
        for row in SwitchRow.objects.filter(expires_at__gt=now).order_by("pk")
    )


def _problems(switch: Switch, reason: str, now: datetime) -> Iterator[str]:
    if not now < switch.expires_at <= now + MOST:
        yield f"expires_at: a switch ends after now and within {MOST.days} days"
    if not reason.strip():
        yield "reason: say why, for those who find it on"
    if switch.kind == SwitchKind.OBSERVE_ALL and switch.target:
        yield "target: observe only is about everything, leave it empty"
    if switch.kind == SwitchKind.SYMBOL and not switch.target:
        yield "target: whose buys are to be guarded?"
    if switch.kind == SwitchKind.RULE_OFF and not switch.target:
        yield "target: which rule or limit is to be off?"
    if switch.kind == SwitchKind.TIGHTEN:
        yield from _tighten_problems(switch)


def _tighten_problems(switch: Switch) -> Iterator[str]:
    kinds = {kind.value: kind for kind in _STOPPABLE}
    if switch.target not in kinds:
        yield f"target: one of {', '.join(sorted(kinds))}"
    if switch.action == Action.ALLOW:
        yield "action: to tighten is challenge, hold or deny"
    if switch.action == Action.HOLD and switch.target not in HOLDABLE:
        yield f"action: hold is not possible for {switch.target or 'this'}"
