"""The signs that are looked at: what each is read from, and the steps in which it is weighed.

A sign is a number that only grows with suspicion; its ``edges`` cut it into steps, and each step has a weight of its
own (``weights``), never less than that of the step before. So every verdict is a sum that can be shown line by line,
and a weight can be counted anew from labelled events.

Must not weigh anything: that is ``weigh``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.judge.evidence.what import WHAT
from authshield.judge.evidence.who import WHO

if TYPE_CHECKING:
    from authshield.judge.evidence.sign import Sign
    from authshield.vocabulary.event import Kind

SIGNS: tuple[Sign, ...] = (*WHO, *WHAT)
BY_CODE = {sign.code: sign for sign in SIGNS}


def facts_weighed(kind: Kind) -> frozenset[str]:
    """The facts that the signs of such an event are read from."""
    return frozenset(name for sign in SIGNS if kind in sign.kinds for name in sign.facts)
