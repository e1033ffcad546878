"""Operations and facts in words that somebody who is no programmer reads at a glance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import PASSWORD_MARK

NONE = "\N{EN DASH}"
"""Stands where there is nothing to tell."""

KIND_WORDS: dict[str, Any] = {
    Kind.LOGIN: gettext_lazy("sign-in"),
    Kind.ORDER: gettext_lazy("order"),
    Kind.ORDER_CHANGE: gettext_lazy("change of an order"),
    Kind.FILL: gettext_lazy("execution"),
    Kind.WITHDRAWAL: gettext_lazy("withdrawal"),
    Kind.PROFILE_CHANGE: gettext_lazy("change of personal data"),
    Kind.REQUEST: gettext_lazy("page"),
    Kind.LOGOUT: gettext_lazy("sign-out"),
    Kind.FACTOR_ATTEMPT: gettext_lazy("answer to a challenge"),
    Kind.PASSWORD_RESET: gettext_lazy("password reset"),
}

ACTION_WORDS: dict[str, Any] = {
    "allow": gettext_lazy("allow"),
    "challenge": gettext_lazy("challenge"),
    "hold": gettext_lazy("hold"),
    "deny": gettext_lazy("deny"),
}

FINAL_WORDS: dict[str, Any] = {
    "allowed": gettext_lazy("allowed"),
    "passed": gettext_lazy("challenged and passed"),
    "held": gettext_lazy("held"),
    "stopped": gettext_lazy("stopped"),
    "moot": gettext_lazy("moot: ended or frozen before"),
}


def kind_words(kind: str) -> str:
    """A kind of event in words; an unknown one as it is."""
    return str(KIND_WORDS.get(kind, kind))


def number(text: Any) -> str:
    """A canonical number with the language's separators; anything else as it is."""
    try:
        return number_format(text, use_l10n=True, force_grouping=True)
    except (ValueError, TypeError, ArithmeticError):
        return str(text)


def operation_words(canonical: str) -> str:
    """A stored operation in one sentence. Text that is none comes back as it is."""
    try:
        body = json.loads(canonical)
        kind, fields = body["kind"], body["fields"]
    except (ValueError, KeyError, TypeError):
        return canonical
    match kind:
        case Kind.ORDER:
            return _order(fields)
        case Kind.WITHDRAWAL if "amount" in fields:
            return _withdrawal(fields)
        case _:
            return f"{kind_words(kind)}: {_pairs(fields)}"


def _order(fields: Mapping[str, str]) -> str:
    side = {"buy": _("Buy"), "sell": _("Sell")}.get(fields.get("side", ""), fields.get("side", ""))
    what = _("%(side)s %(quantity)s of %(symbol)s") % {
        "side": side,
        "quantity": number(fields.get("quantity", "?")),
        "symbol": fields.get("symbol", "?"),
    }
    price = fields.get("limit_price") or fields.get("price")
    at = _("at %(price)s at most or better") % {"price": number(price)} if price else _("at market")
    return f"{what}, {at}"


def _withdrawal(fields: Mapping[str, str]) -> str:
    rest = {name: value for name, value in fields.items() if name != "amount"}
    said = _("Withdraw %(amount)s") % {"amount": number(fields["amount"])}
    return f"{said} ({_pairs(rest)})" if rest else said


def _pairs(fields: Mapping[str, str]) -> str:
    told = {name: value for name, value in fields.items() if value != "" and name != PASSWORD_MARK}
    return ", ".join(f"{name} {value}" for name, value in sorted(told.items()))
