"""Another address to come from: a plain relay on loopback, so that a real browser can sit on another network."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 65_536


@contextmanager
def relay(port: int, address: str) -> Iterator[int]:
    """Pass connections on to ``port``, coming from ``address``; yields the port to connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        end, told = socket.socketpair()
        passing = threading.Thread(target=_pass_on, args=(server, told, port, address), daemon=True)
        passing.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            end.close()
            passing.join()
            told.close()


def _pass_on(server: socket.socket, told: socket.socket, port: int, address: str) -> None:
    ends: dict[socket.socket, socket.socket] = {}
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        selector.register(told, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                source = key.fileobj
                if source is told:
                    return
                if source is server:
                    near = stack.enter_context(server.accept()[0])
                    far = socket.create_connection(("127.0.0.1", port), source_address=(address, 0))
                    ends |= {near: stack.enter_context(far), far: near}
                    selector.register(near, selectors.EVENT_READ)
                    selector.register(far, selectors.EVENT_READ)
                elif (
                    isinstance(source, socket.socket) and source in ends and not _moved(source, ends[source])
                ):
                    for one in (source, ends.pop(source)):
                        ends.pop(one, None)
                        selector.unregister(one)
                        one.close()


def _moved(source: socket.socket, target: socket.socket) -> bool:
    """Whether something came and went on; False where either side has hung up."""
    with suppress(OSError):
        chunk = source.recv(CHUNK)
        target.sendall(chunk)
        return bool(chunk)
    return False
