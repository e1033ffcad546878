"""A36, A44: all of a browser's cookies, its headers, another network; but not its key."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail

from authshield.models import Device, DeviceKey, LedgerEntry
from tests.client import ELSEWHERE
from tests.clocks import set_clock
from tests.signer import HEADER, Keyed, Signer, thief_of
from tests.site import Guest, challenge_in, code_of, work_off

pytestmark = pytest.mark.usefixtures("own_site")
PAGES = ("/", "/orders/", "/security/", "/account/contact/", "/withdrawals/new/")
SYMBOL = "1301"
NEARBY = "127.0.0.77"


def _account(name: str) -> str:
    return str(get_user_model().objects.get(username=name).pk)


def _executed(name: str) -> int:
    return LedgerEntry.objects.filter(
        account=_account(name), kind="order", final__in=["allowed", "passed"]
    ).count()


def _confirm(guest: Any, name: str) -> Any:
    """Answer what the page that asks for the device leads to."""
    asked = guest.client.post("/security/confirm/", {"next": "/orders/"})
    page = asked.headers["Location"]
    return guest.client.post(page, {"factor": "totp", "token": code_of(name)})


def test_a36_a_copied_session_shows_no_page_elsewhere() -> None:
    """Every page asks for the key, and the thief has none; the customer goes on as if nothing were."""
    alice = Keyed().settle_in("alice")
    assert [alice.client.get(page).status_code for page in PAGES] == [200] * len(PAGES)
    thief = thief_of(alice, ELSEWHERE)
    answers = [thief.client.get(page) for page in PAGES]
    assert [answer.status_code for answer in answers] == [401] * len(PAGES)
    assert all(b"Is this still your browser" in answer.content for answer in answers)
    assert thief.api("GET", "/api/orders").json()["code"] == "device_proof_required"
    assert [alice.client.get(page).status_code for page in PAGES] == [200] * len(PAGES)


def test_a36_a_copied_session_orders_nothing_not_even_next_door() -> None:
    """On the same network as well: neither without a proof nor with a proof by another key, and no code will do."""
    alice = Keyed().settle_in("alice")
    for address in (alice.address, NEARBY, ELSEWHERE):
        thief = thief_of(alice, address)
        for own in ({}, {HEADER: Signer().proof("POST", "/api/orders", b"{}")}):
            order = {"symbol": SYMBOL, "side": "buy", "quantity": "100", "order_type": "market"}
            answer = thief.api("POST", "/api/orders", order, **own)
            assert answer.status_code in {202, 401}, answer.content
            if answer.status_code == 401:
                assert answer.json()["challenge"]["required"] == "phishing_resistant"
    assert _executed("alice") == 0
    assert alice.order(SYMBOL).status_code == 201
    assert _executed("alice") == 1


def test_a36_the_thief_cannot_bring_a_key_of_his_own() -> None:
    """A session has one key; what registers another is refused and changes nothing."""
    alice = Keyed().settle_in("alice")
    thief = Keyed(ELSEWHERE)
    thief.client.cookies.update(thief_of(alice, ELSEWHERE).client.cookies)
    assert thief.show().status_code == 409
    assert DeviceKey.objects.filter(account=_account("alice")).count() == 1
    assert alice.order(SYMBOL).status_code == 201


def test_a36_the_customer_goes_on_after_one_confirmation_and_the_copy_is_dead() -> None:
    """Even where the browser has lost its key: one code, and a new session key that the thief does not have."""
    alice = Keyed().settle_in("alice")
    thief = thief_of(alice, ELSEWHERE)
    alice.address, alice.client.defaults["REMOTE_ADDR"] = NEARBY, "198.51.100.77"
    alice.signer = Signer()
    assert alice.client.get("/orders/").status_code == 401
    assert _confirm(alice, "alice").headers["Location"] == "/orders/"
    assert alice.client.get("/orders/").status_code == 200
    assert alice.show().status_code == 204
    assert [alice.client.get(page).status_code for page in PAGES] == [200] * len(PAGES)
    assert thief.client.get("/").status_code == 302
    assert thief.client.get("/").headers["Location"].startswith("/login/")


def test_a36_a_browser_that_moves_proves_itself_without_a_click() -> None:
    """From home to a phone's network: the page is answered once the script has signed."""
    alice = Keyed().settle_in("alice")
    alice.client.defaults["REMOTE_ADDR"] = "198.51.100.77"
    page = alice.client.get("/orders/")
    assert (page.status_code, page.headers["AuthShield-Prove"]) == (401, "/security/api/device")
    assert 'data-authshield-prove="/orders/"' in page.content.decode()
    assert alice.show().status_code == 204
    assert alice.client.get("/orders/").status_code == 200


def test_a36_a_proof_that_comes_again_is_worth_nothing() -> None:
    """Seen in the counting trip: the same bytes, sent once more, ask for what cannot be relayed."""
    alice = Keyed().settle_in("alice")
    body = b'{"symbol": "1301", "side": "buy", "quantity": "100", "order_type": "market"}'
    assert alice.signer
    same: dict[str, Any] = {
        "content_type": "application/json",
        "HTTP_ACCEPT": "application/json",
        HEADER: alice.signer.proof("POST", "/api/orders", body),
    }
    assert alice.client.post("/api/orders", body, **same).status_code == 201
    assert alice.client.post("/api/orders", body, **same).status_code in {202, 401}
    assert _executed("alice") == 1


def _pass(guest: Any, name: str, asked: Any) -> Any:
    """Answer the challenge that a page led to."""
    fields = {"factor": "totp", "token": code_of(name)}
    page = f"/security/challenge/{challenge_in(asked)}/"
    return guest.post_form(page, fields) if isinstance(guest, Keyed) else guest.client.post(page, fields)


def _again(guest: Any, name: str) -> Any:
    guest.client.cookies.pop("sessionid", None)
    return guest.sign_in(name)


def test_a44_of_a_copied_device_cookie_both_lose_their_trust_and_the_customer_confirms_once() -> None:
    """The older copy marks the device for good; with another id the customer works on, and the copy stays dead."""
    with set_clock() as clock:
        alice = Keyed().settle_in("alice")
        thief = thief_of(alice, ELSEWHERE)
        clock.go_on(600)
        assert _again(alice, "alice").headers["Location"] == "/"
        assert alice.client.get("/").status_code == 200
        work_off()
        clock.go_on(120)
        assert challenge_in(_again(thief, "alice"))
        asked = alice.client.get("/orders/")
        assert _pass(alice, "alice", asked).headers["Location"] == "/orders/"
        work_off()
        assert [alice.client.get(page).status_code for page in PAGES] == [200] * len(PAGES)
        assert alice.order(SYMBOL).status_code == 201
        assert challenge_in(_again(thief, "alice"))
        assert _again(alice, "alice").headers["Location"] == "/"
        work_off()
    assert Device.objects.filter(account=_account("alice"), revoked_at__isnull=False).count() == 1
    assert Device.objects.filter(account=_account("alice"), revoked_at=None).count() == 1
    assert ["has a double" in message.subject for message in mail.outbox].count(True) == 1


def test_a44_the_thief_who_signs_in_first_is_found_out_by_the_customer() -> None:
    """Whoever of the two turns the cookie on, the other one comes with an old one."""
    with set_clock() as clock:
        alice = Guest()
        alice.sign_in("alice")
        alice.client.get("/")
        thief = thief_of(alice, alice.address)
        assert _again(thief, "alice").headers["Location"] == "/"
        assert thief.client.get("/").status_code == 200
        clock.go_on(300)
        asked = _again(alice, "alice")
        assert _pass(alice, "alice", asked).headers["Location"] == "/"
        assert challenge_in(thief.client.get("/orders/"))
        assert alice.client.get("/orders/").status_code == 200


def test_a44_parallel_tabs_and_a_lost_reply_are_no_finding() -> None:
    """Two sign-ins from one old cookie at once; and a new cookie that never arrived."""
    with set_clock() as clock:
        alice = Guest()
        alice.sign_in("alice")
        tab = thief_of(alice, alice.address)
        assert _again(alice, "alice").headers["Location"] == "/"
        assert alice.client.get("/").status_code == 200
        assert tab.client.get("/orders/").status_code == 200
        before = dict(alice.client.cookies)
        clock.go_on(3600)
        assert _again(alice, "alice").headers["Location"] == "/"
        alice.client.cookies.update(before)
        clock.go_on(3600)
        assert _again(alice, "alice").headers["Location"] == "/"
        assert alice.client.get("/").status_code == 200
