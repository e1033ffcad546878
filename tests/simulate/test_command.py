"""The command: what it writes where, what it prints, and how it says that it cannot."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from authshield.management.commands.authshield_simulate import Progress
from authshield.simulate.parameters import scenarios, sources

SMALL = ("--accounts", "20", "--days", "4")


def call(*args: str) -> str:
    """What the command prints."""
    out = io.StringIO()
    call_command("authshield_simulate", *args, stdout=out)
    return out.getvalue()


def refused(*args: str) -> str:
    """What it says where it cannot."""
    with pytest.raises(CommandError) as caught:
        call(*args)
    return str(caught.value)


def test_a_file_is_written_and_told_in_words(tmp_path: Path) -> None:
    """So many lines, accounts and kinds; nothing of thieves where there were none."""
    out = tmp_path / "quiet.jsonl"
    told = call("quiet", str(out), *SMALL)
    lines = out.read_text().splitlines()
    assert told.startswith(f"{len(lines):,} events of 20 accounts (")
    assert "hijacked" not in told
    assert json.loads(lines[0])["time"].startswith("2025-04-01T")


def test_a_packed_file_holds_the_same_lines(tmp_path: Path) -> None:
    """The name decides, and nothing else is left in the folder."""
    plain, packed = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    for out in (plain, packed):
        call("april", str(out), *SMALL)
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "a.jsonl.gz"]


def test_a_minus_prints_the_lines_and_nothing_else() -> None:
    """So that a pipe can read them."""
    lines = call("quiet", "-", *SMALL).splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == len(lines) > 50


def test_a_program_gets_the_summary_as_json(tmp_path: Path) -> None:
    """Accounts taken, what was sold and bought."""
    out = tmp_path / "april.jsonl"
    args = ("--accounts", "60", "--days", "12", "--hijacked", "0.1", "--evasion", "2", "--seed", "3")
    summary = json.loads(call("april", str(out), *args, "--json"))
    assert (summary["scenario"], summary["evasion"], summary["seed"]) == ("april", 2, 3)
    assert 4 <= summary["hijacked"] <= 6
    assert summary["events"] == len(out.read_text().splitlines()) == sum(summary["by_kind"].values())
    assert f"{summary['hijacked']} accounts hijacked, " in call("april", str(out), *args)


def test_a_run_begins_when_it_is_told_to(tmp_path: Path) -> None:
    """A time without a zone is UTC."""
    out = tmp_path / "later.jsonl"
    call("quiet", str(out), *SMALL, "--start", "2026-02-03T00:00:00")
    assert json.loads(out.read_text().splitlines()[0])["time"].startswith("2026-02-03T")


def test_numbers_can_be_set_and_shaken(tmp_path: Path) -> None:
    """Another value, a list of values, and every number changed a little give other files."""
    texts = []
    for more in (
        (),
        ("--set", "activity.pages_mean=9", "--set", "campaign.minutes=5,20"),
        ("--perturb", "0.3"),
    ):
        out = tmp_path / "set.jsonl"
        call("april", str(out), *SMALL, *more)
        texts.append(out.read_text())
    assert len(set(texts)) == 3
    assert texts[1].count('"request"') > 2 * texts[0].count('"request"')


def test_all_numbers_are_listed_with_their_sources() -> None:
    """One a line."""
    listed = call("--parameters").splitlines()
    assert len(listed) == len(sources()) > 100
    assert "loot.bought: FSA: 130.8 of 148.1 billion" in listed


def test_help_names_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    """With what each is about, and the exit status."""
    with pytest.raises(SystemExit):
        call("--help")
    told = capsys.readouterr().out
    assert all(f"  {name}" in told and one.about in told for name, one in scenarios().items())
    assert "exit status: 0" in told


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "a scenario and a file to write are needed"),
        (("quiet",), "a scenario and a file to write are needed"),
        (("quiet", "-", "--json"), "both want standard output"),
        (("may", "x.jsonl"), "'may' is no scenario; there are quiet, april"),
        (("quiet", "-", "--set", "loot.bought"), "--set wants NAME=VALUE, got 'loot.bought'"),
        (("quiet", "-", "--set", "loot.bougt=1"), "'loot.bougt' is no parameter of"),
        (("quiet", "-", "--set", "looot.bought=1"), "perhaps loot.bought"),
        (
            ("quiet", "-", "--set", "loot.bought=much"),
            "loot.bought: expected a number, not negative, got 'much'",
        ),
        (("quiet", "-", "--set", "loot.bought=-1"), "not negative, got '-1'"),
        (("quiet", "-", "--set", "loot.bought=nan"), "expected a number"),
        (("quiet", "-", "--set", "loot.sold=1"), "expected 2 numbers with commas between them"),
        (("quiet", "-", "--accounts", "0"), "'0' is no whole number from 1 to 1000000"),
        (("quiet", "-", "--days", "1e2"), "'1e2' is no whole number from 1 to 366"),
        (("quiet", "-", "--evasion", "5"), "'5' is no whole number from 0 to 4"),
        (("quiet", "-", "--hijacked", "1.5"), "'1.5' is no share from 0 to 1"),
        (("quiet", "-", "--perturb", "some"), "'some' is no share from 0 to 1"),
        (("quiet", "-", "--start", "spring"), "'spring' is no time such as 2025-04-01T00:00:00Z"),
    ],
)
def test_what_cannot_be_is_named(args: tuple[str, ...], told: str) -> None:
    """The thing, the value and the way out."""
    assert told in refused(*args)


def test_without_numpy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra, and a site that only runs AuthShield has none."""
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert refused("quiet", "-", *SMALL) == "the simulator needs numpy: pip install 'authshield[simulate]'"


def test_a_file_that_cannot_be_written_is_named_and_none_is_left(tmp_path: Path) -> None:
    """No folder is made, and half a file is no file."""
    nowhere = tmp_path / "nowhere" / "out.jsonl"
    assert refused("quiet", str(nowhere), *SMALL).startswith(f"cannot write {str(nowhere)!r}: No such file")
    folder = tmp_path / "out.jsonl"
    folder.mkdir()
    assert "cannot write" in refused("quiet", str(folder), *SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


class Terminal(io.StringIO):
    """A stream that says that somebody is looking."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def test_somebody_who_waits_is_shown_how_far_it_is() -> None:
    """In place, not too often, and wiped at the end; a file is told nothing."""
    seen = []
    for stream in (Terminal(), io.StringIO()):
        progress = Progress(stream, after=0.0)
        progress.done(0.5, 1234567)
        progress.done(1.0, 9)
        progress.end()
        seen.append(stream.getvalue())
    told = "50%, 1,234,567 events"
    assert seen[0] == f"\r{told}\r{' ' * len(told)}\r"
    assert seen[1] == ""


def test_a_quick_run_shows_nothing() -> None:
    """Two seconds need no progress."""
    stream = Terminal()
    progress = Progress(stream)
    progress.done(0.5, 1)
    progress.end()
    assert stream.getvalue() == ""
