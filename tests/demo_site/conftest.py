"""The demo brokerage, filled, inside the test's own process."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from demo_site.broker.models import Account
from tests.filled import fill
from tests.servers import Valkey
from tests.site import Guest


@pytest.fixture
def site(valkey: Valkey, db: None) -> Valkey:
    """The people of the demo and an empty Valkey; the test's transaction is rolled back."""
    del db
    fill()
    return valkey


@pytest.fixture
def committed_site(valkey: Valkey, transactional_db: None) -> Valkey:
    """The same, for what looks at it from several connections."""
    del transactional_db
    fill()
    return valkey


@pytest.fixture
def alice(site: Valkey) -> Guest:
    """Alice, signed in on her own device."""
    del site
    guest = Guest()
    assert guest.sign_in("alice").status_code == 302
    return guest


@pytest.fixture
def dave(site: Valkey) -> Guest:
    """Dave, signed in on his own device."""
    del site
    guest = Guest()
    assert guest.sign_in("dave").status_code == 302
    return guest


@pytest.fixture
def account(site: Valkey) -> Account:
    """The account of dave."""
    del site
    return Account.objects.get(user=User.objects.get(username="dave"))
