"""Why somebody is asked, as the few coarse words that they may read. Must not tell which rule fired."""

from __future__ import annotations

import re
from collections.abc import Iterable

from authshield.vocabulary.decision import Reason

ROUTINE = "routine"
MOST = 3
# A word in a rule's code, and what it comes down to for the person.
_WORDS: dict[str, str] = {
    **dict.fromkeys(("device", "browser", "fingerprint", "cookie"), "new_device"),
    **dict.fromkeys(
        (
            "network",
            "ip",
            "address",
            "prefix",
            "asn",
            "carrier",
            "country",
            "travel",
            "hosting",
            "anonymizer",
        ),
        "new_place",
    ),
    **dict.fromkeys(("contact", "profile", "bank", "destination", "password", "mfa"), "recent_change"),
    **dict.fromkeys(
        (
            "liquidation",
            "sell",
            "sold",
            "symbol",
            "thin",
            "concentration",
            "reuse",
            "margin",
            "market",
            "adv",
        ),
        "unusual_order",
    ),
    **dict.fromkeys(("value", "large", "amount", "money", "share", "withdrawal"), "large_amount"),
    **dict.fromkeys(("velocity", "limit", "many", "count", "orders", "failures"), "many_actions"),
}


def public_reasons(reasons: Iterable[Reason]) -> list[str]:
    """At most three public codes, weightiest first; ``routine`` where there is nothing to be said."""
    heaviest = sorted(reasons, key=lambda reason: -reason.points)
    codes = dict.fromkeys(code for reason in heaviest for code in _codes(reason.code))
    return list(codes)[:MOST] or [ROUTINE]


def _codes(code: str) -> list[str]:
    return [_WORDS[word] for word in re.split(r"[^a-z]+", code.lower()) if word in _WORDS][:1]
