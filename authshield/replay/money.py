"""Amounts of a file become minor units of the base currency. Must not know where they stand in a line."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

MAX_MINOR = 2**53  # what the store's doubles hold exactly
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
# ISO 4217: currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


@dataclass(frozen=True, slots=True)
class Base:
    """The base currency: ``exponent`` decimal places make a minor unit."""

    currency: str
    exponent: int

    @classmethod
    def of(cls, currency: str) -> Base:
        """The base for an ISO 4217 code."""
        return cls(currency, _EXPONENTS.get(currency, 2))

    def minor(self, *factors: Decimal) -> int:
        """The product of amount, price and rate in minor units, rounded half to even."""
        value = Decimal(1)
        for factor in factors:
            value = _WIDE.multiply(value, factor)
        return int(_WIDE.scaleb(value, self.exponent).to_integral_value(ROUND_HALF_EVEN, _WIDE))

    def plain(self, minor: int) -> int | float:
        """Minor units as an amount in the currency itself, for a report."""
        return minor if self.exponent == 0 else float(Decimal(minor).scaleb(-self.exponent))
