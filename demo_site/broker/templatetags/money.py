"""How numbers look. Must not compute anything that counts: the views hand over finished values."""

from decimal import Decimal

from django import template
from django.utils.translation import get_language

register = template.Library()

MINUS = "\N{MINUS SIGN}"
ENGLISH = ((10**12, "tn"), (10**9, "bn"), (10**6, "m"))
JAPANESE = ((10**12, "兆円"), (10**8, "億円"), (10**4, "万円"))


@register.filter
def yen(amount: int | None) -> str:
    """An amount in yen: ¥1,234,567."""
    return "" if amount is None else f"{MINUS if amount < 0 else ''}¥{abs(amount):,}"


@register.filter
def signed_yen(amount: int) -> str:
    """A change in yen, with its sign: +¥1,234."""
    return f"{'+' if amount > 0 else ''}{yen(amount)}"


@register.filter
def price(value: Decimal | None) -> str:
    """A price in yen a share: 2,501.5."""
    return "" if value is None else f"{value:,.1f}"


@register.filter
def whole(value: int | None) -> str:
    """A number of shares: 1,200."""
    return "" if value is None else f"{value:,}"


@register.filter
def percent(share: Decimal | float) -> str:
    """A change as a share, with its sign: +1.24%."""
    number = float(share) * 100
    sign = "+" if number > 0 else MINUS if number < 0 else ""
    return f"{sign}{abs(number):.2f}%"


@register.filter
def rough_yen(amount: int) -> str:
    """A large amount, rounded: ¥91.0 bn, 910.0億円."""
    is_japanese = (get_language() or "").startswith("ja")
    for size, unit in JAPANESE if is_japanese else ENGLISH:
        if amount >= size:
            return f"{amount / size:,.1f}{unit}" if is_japanese else f"¥{amount / size:,.1f} {unit}"
    return yen(amount)


@register.filter
def direction(number: Decimal | float) -> str:
    """The CSS class of a change."""
    if number > 0:
        return "up"
    return "down" if number < 0 else "flat"
