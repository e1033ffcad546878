"""The words of the vocabulary as choices of a form."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from authshield.admin.words import KIND_WORDS
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import KINDS_WITH, Dimension, Measure, Scope

KINDS: list[tuple[str, Any]] = [(kind.value, KIND_WORDS[kind]) for kind in Kind]

DIMENSIONS: list[tuple[str, Any]] = [
    (Dimension.ACCOUNT.value, _("account")),
    (Dimension.USERNAME.value, _("name as typed")),
    (Dimension.IP.value, _("address (IPv6: /64)")),
    (Dimension.PREFIX.value, _("address block (/24, IPv6: /48)")),
    (Dimension.ASN.value, _("carrier (autonomous system)")),
    (Dimension.COUNTRY.value, _("country")),
    (Dimension.DEVICE.value, _("device")),
    (Dimension.FINGERPRINT.value, _("browser fingerprint (shared by like devices)")),
    (Dimension.SESSION.value, _("session")),
    (Dimension.SYMBOL.value, _("symbol")),
    (Dimension.SYMBOL_SIDE.value, _("symbol and side (buys and sells apart)")),
    (Dimension.BANK_ACCOUNT.value, _("bank account that money goes to")),
    (Dimension.GLOBAL.value, _("nothing: one count for the whole site")),
]

_GROUPS: list[tuple[Any, frozenset[Kind]]] = [
    (_("every event"), frozenset(Kind)),
    (_("sign-ins and password resets"), KINDS_WITH[Dimension.USERNAME]),
    (_("everything but sign-ins and password resets"), KINDS_WITH[Dimension.SESSION]),
    (_("orders and their changes"), KINDS_WITH[Dimension.SYMBOL]),
    (_("withdrawals"), KINDS_WITH[Dimension.BANK_ACCOUNT]),
]
DIMENSION_GROUPS: list[tuple[Any, list[tuple[str, Any]]]] = [
    (label, [(value, words) for value, words in DIMENSIONS if KINDS_WITH[Dimension(value)] == kinds])
    for label, kinds in _GROUPS
]
"""What can be counted by, grouped by the events that have it."""

MEASURES: list[tuple[str, Any]] = [
    (Measure.COUNT.value, _("number of events")),
    (Measure.SUM.value, _("sum of their values, in minor units of the base currency")),
    (Measure.DISTINCT.value, _("number of different …")),
    (Measure.SHARE.value, _("shares of the portfolio, in hundredths of a per cent")),
]

SCOPES: list[tuple[str, Any]] = [
    (Scope.ANY.value, _("everybody's together")),
    (Scope.UNKNOWN_DEVICE.value, _("those from strange devices")),
    (Scope.KNOWN_DEVICE.value, _("those from the account's own devices")),
]

LIST_KINDS: list[tuple[str, Any]] = [
    ("ip", _("address or network")),
    ("device", _("device")),
    ("account", _("account")),
    ("symbol", _("symbol")),
    ("asn", _("carrier (autonomous system)")),
    ("country", _("country")),
]
