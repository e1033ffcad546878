"""Which tests share a process of the run: those that start servers of their own, one after the other.

They wait more than they work, so that meanwhile another process gets on with the rest; and a server that several
of them share is started once. Must not decide anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

WITH_SERVERS = (
    "tests/attacks/test_a11_guesses_without_redis.py",
    "tests/attacks/test_a11_parallel_guesses.py",
    "tests/attacks/test_a72_worker_away.py",
    "tests/attacks/test_a73_celery_messages.py",
    "tests/demo/",
    "tests/doors/test_openapi.py",
    "tests/journeys/",
    "tests/learn/test_with_a_worker.py",
    "tests/measure/test_cluster.py",
    "tests/measure/test_cluster_failover.py",
    "tests/measure/test_sentinel.py",
    "tests/tasks/test_worker.py",
)


class ServersFirst(LoadScopeScheduling):
    """Hands out the tests with servers first, as they are the largest group, and all others one by one."""

    def _split_scope(self, nodeid: str) -> str:
        return "servers" if nodeid.startswith(WITH_SERVERS) else nodeid


class Plugin:
    """Only there where the run has several processes."""

    @pytest.hookimpl
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> ServersFirst:
        """Take the place of xdist's own schedulers."""
        return ServersFirst(config, log)
