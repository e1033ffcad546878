"""Another address to come from: a plain relay on loopback, so that a real browser can sit on another network."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 65_536


@contextmanager
def relay(port: int, address: str) -> Iterator[int]:
    """Pass connections on to ``port``, coming from ``address``; yields the port to connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, port, address), daemon=True).start()
        yield int(server.getsockname()[1])


def _accept(server: socket.socket, port: int, address: str) -> None:
    with suppress(OSError):
        while True:
            near, _ = server.accept()
            far = socket.create_connection(("127.0.0.1", port), source_address=(address, 0))
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
