"""The public RBA data set: proofs asked of customers at a promised share of attackers found, and recall at 1 %.

As its authors' study counts (Wiefling et al., TOPS 2022): a threshold finds so many of an attacker's tries; customers
are asked wherever their own sign-in scores as high. First sign-ins are not scored. Must not use ``Is Attack IP``.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from authshield.evaluate import job
from authshield.evaluate.attackers import KINDS, Attacked
from authshield.evaluate.curves import auc, median, share_from, threshold_for
from authshield.evaluate.detectors import TITLES, WITHOUT_MODELS, has_models, with_models
from authshield.evaluate.freeman import Freeman
from authshield.evaluate.seen import score_of
from authshield.evaluate.table import Table
from authshield.evaluate.words import number, percent
from authshield.judge import compile_ruleset
from authshield.replay.decided import Decided
from authshield.replay.reader import ReplayError
from authshield.vocabulary.event import Login
from authshield.vocabulary.ruleset import RulesetSource

FOUND = (0.98, 0.99, 0.995, 0.999)
FOUND_OF_REAL = (0.7816, 0.8276, 0.8966, 0.9425)
"""What so many of the set's 87 real takeovers are in the study: 68, 72, 78 and 82."""
REAL = "real takeover"
HISTORIES = (12, 20, 39)
_ONE_PERCENT = 0.01
_OURS, _THEIRS = "ours", "freeman"


@dataclass(slots=True)
class Tries:
    """Scores by detector: of customers' own sign-ins in order with their user, and of each attacker's tries."""

    users: array[int] = field(default_factory=lambda: array("i"))
    own: dict[str, array[float]] = field(default_factory=lambda: {_OURS: array("d"), _THEIRS: array("d")})
    attacks: dict[str, dict[str, array[float]]] = field(
        default_factory=lambda: {
            _OURS: defaultdict(lambda: array("d")),
            _THEIRS: defaultdict(lambda: array("d")),
        }
    )
    model: Freeman = field(default_factory=Freeman)
    _places: dict[str, int] = field(default_factory=dict)

    def add(self, decided: Decided) -> None:
        """Take a decision."""
        record, event = decided.record, decided.record.event
        if event.account is None or not isinstance(event.subject, Login):
            return
        attacker = record.campaign or (REAL if record.label == "fraud" else "")
        if not event.subject.succeeded and not attacker:
            return
        scores = {_OURS: score_of(decided), _THEIRS: self.model.log_odds(event)}
        if self.model.by_user[event.account]:
            self._scored(event.account, attacker, scores)
        elif not attacker:
            self._places.setdefault(event.account, len(self._places))
        if not attacker:
            self.model.learn_event(event)

    def _scored(self, account: str, attacker: str, scores: Mapping[str, float]) -> None:
        if not attacker:
            self.users.append(self._places[account])
        for key, score in scores.items():
            (self.attacks[key][attacker] if attacker else self.own[key]).append(score)


def evaluated(plan: job.Plan, source: RulesetSource, watcher_of: job.WatcherOf) -> dict[str, Any]:
    """Replay with attackers drawn from the set; returns the figures. Raises ``ReplayError``.

    Several files are taken for one set after the other: no customer's history spans them.
    """
    title = TITLES["login"] if has_models() else WITHOUT_MODELS
    ruleset = compile_ruleset(with_models(source, 1) if has_models() else source)
    attacked = replace(plan, lines_of=Attacked(plan.seed).lines)
    tries, rows = [], []
    for file in plan.files:
        own = Tries()
        job.replayed(attacked, file, ruleset, seen=own.add, watcher=watcher_of(f"{file.name}: {title}"))
        tries.append(own)
        counts = {kind: len(scores) for kind, scores in own.attacks[_OURS].items()}
        rows.append({"file": file.name, "sign_ins": len(own.users), **counts})
    if not any(own.users for own in tries):
        raise ReplayError("no customer signs in twice: there is nothing to score")
    return {
        "files": rows,
        "seed": plan.seed,
        "rba": [
            {"key": key, "title": title, **_of(tries, key)}
            for key, title in ((_THEIRS, TITLES["freeman"]), (_OURS, title))
        ],
    }


def _of(tries: Sequence[Tries], key: str) -> dict[str, Any]:
    own = sorted(score for one in tries for score in one.own[key])
    threshold = threshold_for(own, _ONE_PERCENT)
    found: dict[str, Any] = {"recall_at_1_percent": {}, "auc": {}, "re_authentications": {}}
    for kind in (*KINDS, REAL):
        scores = sorted(score for one in tries for score in one.attacks[key].get(kind, ()))
        if scores:
            found["recall_at_1_percent"][kind] = share_from(scores, threshold)
            found["auc"][kind] = auc(scores, own)
            found["re_authentications"][kind] = {
                f"{share:g}": _asked(tries, key, scores[len(scores) - ceil(share * len(scores) - 1e-9)])
                for share in (FOUND_OF_REAL if kind == REAL else FOUND)
            }
    return found


def _asked(tries: Sequence[Tries], key: str, threshold: float) -> dict[str, float | None]:
    """Median proofs among each customer's first so many sign-ins; the first of all is never asked."""
    counts: dict[int, list[float]] = {length: [] for length in HISTORIES}
    for one in tries:
        number_of: Counter[int] = Counter()
        asked: Counter[int] = Counter()
        for user, score in zip(one.users, one.own[key], strict=True):
            number_of[user] += 1
            asked[user] += score >= threshold
            if number_of[user] + 1 in counts:
                counts[number_of[user] + 1].append(asked[user])
    return {str(length): median(found) for length, found in counts.items()}


def tables(figures: Mapping[str, Any]) -> list[Table]:
    """The tables of the study, ours beside the public code."""
    detectors = figures["rba"]
    kinds = list(detectors[0]["recall_at_1_percent"])
    files = [
        (row["file"], number(row["sign_ins"]), *(number(row.get(kind, 0)) for kind in (*KINDS, REAL)))
        for row in figures["files"]
    ]
    recalls = [
        (one["title"], *(percent(one["recall_at_1_percent"][kind]) for kind in kinds)) for one in detectors
    ]
    areas = [(one["title"], *(number(one["auc"][kind], 3) for kind in kinds)) for one in detectors]
    asked = [
        (
            f"{kind}, {float(share) * 100:g} % found: {one['title']}",
            *(number(one["re_authentications"][kind][share][str(length)], 1) for length in HISTORIES),
        )
        for kind in kinds
        for share in detectors[0]["re_authentications"][kind]
        for one in detectors
    ]
    lengths = tuple(f"of {length} sign-ins" for length in HISTORIES)
    return [
        Table("What was replayed", ("file", "own sign-ins scored", *KINDS, REAL), tuple(files)),
        Table("Recall at 1 % of customers' sign-ins challenged", ("detector", *kinds), tuple(recalls)),
        Table("ROC area", ("detector", *kinds), tuple(areas)),
        Table("Median proofs asked of a customer", ("attackers found", *lengths), tuple(asked)),
    ]
