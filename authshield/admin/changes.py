"""What differs between two rulesets, field by field. Pure; must not ask the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _

from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.ruleset import RulesetSource, Scope


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``field`` is empty where the whole thing is new or gone."""

    part: str
    identifier: str
    field: str
    before: str
    after: str


def compare(old: RulesetSource, new: RulesetSource) -> list[Change]:
    """All differences, in the order rules, limits, thresholds, parameters, weights, policy, lists."""
    parts = (
        (_("rule"), _by_id(old.rules), _by_id(new.rules)),
        (_("limit"), _by_id(old.limits), _by_id(new.limits)),
        (_("threshold"), _thresholds(old), _thresholds(new)),
        (_("parameter"), dict(old.parameters), dict(new.parameters)),
        (_("weight"), dict(old.weights), dict(new.weights)),
        (_("policy"), _policy(old), _policy(new)),
        (_("list"), _lists(old), _lists(new)),
    )
    return [change for name, before, after in parts for change in _differences(name, before, after)]


def touched(changes: list[Change]) -> dict[str, list[Change]]:
    """The changes of each rule or limit by its id."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.identifier, []).append(change)
    return found


def _differences(part: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Change(part, name, "", "", words(new[name]))
        elif name not in new:
            yield Change(part, name, "", words(old[name]), "")
        elif old[name] != new[name]:
            yield from _fields(part, name, old[name], new[name])


def _fields(part: str, name: str, old: Any, new: Any) -> Iterator[Change]:
    if not hasattr(old, "__dataclass_fields__"):
        yield Change(part, name, "", words(old), words(new))
        return
    for field in fields(old):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before != after:
            yield Change(part, name, field.name, words(before), words(after))


def words(value: Any) -> str:
    """A value of a ruleset on one line."""
    if isinstance(value, (Action, Strength)):
        return value.word
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, frozenset):
        return ", ".join(sorted(words(item) for item in value))
    if isinstance(value, tuple):
        return ", ".join(words(item) for item in value)
    if hasattr(value, "__dataclass_fields__"):
        told = ((field.name, getattr(value, field.name), field.default) for field in fields(value))
        return ", ".join(
            f"{name} {words(item)}"
            for name, item, default in told
            if name != "id" and item not in (None, "", default)
        )
    return str(value)


def _by_id(things: Any) -> dict[str, Any]:
    return {thing.id: thing for thing in things}


def _thresholds(source: RulesetSource) -> dict[str, Any]:
    return {
        f"{words(one.kinds)} → {one.action.word}"
        + ("" if one.scope is Scope.ANY else f" ({one.scope.value})"): one
        for one in source.thresholds
    }


def _policy(source: RulesetSource) -> dict[str, Any]:
    """The assurance policy: a row for each act, one for all else, one for each exemption."""
    whole = source.assurance
    head = {
        "profile": whole.profile,
        "interim_until": whole.interim_until,
        "cooldown_share": whole.cooldown_share,
    }
    told = {name: value for name, value in head.items() if value not in {None, ""}} if whole.profile else {}
    exempt = {f"exempt {one.account} {one.act}": one for one in whole.exemptions}
    times = {name: seconds for name, seconds in whole.lifetimes if seconds}
    return told | times | {str(one.act): one for one in whole.requirements} | exempt


def _lists(source: RulesetSource) -> dict[str, Any]:
    return {f"{one.name} {one.kind} {one.value}": one for one in source.lists}
