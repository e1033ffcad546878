"""One customer's word that it was somebody else labels, opens a case and contains; on a page or by a link."""

from __future__ import annotations

from datetime import timedelta

import pytest

from authshield import clock
from authshield.learn import counting, reports
from authshield.models import Case, Device, Label, LabelledEvent, Session, Unlearnt
from tests.site import Guest, code_of, stranger, work_off

pytestmark = pytest.mark.usefixtures("site")


def signed_in(name: str = "alice") -> Guest:
    """Her usual browser."""
    guest = Guest()
    assert guest.sign_in(name).headers["Location"] == "/"
    work_off()
    return guest


def hijacked(name: str = "alice") -> tuple[Guest, str]:
    """A thief who relayed her code; and the session's id."""
    thief = stranger()
    answer = thief.sign_in(name)
    where = answer.headers["Location"]
    thief.client.get(where)
    thief.client.post(where, {"factor": "totp", "token": code_of(name)})
    work_off()
    assert thief.is_signed_in
    return thief, Session.objects.latest("started_at").pk


def test_the_customer_reports_a_session_and_it_is_contained_at_once() -> None:
    """Seen in the activity, asked once, done by POST alone."""
    here = signed_in()
    thief, sid = hijacked()
    address = f"/security/sessions/{sid}/not-me/"
    assert f'href="{address}"' in here.client.get("/security/").content.decode()
    page = here.client.get(address)
    assert page.status_code == 200
    assert [guest.is_signed_in for guest in (thief, here)] == [True, True]
    done = here.client.post(address)
    assert "we have stopped it" in done.content.decode()
    assert [guest.is_signed_in for guest in (thief, here)] == [False, True]
    case = Case.objects.get()
    assert (case.state, case.sid, case.score) == ("contained", sid, 100.0)
    label = Label.objects.get()
    assert (label.source, label.verdict, label.sid) == ("customer", "fraud", sid)
    assert LabelledEvent.objects.get().sid == sid
    assert sum(counting.counts().values()) > 5
    assert "reported by you" in here.client.get("/security/").content.decode()


def test_her_own_devices_are_not_touched_and_the_thiefs_lessons_go() -> None:
    """What the session taught is unlearnt by the worker; a new device is revoked."""
    here = signed_in()
    _, sid = hijacked()
    here.client.post(f"/security/sessions/{sid}/not-me/")
    work_off()
    assert Unlearnt.objects.get().lesson["sid"] == sid
    session = Session.objects.get(pk=sid)
    assert Device.objects.get(device_hash=session.device_hash).revoked_at is not None
    assert Device.objects.filter(revoked_at=None).exists()


def test_reporting_twice_is_reporting_once() -> None:
    """One label, one case, also after the desk has closed it."""
    here = signed_in()
    _, sid = hijacked()
    for _ in range(2):
        here.client.post(f"/security/sessions/{sid}/not-me/")
    Case.objects.update(state=Case.State.CLOSED)
    here.client.post(f"/security/sessions/{sid}/not-me/")
    assert (Label.objects.count(), Case.objects.count()) == (1, 1)


def test_nobody_reports_the_session_that_he_is_in_or_somebody_elses() -> None:
    """The one leads to freezing the account; the other does not exist for him."""
    here = signed_in()
    own = Session.objects.get().pk
    answer = here.client.post(f"/security/sessions/{own}/not-me/")
    assert answer.status_code == 409
    assert "/security/freeze/" in answer.content.decode()
    bob = Guest("127.2.0.77")
    bob.sign_in("bob")
    assert bob.client.post(f"/security/sessions/{own}/not-me/").status_code in {302, 404}
    assert not Label.objects.exists()
    assert here.is_signed_in


def test_a_link_stops_what_it_names_for_who_cannot_sign_in_any_more() -> None:
    """Opening it does nothing, as mail scanners do; its button does; later it is over."""
    _, sid = hijacked()
    account = Session.objects.get(pk=sid).account
    now = clock.now()
    address = f"/security/not-me/{reports.link_token(account, sid, now)}/"
    anybody = Guest("127.2.0.99")
    assert anybody.client.get(address).status_code == 200
    assert not Label.objects.exists()
    assert anybody.client.post(address).status_code == 200
    assert Session.objects.get(pk=sid).ended_reason == "contained"
    later = now + timedelta(days=reports.LINK_DAYS, seconds=2)
    assert reports.from_token(reports.link_token(account, sid, now), later) is None


@pytest.mark.parametrize("change", ["sid", "until", "signature", "short", "words"])
def test_a_link_that_we_did_not_sign_does_nothing(change: str) -> None:
    """Another session, another date, another signature, half of it, or anything else."""
    _, sid = hijacked()
    sid, until, signature = reports.link_token(Session.objects.get(pk=sid).account, sid, clock.now()).split(
        "."
    )
    forged = {
        "sid": f"{sid}x.{until}.{signature}",
        "until": f"{sid}.{int(until) + 1}.{signature}",
        "signature": f"{sid}.{until}.{'0' * len(signature)}",
        "short": f"{sid}.{until}",
        "words": "not-me",
    }[change]
    assert stranger().client.post(f"/security/not-me/{forged}/").status_code == 404
    assert not Label.objects.exists()


def test_the_page_speaks_japanese() -> None:
    """For whom the rest of the site does."""
    here = signed_in()
    _, sid = hijacked()
    page = here.client.get(f"/security/sessions/{sid}/not-me/", headers={"accept-language": "ja"})
    assert "身に覚えがない" in page.content.decode()
