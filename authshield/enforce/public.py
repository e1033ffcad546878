"""Why somebody is asked, as the few coarse words that they may read. Must not tell which rule fired."""

from __future__ import annotations

import re
from collections.abc import Iterable

from authshield.vocabulary.decision import Reason

ROUTINE = "routine"
MOST = 3
# A word in a rule's code, and what it comes down to for the person. Other codes tell nothing.
_MEANINGS: dict[str, tuple[str, ...]] = {
    "bound": ("bound",),
    "new_device": ("device", "browser", "fingerprint", "stranger", "session"),
    "new_place": ("network", "country", "hosting", "travel", "moved"),
    "recent_change": ("contact",),
    "sensitive": ("withdrawal", "profile", "destination", "assurance"),
    "unusual_order": (
        *("liquidation", "reuse", "symbol", "thin", "concentration", "pump", "pattern"),
        *("margin", "night", "proceeds"),
    ),
    "large_amount": ("value", "large"),
    "many_actions": ("count", "rate"),
}
_WORDS = {word: meaning for meaning, words in _MEANINGS.items() for word in words}


def public_reasons(reasons: Iterable[Reason]) -> list[str]:
    """At most three public codes, weightiest first; ``routine`` where there is nothing to be said."""
    heaviest = sorted(reasons, key=lambda reason: -reason.points)
    codes = dict.fromkeys(code for reason in heaviest for code in _codes(reason.code))
    return list(codes)[:MOST] or [ROUTINE]


def _codes(code: str) -> list[str]:
    return [_WORDS[word] for word in re.split(r"[^a-z]+", code.lower()) if word in _WORDS][:1]
