"""Trusting and forgetting devices: the counters follow the row, at once or as soon as they are back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authshield.contain import devices
from authshield.contain.work import HANDLERS
from authshield.measure import default_store, measure
from authshield.models import Device, OutboxTask
from authshield.record import outbox
from authshield.record.rows import device_hash
from authshield.vocabulary.event import DeviceSeen, Kind
from tests.hijack import ruleset
from tests.recorded import NOW, event

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import Settings

    from tests.servers import Valkey

pytestmark = pytest.mark.django_db(transaction=True)


def _device(account: str = "1") -> Device:
    return Device.objects.create(
        account=account, device_hash=device_hash("device-1"), first_seen_at=NOW, last_seen_at=NOW
    )


def _is_trusted(account: str = "1") -> bool:
    seen = event(Kind.LOGIN, account=account, device=DeviceSeen(id="device-1"))
    return bool(measure(seen, ruleset(), default_store()).facts["device.is_trusted"])


def _work_off() -> None:
    OutboxTask.objects.update(due_at=NOW)
    while outbox.run_due(NOW, HANDLERS):
        pass


@pytest.mark.usefixtures("valkey")
def test_a_trusted_device_is_trusted_at_once_and_a_forgotten_one_is_not() -> None:
    """The desk's and the customer's word counts from the next event on, and repeating it changes nothing."""
    device = _device()
    devices.trust(device, NOW)
    assert _is_trusted()
    devices.forget(device, NOW)
    assert not _is_trusted()
    _work_off()
    assert not _is_trusted()


def test_what_redis_missed_reaches_it_later(
    settings: Settings, start_own_valkey: Callable[[], Valkey]
) -> None:
    """Forgotten while Redis was away: once it is back the device is a stranger's."""
    valkey = start_own_valkey()
    settings.AUTHSHIELD_REDIS_URL = valkey.url
    device = _device()
    devices.trust(device, NOW)
    assert _is_trusted()
    settings.AUTHSHIELD_REDIS_URL = "redis://127.0.0.1:1/0"
    devices.forget(device, NOW)
    settings.AUTHSHIELD_REDIS_URL = valkey.url
    assert _is_trusted()
    _work_off()
    assert not _is_trusted()


def test_a_device_that_is_gone_is_no_error() -> None:
    """A task for a row that was purged meanwhile does nothing."""
    devices.apply("4711", NOW)
