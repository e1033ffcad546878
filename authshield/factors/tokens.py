"""What people type becomes what is compared: full-width digits, blanks and hyphens do no harm."""

from __future__ import annotations

import unicodedata

MAX_TYPED = 64
_SEPARATORS = frozenset("-_.\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc")


def digits(typed: str) -> str:
    """The ASCII digits of a code as typed, blanks and hyphens dropped; empty if anything else is in it."""
    plain = letters(typed)
    return plain if plain.isdigit() else ""


def letters(typed: str) -> str:
    """A recovery code as typed, in its one form: NFKC, small letters, without blanks and hyphens.

    Empty if anything but ASCII is in it.
    """
    folded = unicodedata.normalize("NFKC", typed[:MAX_TYPED]).casefold()
    plain = "".join(c for c in folded if not c.isspace() and c not in _SEPARATORS)
    return plain if plain.isascii() else ""
