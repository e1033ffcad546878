"""What AuthShield adds to a request, in instructions: no more than bench/gate.toml allows."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.gate import ceilings, exceeded, lowered

PROJECT = Path(__file__).resolve().parents[2]
SCENARIOS = ("stranger", "typo", "login", "order", "page")


@pytest.fixture(scope="module")
def counted() -> dict[str, dict[str, float]]:
    """Thousand instructions over bare Django, by variant and scenario; needs valgrind."""
    argv = [sys.executable, "-m", "bench.instructions", "--json"]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=570)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(600)
def test_no_request_takes_more_instructions_than_its_ceiling(counted: dict[str, dict[str, float]]) -> None:
    """Whoever makes the request path dearer than it is allowed to be is told where to look."""
    assert exceeded(counted["authshield"], ceilings()) == []


@pytest.mark.timeout(600)
def test_the_counts_are_those_of_requests(counted: dict[str, dict[str, float]]) -> None:
    """A PING in the view costs about the same everywhere, and bare Django far more than that."""
    assert set(counted["ping"]) == set(SCENARIOS)
    assert all(80 < number < 250 for number in counted["ping"].values()), counted["ping"]
    assert all(number > 1500 for number in counted["bare"].values()), counted["bare"]


def test_what_exceeds_its_ceiling_is_named() -> None:
    """The gate says which request, how much and what to do."""
    allowed = {"order": {"aim": 400, "most": 500}, "page": {"aim": 200, "most": 250}}
    (line,) = exceeded({"order": 500.1, "page": 250.0}, allowed)
    assert line.startswith("order: 500 thousand instructions over bare Django, at most 500 are allowed")


def test_a_ceiling_only_ever_goes_down_and_stops_at_its_aim() -> None:
    """A bad day does not raise what is allowed, and a good one does not ask for more than was aimed at."""
    text = (
        "[order]\naim = 400\nmost = 900\n\n[page]\naim = 200\nmost = 300\n\n[login]\naim = 650\nmost = 700\n"
    )
    found = lowered(text, {"order": 601.0, "page": 1000.0, "login": 20.0})
    assert found == text.replace("900", "620").replace("700", "650")


def test_every_kind_of_request_has_a_ceiling_at_or_above_its_aim() -> None:
    """The file holds the five kinds, and no ceiling below what is aimed at."""
    assert set(ceilings()) == set(SCENARIOS)
    assert all(one["most"] >= one["aim"] for one in ceilings().values())
