"""THE START, step by step: port, folder, Valkey, database, worker and site, banner; then watch.

Must not know how a child is started or ended (family.py) nor what it is (commands.py).
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo_site.banner import banner
from demo_site.supervisor import commands
from demo_site.supervisor.errors import StartError
from demo_site.supervisor.family import Family
from demo_site.supervisor.interrupts import Interrupts
from demo_site.supervisor.probes import SiteProbe, ValkeyProbe
from demo_site.supervisor.state import (
    data_folder,
    exclusive,
    forget_runtime,
    make_data,
    secrets_in,
    write_runtime,
)

HOST = "127.0.0.1"
HIGHEST_PORT = 65535
SOCKET_PATH_BYTES = 100  # Linux takes 107, macOS 103
VALKEY_SECONDS = 10
PREPARE_SECONDS = 60
READY_SECONDS = 60


@dataclass(frozen=True)
class Options:
    """What the environment asks for; ``from_environ`` is how to make one."""

    port: int
    data: Path
    web_processes: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Options":
        """Read PORT, DATA and WEB_WORKERS. Raises StartError at a value that cannot be."""
        return cls(
            port=_whole_number(environ, "PORT", default=8000, highest=HIGHEST_PORT),
            data=data_folder(environ),
            web_processes=_whole_number(environ, "WEB_WORKERS", default=2, highest=64),
        )


def serve(options: Options, *, say: Callable[[str], None], follow_parent: bool) -> None:
    """Run the demo. Returns never: raises StopAskedError when it ended as asked, StartError otherwise."""
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts(follow_parent=follow_parent))
        listener = stack.enter_context(closing(_listen(options.port)))
        make_data(options.data)
        lock = stack.enter_context(exclusive(options.data))
        path = stack.enter_context(valkey_socket(options.data))
        family = stack.enter_context(Family(options.data / "logs", interrupts, lock=lock))
        _bring_up(family, options, path, listener.fileno())
        stack.callback(forget_runtime, options.data)
        say(banner(f"http://{HOST}:{options.port}"))
        family.watch()


def _bring_up(family: Family, options: Options, path: Path, listener: int) -> None:
    redis_url = f"unix://{path}"
    env = _children_env(options, redis_url)
    family.start(commands.valkey(path, options.data))
    valkey = ValkeyProbe(path)
    family.wait_until(valkey.answers, what="Valkey did not answer", seconds=VALKEY_SECONDS)
    write_runtime(options.data, redis_url, options.port)
    family.wait_for_end(family.start(commands.prepare(env)))
    family.start(commands.worker(options.data, env))
    family.start(commands.site(listener, options.web_processes, env))
    with closing(SiteProbe(options.port)) as site:
        family.wait_until(site.answers, what="the site did not answer", seconds=READY_SECONDS)
    family.wait_until(valkey.has_worker, what="the worker did not ask for tasks", seconds=READY_SECONDS)


def _children_env(options: Options, redis_url: str) -> dict[str, str]:
    secrets = secrets_in(options.data)
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "demo_site.settings",
        "DEMO_DATA": str(options.data),
        "PORT": str(options.port),
        "AUTHSHIELD_REDIS_URL": redis_url,
        "SECRET_KEY": secrets.secret_key,
        "AUTHSHIELD_SEALING_KEY": secrets.sealing_key,
        "PYTHONUNBUFFERED": "1",
    }


def _whole_number(environ: Mapping[str, str], name: str, *, default: int, highest: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= highest:
        raise StartError(f"{name}={text} is not a whole number from 1 to {highest}.")
    return int(text)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise StartError(
            f"port {port} cannot be used ({error.strerror}); take another: PORT={port % HIGHEST_PORT + 1}"
        ) from error
    return listener


@contextmanager
def valkey_socket(data: Path) -> Iterator[Path]:
    """Where Valkey listens: in the folder, or in a private one where that path is too long for a socket."""
    path = data / "valkey.sock"
    if len(os.fsencode(path)) < SOCKET_PATH_BYTES:
        yield path
        return
    folder = Path(tempfile.mkdtemp(prefix="authshield-", dir="/tmp"))
    try:
        yield folder / "valkey.sock"
    finally:
        shutil.rmtree(folder)
