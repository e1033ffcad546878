"""Finds everything that is wrong with a ruleset, all at once, each with its path.

Must not judge whether a rule is wise; ``tune.lint`` warns of that.
"""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from authshield.judge.cel import language_of, velocity_name
from authshield.judge.evidence.weights import faults
from authshield.judge.limits import faults_of
from authshield.judge.lists import canonical
from authshield.judge.parameters import PARAMETERS, parameter
from authshield.judge.profiles import PROFILES, weaker
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.assurance import BOUND_ACTS, OWN
from authshield.vocabulary.event import HOLDABLE, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authshield.vocabulary.assurance import Assurance, Exemption, Requirement
    from authshield.vocabulary.ruleset import Limit, ListEntry, Rule, RulesetSource, Threshold

MAX_POINTS = 1_000
MAX_RISK = 100
IDENTIFIER = re.compile(r"[a-z][a-z0-9_-]{1,49}")
CODE = re.compile(r"[a-z0-9_-]{0,50}")
MAX_SECONDS = 366 * 86_400
UNSTOPPABLE = frozenset({Kind.FILL, Kind.LOGOUT})


def problems_of(source: RulesetSource) -> list[str]:
    """Every reason why this ruleset cannot be published, as "path: what"."""
    return [
        *_identifiers(source),
        *_rules(source),
        *(
            f"limits[{i}] {limit.id}: {what}"
            for i, limit in enumerate(source.limits)
            for what in _limit(limit)
        ),
        *(
            f"thresholds[{i}]: {what}"
            for i, threshold in enumerate(source.thresholds)
            for what in _threshold(threshold)
        ),
        *(
            f"lists[{i}] {entry.name}: {what}"
            for i, entry in enumerate(source.lists)
            for what in _entry(entry)
        ),
        *_parameters(source),
        *(f"weights.{code}: {what}" for code, what in faults(source.weights)),
        *(f"assurance.{what}" for what in assurance_problems(source.assurance)),
    ]


def _identifiers(source: RulesetSource) -> Iterator[str]:
    first: dict[str, str] = {}
    fields: dict[str, str] = {}
    named = [(f"rules[{i}]", rule.id) for i, rule in enumerate(source.rules)]
    named += [(f"limits[{i}]", limit.id) for i, limit in enumerate(source.limits)]
    for path, identifier in named:
        if not IDENTIFIER.fullmatch(identifier):
            yield f'{path} {identifier}: an id has 2 to 50 small letters, digits, "-" and "_", a letter first'
        if first.setdefault(identifier, path) != path:
            yield f"{path} {identifier}: the id is already used by {first[identifier]}"
    for i, limit in enumerate(source.limits):
        other = fields.setdefault(velocity_name(limit.id), limit.id)
        if other != limit.id:
            yield f'limits[{i}] {limit.id}: shares the field {velocity_name(limit.id)} with "{other}"; rename one'


def _rules(source: RulesetSource) -> Iterator[str]:
    language = language_of(source)
    for i, rule in enumerate(source.rules):
        path = f"rules[{i}] {rule.id}"
        for problem in language.diagnose(rule.when):
            yield f"{path}: {problem}"
        for what in _consequence(rule):
            yield f"{path}: {what}"


def _consequence(thing: Rule | Limit) -> Iterator[str]:
    if not (math.isfinite(thing.points) and 0 <= thing.points <= MAX_POINTS):
        yield f"points are {thing.points:g}, allowed are 0 to {MAX_POINTS}: no finding may lower a risk"
    if not CODE.fullmatch(thing.code):
        yield f'code "{thing.code}": at most 50 small letters, digits, "-" and "_"'
    yield from _stop(thing)


def _stop(thing: Rule | Limit | Threshold) -> Iterator[str]:
    """What an action may be on these kinds of event."""
    if not thing.kinds:
        yield "names no kind of event, so that it would never count"
    unholdable = ", ".join(sorted(thing.kinds - HOLDABLE))
    if thing.action == Action.HOLD and unholdable:
        yield f"hold is not possible for {unholdable}; use challenge or deny there"
    done = ", ".join(sorted(thing.kinds & UNSTOPPABLE))
    if thing.action > Action.ALLOW and done:
        yield f"{done} cannot be stopped; leave the action at allow there"
    if thing.required > Strength.NONE and thing.action != Action.CHALLENGE:
        yield f"required strength {thing.required.word} makes sense with challenge only, not with {thing.action.word}"


def _limit(limit: Limit) -> Iterator[str]:
    yield from _consequence(limit)
    yield from map(str, faults_of(limit))


def _threshold(threshold: Threshold) -> Iterator[str]:
    if not 0 <= threshold.risk <= MAX_RISK:
        yield f"risk is {threshold.risk:g}, allowed are 0 to {MAX_RISK}"
    if threshold.action == Action.ALLOW:
        yield "a threshold needs an action: challenge, hold or deny"
    if threshold.lenient and threshold.required < Strength.OTP:
        yield "a lenient threshold is a challenge that names what it asks for at most: otp, phishing_resistant or oob"
    yield from _stop(threshold)


def _entry(entry: ListEntry) -> Iterator[str]:
    if not IDENTIFIER.fullmatch(entry.name):
        yield 'a list\'s name has 2 to 50 small letters, digits, "-" and "_", a letter first'
    try:
        canonical(entry.kind, entry.value)
    except ValueError as error:
        yield str(error)
    if entry.expires_at is not None and entry.expires_at.tzinfo is None:
        yield "expires_at has no time zone; write it in UTC, ending in Z"


def _parameters(source: RulesetSource) -> Iterator[str]:
    for name, value in source.parameters.items():
        known = parameter(name)
        if known is None:
            near = get_close_matches(name, [one.name for one in PARAMETERS], n=1)
            yield f"parameters.{name}: unknown" + (f', did you mean "{near[0]}"?' if near else "")
        elif not known.least <= value <= known.most:
            yield f"parameters.{name}: is {value:g}, allowed are {known.least:g} to {known.most:g}"


def assurance_problems(policy: Assurance) -> list[str]:
    """Every reason why this policy cannot be published, as "path: what"."""
    return [f"{path}: {what}" for path, what in _assurance(policy)]


def _assurance(policy: Assurance) -> Iterator[tuple[str, str]]:
    """A policy that bears a profile's name may be stricter than it, never weaker: nothing is softened in silence."""
    if policy.profile not in {"", OWN, *PROFILES}:
        yield "profile", f'"{policy.profile}" is none; there are {", ".join([*PROFILES, OWN])}'
    if not 0 < policy.cooldown_share <= 1:
        yield "cooldown_share", f"is {policy.cooldown_share:g}, allowed is a share above 0 up to 1"
    for name, seconds in policy.lifetimes:
        if not 0 <= seconds <= MAX_SECONDS:
            yield f"lifetimes.{name}", f"is {seconds}, allowed are 0 to {MAX_SECONDS} seconds"
    for one in policy.requirements:
        yield from ((f"requirements.{one.act}", what) for what in _requirement(one, policy))
    for i, exemption in enumerate(policy.exemptions):
        yield from ((f"exemptions[{i}] {exemption.account}", what) for what in _exemption(exemption))
    yield from weaker(policy)


def _exemption(one: Exemption) -> Iterator[str]:
    if not (one.account and one.reason.strip() and one.author and one.approver):
        yield "names no account, no reason, no author or no approver"
    if one.author == one.approver:
        yield f"{one.author} cannot approve what {one.author} asked for"


def _requirement(one: Requirement, policy: Assurance) -> Iterator[str]:
    if not (0 <= one.max_age_seconds <= MAX_SECONDS and 0 <= one.cooldown_seconds <= MAX_SECONDS):
        yield f"seconds are 0 to {MAX_SECONDS}"
    if one.device_bound and one.act not in BOUND_ACTS:
        yield "device_bound is for what is proved act by act; a page is proved by the session"
    if one.device_bound and one.required < Strength.PHISHING_RESISTANT:
        yield "device_bound says which passkey counts: it needs required = phishing_resistant"
    if one.interim is not None and policy.interim_until is None:
        yield "an interim needs the date on which it ends: set interim_until"
    if one.interim is not None and one.interim > one.required:
        yield "the interim asks for more than what comes after it"
