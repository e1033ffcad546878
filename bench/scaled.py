"""What a process of AuthShield's does while its growth is measured. Must not compare."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EXACT = 64
"""The largest capacity of which every event is remembered: the dearest kind of limit."""


def rate(call: Callable[[], object], seconds: float) -> float:
    """Calls a second, for about so many seconds."""
    calls, began = 0, time.perf_counter()
    while (taken := time.perf_counter() - began) < seconds:
        call()
        calls += 1
    return calls / taken


def publish_order_limits(number: int) -> None:
    """Publish the ruleset with so many limits on an order instead of its own, over five kinds of key."""
    from authshield.clock import now
    from authshield.tune import rulebook
    from authshield.tune.transfer import default_source
    from authshield.vocabulary.event import Kind
    from authshield.vocabulary.ruleset import Dimension, Limit

    source = rulebook.published() or default_source()
    others = tuple(
        replace(limit, kinds=limit.kinds - {Kind.ORDER})
        for limit in source.limits
        if limit.kinds != {Kind.ORDER} and not limit.id.startswith("bench-")
    )
    kinds = cycle((Dimension.ACCOUNT, Dimension.SESSION, Dimension.IP, Dimension.PREFIX, Dimension.DEVICE))
    made = tuple(
        Limit(f"bench-{index}", frozenset({Kind.ORDER}), dimension, 60 + index, EXACT, frees_cancelled=False)
        for index, dimension in zip(range(number), kinds, strict=False)
    )
    rulebook.publish_source(replace(source, limits=others + made), None, "bench", now())
    rulebook.forget()
