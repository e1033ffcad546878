"""`requirements/install` says in one line what is missing; it needs no network to say so."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
NAMES = ("python3.14", "python3.13", "python3.12", "python3.11", "python3")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the real script and a lock that no index can satisfy."""
    requirements = tmp_path / "project" / "requirements"
    requirements.mkdir(parents=True)
    shutil.copy(PROJECT / "requirements" / "install", requirements)
    (requirements / "dev.txt").write_text(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n")
    (tmp_path / "project" / "pyproject.toml").touch()
    return tmp_path / "project"


def install(project: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the script without any index."""
    return subprocess.run(
        [str(project / "requirements" / "install"), "dev"],
        env={**os.environ, "PYTHON": "", "PIP_NO_INDEX": "1", **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_no_python_at_all_gets_one_line(project: Path, tmp_path: Path) -> None:
    """Where no interpreter is recent enough it says which is needed, and how to name one."""
    old = tmp_path / "old"
    old.mkdir()
    for name in NAMES:
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)
    done = install(project, PATH=f"{old}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert done.stderr == (
        "authshield: no Python 3.11 or newer found; install one, or name it: make PYTHON=/path/to/python3\n"
    )


def test_a_wrong_python_by_name_gets_one_line(project: Path) -> None:
    """PYTHON=… is taken at its word, never replaced by another one."""
    done = install(project, PYTHON="/no/such/python")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "/no/such/python" in done.stderr
    assert not (project / ".venv").exists()


def test_a_failing_pip_gets_one_line(project: Path) -> None:
    """It names the reason and the log, and does not take itself for installed afterwards."""
    for _ in range(2):
        done = install(project)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert "no-such-package" in done.stderr
        assert ".venv/install.log" in done.stderr
