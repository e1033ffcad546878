"""The command: what a person types, what they get, and that a failure says where."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from authshield.evaluate import forest
from authshield.evaluate.printing import safe
from authshield.management.commands.authshield_evaluate import Steps
from authshield.tune.transfer import default_source, source_to_json
from tests.evaluate.evaluating import world
from tests.replay.lines import write

pytestmark = pytest.mark.usefixtures("valkey", "db")


@pytest.fixture
def events(tmp_path: Path) -> str:
    """A file with an attack."""
    return str(write(tmp_path / "events.jsonl", world()))


def _call(*args: str) -> str:
    out = io.StringIO()
    call_command("authshield_evaluate", *args, stdout=out)
    return out.getvalue()


def _refused(*args: str) -> str:
    with pytest.raises(CommandError) as caught:
        _call(*args)
    assert caught.value.returncode == 2
    return str(caught.value)


def test_tables_are_printed_for_a_person(events: str) -> None:
    """With every baseline, and columns in line."""
    text = _call(events, "--warm-up", "3d")
    for words in (
        "Fraudulent value not executed",
        "Static rules: new device or new country",
        "Freeman/Wiefling, as the public code",
        "Isolation forest",
        "The frontier: choose a place",
        "Time to detect a campaign",
        "Is the risk a probability?",
    ):
        assert words in text
    assert max(map(len, text.splitlines())) < 180


def test_a_program_reads_figures(events: str) -> None:
    """``--json`` prints the figures and nothing else; the shipped rules are what is evaluated."""
    body = json.loads(_call(events, "--warm-up", "3d", "--json", "--baselines", "none"))
    assert [line["key"] for line in body["detectors"]] == ["ours"]
    assert body["seed"] == 0
    assert body["files"][0]["fraud_sessions"] == 2


def test_baselines_are_chosen_by_name(events: str) -> None:
    """Those that were asked for, and ours."""
    body = json.loads(_call(events, "--json", "--baselines", "static, freeman"))
    assert [line["key"] for line in body["detectors"]] == ["static", "freeman", "ours"]
    with pytest.raises(CommandError, match="'frozen' is none of static, freeman"):
        _call(events, "--baselines", "frozen")


def test_a_folder_gets_everything(events: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page, the pictures and the same figures as on the screen; where they are is told."""
    out = tmp_path / "deep" / "out"
    printed = _call(events, "--warm-up", "3d", "--json", "--baselines", "none", "--out", str(out))
    assert json.loads((out / "evaluation.json").read_text()) == json.loads(printed)
    assert "<!DOCTYPE html>" in (out / "index.html").read_text()
    assert f"written: {out / 'index.html'}" in capsys.readouterr().err


def test_packed_files_and_other_rules_are_taken(events: str, tmp_path: Path) -> None:
    """An archive, and rules from a file."""
    packed, rules = tmp_path / "events.jsonl.gz", tmp_path / "rules.json"
    packed.write_bytes(gzip.compress(Path(events).read_bytes()))
    rules.write_text(json.dumps(source_to_json(default_source())))
    args = ("--json", "--baselines", "none", "--warm-up", "3d")
    plain, other = (
        json.loads(_call(events, *args)),
        json.loads(_call(str(packed), "--rules", str(rules), *args)),
    )
    assert plain["detectors"][0]["friction"]["legit"] == other["detectors"][0]["friction"]["legit"]


def _unlabelled(folder: Path) -> list[str]:
    lines = [{name: value for name, value in line.items() if name != "label"} for line in world()]
    return [str(write(folder / "plain.jsonl", lines))]


def _broken(folder: Path) -> list[str]:
    return [str(write(folder / "broken.jsonl", [*world(), "{"]))]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (_unlabelled, "plain.jsonl' has no labels: say fraud or legit in the field 'label'"),
        (_broken, "broken.jsonl:57: line: expected a JSON object"),
        (lambda folder: [str(folder / "absent.jsonl")], "absent.jsonl': No such file"),
        (lambda folder: [*_broken(folder), "--ruleset", "99"], "there is no ruleset version 99"),
        (
            lambda folder: [*_broken(folder), "--rules", str(folder / "absent.json")],
            "absent.json': No such file",
        ),
    ],
    ids=["no labels", "a bad line", "no file", "no version", "no rules"],
)
def test_what_is_wrong_is_named(args: Callable[[Path], list[str]], words: str, tmp_path: Path) -> None:
    """File, line, field and the way out, with status 2."""
    assert words in _refused(*args(tmp_path))


def test_bad_lines_can_be_left_out(tmp_path: Path) -> None:
    """The good ones are measured."""
    body = json.loads(_call(*_broken(tmp_path), "--on-error", "skip", "--json", "--baselines", "none"))
    assert body["files"][0]["fraud_sessions"] == 2


def test_rules_that_cannot_be_used_are_told_apart(events: str, tmp_path: Path) -> None:
    """Each problem with its place."""
    source: dict[str, Any] = source_to_json(default_source())
    source["rules"][0]["when"] = "nothing.known"
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(source))
    assert "the rules cannot be used:" in _refused(events, "--rules", str(path))


def test_the_forest_says_how_to_get_it() -> None:
    """An optional extra: its name is what pip takes."""
    assert "pip install 'authshield[evaluate]'" in forest.HOW_TO_GET


def test_progress_says_which_step_it_is() -> None:
    """On a terminal each line begins with the step; elsewhere there is none."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen, pipe = Terminal(), io.StringIO()
    for stream in (screen, pipe):
        steps = Steps(stream)
        steps.of("first")
        steps._next = 0
        steps.decided(64, 128)
        steps.end()
    assert "first: decided 64 of 128 events (50%)" in screen.getvalue()
    assert pipe.getvalue() == ""


def test_a_name_cannot_write_into_a_terminal() -> None:
    """Control characters of a campaign's name become question marks."""
    assert safe("a\x1b[2Jb\n") == "a?[2Jb?"
