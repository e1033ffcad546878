"""The benchmarks run, and nothing costs more than docs/benchmarks.md says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENT = PROJECT / "docs" / "benchmarks.md"
SCENARIOS = {
    "stranger": "Guess by a stranger",
    "typo": "Owner's typing error",
    "login": "Sign-in",
    "order": "Order",
    "page": "Page",
}
VARIANTS = {"bare": "bare Django", "authshield": "AuthShield", "limits": "limits ×10"}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, float]]]:
    """What one short turn of some variants counted, by scenario and variant."""
    path = tmp_path_factory.mktemp("bench") / "bench.json"
    argv = [sys.executable, "-m", "bench", "--latency-only", "--databases", "SQLite", "--json", str(path)]
    argv += ["--rounds", "1", "--calls", "2", "--warm", "0", "--variants", ",".join(VARIANTS)]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    counts: dict[str, dict[str, dict[str, float]]] = json.loads(path.read_text())["counts"]["SQLite"]
    return counts


def documented(scenario: str, variant: str) -> tuple[float, float]:
    """Round trips and queries as the document's table of SQLite has them."""
    part = DOCUMENT.read_text().split(f"\n### {SCENARIOS[scenario]}\n", 1)[1].split("| PostgreSQL |", 1)[0]
    row = next(line for line in part.splitlines() if line.startswith(f"| {VARIANTS[variant]} |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    return float(cells[5]), float(cells[7])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_request_makes_more_trips_and_queries_than_documented(
    found: dict[str, dict[str, dict[str, float]]], scenario: str
) -> None:
    """Whoever adds a round trip or a query to a request has to write it down."""
    for variant, counts in found[scenario].items():
        trips, queries = documented(scenario, variant)
        assert counts["trips"] <= trips, variant
        assert counts["queries"] <= queries, variant


def test_no_request_costs_more_than_it_was_designed_to(
    found: dict[str, dict[str, dict[str, float]]],
) -> None:
    """One trip where nothing comes of it, two where something is settled; bare Django makes none."""
    trips = {name: counts["authshield"]["trips"] for name, counts in found.items()}
    assert trips == {"stranger": 1, "typo": 1, "login": 2, "order": 2, "page": 1}
    assert {counts["bare"]["trips"] for counts in found.values()} == {0}
