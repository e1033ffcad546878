"""A ruleset as it is judged by: compiled, immutable. Must not compile anything; that is ``compiler``'s part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authshield.judge.generate import UNANSWERED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authshield.judge.assurance import Policy
    from authshield.judge.batches import Batches
    from authshield.judge.evidence.weigh import Scales
    from authshield.judge.generate import Answer
    from authshield.judge.lists import Lists
    from authshield.vocabulary.decision import Finding
    from authshield.vocabulary.event import Kind
    from authshield.vocabulary.features import FactValue
    from authshield.vocabulary.ruleset import Limit, Rule, RulesetSource, Threshold


@dataclass(frozen=True, slots=True)
class Program:
    """The rules of one kind of event, by id: those that one Python function answers, and the engine's."""

    rules: tuple[Rule, ...]
    answer: Answer
    quick: tuple[Rule, ...]
    rest: Batches
    whole: Batches
    names: frozenset[str]
    listed: tuple[str, ...]

    def run(
        self, facts: Mapping[str, FactValue], listed: Mapping[str, FactValue]
    ) -> tuple[list[Rule], list[Rule]]:
        """The rules that match, and those that failed, by id. ``listed`` are the facts of the lists.

        Where a fact is absent or odd, all rules are asked of the engine: it says which of them fail.
        """
        try:
            found = self.answer(facts, listed)
        except UNANSWERED:
            return self.whole.run(facts, listed)
        matched = [self.quick[number] for number in sorted(found)] if found else []
        if not self.rest.rules:
            return matched, []
        others, failed = self.rest.run(facts, listed)
        return sorted(matched + others, key=lambda rule: rule.id), failed


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A published version, compiled. Immutable; shared by threads, replays and live requests alike.

    ``scales`` weigh the signs of an event; kinds of event without one are not in it. ``told`` is what each rule
    has found where it matches, by id. ``assured`` is the
    assurance policy by kind of event. ``needed`` names, by kind of event, every fact that a verdict on it and its
    lesson may read.
    """

    source: RulesetSource
    lists: Lists
    limits: Mapping[str, Limit]
    programs: Mapping[Kind, Program]
    outage_programs: Mapping[Kind, Program]
    limits_by_kind: Mapping[Kind, tuple[Limit, ...]]
    thresholds_by_kind: Mapping[Kind, tuple[Threshold, ...]]
    needed: Mapping[Kind, frozenset[str]]
    scales: Mapping[Kind, Scales]
    told: Mapping[str, Finding]
    assured: Mapping[Kind, Policy]

    @property
    def version(self) -> int:
        """Number of the published version, 0 where it was never published."""
        return self.source.version

    def limits_for(self, kind: Kind) -> tuple[Limit, ...]:
        """The limits that count events of this kind, on or in shadow, in the order of the source."""
        return self.limits_by_kind[kind]
