"""Keys of browsers and bound sessions at the desk: seen, withdrawn and ended, and no key or challenge shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from authshield.models import BoundSession, DeviceKey, Session
from tests.admin.conftest import NOW, Desk, make_device, make_session
from tests.admin.test_accounts import step

PRINT = "T" * 43


def _key(**columns: object) -> DeviceKey:
    make_device()
    values = {"account": "7", "device_hash": "d" * 32, "thumbprint": PRINT, "registered_at": NOW, **columns}
    return DeviceKey.objects.create(**values)


def _bound() -> BoundSession:
    make_session()
    return BoundSession.objects.create(
        id="b" * 32,
        sid="sid-1",
        account="7",
        algorithm="ES256",
        key=b"the-public-key",
        challenge="what-is-to-be-signed",
        answered="what-was-signed",
        registered_at=NOW,
        refreshed_at=NOW + timedelta(minutes=5),
    )


def test_a_key_is_listed_with_its_device(desk: Desk) -> None:
    """Whose it is, on which browser, since when; one query for the list however many there are."""
    _key(confirms_at=NOW)
    page = desk("auditors").get(reverse("admin:authshield_devicekey_changelist")).content.decode()
    assert "Chrome, Windows" in page
    assert PRINT not in page
    assert PRINT[:12] in page


def test_a_key_is_withdrawn_with_a_reason(desk: Desk) -> None:
    """It confirms nothing any more, its device's sessions end, others go on; and who did it is recorded."""
    key = _key(confirms_at=NOW)
    make_session(device_hash="d" * 32)
    make_session("sid-2", device_hash="e" * 32)
    analyst = desk("analysts")
    assert "Open sessions of its device end" in analyst.get(step(key, "withdraw")).content.decode()
    assert DeviceKey.objects.get().replaced_at is None
    assert analyst.post(step(key, "withdraw"), {"reason": ""}).status_code == 409
    assert analyst.post(step(key, "withdraw"), {"reason": "malware"}).status_code == 302
    key.refresh_from_db()
    assert key.replaced_at is not None
    assert key.confirms_at is None
    assert dict(Session.objects.filter(account="7").values_list("sid", "ended_reason")) == {
        "sid-1": "malware",
        "sid-2": "",
    }
    assert "withdraw: malware" in LogEntry.objects.get().change_message
    assert "not possible any more" in analyst.get(step(key, "withdraw"), follow=True).content.decode()


def test_a_bound_session_ends_with_its_binding(desk: Desk) -> None:
    """The session, so that its cookie opens nothing; the binding, so that no key renews it."""
    row = _bound()
    analyst = desk("analysts")
    assert "account 7" in analyst.get(step(row, "end")).content.decode()
    assert analyst.post(step(row, "end"), {"reason": "lost phone"}).status_code == 302
    assert Session.objects.get(account="7").ended_reason == "lost phone"
    assert BoundSession.objects.get(account="7").ended_at is not None


def test_no_key_and_no_challenge_is_on_a_page(desk: Desk) -> None:
    """What a browser has to sign next is nobody's business."""
    row = _bound()
    browser = desk("admin")
    for address in (
        reverse("admin:authshield_boundsession_changelist"),
        reverse("admin:authshield_boundsession_change", args=[row.pk]),
    ):
        page = browser.get(address).content.decode()
        assert "Chrome, Windows" in page
        for secret in ("the-public-key", "what-is-to-be-signed", "what-was-signed"):
            assert secret not in page


@pytest.mark.parametrize("role", ["auditors", "tuners", "approvers", "clerk"])
def test_who_may_not_cannot(desk: Desk, role: str) -> None:
    """Neither by the page nor past it."""
    key, row = _key(), _bound()
    browser = desk(role)
    assert browser.post(step(key, "withdraw"), {"reason": "x"}).status_code == 403
    assert browser.post(step(row, "end"), {"reason": "x"}).status_code == 403
    assert DeviceKey.objects.get().replaced_at is None
    assert Session.objects.get(account="7").ended_at is None
