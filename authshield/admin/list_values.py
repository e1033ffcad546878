"""Values of named lists in the one spelling in which they are looked up."""

from __future__ import annotations

from ipaddress import ip_network

from django.utils.translation import gettext as _

from authshield.errors import InvalidInput
from authshield.judge.lists import canonical
from authshield.observe.canonical import symbol

WIDEST_PREFIX = {4: 8, 6: 19}
"""A list entry that holds more than a registry ever hands out at once is a slip of the finger."""


def canonical_value(kind: str, text: str) -> str:
    """The value as it is compared; raises ``InvalidInput`` with what was expected."""
    text = text.strip()
    try:
        value = canonical(kind, text)
    except ValueError as error:
        raise InvalidInput(str(error)) from error
    if kind == "ip":
        _check_width(value)
    return symbol(value) if kind == "symbol" else value


def _check_width(value: str) -> None:
    network = ip_network(value)
    widest = WIDEST_PREFIX[network.version]
    if network.prefixlen < widest:
        told = {"network": network, "widest": widest}
        raise InvalidInput(_("%(network)s is too wide: /%(widest)d is the widest that a list takes.") % told)
