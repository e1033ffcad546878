"""What the demo's command says before it starts anything, and what it keeps in its folder."""

import os
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demo_site.banner import banner
from demo_site.supervisor.errors import StartError
from demo_site.supervisor.run import Options, valkey_socket
from demo_site.supervisor.state import (
    data_folder,
    exclusive,
    forget_runtime,
    make_data,
    redis_url,
    reset,
    secrets_in,
    write_runtime,
)

PROJECT = Path(__file__).resolve().parents[2]


def run_demo(data: Path, *arguments: str, port: str = "8000") -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "demo_site", *arguments],
        cwd=PROJECT,
        env={**os.environ, "DEMO_DATA": "", "DATA": str(data), "PORT": port},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_port_in_use_gets_one_line_and_nothing_starts(tmp_path: Path) -> None:
    """It names the way out, ends with 2 and has not touched the folder."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_demo(tmp_path / "data", port=str(port))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"port {port} " in done.stderr
    assert "PORT=" in done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("port", ["0", "65536", "eight", "80.5", "-1", "８０００"])
def test_a_port_that_cannot_be_is_refused(port: str) -> None:
    """PORT is a whole number in ASCII digits from 1 to 65535."""
    with pytest.raises(StartError, match=f"PORT={port}"):
        Options.from_environ({"PORT": port})


def test_nothing_set_means_the_documented_defaults() -> None:
    """Port 8000, two web processes, .demo beside manage.py."""
    assert Options.from_environ({}) == Options(port=8000, data=PROJECT / ".demo", web_processes=2)


def test_a_second_demo_on_the_same_folder_gets_one_line(tmp_path: Path) -> None:
    """The folder is locked by whoever runs on it."""
    make_data(tmp_path)
    with exclusive(tmp_path), pytest.raises(StartError, match="already runs"), exclusive(tmp_path, 0.0):
        pass


def test_a_folder_with_something_else_in_it_is_neither_used_nor_emptied(tmp_path: Path) -> None:
    """A slip in DATA costs nobody their files."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StartError, match="something else"):
        make_data(tmp_path)
    done = run_demo(tmp_path, "reset")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_folder_that_cannot_be_made_gets_one_line(tmp_path: Path) -> None:
    """A file in the way is told as such."""
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="cannot be used"):
        make_data(tmp_path / "file" / "data")


def test_reset_empties_the_folder(tmp_path: Path) -> None:
    """Nothing of the old state is left, folders and links included; nothing behind a link is touched."""
    data, outside = tmp_path / "data", tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    secrets_in(data)
    (data / "valkey").mkdir()
    (data / "link").symlink_to(outside)
    reset(data)
    assert list(data.iterdir()) == []
    assert (outside / "kept").exists()


def test_reset_of_nothing_is_fine(tmp_path: Path) -> None:
    """`make reset` before the first start does nothing."""
    reset(tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_reset_while_a_demo_runs_is_refused(tmp_path: Path) -> None:
    """Nobody pulls the folder from under a running demo."""
    kept = secrets_in(tmp_path)
    with exclusive(tmp_path), pytest.raises(StartError, match="already runs"):
        reset(tmp_path)
    assert secrets_in(tmp_path) == kept


def test_secrets_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    """Many processes that start at once agree on one pair; the two keys differ."""
    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(secrets_in, [tmp_path / "data"] * 8))
    assert len(seen) == 1
    (held,) = seen
    assert held.secret_key != held.sealing_key
    assert stat.S_IMODE((tmp_path / "data" / "secrets.json").stat().st_mode) == 0o600


def test_another_terminal_finds_the_running_demo(tmp_path: Path) -> None:
    """The address of Valkey is there while the demo runs, not after; the environment goes first."""
    assert redis_url(tmp_path, {}) is None
    write_runtime(tmp_path, "unix:///run/demo.sock", 8000)
    assert redis_url(tmp_path, {}) == "unix:///run/demo.sock"
    assert redis_url(tmp_path, {"AUTHSHIELD_REDIS_URL": "redis://other"}) == "redis://other"
    forget_runtime(tmp_path)
    assert redis_url(tmp_path, {}) is None


def test_a_relative_folder_is_meant_from_the_project() -> None:
    """`manage.py` called from elsewhere finds the same folder as make."""
    assert data_folder({"DATA": "state"}) == PROJECT / "state"
    assert data_folder({"DATA": "state", "DEMO_DATA": "/var/demo"}) == Path("/var/demo")


def test_a_deep_folder_still_gets_a_socket_that_the_system_takes(tmp_path: Path) -> None:
    """Where the path would be too long the socket lies in a private folder, which goes away afterwards."""
    with valkey_socket(tmp_path / ("d" * 100)) as path:
        assert len(os.fsencode(path)) < 100
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.parent.exists()


def test_a_short_folder_holds_its_socket_itself(short_path: Path) -> None:
    """The usual place is the demo's own folder."""
    with valkey_socket(short_path) as path:
        assert path == short_path / "valkey.sock"


def test_the_banner_says_all_that_one_needs_to_sign_in() -> None:
    """Address, every person of the demo, and the commands for codes and mail."""
    text = banner("http://127.0.0.1:8000")
    people = ("alice", "bob", "carol", "dave", "erin", "analyst", "tuner", "approver", "auditor", "admin")
    for word in ("http://127.0.0.1:8000", "alice-alice", "demo_otp alice", "demo_mail alice", *people):
        assert word in text
