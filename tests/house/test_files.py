"""Rules of the house that a look at the files can check."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("authshield", "demo_site", "tests", "docs", "requirements", ".ci")
MAX_LINES = 300

# The first part of a path that only exists on somebody's machine, and an index that only some can reach.
MACHINE = re.compile(r"(^|[^A-Za-z0-9_./-])/(work|root|farm|home|Users)/|https?://[^ \"]*/simple(/|\"|$)")
LEFT_OPEN = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplementedError|pragma: no cover")
FAKED = re.compile(r"mark\.(skip|xfail)|unittest\.mock|monkeypatch\.setattr|time\.sleep")


def text_files() -> Iterator[Path]:
    """Yield every text file of the project; what is generated or binary is left out."""
    yield from (path for path in PROJECT.iterdir() if path.is_file() and path.name != ".coverage")
    for room in ROOMS:
        for path in (PROJECT / room).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def lines_that_match(pattern: re.Pattern[str], paths: Iterator[Path]) -> list[str]:
    """Return `file:line: text` of each match."""
    found = []
    for path in paths:
        content = path.read_bytes()
        if b"\x00" in content:
            continue
        for number, line in enumerate(content.decode().splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(PROJECT)}:{number}: {line.strip()[:120]}")
    return found


def own_python(*rooms: str) -> Iterator[Path]:
    """Yield the rooms' Python files except migrations and this one, which has to name what it looks for."""
    for room in rooms:
        for path in (PROJECT / room).rglob("*.py"):
            if "migrations" not in path.parts and path != Path(__file__).resolve():
                yield path


@pytest.mark.parametrize("room", ["authshield", "demo_site"])
def test_no_file_is_longer_than_it_can_be_read(room: str) -> None:
    """At most 300 lines a file: a longer one has two reasons to change."""
    lengths = {path: len(path.read_text().splitlines()) for path in own_python(room)}
    too_long = {str(path.relative_to(PROJECT)): n for path, n in lengths.items() if n > MAX_LINES}
    assert too_long == {}


def test_no_file_names_a_machine_or_a_package_index() -> None:
    """The project works from any folder, with any index."""
    assert lines_that_match(MACHINE, text_files()) == []


def test_nothing_is_left_open_in_the_code() -> None:
    """No open ends, no placeholders, nothing hidden from coverage."""
    assert lines_that_match(LEFT_OPEN, own_python("authshield", "demo_site")) == []


def test_tests_neither_skip_nor_mock_nor_sleep() -> None:
    """A test that does one of these proves less than it says."""
    assert lines_that_match(FAKED, own_python("tests")) == []


def test_every_python_package_says_what_it_is_for() -> None:
    """Each module opens with a docstring; only Django's empty folders do without."""
    silent = [
        str(path.relative_to(PROJECT))
        for path in own_python("authshield", "demo_site", "tests")
        if "management" not in path.parts and not path.read_text().lstrip().startswith(('"""', 'r"""'))
    ]
    assert silent == []
