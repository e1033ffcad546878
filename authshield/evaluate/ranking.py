"""How well scores rank: recall at a promised challenge rate, precision, ROC, and how often customers are asked.

A rate is the share of ordinary sign-ins that would be challenged; ties are never broken in a detector's favour. Must
not look at what was really done, but for the proofs that were asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import inf
from typing import Any

from authshield.evaluate import bootstrap
from authshield.evaluate.calibration import APRIL
from authshield.evaluate.curves import (
    auc,
    average_precision,
    median,
    quantile,
    roc,
    share_from,
    threshold_for,
)
from authshield.evaluate.facts import Mark
from authshield.evaluate.pooled import Pool, Session
from authshield.evaluate.seen import End

RATES = (0.005, 0.01, 0.02)
HISTORIES = (12, 39)
A_DAY = 100
_ONE_PERCENT = 0.01
_STEP = 1 / 200
_RESAMPLES_OF_AREAS = 400


def recall(pool: Pool, seed: int) -> dict[str, Any]:
    """Recall of fraudulent sign-ins at each rate, by kind of attack and over all, with intervals over attacks."""
    thresholds = {rate: threshold_for(pool.legit_sign_ins, rate) for rate in RATES}
    by_type: dict[str, list[Session]] = defaultdict(list)
    for session in pool.fraud_sign_ins:
        by_type[session.attack].append(session)
    return {
        "thresholds": {f"{rate:g}": _finite(threshold) for rate, threshold in thresholds.items()},
        "all": _recalls(pool.fraud_sign_ins, thresholds, seed),
        "by_type": {name: _recalls(by_type[name], thresholds, seed) for name in sorted(by_type)},
    }


def _recalls(sessions: Sequence[Session], thresholds: dict[float, float], seed: int) -> dict[str, Any]:
    clusters = sorted({session.cluster for session in sessions})
    place = {cluster: number for number, cluster in enumerate(clusters)}
    whole = [0] * len(clusters)
    parts = [[0] * len(clusters) for _ in thresholds]
    for session in sessions:
        whole[place[session.cluster]] += 1
        for part, threshold in zip(parts, thresholds.values(), strict=True):
            part[place[session.cluster]] += session.sign_in >= threshold
    intervals = bootstrap.of_shares(parts, [whole] * len(parts), seed)
    return {
        "sign_ins": len(sessions),
        "attacks": len(clusters),
        **{
            f"{rate:g}": {"share": _share(sum(part), len(sessions)), "interval": found}
            for rate, part, found in zip(thresholds, parts, intervals, strict=True)
        },
    }


def whole_sessions(pool: Pool, seed: int) -> dict[str, Any]:
    """How sessions rank by their highest score: areas, precision of the desk's first hundred a day, ROC."""
    positives, negatives = [one.top for one in pool.fraud], pool.legit_tops
    found, possible = _first_of_each_day(pool)
    recalled = share_from(sorted(positives), threshold_for(negatives, _ONE_PERCENT)) if negatives else None
    return {
        "auc": auc(positives, negatives),
        "pr_auc": {
            "area": average_precision(positives, negatives),
            "interval": _precision_interval(pool.fraud, negatives, seed),
            "base_rate": _share(len(positives), len(positives) + len(negatives)),
        },
        "precision_100_day": {"share": found, "possible": possible},
        "april": {"base_rate": APRIL, "precision_at_1_percent": _precision_in_april(recalled)},
        "roc": _thinned(roc(positives, negatives)),
    }


def re_authentications(pool: Pool) -> dict[str, Any]:
    """Proofs asked of each customer in their first sign-ins after the warm-up: the median, as TOPS counts.

    A detector that only ranks asks where it would with 1 % of ordinary sign-ins challenged.
    """
    threshold = inf if pool.ends else threshold_for(pool.legit_sign_ins, _ONE_PERCENT)
    asked: dict[tuple[int, int], list[bool]] = defaultdict(list)
    for one in pool.legit:
        if one.sign_in > -inf:
            asked[one.file, one.account].append(
                bool(one.end & End.ASKED_AT_SIGN_IN) or one.sign_in >= threshold
            )
    found = {}
    for length in HISTORIES:
        counts = [sum(proofs[:length]) for proofs in asked.values() if len(proofs) >= length]
        found[str(length)] = {
            "customers": len(counts),
            "median": median(counts),
            "ninth_decile": quantile(counts, 0.9),
        }
    return found


def groups(pool: Pool) -> dict[str, Any]:
    """Cold accounts and mobile networks apart: who is challenged and who is caught at the 1 % of all."""
    threshold = threshold_for(pool.legit_sign_ins, _ONE_PERCENT)
    found = {}
    for name, chosen in (("cold", Mark.COLD), ("mobile", Mark.MOBILE)):
        for other in (False, True):
            legit = [one for one in pool.legit if bool(one.mark & chosen) is not other and one.sign_in > -inf]
            fraud = [one for one in pool.fraud_sign_ins if bool(one.mark & chosen) is not other]
            found[f"not_{name}" if other else name] = {
                "legit_sign_ins": len(legit),
                "legit_challenged": _share(sum(one.sign_in >= threshold for one in legit), len(legit)),
                "fraud_sign_ins": len(fraud),
                "recall": _share(sum(one.sign_in >= threshold for one in fraud), len(fraud)),
            }
    return found


def _precision_interval(
    fraud: Sequence[Session], negatives: Sequence[float], seed: int
) -> bootstrap.Interval | None:
    tops = [one.top for one in fraud]

    def area(counts: dict[object, int]) -> float | None:
        return average_precision(tops, negatives, [counts.get(one.cluster, 0) for one in fraud])

    clusters = sorted({one.cluster for one in fraud})
    return bootstrap.of_statistic(clusters, area, seed, _RESAMPLES_OF_AREAS)


def _first_of_each_day(pool: Pool) -> tuple[float | None, float | None]:
    """Precision among each day's hundred highest sessions, and the most that anybody could reach."""
    days: dict[tuple[int, int], list[tuple[float, bool]]] = defaultdict(list)
    for fraud, sessions in ((False, pool.legit), (True, pool.fraud)):
        for one in sessions:
            days[one.file, one.day].append((-one.top, fraud))
    looked = found = possible = 0
    for ranked in days.values():
        first = sorted(ranked)[:A_DAY]
        looked += len(first)
        found += sum(fraud for _, fraud in first)
        possible += min(A_DAY, sum(fraud for _, fraud in ranked))
    return _share(found, looked), _share(possible, looked)


def _precision_in_april(recalled: float | None) -> float | None:
    if recalled is None:
        return None
    true, false = recalled * APRIL, _ONE_PERCENT * (1 - APRIL)
    return true / (true + false)


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that a picture can show apart; the ends are kept."""
    kept = list(points[:1])
    for false, true in points[1:-1]:
        if true - kept[-1][1] >= _STEP or false - kept[-1][0] >= _STEP * false:
            kept.append((false, true))
    return kept + list(points[1:][-1:])


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _finite(value: float) -> float | None:
    return value if -inf < value < inf else None
