"""What a velocity limit does, in sentences that somebody who is no programmer can check. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from authshield.admin.words import kind_words, number
from authshield.models.rules import StrengthChoice
from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import (
    AIMED_AT,
    MOST_GROWTH,
    SHARED,
    SPARING,
    Dimension,
    Measure,
    Scope,
    State,
)

if TYPE_CHECKING:
    from authshield.vocabulary.ruleset import Limit

BY: dict[str, Any] = {
    Dimension.ACCOUNT: gettext_lazy("account"),
    Dimension.USERNAME: gettext_lazy("typed name"),
    Dimension.IP: gettext_lazy("address"),
    Dimension.PREFIX: gettext_lazy("address block"),
    Dimension.ASN: gettext_lazy("carrier"),
    Dimension.COUNTRY: gettext_lazy("country"),
    Dimension.DEVICE: gettext_lazy("device"),
    Dimension.FINGERPRINT: gettext_lazy("browser fingerprint"),
    Dimension.SESSION: gettext_lazy("session"),
    Dimension.SYMBOL: gettext_lazy("symbol"),
    Dimension.SYMBOL_SIDE: gettext_lazy("symbol and side"),
    Dimension.BANK_ACCOUNT: gettext_lazy("bank account"),
    Dimension.GLOBAL: gettext_lazy("whole site"),
}
DIFFERENT: dict[str, Any] = {
    Dimension.ACCOUNT: gettext_lazy("accounts"),
    Dimension.USERNAME: gettext_lazy("typed names"),
    Dimension.IP: gettext_lazy("addresses"),
    Dimension.PREFIX: gettext_lazy("address blocks"),
    Dimension.ASN: gettext_lazy("carriers"),
    Dimension.COUNTRY: gettext_lazy("countries"),
    Dimension.DEVICE: gettext_lazy("devices"),
    Dimension.FINGERPRINT: gettext_lazy("browser fingerprints"),
    Dimension.SESSION: gettext_lazy("sessions"),
    Dimension.SYMBOL: gettext_lazy("symbols"),
    Dimension.SYMBOL_SIDE: gettext_lazy("symbols and sides"),
    Dimension.BANK_ACCOUNT: gettext_lazy("bank accounts"),
    Dimension.GLOBAL: gettext_lazy("whole site"),
}
EVENTS: dict[str, Any] = {
    Kind.LOGIN: gettext_lazy("sign-ins"),
    Kind.ORDER: gettext_lazy("orders"),
    Kind.ORDER_CHANGE: gettext_lazy("changes of orders"),
    Kind.FILL: gettext_lazy("executions"),
    Kind.WITHDRAWAL: gettext_lazy("withdrawals"),
    Kind.PROFILE_CHANGE: gettext_lazy("changes of personal data"),
    Kind.REQUEST: gettext_lazy("pages"),
    Kind.LOGOUT: gettext_lazy("sign-outs"),
    Kind.FACTOR_ATTEMPT: gettext_lazy("answers to challenges"),
    Kind.PASSWORD_RESET: gettext_lazy("password resets"),
}
FAILED: dict[str, Any] = {
    Kind.LOGIN: gettext_lazy("failed sign-ins"),
    Kind.FACTOR_ATTEMPT: gettext_lazy("wrong answers to challenges"),
}
SCOPED: dict[str, Any] = {
    Scope.ANY: "%(events)s",
    Scope.UNKNOWN_DEVICE: gettext_lazy("%(events)s from unknown devices"),
    Scope.KNOWN_DEVICE: gettext_lazy("%(events)s from each known device"),
}
AMOUNT: dict[str, Any] = {
    Measure.COUNT: gettext_lazy("%(capacity)s %(events)s"),
    Measure.SUM: gettext_lazy("%(capacity)s in value of %(events)s"),
    Measure.DISTINCT: gettext_lazy("%(capacity)s different %(of)s in %(events)s"),
    Measure.SHARE: gettext_lazy("%(percent)s %% of the portfolio in %(events)s"),
}
THEN: dict[str, Any] = {
    "allow": gettext_lazy("One more goes through."),
    "challenge": gettext_lazy("One more needs a proof: %(strength)s."),
    "hold": gettext_lazy("One more waits for the desk."),
    "deny": gettext_lazy("One more is refused until there is room again."),
    "doubling": gettext_lazy("One more is refused, and each further refusal doubles the wait."),
}


def sentences(limit: Limit) -> str:
    """What a limit does: how many, what then, and every exception, a sentence each."""
    return _together([_at_most(limit), *_then(limit), *_besides(limit)])


def summary(limit: Limit) -> str:
    """How many, and what then: as much as a list of limits has room for."""
    return _together([_at_most(limit), next(_then(limit)), *_idle(limit)])


def _together(told: list[str]) -> str:
    return " ".join(told).replace("。 ", "。")  # no space between sentences in Japanese


def window_words(seconds: int) -> str:
    """A window in its largest whole unit."""
    if seconds % 86400 == 0:
        return ngettext("%(count)d day", "%(count)d days", seconds // 86400) % {"count": seconds // 86400}
    if seconds % 3600 == 0:
        return ngettext("%(count)d hour", "%(count)d hours", seconds // 3600) % {"count": seconds // 3600}
    if seconds % 60 == 0:
        return ngettext("%(count)d minute", "%(count)d minutes", seconds // 60) % {"count": seconds // 60}
    return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}


def by_words(limit: Limit) -> str:
    """What a limit counts by, a pair as one."""
    if limit.also is None:
        return str(BY[limit.dimension])
    return _("%(one)s together with %(other)s") % {"one": BY[limit.dimension], "other": BY[limit.also]}


def _at_most(limit: Limit) -> str:
    told = {"amount": _amount(limit), "by": by_words(limit), "window": window_words(limit.window_seconds)}
    if limit.dimension == Dimension.GLOBAL:
        return _("At most %(amount)s on the whole site in any %(window)s.") % told
    return _("At most %(amount)s per %(by)s in any %(window)s.") % told


def _amount(limit: Limit) -> str:
    names = {**EVENTS, **FAILED} if limit.refunds_success else EVENTS
    events = _(" and ").join(str(names.get(kind, kind)) for kind in sorted(limit.kinds))
    told = {
        "capacity": number(limit.capacity),
        "percent": number(f"{limit.capacity / 100:g}"),
        "events": str(SCOPED[limit.scope]) % {"events": events},
        "of": DIFFERENT[limit.distinct_of] if limit.distinct_of else "",
    }
    return str(AMOUNT[limit.measure]) % told


def _then(limit: Limit) -> Iterator[str]:
    is_doubling = limit.progressive and limit.action == Action.DENY
    strength = StrengthChoice(limit.required.word).label
    yield str(THEN["doubling" if is_doubling else limit.action.word]) % {"strength": strength}
    if limit.points:
        yield _("It adds %(points)s to the risk.") % {"points": number(f"{limit.points:g}")}


def _idle(limit: Limit) -> Iterator[str]:
    if limit.state == State.SHADOW:
        yield _("It is in shadow: recorded, and nothing comes of it.")
    if limit.state == State.OFF:
        yield _("It is off.")


def _besides(limit: Limit) -> Iterator[str]:
    by = {limit.dimension, limit.also or limit.dimension}
    if limit.burst:
        yield _("That is the average; up to %(burst)s more may come at once.") % {
            "burst": number(limit.burst)
        }
    if limit.grows_by:
        yield _("Each customer who signed in from there makes it %(more)s more, up to %(most)s in all.") % {
            "more": number(limit.grows_by),
            "most": number(MOST_GROWTH * limit.capacity),
        }
    if limit.frees_cancelled:
        yield _("A cancelled order is not counted any more.")
    if limit.kinds & SPARING and set(by) <= SHARED | AIMED_AT:
        yield _("The customer's own trusted devices are not stopped by it.")
    if limit.exempt:
        yield _("Not counted: who is on %(lists)s.") % {"lists": ", ".join(limit.exempt)}
    yield from _idle(limit)


def fault_words(value: Any) -> str:
    """A value in a fault's text: a dimension, kinds of event or a number, as the desk says them."""
    if isinstance(value, Dimension):
        return str(BY[value])
    if isinstance(value, frozenset):
        return ", ".join(sorted(kind_words(kind) for kind in value))
    return number(value) if isinstance(value, int) else str(value)
