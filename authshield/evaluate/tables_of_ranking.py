"""The tables of what only ranks: sign-ins, sessions, value, customers, calibration. Must not compute figures."""

from __future__ import annotations

from authshield.evaluate.table import Body, Table, there
from authshield.evaluate.words import number, percent, with_interval


def sign_ins(evaluation: Body) -> Table:
    """Recall of the sign-in scores."""
    rows = []
    for detector in there(evaluation):
        found = detector["sign_in_recall"]["all"]
        rows.append(
            (
                detector["title"],
                number(found["sign_ins"]),
                *(with_interval(found[rate]) for rate in ("0.005", "0.01", "0.02")),
            )
        )
    head = ("detector", "fraudulent sign-ins", "recall at 0.5 %", "at 1 %", "at 2 %")
    return Table(
        "Fraudulent sign-ins found by the sign-in alone",
        head,
        tuple(rows),
        "At so many ordinary sign-ins challenged.",
    )


def sign_ins_by_type(evaluation: Body) -> Table:
    """The same by kind of attack."""
    lines = list(there(evaluation))
    kinds = list(lines[-1]["sign_in_recall"]["by_type"])
    rows = [
        (
            kind,
            number(lines[-1]["sign_in_recall"]["by_type"][kind]["sign_ins"]),
            *(percent(detector["sign_in_recall"]["by_type"][kind]["0.01"]["share"]) for detector in lines),
        )
        for kind in kinds
    ]
    return Table(
        "The same by kind of attack, at 1 %",
        ("attack", "sign-ins", *(detector["title"] for detector in lines)),
        tuple(rows),
    )


def sessions(evaluation: Body) -> Table:
    """Areas and precision over whole sessions."""
    rows = []
    for detector in there(evaluation):
        found = detector["sessions"]
        rows.append(
            (
                detector["title"],
                number(found["auc"], 4),
                _area(found["pr_auc"]),
                " of ".join(percent(found["precision_100_day"][key]) for key in ("share", "possible")),
                percent(found["april"]["precision_at_1_percent"]),
            )
        )
    head = (
        "detector",
        "ROC area",
        "PR area",
        "precision of 100 a day, of the possible",
        "precision at 1 %, April's base rate",
    )
    return Table("Whole sessions, ranked by their highest score", head, tuple(rows))


def _area(found: Body) -> str:
    interval = found["interval"]
    told = number(found["area"], 3)
    return f"{told} [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else told


def value_recall(evaluation: Body) -> Table:
    """Value in orders that rank over a threshold."""
    rows = []
    for detector in there(evaluation):
        found = detector["value_recall"]
        rows.append(
            (
                detector["title"],
                with_interval(found["orders"]),
                *(percent(found["sessions"][rate]["share"]) for rate in ("0.001", "0.003", "0.01", "0.02")),
            )
        )
    head = ("detector", "0.1 % of orders held", "0.1 % of sessions flagged", "0.3 %", "1 %", "2 %")
    return Table("Share of fraudulent value ranked over the threshold", head, tuple(rows))


def customers(evaluation: Body) -> Table:
    """Proofs asked of customers."""
    rows = []
    for detector in there(evaluation):
        found = detector["re_authentications"]
        cells = [
            f"{number(own['median'], 1)} / {number(own['ninth_decile'], 1)} ({number(own['customers'])})"
            for own in (found["12"], found["39"])
        ]
        rows.append((detector["title"], *cells))
    head = ("detector", "first 12 sign-ins", "first 39 sign-ins")
    return Table("Proofs asked of a customer: median / 9th decile (customers)", head, tuple(rows))


def groups(evaluation: Body) -> Table:
    """New accounts and mobile networks apart."""
    names = {
        "cold": "accounts with < 3 sign-ins",
        "not_cold": "other accounts",
        "mobile": "mobile networks",
        "not_mobile": "other networks",
    }
    rows = []
    for detector in there(evaluation):
        found = detector["groups"]
        for key, words in names.items():
            own = found[key]
            challenged, recalled = percent(own["legit_challenged"]), percent(own["recall"])
            counts = number(own["legit_sign_ins"]), number(own["fraud_sign_ins"])
            rows.append((f"{detector['title']}: {words}", counts[0], challenged, counts[1], recalled))
    head = ("who", "ordinary sign-ins", "challenged", "fraudulent", "recall")
    return Table("Apart: new accounts and mobile networks, at 1 % of all", head, tuple(rows))


def calibration(ours: Body) -> Table:
    """Whether risks are probabilities; empty where that cannot be told."""
    found = ours.get("calibration")
    if not found:
        return Table("", (), ())
    row = [
        number(found[name], 5) for name in ("ece", "brier", "log_loss", "miscalibration", "discrimination")
    ]
    head = ("detector", "base rate", "ECE", "Brier", "log-loss", "miscalibration", "discrimination")
    return Table(
        "Is the risk a probability?",
        head,
        ((ours["title"], percent(found["band"]), *row),),
        "Risk 100 is even odds at April's base rate, ten points a nat; here it is read at the files' own.",
    )
