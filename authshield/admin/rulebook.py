"""What is drafted and what is published, as the desk compares them. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from authshield.admin.changes import Change, compare
from authshield.admin.refusals import Problem, sentences
from authshield.errors import RuleError
from authshield.judge import compile_ruleset
from authshield.models import RulesetVersion
from authshield.tune import rulebook
from authshield.tune.lint import lint
from authshield.tune.transfer import source_from_json
from authshield.vocabulary.ruleset import RulesetSource

NOTHING = RulesetSource(version=0, name="")
Pending = tuple[int, list[Change], list[Problem]]


@dataclass(frozen=True, slots=True)
class Drafts:
    """All drafts together, the thing that a publication is about."""

    pending: Pending

    def __str__(self) -> str:
        """Which version they follow."""
        return f"#{self.pending[0] + 1}"


def source_of(version: RulesetVersion | None) -> RulesetSource:
    """A published version; nothing at all where there is none. Raises ``RuleError`` for a broken snapshot."""
    return NOTHING if version is None else replace(source_from_json(version.snapshot), version=version.number)


def pending() -> Pending:
    """The version in force, what publishing would change, and what keeps that from being told."""
    version = RulesetVersion.objects.order_by("-number").first()
    number = version.number if version else 0
    try:
        return number, compare(source_of(version), rulebook.draft_source()), []
    except RuleError as error:
        return number, [], list(sentences(error))


def check_drafts() -> tuple[dict[str, int], tuple[Problem, ...], list[str]]:
    """Compile all drafts together: how many there are, every problem, and what can be published and looks odd."""
    try:
        source = rulebook.draft_source()
        compile_ruleset(source)
    except RuleError as error:
        return {}, sentences(error), []
    return {"rules": len(source.rules), "limits": len(source.limits)}, (), lint(source)


def velocity_source() -> RulesetSource:
    """The drafted and the published limits together: what a condition may name as ``velocity.<id>``."""
    limits = {}
    for source in (_published_or_nothing(), _drafted_or_nothing()):
        limits.update({limit.id: limit for limit in source.limits})
    return replace(NOTHING, limits=tuple(limits.values()))


def _published_or_nothing() -> RulesetSource:
    try:
        return rulebook.published() or NOTHING
    except RuleError:
        return NOTHING


def _drafted_or_nothing() -> RulesetSource:
    try:
        return rulebook.draft_source()
    except RuleError:
        return NOTHING


def published_ids() -> list[str]:
    """The ids of the rules and limits in force."""
    source = _published_or_nothing()
    return sorted([*(rule.id for rule in source.rules), *(limit.id for limit in source.limits)])
