"""The site on several real web processes, with its own database and Valkey, for what only they can show."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.client import HOME, Visitor
from tests.live import ROOT
from tests.servers import Valkey, start_valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tls import Papers

START_SECONDS = 90  # for a machine that is busy with other tests
SET_UP = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("demo_seed", verbosity=0)
"""


@dataclass(frozen=True)
class Web:
    """Running web processes."""

    port: int
    folder: Path
    valkey: Valkey
    environ: dict[str, str]

    def visitor(self, address: str = HOME) -> Visitor:
        """Somebody with a fresh browser."""
        return Visitor(self.port, address)

    def manage(self, *arguments: str) -> str:
        """Run a management command; returns what it printed."""
        return _manage(self.environ, *arguments)

    @property
    def hashes(self) -> int:
        """Passwords that were checked so far."""
        marks = self.folder / "hashes"
        return marks.stat().st_size if marks.exists() else 0


@contextmanager
def run_web(
    folder: Path,
    *,
    workers: int = 4,
    threads: int = 4,
    prepare: str = "",
    patience: float = 0.1,
    papers: Papers | None = None,
) -> Iterator[Web]:
    """Migrate, seed, run the Python code in ``prepare``, and serve; everything ends with the block.

    ``papers``: serve over https with this certificate, and let browsers bind their sessions.
    ``patience``: seconds to wait for Redis, as shipped; more where a busy machine must be no outage.
    """
    data, server = folder / "data", folder / "server"
    server.mkdir()
    valkey = start_valkey(server)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("COV_")},
        "DJANGO_SETTINGS_MODULE": f"tests.{'bound' if papers else 'counting'}_settings",
        "DEMO_DATA": str(data),
        "AUTHSHIELD_REDIS_URL": valkey.url,
        "PYTHONPATH": str(ROOT),
        "STORE_PATIENCE": str(patience),
    }
    port = _free_port()
    try:
        _manage(environ, "shell", "-c", SET_UP + prepare)
        argv = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
        if papers is not None:
            argv += ["--certfile", str(papers.certificate), "--keyfile", str(papers.key)]
        argv += ["--threads", str(threads), "--worker-class", "gthread", "--preload", "demo_site.wsgi"]
        with (folder / "web.log").open("wb") as log:
            process = subprocess.Popen(argv, cwd=ROOT, env=environ, stdout=log, stderr=log)
        try:
            _wait(port, process, is_secure=papers is not None)
            yield Web(port, data, valkey, environ)
        finally:
            process.terminate()
            process.wait(timeout=20)
    finally:
        valkey.stop()


def _manage(environ: dict[str, str], *arguments: str) -> str:
    argv = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        argv, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=START_SECONDS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _wait(port: int, process: subprocess.Popen[bytes], *, is_secure: bool) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if is_secure:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            if Visitor(port).get("/login/").status == 200:
                return
        except OSError:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)
    raise RuntimeError("the web processes did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
