"""Figures over a world that is small enough to work them out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from authshield.evaluate.detectors import (
    BASELINES,
    MODELS,
    TITLES,
    detectors,
    has_models,
    static_rules,
    with_models,
)
from authshield.evaluate.facts import attack_type
from authshield.replay.reader import ReplayError
from authshield.tune.transfer import default_source
from tests.evaluate.evaluating import VALUE, Watched, evaluate, ours, world
from tests.replay.replaying import simple_rules

pytestmark = pytest.mark.usefixtures("valkey")


def test_value_is_counted_by_what_became_of_it(tmp_path: Path) -> None:
    """Four fraudulent orders: two executed, one held, one denied; over all, by kind, campaign and file."""
    value = ours(evaluate(tmp_path, world()))["value"]
    expected = {
        "attempted": 4 * VALUE,
        "held": VALUE,
        "stopped": VALUE,
        "executed": 2 * VALUE,
        "not_executed": 0.5,
    }
    assert {name: value[name] for name in expected} == expected
    assert value["by_campaign"] == {"w0.jsonl: pump-1": expected}
    assert value["by_file"] == {"w0.jsonl": expected}
    assert {name: value["by_type"]["w: pump"][name] for name in expected} == expected
    assert value["interval"] == [0.5, 0.5]


def test_friction_is_that_of_ordinary_sessions_after_the_warm_up(tmp_path: Path) -> None:
    """Three days of four customers, one of whom had an order held; a victim's own session stands apart."""
    friction = ours(evaluate(tmp_path, world()))["friction"]
    legit, victims = friction["legit"], friction["victims"]
    assert legit["sessions"] == 12
    assert (legit["challenged"]["sessions"], legit["held"]["sessions"], legit["stopped"]["sessions"]) == (
        0,
        1,
        0,
    )
    assert legit["held"]["share"] == pytest.approx(1 / 12)
    low, high = legit["held"]["interval"]
    assert low == 0
    assert high > 1 / 12
    assert victims["sessions"] == 1
    assert friction["by_file"]["w0.jsonl"]["sessions"] == 12


def test_a_campaign_is_noticed_at_its_first_held_order(tmp_path: Path) -> None:
    """An hour after its first order, when one account had been hit."""
    detection = ours(evaluate(tmp_path, world()))["detection"]
    assert detection["by_campaign"] == {
        "w0.jsonl: pump-1": {"minutes": 60, "accounts_before": 1, "value_before": VALUE}
    }
    assert (detection["campaigns"], detection["never"], detection["minutes_median"]) == (1, 0, 60)
    assert detection["within_10_minutes"]["share"] == 0
    assert detection["by_the_4th_account"]["share"] == 1


def test_files_are_replayed_apart_and_pooled(tmp_path: Path) -> None:
    """The same world twice: twice the sums, the same shares, two campaigns of one name."""
    once = ours(evaluate(tmp_path / "once", world()))
    twice = ours(evaluate(tmp_path / "twice", world(), world()))
    assert twice["value"]["attempted"] == 2 * once["value"]["attempted"]
    assert twice["value"]["not_executed"] == once["value"]["not_executed"]
    assert twice["friction"]["legit"]["sessions"] == 2 * once["friction"]["legit"]["sessions"]
    assert sorted(twice["detection"]["by_campaign"]) == ["w0.jsonl: pump-1", "w1.jsonl: pump-1"]


def test_every_baseline_has_its_line(tmp_path: Path) -> None:
    """In one run, in a fixed order, ours last; those that only rank have no ends."""
    watcher = Watched()
    found = evaluate(tmp_path, world(), baselines=BASELINES, watcher=watcher)
    lines = found.figures["detectors"]
    assert [line["key"] for line in lines] == [*BASELINES, "ours"]
    assert [line["key"] for line in lines if line["ranks_only"]] == ["freeman", "forest"]
    assert watcher.steps[0] == f"w0.jsonl, 1 of 4: {TITLES['static']}"
    assert all(line["sign_in_recall"]["all"]["sign_ins"] == 2 for line in lines)
    static = lines[0]
    assert static["sign_in_recall"]["all"]["0.01"]["share"] == 1
    freeman = lines[1]
    assert freeman["sessions"]["auc"] == 1


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """Figures, tables and pictures; the figures hold nothing that is no number."""
    first = evaluate(tmp_path / "a", world(), baselines=["forest", "freeman"])
    second = evaluate(tmp_path / "b", world(), baselines=["forest", "freeman"])
    assert first.figures == second.figures
    assert first.text() == second.text()
    assert first.pictures == second.pictures
    assert ours(first)


def test_a_month_without_fraud_has_friction_alone(tmp_path: Path) -> None:
    """No made-up recall: value and recall are not there, friction and false campaigns are."""
    found = evaluate(tmp_path, world(attack=False), baselines=["freeman"])
    line = ours(found)
    assert line["value"]["not_executed"] is None
    assert line["sessions"]["pr_auc"]["area"] is None
    assert line["frontier"] == []
    assert line["calibration"] is None
    assert line["cases"]["false_campaigns"] == 0
    assert line["friction"]["legit"]["sessions"] == 12
    assert found.pictures == {}
    assert "Ordinary customers' sessions" in found.text()


def test_a_file_without_labels_is_refused(tmp_path: Path) -> None:
    """An evaluation of nothing would look like a good one."""
    unlabelled = [{name: value for name, value in line.items() if name != "label"} for line in world()]
    with pytest.raises(ReplayError, match=r"w0\.jsonl' has no labels"):
        evaluate(tmp_path, unlabelled)


def test_ours_is_switched_on_part_by_part() -> None:
    """Sign-in, then orders, then campaigns; a part's own weight in a ruleset is kept while it is on."""
    assert has_models()
    source = default_source()
    found = {one.key: one.ruleset for one in detectors(source, frozenset(BASELINES))}
    on = {
        key: [ruleset.source.parameters[name] > 0 for name in MODELS]
        for key, ruleset in found.items()
        if ruleset is not None
    }
    assert on == {
        "static": [False, False, False],
        "login": [True, False, False],
        "order": [True, True, False],
        "ours": [True, True, True],
    }
    assert with_models(simple_rules(model_login=0.5).source, 1).parameters["model_login"] == 0.5


def test_static_rules_ask_at_the_sign_in_alone() -> None:
    """New device or new country; orders only get points."""
    rules = {rule.id: rule for rule in static_rules().rules}
    assert sorted(rules) == [
        "static-country-order",
        "static-country-sign-in",
        "static-device-order",
        "static-device-sign-in",
    ]
    assert {rule.id for rule in rules.values() if rule.action} == {
        "static-country-sign-in",
        "static-device-sign-in",
    }


@pytest.mark.parametrize(
    ("file", "campaign", "kind"),
    [
        ("april-0.jsonl", "ring-12", "april: ring"),
        ("april-17.jsonl.gz", "ring-1", "april: ring"),
        ("events.jsonl", "relay 3", "events: relay"),
        ("stuffing_3.jsonl", "", "stuffing"),
        ("7.jsonl", "17", "7.jsonl"),
        ("a-b.csv", "a-b:7", "a-b.csv: a-b"),
    ],
)
def test_names_tell_the_kind_of_an_attack(file: str, campaign: str, kind: str) -> None:
    """The scenario's and the campaign's, without the numbers at their ends: seeds are pooled, worlds are not."""
    assert attack_type(file, campaign) == kind
