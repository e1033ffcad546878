"""An event's facts as the ledger keeps them: what differs from its declared default, as JSON, in one pass.

Must not keep a secret: every text goes through ``redact``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

from authshield.record import redact
from authshield.vocabulary.event import Kind
from authshield.vocabulary.facts import MISSING

if TYPE_CHECKING:
    from authshield.vocabulary.features import FactValue

_KEPT = 4096


class FactsEncoder(json.JSONEncoder):
    """JSON of facts, in a third of the time that a dict of them and JSON's own encoder take."""

    def encode(self, o: Iterable[tuple[str, FactValue]]) -> str:
        """What is worth keeping of all facts. An undeclared fact, such as a limit's count, has no default."""
        default, labels, writers = MISSING.get, _LABELS, _WRITERS
        told = [
            labels[name] + writers[type(value)](value)
            for name, value in o
            if (usual := default(name)) is not value and value != usual
        ]
        return "{" + ", ".join(told) + "}"


def told(kind: Kind, facts: Mapping[str, FactValue]) -> Iterable[tuple[str, FactValue]]:
    """The facts of such an event, as ``FactsEncoder`` takes them: all that can differ from their defaults."""
    lazily = getattr(facts, "told", None)
    return facts.items() if lazily is None else cast("Iterable[tuple[str, FactValue]]", lazily(_SILENT[kind]))


_SPOKEN = {
    Kind.LOGIN: "login",
    Kind.ORDER_CHANGE: "change",
    Kind.WITHDRAWAL: "withdrawal",
    Kind.PROFILE_CHANGE: "profile",
    Kind.REQUEST: "request",
}
"""The one group that tells of such an event alone. Lists are told by nobody: only the ruleset knows them."""

_SILENT = {
    kind: frozenset(
        name
        for name in MISSING
        if (group := name.partition(".")[0]) == "lists"
        or (group in _SPOKEN.values() and group != _SPOKEN.get(kind))
    )
    for kind in Kind
}


class _Labels(dict[str, str]):
    """A fact's name as it begins its entry."""

    def __missing__(self, name: str) -> str:
        label = json.dumps(name) + ": "
        if len(self) < _KEPT:
            self[name] = label
        return label


class _Writers(dict[type, Callable[[Any], str]]):
    """How a value is written, by its exact type."""

    def __missing__(self, _: type) -> Callable[[Any], str]:
        return _any


def _any(value: Any) -> str:
    return json.dumps(redact.tree(value, 1))


def _number(value: float) -> str:
    return repr(value) if isfinite(value) else _any(value)


_LABELS = _Labels()
_WRITERS = _Writers(
    {
        bool: ("false", "true").__getitem__,
        int: repr,
        float: _number,
        str: lru_cache(_KEPT)(_any),
    }
)
