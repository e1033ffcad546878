"""The assurance policy as JSON: the profile's name, and whatever differs from that profile.

So one line chooses a profile, and a stored version tells at a glance what the broker made of it. Only the form
counts here; whether a policy can be published is for ``judge.validate``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from authshield.judge.profiles import PROFILES, named
from authshield.tune.fields import (
    Reader,
    UnreadableError,
    flag,
    number,
    one_of,
    or_none,
    shown,
    text,
    time,
    whole,
)
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.assurance import OWN, Act, Assurance, Exemption, Lifetimes, Requirement

_STRENGTH = one_of({strength.word: strength for strength in Strength})
_ACT = one_of({act.value: act for act in Act})
_REQUIREMENT: Mapping[str, Reader] = {
    "act": _ACT,
    "required": _STRENGTH,
    "interim": or_none(_STRENGTH),
    "at_most": _STRENGTH,
    "max_age_seconds": whole,
    "cooldown_seconds": whole,
    "known_device": flag,
    "device_bound": flag,
}
_EXEMPTION: Mapping[str, Reader] = {
    "account": text,
    "act": _ACT,
    "reason": text,
    "author": text,
    "approver": text,
    "until": time,
}
_LIFETIMES: Mapping[str, Reader] = {one.name: whole for one in fields(Lifetimes)}
_WHOLE = frozenset({"profile", "interim_until", "requirements", "lifetimes", "cooldown_share", "exemptions"})


def read(value: Any) -> Assurance:
    """Read what ``written`` wrote, or a person. Raises ``UnreadableError`` at the first thing that is wrong."""
    _known(value, _WHOLE, "assurance")
    profile = one_of({name: name for name in (*PROFILES, OWN)})(value.get("profile"))
    base = named(profile)
    rows = {one.act: one for one in base.requirements}
    for row in _rows(value, "requirements"):
        act = _ACT(row.get("act"))
        rows[act] = replace(rows.get(act, Requirement(act)), **_values(row, _REQUIREMENT, "requirements"))
    lifetimes = replace(base.lifetimes, **_values(value.get("lifetimes", {}), _LIFETIMES, "lifetimes"))
    exemptions = tuple(_exemption(row) for row in _rows(value, "exemptions"))
    return Assurance(
        profile=profile,
        interim_until=or_none(time)(value["interim_until"])
        if "interim_until" in value
        else base.interim_until,
        requirements=tuple(rows.values()),
        lifetimes=lifetimes,
        cooldown_share=number(value.get("cooldown_share", base.cooldown_share)),
        exemptions=exemptions,
    )


def written(policy: Assurance) -> dict[str, Any]:
    """A policy as plain data for ``json.dumps``; what its profile says anyhow is left out."""
    base = named(policy.profile) if policy.profile in {*PROFILES, OWN} else Assurance()
    found: dict[str, Any] = {"profile": policy.profile or OWN}
    if policy.interim_until != base.interim_until:
        found["interim_until"] = _stamp(policy.interim_until)
    rows = [row for one in policy.requirements if len(row := dict(_differing(one, base.of(one.act)))) > 1]
    lifetimes = {name: own for name, own in policy.lifetimes if own != getattr(base.lifetimes, name)}
    if rows:
        found["requirements"] = rows
    if lifetimes:
        found["lifetimes"] = lifetimes
    if policy.cooldown_share != base.cooldown_share:
        found["cooldown_share"] = policy.cooldown_share
    if policy.exemptions:
        found["exemptions"] = [
            {name: _plain(getattr(one, name)) for name in _EXEMPTION} for one in policy.exemptions
        ]
    return found


def _differing(one: Requirement, base: Requirement) -> Iterator[tuple[str, Any]]:
    yield "act", one.act.value
    for name in _REQUIREMENT:
        if getattr(one, name) != getattr(base, name):
            yield name, _plain(getattr(one, name))


def _exemption(row: Mapping[str, Any]) -> Exemption:
    missing = sorted(_EXEMPTION.keys() - row.keys())
    if missing:
        raise UnreadableError(f"exemptions: {', '.join(missing)} missing")
    return Exemption(**_values(row, _EXEMPTION, "exemptions"))


def _rows(value: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = value.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise UnreadableError(f"{name}: expected a list of objects, this is {shown(rows)}")
    return rows


def _values(row: Any, readers: Mapping[str, Reader], where: str) -> dict[str, Any]:
    _known(row, readers.keys(), where)
    found = {}
    for name, value in row.items():
        try:
            found[name] = readers[name](value)
        except UnreadableError as error:
            raise UnreadableError(f"{where}.{name}: {error}") from error
    return found


def _known(row: Any, names: Any, where: str) -> None:
    if not isinstance(row, Mapping):
        raise UnreadableError(f"{where}: expected an object, this is {shown(row)}")
    unknown = sorted(str(name) for name in row if name not in names)
    if unknown:
        raise UnreadableError(
            f"{where}: unknown field {', '.join(unknown)}; known are {', '.join(sorted(names))}"
        )


def _plain(value: Any) -> Any:
    if isinstance(value, Strength):
        return value.word
    return _stamp(value) if isinstance(value, datetime) else value


def _stamp(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at is not None else None
