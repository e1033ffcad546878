"""The desk sees that web processes work without Redis, on every page of its own."""

from datetime import timedelta

import pytest
from django.urls import reverse

from authshield import clock
from authshield.models import StoreReport
from tests.admin.conftest import Desk, make_device

BANNER = "works without Redis"

# The process that shows the desk has its own.
pytestmark = pytest.mark.usefixtures("valkey")


@pytest.mark.parametrize(("age", "is_shown"), [(5, True), (120, False)])
def test_a_banner_is_on_the_desks_pages_while_it_lasts(desk: Desk, age: int, is_shown: bool) -> None:
    """On lists and on single things; not once the process has fallen silent."""
    now = clock.now()
    device = make_device()
    StoreReport.objects.create(
        node="web-1:7", is_away=True, changed_at=now, reported_at=now - timedelta(seconds=age)
    )
    analyst = desk("analysts")
    for page in (
        reverse("admin:authshield_device_changelist"),
        reverse("admin:authshield_device_change", args=[device.pk]),
    ):
        assert (f"1 web process {BANNER}" in analyst.get(page).content.decode()) is is_shown
    row = reverse("admin:authshield_storereport_changelist")
    assert "web-1:7" in analyst.get(row).content.decode()


def test_it_reads_japanese(desk: Desk) -> None:
    """The desk works in either language."""
    now = clock.now()
    StoreReport.objects.create(node="web-1:7", is_away=True, changed_at=now, reported_at=now)
    page = desk("analysts").get(reverse("admin:authshield_device_changelist"), HTTP_ACCEPT_LANGUAGE="ja")
    assert "Redis なしで稼働しています" in page.content.decode()
