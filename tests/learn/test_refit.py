"""The weekly refit: learns from labels, is judged on later ones, waits for a person, and says what it needs."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from authshield.judge.evidence.weights import faults, shipped
from authshield.learn import labels, proposals, refit
from authshield.learn.labels import Target, Word
from authshield.learn.refit import Known
from authshield.models import LedgerEntry, Proposal
from authshield.tune import rulebook
from tests.learn.making import START

NOW = START + timedelta(days=90)
PROJECT = Path(__file__).resolve().parents[2]


BLIND = {"order:pace": (0.0,) * len(shipped()["order:pace"])}
"""Weights in force that think nothing of how fast orders follow each other."""


def world(others: int = 1600, frauds: int = 60, *, seed: int = 4) -> None:
    """Orders of three months. Thieves show up by their pace alone."""
    random = Random(seed)
    rows = []
    for number in range(others + frauds):
        is_fraud = number >= others
        share = (number - others) / frauds if is_fraud else number / others
        facts = {
            "event.kind": "order",
            "order.side": "buy",
            "order.count_10m": random.randint(8, 12) if is_fraud else random.choice([1, 1, 1, 2, 3]),
            "device.is_trusted": random.random() < 0.6,
            "session.strength": 2,
        }
        facts = {name: value for name, value in facts.items() if value is not False}
        rows.append(
            LedgerEntry(
                event_id=f"e-{random.getrandbits(64):016x}",
                at=START + timedelta(days=75 * share),
                kind="order",
                account=f"a-{number}",
                sid=f"s-{number}",
                action="allow",
                final="allowed",
                facts=facts,
            )
        )
    LedgerEntry.objects.bulk_create(rows)
    for row in rows[others:]:
        labels.put(Target(row.account, row.sid), "fraud", Word("aoi"), START + timedelta(days=80))


@pytest.mark.django_db
def test_a_candidate_finds_on_later_weeks_what_the_weights_in_force_miss() -> None:
    """Fitted, judged on the latest quarter, stored; nothing is in force before a person promotes it."""
    rulebook.seed_default(START)
    rulebook.publish_part(None, "pace says nothing", START, weights=BLIND)
    world()
    made = refit.refit(NOW)
    assert made is not None
    assert made.evidence["seen"]["frauds"] == 45
    assert made.evidence["held_out"]["frauds"] == 15
    before, after = (made.evidence[name]["order"] for name in ("in_force", "candidate"))
    assert after["area"] > before["area"]
    assert after["recall"][1][1] >= 0.9
    weights = {code: tuple(nats) for code, nats in made.content["weights"].items()}
    assert list(faults(weights)) == []
    assert weights["order:pace"][-1] > 0
    source = rulebook.published()
    assert source is not None
    assert source.weights == BLIND
    proposals.publish(made, None, "seen in July", NOW)
    source = rulebook.published()
    assert source is not None
    assert source.weights == weights


@pytest.mark.django_db
def test_too_few_labels_propose_nothing() -> None:
    """Neither with hardly any nor with nobody to compare them with."""
    world(frauds=24)
    assert refit.refit(NOW) is None
    LedgerEntry.objects.all().delete()
    world(others=20)
    assert refit.refit(NOW) is None
    assert not Proposal.objects.exists()


@pytest.mark.django_db
def test_a_newer_candidate_takes_the_place_of_one_that_nobody_decided_on() -> None:
    """Once a week, and one waits at a time."""
    world()
    assert refit.is_due(NOW)
    refit.refit(NOW)
    assert not refit.is_due(NOW + timedelta(days=6))
    assert refit.is_due(NOW + timedelta(days=7))
    refit.refit(NOW + timedelta(days=7))
    states = list(Proposal.objects.order_by("created_at").values_list("state", flat=True))
    assert states == [Proposal.State.DISMISSED, Proposal.State.OPEN]


def event(day: int, *, is_fraud: bool, sid: str = "", pace: int = 0, counts: float = 1.0) -> Known:
    """An order of that day."""
    return Known(START + timedelta(days=day), "order", sid, {"order:pace": pace}, is_fraud, counts)


def test_no_session_is_on_both_sides_of_the_split() -> None:
    """A session counts where it began; the later ones are held out."""
    events = [event(day, is_fraud=True, sid=f"s-{day}") for day in range(8)]
    events += [event(20, is_fraud=False, sid="s-2"), event(3, is_fraud=False, sid="own")]
    seen, held_out = refit.split(events)
    assert {one.sid for one in seen} == {"s-0", "s-1", "s-2", "s-3", "s-4", "s-5", "own"}
    assert {one.sid for one in held_out} == {"s-6", "s-7"}


def test_recall_is_at_the_rate_that_is_named_and_equal_scores_are_no_find() -> None:
    """One in four others may be over; a fraud that ties with the next one is not over."""
    weights = dict(shipped()) | {"order:pace": (0.0, 1.0, 2.0, 3.0)}
    others = [event(1, is_fraud=False, pace=pace) for pace in (0, 0, 1, 2)]
    frauds = [event(1, is_fraud=True, pace=pace) for pace in (1, 2)]
    scored = [(refit.nats_of(one, weights), one) for one in [*others, *frauds]]
    assert refit._recall(scored, 0.25) == 0.5
    assert refit._recall(scored, 0.75) == 1.0
    assert refit._area(scored) == pytest.approx((1 * 1 / 2 + 1 * 2 / 4) / 2)


def test_without_numpy_it_says_what_to_install() -> None:
    """One clear error, and everything else of the package goes on."""
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMPY],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "authshield.errors.ConfigurationError" in told.stderr
    assert "install authshield[refit]" in told.stderr


WITHOUT_NUMPY = """
import os, sys
sys.modules["numpy"] = None
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
import authshield.tasks
from authshield.learn.refit import _fitted
_fitted([])
"""
