"""Accounts, devices, sessions: what the desk may do to each, and that a person's name stays with it."""

import pytest
from django.urls import reverse

from authshield.models import AccountState, Approval, Device, Session
from tests.admin.conftest import NOW, Desk, make_device, make_session
from tests.servers import Valkey


def step(thing: object, name: str) -> str:
    """The page of a step."""
    return reverse(f"admin:authshield_{type(thing).__name__.lower()}_step", args=[thing.pk, name])  # type: ignore[attr-defined]


def test_a_session_ends(desk: Desk) -> None:
    """Whose it is is said first; a second time there is nothing to end."""
    session = make_session()
    analyst = desk("analysts")
    assert "account 7 from Chrome, Windows" in analyst.get(step(session, "end")).content.decode()
    assert analyst.post(step(session, "end"), {"reason": "lost phone"}).status_code == 302
    assert Session.objects.get(account="7").ended_reason == "lost phone"
    assert "not possible any more" in analyst.get(step(session, "end"), follow=True).content.decode()


def test_a_sealed_key_is_on_no_page(desk: Desk) -> None:
    """What opens a session is not for the desk's eyes."""
    session = make_session(sealed_key=b"sealed-bytes", key_hash="hash-of-a-key")
    page = desk("admin").get(reverse("admin:authshield_session_change", args=[session.pk])).content.decode()
    assert "sealed-bytes" not in page
    assert "hash-of-a-key" not in page


@pytest.mark.usefixtures("valkey")
def test_a_device_is_trusted_and_revoked(desk: Desk) -> None:
    """Each with a reason; the button for what is so already is not there."""
    device = make_device()
    analyst = desk("analysts")
    analyst.post(step(device, "trust"), {"reason": "customer came to the branch"})
    device.refresh_from_db()
    assert device.trusted_at is not None
    assert (
        step(device, "trust")
        not in analyst.get(reverse("admin:authshield_device_change", args=[device.pk])).content.decode()
    )
    analyst.post(step(device, "revoke"), {"reason": "stolen"})
    revoked = Device.objects.get(pk=device.pk)
    assert revoked.trusted_at is None
    assert revoked.revoked_at is not None
    analyst.post(step(device, "trust"), {"reason": "found again"})
    device.refresh_from_db()
    assert device.revoked_at is None


def test_without_redis_the_database_keeps_what_was_decided(desk: Desk) -> None:
    """A revocation waits for nobody: the row is the truth."""
    device = make_device()
    assert desk("analysts").post(step(device, "revoke"), {"reason": "stolen"}).status_code == 302
    assert Device.objects.get(account="7").revoked_at is not None


def test_an_accounts_release_is_asked_for_where_it_is_listed(desk: Desk) -> None:
    """Who froze it and why is said before; one person alone releases nothing."""
    state = AccountState.objects.create(
        account="7", frozen_at=NOW, frozen_by="scoring", frozen_reason="drained"
    )
    analyst = desk("analysts")
    assert "frozen by scoring: drained" in analyst.get(step(state, "unfreeze")).content.decode()
    analyst.post(step(state, "unfreeze"), {"reason": "called back"})
    state.refresh_from_db()
    assert state.frozen_at is not None
    assert Approval.objects.get().asked_by == "analysts"
    again = analyst.post(step(state, "unfreeze"), {"reason": "called back"})
    assert (again.status_code, "waits for a second person" in again.content.decode()) == (409, True)


@pytest.mark.usefixtures("valkey")
def test_what_was_done_is_in_the_history(desk: Desk, valkey: Valkey) -> None:
    """Django's own history names person and reason."""
    del valkey
    device = make_device()
    analyst = desk("analysts")
    analyst.post(step(device, "revoke"), {"reason": "stolen"})
    page = analyst.get(reverse("admin:authshield_device_history", args=[device.pk])).content.decode()
    assert "revoke: stolen" in page
    assert "analysts" in page
