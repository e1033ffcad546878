"""The demo, filled and served, to be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.authenticator import ORIGIN
from tests.filled import fill
from tests.looks.shop import Shop, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings

    from tests.servers import Valkey


@pytest.fixture
def shop(valkey: Valkey, transactional_db: None, settings: Settings) -> Iterator[Shop]:
    """With its people; passkeys work at the port that it got."""
    del valkey, transactional_db
    fill()
    with open_shop() as opened:
        settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [opened.origin, ORIGIN]
        yield opened
