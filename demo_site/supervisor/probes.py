"""Questions to a child that answer at once: is it ready? Must not wait themselves; family.py does."""

import select
import socket
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from demo_site.supervisor.errors import StartError

SERVER_ERROR = 500
REQUEST = b"GET /login/ HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"


class ValkeyProbe:
    """Asks Valkey over its socket."""

    def __init__(self, path: Path) -> None:
        self._client = Redis(unix_socket_path=str(path), socket_timeout=1.0)

    def answers(self) -> bool:
        """Tell whether it takes commands (while it reads its journal it does not)."""
        try:
            return bool(self._client.ping())
        except RedisError:
            return False

    def has_worker(self) -> bool:
        """Tell whether a worker waits at a queue."""
        return any(client["cmd"] == "brpop" for client in self._client.client_list())


class SiteProbe:
    """Sends one request and looks whether its answer has come. Closed by ``close``."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=1.0)
        self._socket.sendall(REQUEST)

    def answers(self) -> bool:
        """Tell whether the site answers. Raises StartError if it does with a server error."""
        if not select.select([self._socket], [], [], 0)[0]:
            return False
        status = self._socket.recv(64).split(b" ")[1:2]
        if not status or int(status[0]) >= SERVER_ERROR:
            raise StartError(f"the site answers {REQUEST.split()[1].decode()} with an error", exit_status=1)
        return True

    def close(self) -> None:
        """Give the connection back."""
        self._socket.close()
