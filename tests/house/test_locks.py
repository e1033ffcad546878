"""The lock files can be trusted: everything is pinned, by hash, to one version."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;]+)(?: ; (.*?))? ?\\?$")


def blocks(lock: str) -> list[tuple[str, str, str, int]]:
    """Return name, version, marker and number of hashes of each pin."""
    pins: list[tuple[str, str, str, int]] = []
    for line in (PROJECT / "requirements" / lock).read_text().splitlines():
        if line.startswith("    --hash=sha256:"):
            name, version, marker, hashes = pins[-1]
            pins[-1] = (name, version, marker, hashes + 1)
        elif not line.startswith("#"):
            match = PIN.match(line)
            assert match, f"not a pin: {line}"
            pins.append((match[1], match[2], match[3] or "", 0))
    return pins


def declared() -> set[str]:
    """Return the names that pyproject.toml asks for to run the demo."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + extras["demo"] + extras["fast"] + extras["geoip"]
    return {re.split(r"[\[<>=!; ]", line)[0] for line in wanted} - {"authshield"}


@pytest.mark.parametrize("lock", ["demo.txt", "dev.txt"])
def test_every_dependency_is_pinned_by_hash(lock: str) -> None:
    """No line without a hash, and nothing that pyproject.toml asks for is missing."""
    pins = blocks(lock)
    assert [name for name, _, _, hashes in pins if hashes == 0] == []
    assert declared() - {name for name, *_ in pins} == set()


def test_both_locks_agree() -> None:
    """What the demo runs on is what the tests run on."""
    assert {pin[:3] for pin in blocks("demo.txt")} <= {pin[:3] for pin in blocks("dev.txt")}


def test_the_lts_and_the_newest_django_are_both_there() -> None:
    """Python 3.11 gets Django 5.2, a newer one gets the newest; nothing else has two versions."""
    djangos = {version: marker for name, version, marker, _ in blocks("dev.txt") if name == "django"}
    assert sorted(version.partition(".")[0] for version in djangos) == ["5", "6"]
    assert all("3.12" in marker for marker in djangos.values())
    counts = Counter(name for name, *_ in blocks("dev.txt"))
    assert [name for name, count in counts.items() if count > 1] == ["django"]
