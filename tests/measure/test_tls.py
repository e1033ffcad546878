"""Redis over TLS: the same counting through an encrypted connection, and none through one that proves nothing."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from authshield.measure import Store, ameasure, measure, settle
from authshield.vocabulary.decision import Final
from authshield.vocabulary.ruleset import Dimension
from tests.clusters import free_ports
from tests.measure.making import limit, login, order, published, settlement
from tests.tls import Authority, terminator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import Valkey
    from tests.tls import Papers

RULES = published(limit("x", Dimension.ACCOUNT, 5))


@pytest.fixture
def authority(short_path: Path) -> Authority:
    """Whom the site trusts."""
    return Authority(short_path)


@pytest.fixture
def papers(authority: Authority) -> Papers:
    """The server's certificate, for the address that it has."""
    return authority.issue("server", "127.0.0.1")


@contextmanager
def served(valkey: Valkey, papers: Papers, options: str, clients: Authority | None = None) -> Iterator[Store]:
    """A store on that server, through TLS."""
    with ExitStack() as stack:
        behind = Path(valkey.url.removeprefix("unix://"))
        port = stack.enter_context(terminator(behind, papers, clients))
        url = f"rediss://127.0.0.1:{port}/0?{options}"
        store = Store(url, namespace="test", timeout_seconds=5.0)
        stack.callback(store.close)
        yield store


def trusting(authority: Authority) -> str:
    """The option that names whom to trust."""
    return f"ssl_ca_certs={authority.certificate}"


def test_a_limit_holds_over_tls(valkey: Valkey, authority: Authority, papers: Papers) -> None:
    """Five of a hundred threads, and what is settled without waiting is settled."""
    with served(valkey, papers, trusting(authority)) as store:
        with ThreadPoolExecutor(20) as pool:
            passed = sum(pool.map(lambda _: not measure(login(), RULES, store).over, range(100)))
        assert passed == 5
        made = order(account="bob", session="bobs")
        settle(made, measure(made, RULES, store), settlement(made, Final.STOPPED), store)
        again = order(account="bob", session="bobs")
        assert measure(again, RULES, store).facts["velocity.x"] == 1
    assert valkey.client.dbsize() > 0


def test_an_event_loop_talks_tls_too(valkey: Valkey, authority: Authority, papers: Papers) -> None:
    """A hundred tasks at once: the same five."""
    with served(valkey, papers, trusting(authority)) as store:

        async def ask() -> int:
            asked = await asyncio.gather(*[ameasure(login(), RULES, store) for _ in range(100)])
            return sum(not features.is_missing and not features.over for features in asked)

        assert asyncio.run(ask()) == 5


def test_a_server_of_another_authority_is_told_nothing(
    valkey: Valkey, short_path: Path, papers: Papers
) -> None:
    """No answer rather than an answer from a stranger."""
    with served(valkey, papers, trusting(Authority(short_path, "other"))) as store:
        assert measure(login(), RULES, store).is_missing
    assert valkey.client.dbsize() == 0


def test_a_server_with_somebody_elses_certificate_is_told_nothing(
    valkey: Valkey, authority: Authority
) -> None:
    """It is good, but for another host."""
    with served(valkey, authority.issue("elsewhere", "redis.example"), trusting(authority)) as store:
        assert measure(login(), RULES, store).is_missing
    assert valkey.client.dbsize() == 0


def test_a_plain_server_is_told_nothing_either(valkey: Valkey, authority: Authority) -> None:
    """No falling back to a connection without TLS."""
    with ExitStack() as stack:
        (port,) = free_ports(1)
        valkey.client.config_set("port", port)
        stack.callback(valkey.client.config_set, "port", 0)
        store = Store(
            f"rediss://127.0.0.1:{port}?{trusting(authority)}", namespace="test", timeout_seconds=1.0
        )
        stack.callback(store.close)
        assert measure(login(), RULES, store).is_missing
        assert valkey.client.dbsize() == 0


@pytest.mark.parametrize("is_shown", [True, False])
def test_a_client_shows_its_own_certificate_where_the_url_names_one(
    valkey: Valkey, authority: Authority, papers: Papers, is_shown: bool
) -> None:
    """And is not let in without."""
    own = authority.issue("web")
    shown = f"&ssl_certfile={own.certificate}&ssl_keyfile={own.key}" if is_shown else ""
    with served(valkey, papers, trusting(authority) + shown, authority) as store:
        assert measure(login(), RULES, store).is_missing is not is_shown
