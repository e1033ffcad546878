"""The rules of a replay: from a file, a published version, the newest one, or the shipped ones.

Must not publish nor change any.
"""

from __future__ import annotations

import json
from pathlib import Path

from django.db import Error as DatabaseError

from authshield.errors import RuleError
from authshield.judge import Ruleset, compile_ruleset
from authshield.models import RulesetVersion
from authshield.replay.reader import ReplayError
from authshield.tune.transfer import default_source, source_from_json
from authshield.vocabulary.ruleset import State


def from_file(path: Path) -> Ruleset:
    """The rules of a JSON file. Raises ``ReplayError``, or ``RuleError`` with every problem."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReplayError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except ValueError as error:
        raise ReplayError(f"{str(path)!r} is not JSON: {error}") from error
    return compile_ruleset(source_from_json(data))


def published(number: int) -> Ruleset:
    """A published version. Raises ``ReplayError`` where there is none of that number. Cost: 1 query."""
    try:
        version = RulesetVersion.objects.filter(number=number).first()
        newest = RulesetVersion.objects.first() if version is None else None
    except DatabaseError as error:
        raise ReplayError(f"the database with the published rulesets cannot be read: {error}") from error
    if version is None:
        known = f"the newest is {newest.number}" if newest else "none was published yet"
        raise ReplayError(f"there is no ruleset version {number}: {known}")
    return compile_ruleset(source_from_json(version.snapshot))


def in_force() -> Ruleset:
    """The newest published version, the shipped rules where none was published. Cost: 1 query."""
    try:
        newest = RulesetVersion.objects.first()
    except DatabaseError:  # no database yet: a replay needs none
        newest = None
    return compile_ruleset(default_source() if newest is None else source_from_json(newest.snapshot))


def rule_ids(ruleset: Ruleset) -> list[str]:
    """Rules and limits by the ids that decisions name them by: those in shadow are marked."""
    source = ruleset.source
    states = [(rule.id, rule.state) for rule in source.rules] + [
        (limit.id, limit.state) for limit in source.limits
    ]
    return [
        f"shadow:{name}" if state is State.SHADOW else name
        for name, state in states
        if state is not State.OFF
    ]


def problems_of(error: RuleError) -> str:
    """All problems of a ruleset, a line each."""
    return "\n".join(["the rules cannot be used:", *(f"  {problem}" for problem in error.problems)])
