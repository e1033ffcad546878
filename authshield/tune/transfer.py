"""Rulesets as JSON: what is stored with each version, exported, and read by a replay.

Must not say whether a ruleset can be published; that is ``compile_ruleset``'s part. Here only the form counts:
names, types and words, each problem with its path.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import Enum
from importlib.resources import files
from typing import Any

from authshield.errors import RuleError
from authshield.judge.evidence.weights import usable
from authshield.tune import policy
from authshield.tune.fields import (
    Reader,
    UnreadableError,
    flag,
    number,
    numbers,
    one_of,
    or_none,
    series,
    shown,
    some_of,
    text,
    texts,
    time,
    whole,
)
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.assurance import Assurance
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import (
    Dimension,
    Limit,
    ListEntry,
    Measure,
    Rule,
    RulesetSource,
    Scope,
    State,
    Threshold,
)

DEFAULT_NAME = "broker-default"


@dataclass(frozen=True)
class Part:
    """How one kind of object is written: the class, and a reader for each of its fields."""

    make: type[Any]
    readers: Mapping[str, Reader]

    @property
    def required(self) -> list[str]:
        """The fields without a default."""
        return [one.name for one in fields(self.make) if one.default is MISSING and one.name in self.readers]

    @property
    def defaults(self) -> dict[str, Any]:
        """The fields that may be left out, with what they are then."""
        return {one.name: one.default for one in fields(self.make) if one.default is not MISSING}


_KINDS = some_of({kind.value: kind for kind in Kind})
_ACTION = one_of({action.word: action for action in Action})
_STRENGTH = one_of({strength.word: strength for strength in Strength})
_SCOPE = one_of({scope.value: scope for scope in Scope})
_DIMENSION = one_of({dimension.value: dimension for dimension in Dimension})
_CONSEQUENCE: dict[str, Reader] = {
    "points": number,
    "action": _ACTION,
    "required": _STRENGTH,
    "code": text,
    "text": text,
    "state": one_of({state.value: state for state in State}),
}
_WHOLE: dict[str, Reader] = {
    "name": text,
    "version": whole,
    "parameters": numbers,
    "weights": series,
    "assurance": policy.read,
}
PARTS: dict[str, Part] = {
    "thresholds": Part(
        Threshold,
        {
            "kinds": _KINDS,
            "risk": number,
            "action": _ACTION,
            "required": _STRENGTH,
            "lenient": flag,
            "scope": _SCOPE,
        },
    ),
    "rules": Part(Rule, {"id": text, "kinds": _KINDS, "when": text, **_CONSEQUENCE}),
    "limits": Part(
        Limit,
        {
            "id": text,
            "kinds": _KINDS,
            "dimension": _DIMENSION,
            "also": or_none(_DIMENSION),
            "measure": one_of({measure.value: measure for measure in Measure}),
            "distinct_of": or_none(_DIMENSION),
            "scope": _SCOPE,
            "window_seconds": whole,
            "capacity": whole,
            "burst": whole,
            "refunds_success": flag,
            "frees_cancelled": flag,
            "exempt": texts,
            "grows_by": whole,
            "progressive": flag,
            **_CONSEQUENCE,
        },
    ),
    "lists": Part(ListEntry, {"name": text, "kind": text, "value": text, "expires_at": or_none(time)}),
}


def source_to_json(source: RulesetSource) -> dict[str, Any]:
    """A ruleset as plain data for ``json.dumps``. Fields at their default are left out."""
    written: dict[str, Any] = {
        "name": source.name,
        "version": source.version,
        "parameters": {name: _plain(value) for name, value in sorted(source.parameters.items())},
    }
    if source.weights:
        written["weights"] = {code: list(nats) for code, nats in sorted(source.weights.items())}
    if source.assurance != Assurance():
        written["assurance"] = policy.written(source.assurance)
    for name, part in PARTS.items():
        written[name] = [_row(one, part) for one in getattr(source, name)]
    return written


def source_from_json(data: Any) -> RulesetSource:
    """Read what ``source_to_json`` wrote, or a person. Raises ``RuleError`` with every problem and its path."""
    if not isinstance(data, Mapping):
        raise RuleError([f"a ruleset is a JSON object, this is {shown(data)}"])
    problems = _unknown(data, [*_WHOLE, *PARTS], "")
    head = _read(data, _WHOLE, ["name"], prefix="", wrong=problems)
    parts = {name: _rows(data.get(name, []), name, problems) for name in PARTS}
    if problems:
        raise RuleError(problems)
    return RulesetSource(**{"version": 0, **head, **parts})


def source_of_version(snapshot: Any, number: int) -> RulesetSource:
    """A stored version; weights that a newer release has no use for any more are left out. ``RuleError`` as above."""
    source = source_from_json(snapshot)
    return replace(source, version=number, weights=usable(source.weights))


def default_source() -> RulesetSource:
    """The ruleset that is shipped, as version 0."""
    path = files("authshield.tune").joinpath("rulesets", f"{DEFAULT_NAME}.json")
    return source_from_json(json.loads(path.read_text(encoding="utf-8")))


def _row(thing: Any, part: Part) -> dict[str, Any]:
    values = {name: getattr(thing, name) for name in part.readers}
    defaults = part.defaults
    return {name: _plain(v) for name, v in values.items() if name not in defaults or v != defaults[name]}


def _plain(value: Any) -> Any:
    if isinstance(value, Action | Strength):
        return value.word
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        return list(value)
    return value.value if isinstance(value, Enum) else value


def _rows(rows: Any, name: str, problems: list[str]) -> tuple[Any, ...]:
    if not isinstance(rows, list):
        problems.append(f"{name}: expected a list, this is {shown(rows)}")
        return ()
    found = []
    for index, row in enumerate(rows):
        wrong: list[str] = []
        thing = _one(row, PARTS[name], f"{name}[{index}]", wrong)
        found += [] if wrong else [thing]
        problems += wrong
    return tuple(found)


def _one(row: Any, part: Part, path: str, wrong: list[str]) -> Any:
    if not isinstance(row, Mapping):
        wrong.append(f"{path}: expected an object, this is {shown(row)}")
        return None
    label = row.get("id", row.get("name"))
    prefix = f"{path} {label}: " if isinstance(label, str) else f"{path}: "
    wrong += _unknown(row, list(part.readers), prefix)
    values = _read(row, part.readers, part.required, prefix=prefix, wrong=wrong)
    return None if wrong else part.make(**values)


def _unknown(row: Mapping[str, Any], known: list[str], prefix: str) -> list[str]:
    problems = []
    for name in row:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            problems.append(
                f'{prefix}unknown field "{name}"' + (f', did you mean "{near[0]}"?' if near else "")
            )
    return problems


def _read(
    row: Mapping[str, Any],
    readers: Mapping[str, Reader],
    required: list[str],
    *,
    prefix: str,
    wrong: list[str],
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in readers:
        if name in row:
            try:
                values[name] = readers[name](row[name])
            except UnreadableError as error:
                wrong.append(f"{prefix}{name}: {error}")
        elif name in required:
            wrong.append(f"{prefix}{name} is missing")
    return values
