"""How a server is reached: the URL of the settings, read into redis-py's connections. Nothing connects here.

Must not decide which server is asked, nor what happens when none answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from redis.asyncio import ConnectionPool as AsyncPool
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.asyncio.sentinel import SentinelConnectionPool as AsyncSentinelPool
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection, ConnectionPool
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from authshield.measure.transport_wire import Connects

Address = tuple[str, int]

REDIS_PORT, SENTINEL_PORT = 6379, 26379
CLUSTER, SENTINEL = "cluster", "sentinel"

# redis-py 8 renamed the arguments that say who is calling; None in either form asks for no such question.
_NAMELESS: dict[str, None] = (
    {"driver_info": None}
    if "driver_info" in signature(AbstractConnection.__init__).parameters
    else {"lib_name": None, "lib_version": None}
)


@dataclass(frozen=True, slots=True)
class Place:
    """A URL, taken apart. ``how`` is empty for one server, else ``cluster`` or ``sentinel``.

    ``plain`` is the URL of one server with the same password, TLS, database and options; ``hosts`` are the nodes
    or sentinels to begin with; ``login`` is the sentinels' own user and password.
    """

    how: str
    plain: str
    hosts: tuple[Address, ...] = ()
    service: str = ""
    login: tuple[tuple[str, str], ...] = ()

    @property
    def is_tls(self) -> bool:
        """Whether it is talked to under TLS."""
        return self.plain.startswith("rediss:")


def read_url(url: str) -> Place:
    """Take a URL apart. Raises ``ValueError`` for one that names no host, or no service of its sentinels."""
    scheme, _, how = urlsplit(url).scheme.partition("+")
    if how not in {CLUSTER, SENTINEL}:
        return Place("", url)
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    found = tuple(
        _address(host, REDIS_PORT if how == CLUSTER else SENTINEL_PORT) for host in hosts.split(",")
    )
    options = dict(parse_qsl(parts.query))
    login = tuple(
        (name.removeprefix("sentinel_"), options.pop(name))
        for name in ("sentinel_username", "sentinel_password")
        if name in options
    )
    service, _, database = unquote(parts.path).strip("/").partition("/")
    if how == CLUSTER:
        service = database = ""
    elif not service:
        raise ValueError(
            "a redis+sentinel:// URL names the service as its path: …://host:26379,host:26379/mymaster"
        )
    plain = f"{scheme}://{user}{at}{hosts.split(',')[0]}/{database}?{urlencode(options)}"
    return Place(how, plain, found, service, login)


def _address(text: str, port: int) -> Address:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("the URL names a host that is empty")
    return parts.hostname, parts.port or port


class Dialer:
    """Makes connections to one place. They connect in ``connect_seconds`` and answer in ``answer_seconds``."""

    def __init__(self, place: Place, *, connect_seconds: float, answer_seconds: float) -> None:
        """Nothing is connected yet, nor resolved."""
        self.place = place
        self.answer_seconds = answer_seconds
        self.connect_seconds = connect_seconds
        self._settings: dict[str, Any] = {
            "socket_timeout": answer_seconds,
            "socket_connect_timeout": connect_seconds,
            "retry_on_error": [],
            # No handshake beyond AUTH and SELECT: each further question could be waited for.
            "protocol": 2,
            **_NAMELESS,
        }
        self._make, _ = self._maker(ConnectionPool, Sentinel, SentinelConnectionPool, Retry)

    def connection(self, address: Address | None = None) -> Connects:
        """A connection to the place, or to one node of it; not connected yet."""
        made: Connects = self._make(**_to(address))
        return made

    async def connected(self, address: Address | None = None) -> Any:
        """The same for the running event loop, connected. Raises redis-py's errors, and ``OSError``."""
        # Made anew each time: what talks to sentinels keeps connections, which are one loop's.
        make, sentinels = self._maker(AsyncPool, AsyncSentinel, AsyncSentinelPool, AsyncRetry)
        made = make(**_to(address))
        try:
            await made.connect()
        finally:
            for one in sentinels:
                await one.aclose()
        return made

    def _maker(
        self, pool: Any, sentinel: Any, sentinel_pool: Any, retry: Any
    ) -> tuple[Callable[..., Any], Sequence[Any]]:
        """What makes connections; and the clients that it asks for a master, if it asks."""
        settings = {**self._settings, "retry": retry(NoBackoff(), 0)}
        made = pool.from_url(self.place.plain, **settings)
        options = dict(made.connection_kwargs)
        sentinels: Sequence[Any] = ()
        if self.place.how == SENTINEL:
            for name in ("host", "port"):
                options.pop(name, None)
            asked = sentinel(list(self.place.hosts), sentinel_kwargs=self._for_sentinels(options, retry))
            made = sentinel_pool(self.place.service, asked, ssl=self.place.is_tls, **options)
            options = dict(made.connection_kwargs)
            sentinels = asked.sentinels

        def make(**changes: Any) -> Any:
            return made.connection_class(**{**options, **changes})

        return make, sentinels

    def _for_sentinels(self, options: dict[str, Any], retry: Any) -> dict[str, Any]:
        # All of them together may take as long as a connection may.
        seconds = self.connect_seconds / len(self.place.hosts)
        tls = {name: value for name, value in options.items() if name.startswith("ssl_")}
        return {
            **self._settings,
            **tls,
            **dict(self.place.login),
            "socket_timeout": seconds,
            "socket_connect_timeout": seconds,
            "retry": retry(NoBackoff(), 0),
            "ssl": self.place.is_tls,
        }


def _to(address: Address | None) -> dict[str, Any]:
    return {} if address is None else {"host": address[0], "port": address[1]}
