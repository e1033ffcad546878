"""The site that the attacks are run against."""

from __future__ import annotations

import pytest

from authshield import clock
from demo_site.broker.seeding import seed
from tests.servers import Valkey


@pytest.fixture
def site(valkey: Valkey, transactional_db: None) -> Valkey:
    """The demo with its people, an empty Valkey and committed data; returns the Valkey."""
    del transactional_db
    seed(clock.now())
    return valkey


@pytest.fixture
def own_site(valkey: Valkey, db: None) -> Valkey:
    """The same, seen by one connection alone and rolled back afterwards: enough where nothing is parallel."""
    del db
    seed(clock.now())
    return valkey
