"""A real store, open books and a customer for the tests of containment."""

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from authshield.backends.loader import load, order_gateway
from authshield.measure import Store, default_store
from tests.open_books import PATH, OpenBooks
from tests.recorded import person
from tests.servers import Valkey


@pytest.fixture
def store(valkey: Valkey, settings: Settings) -> Store:
    """The store of the settings; patient, because the machine may be busy with other tests."""
    assert valkey.client.ping()
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0
    return default_store()


@pytest.fixture
def books(settings: Settings) -> OpenBooks:
    """New books, which the settings name."""
    load.cache_clear()
    settings.AUTHSHIELD_ORDER_GATEWAY = PATH
    found = order_gateway()
    assert isinstance(found, OpenBooks)
    return found


@pytest.fixture
def customer(db: None) -> User:  # noqa: ARG001 - it needs the database
    """A customer with an address."""
    return person()
