"""Warnings about rules that can be published and hardly mean what was meant. Must not refuse anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from authshield.judge.cel import language_of
from authshield.judge.scan import tokens, used_names
from authshield.tune.lint_limits import lint_limits
from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authshield.vocabulary.ruleset import Rule, RulesetSource

# Facts that only these kinds of event have; elsewhere they are at their value when missing.
_KINDS_OF = {
    "login": frozenset({Kind.LOGIN}),
    "order": frozenset({Kind.ORDER, Kind.ORDER_CHANGE}),
    "change": frozenset({Kind.ORDER_CHANGE}),
    "withdrawal": frozenset({Kind.WITHDRAWAL}),
    "profile": frozenset({Kind.PROFILE_CHANGE}),
    "request": frozenset({Kind.REQUEST}),
}
_KIND = re.compile(r'event\.kind\s*==\s*["\'](\w*)["\']')


def lint(source: RulesetSource) -> list[str]:
    """Warnings as "path: what", for the desk to read before it publishes."""
    warnings = []
    seen: dict[tuple[str, ...], str] = {}
    for i, rule in enumerate(source.rules):
        path = f"rules[{i}] {rule.id}"
        words = tuple(token.text for token in tokens(rule.when))
        twin = seen.setdefault((*words, *sorted(rule.kinds)), path)
        if twin != path:
            warnings.append(f"{path}: the same condition as {twin}; its points add up")
        warnings += [f"{path}: {what}" for what in _rule(rule, words, source)]
    return warnings + lint_limits(source)


def _rule(rule: Rule, words: tuple[str, ...], source: RulesetSource) -> Iterator[str]:
    if rule.state == State.OFF:
        yield "is off"
    if words == ("false",):
        yield "never fires"
    if words == ("true",) and rule.action > Action.CHALLENGE:
        yield f"is always true: every {', '.join(sorted(rule.kinds))} gets {rule.action.word}"
    if not rule.points and rule.action == Action.ALLOW:
        yield "has neither points nor an action: it is only recorded"
    yield from _kinds(rule, source)


def _kinds(rule: Rule, source: RulesetSource) -> Iterator[str]:
    """Conditions that these kinds of event never meet."""
    named = {name.partition(".")[0] for name in used_names(rule.when, language_of(source).types)}
    for group, kinds in _KINDS_OF.items():
        if group in named and not kinds & rule.kinds:
            yield f"asks for {group}.…, which {', '.join(sorted(rule.kinds))} never has"
    for kind in _KIND.findall(rule.when):
        if kind not in rule.kinds:
            yield f'compares event.kind with "{kind}", which is not among its kinds'
