"""The words of the vocabulary as choices of a form."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from authshield.admin.words import KIND_WORDS
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import Dimension, Measure, Scope

KINDS: list[tuple[str, Any]] = [(kind.value, KIND_WORDS[kind]) for kind in Kind]

DIMENSIONS: list[tuple[str, Any]] = [
    (Dimension.ACCOUNT.value, _("account")),
    (Dimension.USERNAME.value, _("name as typed")),
    (Dimension.IP.value, _("address (IPv6: /64)")),
    (Dimension.PREFIX.value, _("address block (/24, IPv6: /48)")),
    (Dimension.ASN.value, _("carrier (autonomous system)")),
    (Dimension.DEVICE.value, _("device")),
    (Dimension.SESSION.value, _("session")),
    (Dimension.SYMBOL.value, _("symbol")),
]

MEASURES: list[tuple[str, Any]] = [
    (Measure.COUNT.value, _("number of events")),
    (Measure.SUM.value, _("sum of their values, in minor units of the base currency")),
    (Measure.DISTINCT.value, _("number of different …")),
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
