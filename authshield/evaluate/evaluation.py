"""All measures of all detectors as plain data, for the table, the page and ``--json`` (docs/evaluation.md).

Must not print nor draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from authshield.evaluate import bootstrap, calibration, frontier, money, ranking
from authshield.evaluate.curves import median, quantile
from authshield.evaluate.detection import Detection
from authshield.evaluate.detectors import OURS, Detector
from authshield.evaluate.money import Plain
from authshield.evaluate.pooled import Pool
from authshield.evaluate.seen import Seen
from authshield.replay.money import Base

SOON_MINUTES = 10.0
EARLY_ACCOUNTS = 4
Step = Callable[[str], object]


def measured(
    detectors: Sequence[Detector], seen: Mapping[str, Sequence[Seen]], base: Base, *, seed: int, step: Step
) -> dict[str, Any]:
    """The whole evaluation; ``step`` is told what is being measured."""
    found = []
    for detector in detectors:
        step(f"measuring: {detector.title}")
        body: dict[str, Any] = {"key": detector.key, "title": detector.title}
        if detector.missing:
            found.append({**body, "missing": detector.missing})
            continue
        pool = Pool(seen[detector.key])
        found.append({**body, "ranks_only": not pool.ends, **_of(pool, base.plain, seed)})
        if detector.key == OURS:
            found[-1]["calibration"] = _calibration(pool)
    ours = Pool(seen[OURS])
    return {
        "files": _files(ours, base.plain),
        "currency": base.currency,
        "seed": seed,
        "resamples": bootstrap.RESAMPLES,
        "detectors": found,
    }


def _of(pool: Pool, plain: Plain, seed: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "sign_in_recall": ranking.recall(pool, seed),
        "sessions": ranking.whole_sessions(pool, seed),
        "value_recall": money.recall(pool, seed),
        "value_curve": money.recall_curve(pool),
        "re_authentications": ranking.re_authentications(pool),
        "groups": ranking.groups(pool),
    }
    if pool.ends:
        body |= {
            "value": money.outcome(pool, plain, seed),
            "friction": money.friction(pool, seed),
            "frontier": frontier.frontier(pool),
            "detection": _detection(pool, plain, seed),
            "cases": {
                name: sum(ends.cases[name] for ends in pool.ends)
                for name in ("opened", "campaigns", "false_campaigns")
            },
        }
    return body


def _files(pool: Pool, plain: Plain) -> list[dict[str, Any]]:
    rows = []
    for number, name in enumerate(pool.files):
        fraud = [one for one in pool.fraud_money if one.file == number]
        rows.append(
            {
                "file": name,
                "legit_sessions": sum(one.file == number for one in pool.legit),
                "fraud_sessions": sum(one.file == number for one in pool.fraud),
                "attacks": len({one.cluster for one in pool.fraud if one.file == number}),
                "fraud_value": plain(sum(one.minor for one in fraud)),
            }
        )
    return rows


def _detection(pool: Pool, plain: Plain, seed: int) -> dict[str, Any]:
    found: dict[str, Detection] = {}
    for name, ends in zip(pool.files, pool.ends, strict=True):
        found |= {f"{name}: {campaign}": one for campaign, one in ends.detections.by_name().items()}
    minutes = [one.minutes for one in found.values() if one.minutes is not None]
    soon = [one.minutes is not None and one.minutes <= SOON_MINUTES for one in found.values()]
    early = [one.minutes is not None and one.accounts_before < EARLY_ACCOUNTS for one in found.values()]
    ones = [1.0] * len(found)
    intervals = bootstrap.of_shares([soon, early], [ones, ones], seed) if found else [None, None]
    return {
        "campaigns": len(found),
        "never": len(found) - len(minutes),
        "minutes_median": median(minutes),
        "minutes_ninth_decile": quantile(minutes, 0.9),
        "accounts_before_median": median([float(one.accounts_before) for one in found.values()]),
        "within_10_minutes": {"share": _mean(soon), "interval": intervals[0]},
        "by_the_4th_account": {"share": _mean(early), "interval": intervals[1]},
        "by_campaign": {
            name: {
                "minutes": one.minutes,
                "accounts_before": one.accounts_before,
                "value_before": plain(one.value_before_minor),
            }
            for name, one in sorted(found.items())
        },
    }


def _calibration(pool: Pool) -> dict[str, float] | None:
    positives, negatives = [one.top for one in pool.fraud], pool.legit_tops
    if not positives or not negatives:
        return None
    base_rate = len(positives) / (len(positives) + len(negatives))
    chances = [calibration.probability(points, base_rate) for points in (*positives, *negatives)]
    truths = [True] * len(positives) + [False] * len(negatives)
    found = calibration.calibration(chances, truths)
    return asdict(found) if found else None


def _mean(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None
