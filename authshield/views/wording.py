"""What a challenge is about, in words: the stored operation, why it is asked, and from where it came.

Reads the challenge alone, never the request's fields: nobody can alter what is shown. Must not show a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.models import Challenge
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation

Text = str | Promise
# ISO 4217: most currencies have two decimals; of those that are traded here these have none.
_NO_DECIMALS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of what is to be confirmed."""

    label: Text
    value: Text
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class FactorWords:
    """How one factor is asked for."""

    label: Text
    hint: Text
    choose: Text


TITLES: dict[str, Text] = {
    Kind.LOGIN: gettext_lazy("Confirm your sign-in"),
    Kind.ORDER: gettext_lazy("Confirm this order"),
    Kind.ORDER_CHANGE: gettext_lazy("Confirm this change of an order"),
    Kind.WITHDRAWAL: gettext_lazy("Confirm this withdrawal"),
    Kind.PROFILE_CHANGE: gettext_lazy("Confirm this change of your data"),
    Kind.REQUEST: gettext_lazy("Confirm that it is you"),
}

BUTTONS: dict[str, Text] = {
    Kind.LOGIN: gettext_lazy("Sign in"),
    Kind.ORDER: gettext_lazy("Confirm and place the order"),
    Kind.ORDER_CHANGE: gettext_lazy("Confirm the change"),
    Kind.WITHDRAWAL: gettext_lazy("Confirm and withdraw"),
    Kind.PROFILE_CHANGE: gettext_lazy("Confirm the change"),
    Kind.REQUEST: gettext_lazy("Confirm"),
}

REASONS: dict[str, Text] = {
    "new_device": gettext_lazy("This browser or device is new to your account."),
    "new_place": gettext_lazy("You are connected from somewhere you do not usually use."),
    "recent_change": gettext_lazy("Your details were changed recently."),
    "unusual_order": gettext_lazy("This differs from what you usually trade."),
    "large_amount": gettext_lazy("The amount is larger than usual."),
    "many_actions": gettext_lazy("A lot has happened in a short time."),
    "bound": gettext_lazy("This takes a passkey that stays on one device, such as a security key."),
    "sensitive": gettext_lazy("This is always confirmed, whoever asks for it."),
    "routine": gettext_lazy("We check now and then that it is really you."),
}

FACTORS: dict[str, FactorWords] = {
    "webauthn": FactorWords(
        gettext_lazy("Your passkey"),
        gettext_lazy("Your device asks for your fingerprint, your face or its PIN. Nothing is typed here."),
        gettext_lazy("Use a passkey"),
    ),
    "totp": FactorWords(
        gettext_lazy("Code from your authenticator app"),
        gettext_lazy("Six digits; they change every 30 seconds."),
        gettext_lazy("Use the authenticator app"),
    ),
    "oob": FactorWords(
        gettext_lazy("Confirm on another device"),
        gettext_lazy("You enter a number there, on a device that you have chosen for it."),
        gettext_lazy("Confirm on another device"),
    ),
    "static": FactorWords(
        gettext_lazy("Recovery code"),
        gettext_lazy("One of the codes that you kept when you set this up. Each works once."),
        gettext_lazy("Use a recovery code"),
    ),
    "email": FactorWords(
        gettext_lazy("Code from our e-mail"),
        gettext_lazy("Eight digits; the newest e-mail counts."),
        gettext_lazy("Send a code by e-mail"),
    ),
}
# Best first on the page: what nobody can pass on, the app, then what has to be waited for, what is used up last.
FACTOR_ORDER = ("webauthn", "totp", "oob", "email", "static")

FAILURES = {
    ("webauthn", "challenge_failed"): "passkey_failed",
    ("webauthn", "factor_locked"): "passkey_failed",
    ("oob", "challenge_failed"): "oob_failed",
    ("oob", "factor_locked"): "oob_locked",
}
"""Words of their own for a factor's refusals."""

_LABELS: dict[str, Text] = {
    "side": gettext_lazy("Side"),
    "symbol": gettext_lazy("Symbol"),
    "quantity": gettext_lazy("Quantity"),
    "order_type": gettext_lazy("Type"),
    "limit_price": gettext_lazy("Limit price"),
    "order_id": gettext_lazy("Order"),
    "change": gettext_lazy("Change"),
    "amount": gettext_lazy("Amount"),
    "bank_account": gettext_lazy("To bank account"),
    "field": gettext_lazy("What changes"),
    "name": gettext_lazy("Passkey"),
    "email": gettext_lazy("New e-mail address"),
    "phone": gettext_lazy("New phone number"),
}
_VALUES: dict[str, Text] = {
    "buy": gettext_lazy("Buy"),
    "sell": gettext_lazy("Sell"),
    "market": gettext_lazy("Market order"),
    "limit": gettext_lazy("Limit order"),
    "cancel": gettext_lazy("Cancel the order"),
    "amend": gettext_lazy("Change the order"),
    "totp": gettext_lazy("Authenticator app"),
    "passkey": gettext_lazy("Add a passkey"),
    "passkey_removal": gettext_lazy("Remove a passkey"),
    "recovery": gettext_lazy("Recovery codes"),
    "oob": gettext_lazy("Let this device confirm what others ask for"),
}
_PROFILE: dict[str, Text] = {
    "email": gettext_lazy("e-mail address"),
    "phone": gettext_lazy("phone number"),
    "contact": gettext_lazy("contact data"),
    "bank_account": gettext_lazy("bank account"),
    "password": gettext_lazy("password"),
    "mfa": gettext_lazy("ways to confirm"),
}
_MAIN = frozenset({"side", "symbol", "quantity", "amount"})
_NUMBERS = frozenset({"quantity", "limit_price", "amount"})


def facts(challenge: Challenge) -> list[Row]:
    """The stored operation, line by line, with its worth; empty for a sign-in or a page."""
    operation = Operation.from_canonical(challenge.operation)
    if operation.kind in {Kind.LOGIN, Kind.REQUEST}:
        return []
    told = {name: str(challenge.shown.get(name, "")) for name in ("side", "symbol")} | dict(operation.fields)
    rows = [
        Row(label, _value(name, told[name]), is_main=name in _MAIN)
        for name, label in _LABELS.items()
        if told.get(name)
    ]
    worth = _worth(challenge.shown)
    return [*rows, Row(_("Estimated value"), worth, is_main=True)] if worth else rows


def operation_line(canonical: str) -> Text:
    """A stored operation in a few words, such as ``Buy 1,200 of 7203``; empty where there is nothing to tell."""
    operation = Operation.from_canonical(canonical)
    fields = operation.fields
    match operation.kind:
        case Kind.ORDER:
            told = {"side": _value("side", fields.get("side", "")), "symbol": fields.get("symbol", "")}
            return _("%(side)s %(quantity)s of %(symbol)s") % {
                **told,
                "quantity": _number(fields.get("quantity", "")),
            }
        case Kind.WITHDRAWAL:
            return _number(fields.get("amount", ""))
        case Kind.ORDER_CHANGE:
            return _value("change", fields.get("change", ""))
        case Kind.PROFILE_CHANGE:
            return _value("field", fields.get("field", ""))
        case _:
            return ""


def reasons(challenge: Challenge) -> list[Text]:
    """Why it is asked, in plain words."""
    return [REASONS[code] for code in challenge.reasons if code in REASONS]


def place(challenge: Challenge) -> str:
    """From where it was asked for, such as ``203.0.113.7 (JP)``."""
    ip, country = challenge.shown.get("ip", ""), challenge.shown.get("country", "")
    return f"{ip} ({country})" if country else str(ip)


def offered(challenge: Challenge) -> list[str]:
    """The factors that can be answered here, best first."""
    return [name for name in FACTOR_ORDER if name in challenge.factors]


def _value(name: str, value: str) -> Text:
    if name == "field":
        return _PROFILE.get(value, value)
    if name in _NUMBERS:
        return _number(value)
    return _VALUES.get(value, value)


def _number(text: str) -> str:
    try:
        return number_format(Decimal(text), force_grouping=True)
    except InvalidOperation:
        return text


def _worth(shown: Mapping[str, str | int]) -> str:
    """The worth in the base currency, such as ``1,234,500 JPY``; empty where it is not known."""
    minor, currency = shown.get("value_minor"), str(shown.get("currency", ""))
    if not isinstance(minor, int):
        return ""
    places = 0 if currency in _NO_DECIMALS else 2
    amount = number_format(Decimal(minor).scaleb(-places), decimal_pos=places, force_grouping=True)
    return f"{amount} {currency}"
