"""A21, A26, A27: many tries in one request or connection, a thousand challenges, a mailbox under fire."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authshield.conf import current
from authshield.models import Challenge, EmailFactor, Notice
from demo_site.broker.models import Order
from tests.hashes import counted_hashes
from tests.site import Guest, challenge_in, code_of, stranger, work_off

pytestmark = pytest.mark.usefixtures("own_site")
LIMIT = 5
SENDS = 3
LOGIN = {"username": "dave", "password": "wrong"}
ORDER = {"symbol": "1301", "side": "buy", "quantity": "1", "order_type": "market"}
CONTACT = {"email": "new@hinode.example", "phone": "090-1234-5678"}
FAR_AWAY = "127.0.0.66"


@pytest.mark.parametrize("body", [[LOGIN] * 100, {"batch": [LOGIN] * 100}, {**LOGIN, "also": [LOGIN] * 99}])
def test_a21_a_batch_of_sign_ins_is_one_try_at_most(body: Any) -> None:
    """A list is malformed, what stands beside name and password is not looked at; the budget is the same."""
    guest = stranger()
    with counted_hashes() as counted:
        for _ in range(LIMIT + 3):
            assert guest.api("POST", "/api/login", body).status_code in {400, 401, 429}
    assert counted.hashes in {0, LIMIT}


def test_a21_a_form_with_many_names_is_none() -> None:
    """Repeated fields: neither the first nor the last is tried."""
    pairs = "&".join(f"username=dave&password=guess-{number}" for number in range(50))
    with counted_hashes() as counted:
        answer = stranger().client.post("/login/", pairs, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, counted.hashes) == (400, 0)


@pytest.mark.parametrize("body", [[ORDER] * 100, {"orders": [ORDER] * 100}, {"query": "mutation"}])
def test_a21_a_batch_of_orders_places_nothing(body: Any) -> None:
    """One request is one order, judged by itself, or it is malformed."""
    owner = Guest()
    owner.sign_in("dave")
    assert owner.api("POST", "/api/orders", body).status_code in {400, 422}
    two = json.dumps(ORDER) * 2
    assert (
        owner.client.generic("POST", "/api/orders", two, content_type="application/json").status_code == 400
    )
    assert not Order.objects.exists()


def test_a26_a_thief_with_the_password_opens_few_challenges() -> None:
    """The budget for strangers counts a challenge that nobody passed: five in ten minutes, from everywhere."""
    Guest().sign_in("dave")
    work_off()
    for number in range(30):
        stranger(f"127.0.{number}.77").sign_in("dave")
    assert Challenge.objects.filter(kind="login").count() <= LIMIT


def test_a26_of_a_sessions_many_challenges_the_newest_three_can_be_answered() -> None:
    """The oldest are void, whatever code comes."""
    owner = Guest()
    owner.sign_in("alice")
    owner.client.defaults["REMOTE_ADDR"] = FAR_AWAY
    opened = [challenge_in(owner.client.post("/account/contact/", CONTACT)) for _ in range(9)]
    pages = [owner.client.get(f"/security/challenge/{one}/").status_code for one in opened]
    assert pages == [410] * (9 - current().CHALLENGES_OPEN) + [200] * current().CHALLENGES_OPEN
    code = {"factor": "totp", "token": code_of("alice")}
    assert owner.client.post(f"/security/challenge/{opened[0]}/", code).status_code == 410
    assert owner.client.post(f"/security/challenge/{opened[-1]}/", code).status_code == 302


def test_a27_a_mailbox_gets_three_codes_however_they_are_asked_for() -> None:
    """By fresh sign-ins and by the button; what was sent last still counts."""
    Guest().sign_in("bob")
    work_off()
    refused = 0
    for number in range(4):
        thief = stranger(f"127.0.{number}.77")
        page = f"/security/challenge/{challenge_in(thief.sign_in('bob'))}/"
        answers = [thief.client.post(page, {"action": "send"}) for _ in range(5)]
        refused += sum(
            answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0 for answer in answers
        )
    assert Notice.objects.filter(template="email_code").count() == SENDS
    assert refused >= 4 * 5 - SENDS
    assert EmailFactor.objects.get(user__username="bob").code_hash


@pytest.mark.parametrize("form", [{}, {"factor": "totp"}, {"approve": "yes"}, {"action": "approve"}])
def test_a27_there_is_nothing_to_press_but_a_code_to_enter(form: dict[str, str]) -> None:
    """No answer without a code passes anything, so nobody can be worn down to a tap."""
    Guest().sign_in("alice")
    work_off()
    thief = stranger()
    page = f"/security/challenge/{challenge_in(thief.sign_in('alice'))}/"
    for _ in range(3):
        assert thief.client.post(page, form).status_code in {401, 422}
    assert not thief.is_signed_in
    assert not Challenge.objects.exclude(state="open").exists()


def test_a27_guessing_at_codes_is_told_to_the_customer_and_locks_the_app_alone() -> None:
    """The owner's browser goes on, the thief's guesses end at the authenticator's lock."""
    owner = Guest()
    owner.sign_in("alice")
    work_off()
    for number in range(4):
        thief = stranger(f"127.0.{number}.77")
        page = f"/security/challenge/{challenge_in(thief.sign_in('alice'))}/"
        for guess in range(3):
            thief.client.post(page, {"factor": "totp", "token": f"{guess:06d}"})
    assert Notice.objects.filter(template="factor_locked").count() == 1
    assert owner.sign_in("alice").headers["Location"] == "/"
    assert owner.is_signed_in
    assert "Locked until" in owner.client.get("/security/").content.decode()
