"""The facts as the rules see them: gathered by name, brought to their declared type.

Must not invent a value: what is absent or of no use stays so, and the rule that asks for it fails, visibly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.judge.exact import MOST
from authshield.vocabulary.facts import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from authshield.vocabulary.features import FactValue

_STORED_PREFIXES = ("velocity.", "session.", "account.", "device.", "network.", "order.", "store.")
# Facts that come with the event, from the published lists or from the database, and so outlast the store.
LOCAL: frozenset[str] = frozenset(name for name in BY_NAME if not name.startswith(_STORED_PREFIXES)) | {
    "account.exists",
    "account.is_staff",
    "account.is_frozen",
    "account.is_suspect",
    "account.must_prove",
    "device.has_cookie",
    "device.is_trusted",
    "device.proof",
    "session.is_bound",
    "session.key_missing",
    "network.asn",
    "network.country",
    "network.kind",
    "order.side",
    "order.type",
    "order.symbol",
    "order.market",
    "order.account_type",
    "order.value",
    "order.portfolio_share",
    "order.adv",
    "order.adv_share",
    "order.is_thin",
    "order.is_queued",
}
LOCAL -= {"network.travel_kmh"}
_LARGEST = 1 << 1_000


def gather(
    names: Collection[str],
    counts: Mapping[str, str],
    listed: Mapping[str, FactValue],
    facts: Mapping[str, FactValue],
) -> dict[str, FactValue]:
    """The named facts. An absent one stays absent.

    ``counts`` says which fact holds a limit's count, by field; it is 0 for an event that is not counted. What
    ``listed`` says of a list counts, whatever was measured.
    """
    try:
        found = {name: facts[name] for name in names}
    except KeyError:
        found = {name: facts[name] for name in names if name in facts}
    for field, fact in counts.items():
        found[field] = facts.get(fact, 0)
    for name, value in listed.items():
        if name in names:
            found[name] = value
    return found


def plain(value: FactValue, kind: str) -> FactValue:
    """A value in its declared type where that loses nothing of its meaning; else as it is."""
    if kind == "int" and isinstance(value, int | float) and value == value // 1:
        return max(min(int(value), MOST), -MOST)
    if kind == "bool" and isinstance(value, int) and value in {0, 1}:
        return bool(value)
    if kind == "double" and isinstance(value, int):
        return float(max(min(value, _LARGEST), -_LARGEST))
    if kind == "string" and isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if kind == "list<string>" and isinstance(value, list):
        return [plain(one, "string") for one in value]  # type: ignore[misc]
    return value
