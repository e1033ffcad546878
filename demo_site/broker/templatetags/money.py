"""How numbers look. Must not compute anything that counts: the views hand over finished values."""

from decimal import Decimal

from django import template

register = template.Library()

MINUS = "\N{MINUS SIGN}"
BILLION, MILLION, TRILLION = 10**9, 10**6, 10**12


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
    """A large amount, rounded: ¥91.0 bn."""
    for size, unit in ((TRILLION, "tn"), (BILLION, "bn"), (MILLION, "m")):
        if amount >= size:
            return f"¥{amount / size:,.1f} {unit}"
    return str(yen(amount))


@register.filter
def direction(number: Decimal | float) -> str:
    """The CSS class of a change."""
    if number > 0:
        return "up"
    return "down" if number < 0 else "flat"
