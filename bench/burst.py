"""A hundred wrong passwords at once for one name, over four web processes: how many were looked at?"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from bench.conductor import ROOT, VariantProcess, site_environ, valkey_in
from bench.traffic import CHROME, FIREFOX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT, TRIES, PEOPLE, BURSTS = 5, 100, 4, 2
WORKERS, THREADS = 4, 8
START_SECONDS, ANSWER_SECONDS = 60, 120
HASHER = "bench.site.hashers.CountingHasher"


def guesses(variant: str, folder: Path) -> list[dict[str, Any]]:
    """Some bursts, each at another name from another address: passwords looked at, and the answers."""
    folder.mkdir()
    limit = {"BENCH_LIMIT": str(LIMIT), "BENCH_HASHER": HASHER}
    with valkey_in(folder / "server") as valkey:
        with VariantProcess(variant, folder, valkey.url, **limit) as process:
            process.ask("people", people=PEOPLE)
        valkey.client.flushall()
        with _served(site_environ(variant, folder, valkey.url, **limit)) as port:
            return [_burst(port, number, folder / "hashes") for number in range(BURSTS)]


def _burst(port: int, number: int, marks: Path) -> dict[str, Any]:
    before = _size(marks)
    with ThreadPoolExecutor(TRIES) as pool:
        statuses = list(pool.map(lambda _: _guess(port, number), range(TRIES)))
    return {
        "evaluated": _size(marks) - before,
        "statuses": {str(status): times for status, times in sorted(Counter(statuses).items())},
    }


def _size(marks: Path) -> int:
    return marks.stat().st_size if marks.exists() else 0


def _guess(port: int, number: int, *, agent: str = FIREFOX) -> int:
    source = f"127.0.0.{100 + number}"
    connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS, source_address=(source, 0))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "User-Agent": agent,
    }
    body = urlencode({"username": f"owner-{number}", "password": "wrong"})
    try:
        connection.request("POST", "/login/", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


@contextmanager
def _served(environ: dict[str, str]) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    argv = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS)]
    argv += ["--threads", str(THREADS), "--worker-class", "gthread", "--preload", "bench.site.wsgi"]
    process = subprocess.Popen(
        argv, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", "/page/", headers={"User-Agent": CHROME})
            connection.getresponse()
        except OSError:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.1)
        else:
            return
        finally:
            connection.close()
    raise SystemExit(f"bench: the web processes of {os.fspath(ROOT)} did not start")
