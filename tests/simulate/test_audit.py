"""Nothing but what thieves do tells them from customers: no field gives them away for how the file was made.

A victim's first fraudulent sign-in is compared with customers' sign-ins of the same days by what should say nothing:
how many others have its carrier, block, browser and screen, how long the account's history is, the hour, and the time
since the last sign-in. Accounts are weighed as thieves choose them: each alike, however often it comes.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from tests.simulate.made import START, Event, Made, made, seconds

FIELDS = ("carrier", "agent", "screen", "block", "history", "hour", "gap")
ACCOUNTS, DAYS, HIJACKED, SEEDS = 1000, 20, 0.15, (4, 5)
CONTROLS = 5  # customers' sign-ins for each of a thief's
CONDITIONS: dict[str, Callable[[SignIn], bool]] = {
    "any": lambda _: True,
    "new block": lambda sign_in: sign_in.new_block,
    "new device": lambda sign_in: sign_in.new_device,
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """One that succeeded, by what should say nothing; ``rate`` is how often its customer comes in a month."""

    day: int
    rate: float
    fraud: bool
    new_block: bool
    new_device: bool
    fields: tuple[float, ...]


def block_of(event: Event) -> str:
    """The /24 or /64 that an event comes from."""
    address = str(event["ip"])
    return address.rsplit(".", 1)[0] if "." in address else ":".join(address.split(":")[:4])


TRAITS: tuple[Callable[[Event], str], ...] = (
    lambda event: str(event["network"]["asn"]),
    lambda event: str(event["user_agent"]),
    lambda event: str(event["device"]["fingerprint"]["screen"]),
    block_of,
)


def others(logins: list[Event]) -> Callable[[Event], list[float]]:
    """How many other accounts come with the same, for each trait."""
    users: list[dict[str, set[str]]] = [defaultdict(set) for _ in TRAITS]
    for event in logins:
        for trait, known in zip(TRAITS, users, strict=True):
            known[trait(event)].add(event["account"])

    def count(event: Event) -> list[float]:
        return [
            math.log(len(known[trait(event)] - {event["account"]}) + 0.5)
            for trait, known in zip(TRAITS, users, strict=True)
        ]

    return count


def sign_ins(run: Made) -> list[SignIn]:
    """Victims' first fraudulent ones, and customers' while nobody was in their account."""
    rates = {person.account: person.rate for person in run.simulation.world.people}
    logins = [e for e in run.of("login") if e["account"] and e["outcome"] == "success"]
    count, first = others(logins), min(seconds(e) for e in run.fraud())
    victims, found = {e["account"] for e in run.fraud()}, []
    times: dict[str, list[float]] = defaultdict(list)
    blocks: dict[str, set[str]] = defaultdict(set)
    taken: set[str] = set()
    for event in (e for e in run.events if e["account"] and e.get("label")):
        account, fraud = event["account"], event["label"] == "fraud"
        is_login = event["kind"] == "login" and event["outcome"] == "success"
        known, at = times[account], seconds(event)
        if is_login and account not in taken and known and at >= first and (fraud or account not in victims):
            fields = (*count(event), len(known), (at / 3600 + 9) % 24, math.log(at - known[-1] + 1))
            new = block_of(event) not in blocks[account], event["device"]["id"] is None
            found.append(SignIn(int((at - START / 1000) // 86_400), rates[account], fraud, *new, fields))
        if fraud:
            taken.add(account)
        elif is_login:
            known.append(at)
            blocks[account].add(block_of(event))
    return found


@cache
def every(name: str, evasion: int) -> list[SignIn]:
    """The sign-ins of some runs."""
    runs = [made(name, ACCOUNTS, DAYS, seed=seed, evasion=evasion, hijacked=HIJACKED) for seed in SEEDS]
    return [one for run in runs for one in sign_ins(run)]


def compared(name: str, evasion: int, condition: str) -> tuple[list[SignIn], list[SignIn]]:
    """Thieves, and customers who come on the same days; where it is conditional, who come as often as the victims."""
    fitting = [one for one in every(name, evasion) if CONDITIONS[condition](one)]
    thieves = [one for one in fitting if one.fraud]
    customers = [one for one in fitting if not one.fraud]
    days = Counter(one.day for one in thieves)
    weights = np.array([days[one.day] / max(0.2, one.rate) for one in customers])
    if condition != "any":
        have: Counter[int] = Counter()
        for one, weight in zip(customers, weights, strict=True):
            have[activity(one)] += weight
        want = Counter(map(activity, thieves))
        weights *= [want[activity(one)] / max(have[activity(one)], 1e-9) for one in customers]
    count = min(CONTROLS * len(thieves), int((weights > 0).sum() / 2))
    chosen = np.random.default_rng(0).choice(
        len(customers), size=count, replace=False, p=weights / weights.sum()
    )
    return thieves, [customers[place] for place in chosen]


def activity(sign_in: SignIn) -> int:
    """The class of how often its customer comes."""
    return int(1.5 * math.log(max(0.2, sign_in.rate)))


def table(thieves: list[SignIn], customers: list[SignIn]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Fields and labels."""
    both = thieves + customers
    return np.array([one.fields for one in both]), np.array([one.fraud for one in both], dtype=np.int64)


CASES = [
    ("april", 1, "any"),
    ("april", 1, "new block"),
    ("april", 1, "new device"),
    ("april", 2, "any"),
    ("april", 2, "new device"),
    ("stealers", 2, "any"),
    ("stealers", 2, "new block"),
]


@pytest.mark.parametrize(("name", "evasion", "condition"), CASES)
def test_no_single_field_tells_thieves_from_customers(name: str, evasion: int, condition: str) -> None:
    """Ranking by any one of them is guessing, as far as so many sign-ins can show."""
    values, labels = table(*compared(name, evasion, condition))
    slack = 0.05 + 3 * 0.29 / math.sqrt(labels.sum())
    areas = {field: float(roc_auc_score(labels, values[:, place])) for place, field in enumerate(FIELDS)}
    assert {field: area for field, area in areas.items() if abs(area - 0.5) > slack} == {}


@pytest.mark.parametrize(("name", "evasion", "condition"), CASES)
def test_nor_does_a_model_of_all_of_them(name: str, evasion: int, condition: str) -> None:
    """Boosted trees, tried on days that they were not fitted to, find next to nothing."""
    thieves, customers = compared(name, evasion, condition)
    values, labels = table(thieves, customers)
    model = GradientBoostingClassifier(n_estimators=40, max_depth=3, min_samples_leaf=20, random_state=0)
    days = [one.day for one in thieves + customers]
    risk = cross_val_predict(model, values, labels, cv=GroupKFold(5), groups=days, method="predict_proba")
    assert roc_auc_score(labels, risk[:, 1]) < 0.55 + 3 * 0.29 / math.sqrt(labels.sum())
