"""Limits made ready to be counted: by which kind of entity, in which kind of window, under which name. Pure.

The name of a window says what its rows mean, so that a limit that is redefined starts anew instead of misreading
old rows. Nothing that a person typed is part of it but a digest.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from authshield.vocabulary.ruleset import EXACT, Dimension, Limit, Measure, Scope, State

COUNT, SUM, DISTINCT, SUBWINDOWS, RATE, SKETCH = "c", "m", "d", "b", "g", "h"
"""Kinds of window: exact log of events, of amounts, of different values; sub-windows; GCRA; HyperLogLog."""

DEVICE = "device"
"""In place of a kind of entity: each known device of an account by itself."""

EXACT_REFUNDED = 1024
"""A sketch cannot forget: different values that may be given back are kept in an exact log up to here."""

ENTITY = {
    Dimension.ACCOUNT: "acct",
    Dimension.USERNAME: "name",
    Dimension.IP: "ip",
    Dimension.PREFIX: "net",
    Dimension.ASN: "asn",
    Dimension.COUNTRY: "cc",
    Dimension.DEVICE: "dev",
    Dimension.FINGERPRINT: "fp",
    Dimension.SESSION: "sess",
    Dimension.SYMBOL: "sym",
    Dimension.SYMBOL_SIDE: "side",
    Dimension.BANK_ACCOUNT: "bank",
    Dimension.GLOBAL: "all",
}
"""Kind of entity, as it stands in keys, by dimension."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A limit made ready: what is the same for every event.

    ``known``: None, or whether only known devices' events are counted or only strangers'. ``operand``: what is
    summed ("amount", "share") or the kind of entity whose different values are counted. ``pair``: the kind of
    entity that has a window each within the first one's value.
    """

    id: str
    window: str
    name: str
    seconds: int
    capacity: int
    burst: int = 0
    known: bool | None = None
    operand: str = ""
    pair: str = ""
    exempt: tuple[str, ...] = ()
    grows_by: int = 0
    progressive: bool = False


def counted(limits: tuple[Limit, ...]) -> dict[str, tuple[Counted, ...]]:
    """The limits by kind of entity; those that are off are left out."""
    found: dict[str, list[Counted]] = {}
    for limit in limits:
        if limit.state is not State.OFF:
            found.setdefault(ENTITY[limit.dimension], []).append(_counted(limit))
    return {kind: tuple(mine) for kind, mine in found.items()}


def _counted(limit: Limit) -> Counted:
    window = _window(limit)
    is_by_account = limit.dimension is Dimension.ACCOUNT and limit.also is None
    scope = limit.scope if is_by_account else Scope.ANY
    known = None if scope is Scope.ANY else scope is Scope.KNOWN_DEVICE
    operand = ""
    if limit.measure in {Measure.SUM, Measure.SHARE}:
        operand = "amount" if limit.measure is Measure.SUM else "share"
    elif limit.measure is Measure.DISTINCT:
        operand = ENTITY[limit.distinct_of or limit.dimension]
    # Each known device has a budget of its own, which strangers cannot use up.
    pair = ENTITY[limit.also] if limit.also else DEVICE if known else ""
    what = f"{limit.id}\x1f{limit.measure}\x1f{operand}\x1f{pair}\x1f{scope}"
    return Counted(
        id=limit.id,
        window=window,
        name=window_name(window, _given_back(limit), what, limit.window_seconds),
        seconds=limit.window_seconds,
        capacity=limit.capacity,
        burst=limit.burst,
        known=known,
        operand=operand,
        pair=pair,
        exempt=limit.exempt,
        grows_by=limit.grows_by,
        progressive=limit.progressive,
    )


def _window(limit: Limit) -> str:
    if limit.measure in {Measure.SUM, Measure.SHARE}:
        return SUM
    if limit.measure is Measure.DISTINCT:
        return DISTINCT if limit.capacity <= (EXACT_REFUNDED if limit.refunds_success else EXACT) else SKETCH
    if limit.burst:
        return RATE
    return COUNT if limit.capacity <= EXACT else SUBWINDOWS


def _given_back(limit: Limit) -> str:
    """When its counts are given back, besides with an event that did not happen."""
    if limit.refunds_success:
        return "b" if limit.frees_cancelled else "r"
    return "f" if limit.frees_cancelled else "n"


def window_name(window: str, given_back: str, what: str, seconds: int) -> str:
    """17 characters: kind of window, when it gives back, digest, seconds; what scripts go by."""
    digest = hashlib.blake2b(what.encode("utf-8", "surrogatepass"), digest_size=6).digest()
    return f"{window}{given_back}{base64.urlsafe_b64encode(digest).decode()}{seconds:07d}"
