"""The site that the attacks are run against."""

from __future__ import annotations

import pytest

from tests.filled import fill
from tests.servers import Valkey


@pytest.fixture
def site(valkey: Valkey, transactional_db: None) -> Valkey:
    """The demo with its people, an empty Valkey and committed data; returns the Valkey."""
    del transactional_db
    fill()
    return valkey


@pytest.fixture
def own_site(valkey: Valkey, db: None) -> Valkey:
    """The same, seen by one connection alone and rolled back afterwards: enough where nothing is parallel."""
    del db
    fill()
    return valkey
