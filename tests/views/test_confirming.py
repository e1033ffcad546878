"""A confirmation on another device, as programs and browsers see it on both sides."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from authshield import clock
from authshield.learn import way_back
from authshield.models import Challenge, DeviceKey, Notice, OobRequest
from tests.clocks import set_clock
from tests.confirming import (
    CONTACT,
    LIST,
    OOB,
    asked,
    chosen,
    elsewhere,
    newest,
    number_in,
    page_of,
    sign_in,
    trusted,
)
from tests.filled import fill
from tests.servers import Valkey
from tests.signer import Keyed
from tests.site import Guest

DAY = 25 * 3600


@pytest.fixture(autouse=True)
def _site(valkey: Valkey, db: None) -> None:
    del valkey, db
    fill()


def test_a_program_asks_polls_and_goes_on() -> None:
    """401 ``challenge_pending`` with the number, again and again at no cost; 200 once it was entered elsewhere."""
    with set_clock() as standing:
        mine = chosen("alice")
        standing.go_on(DAY)  # a new factor makes withdrawals wait for so long
        sign_in(mine, "alice")
        mine.show()
        _ask_poll_go_on(mine, elsewhere("alice"))


def _ask_poll_go_on(mine: Keyed, other: Guest) -> None:
    other.client.defaults["HTTP_ACCEPT"] = "application/json"
    body = {"amount": "1000", "bank_account": "0005-123-1000001"}
    put = other.api("POST", "/api/withdrawals", body)
    challenge = put.json()["challenge"]
    assert "oob" in challenge["factors"]
    verify = f"/security/api/challenges/{challenge['id']}/verify"
    answers = [other.api("POST", verify, OOB | token) for token in ({}, {"token": ""}, {})]
    told = [answer.json() for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert {one["code"] for one in told} == {"challenge_pending"}
    assert len({(one["number"], one["attempts_left"]) for one in told}) == 1
    assert re.fullmatch("[1-9][0-9]", told[0]["number"])
    assert (answers[0].headers["Retry-After"], told[0]["confirm_at"]) == ("3", LIST)
    state = f"/security/api/challenges/{challenge['id']}/state"
    assert other.client.get(state).status_code == 202
    shown = mine.client.get(LIST, follow=True).content.decode()
    assert "0005-123-1000001" in shown
    assert "1,000" in shown
    assert (
        mine.post_form(page_of(newest()), {"action": "approve", "number": told[0]["number"]}).status_code
        == 200
    )
    assert other.client.get(state).status_code == 204
    done = other.api("POST", verify, OOB)
    assert (done.status_code, done.json()) == (200, {"passed": True})
    again = other.api("POST", "/api/withdrawals", body, HTTP_AUTHSHIELD_CHALLENGE=challenge["id"])
    assert again.status_code == 201, again.content


def test_polling_asks_neither_redis_nor_costs_a_try(
    valkey: Valkey, django_assert_max_num_queries: Any
) -> None:
    """Whoever waits is cheap."""
    chosen("alice")
    other = elsewhere("alice")
    page = asked(other)
    other.client.post(page, OOB)
    pk = newest().challenge_id
    before = Challenge.objects.get(pk=pk).attempts
    commands = valkey.client.info("stats")["total_commands_processed"]
    with django_assert_max_num_queries(5):
        assert other.client.get(f"/security/api/challenges/{pk}/state").status_code == 202
    after = valkey.client.info("stats")["total_commands_processed"]
    assert after - commands == 1  # the question itself
    assert Challenge.objects.get(pk=pk).attempts == before


def test_the_page_shows_what_is_asked_from_where_and_when() -> None:
    """The new address in full, the asking browser, its place and address, a warning of the strange device."""
    mine = chosen("alice")
    other = elsewhere("alice")
    other.client.post(asked(other), OOB)
    centre = mine.client.get("/security/").content.decode()
    assert "Something waits for your confirmation" in centre
    assert "Something waits for your confirmation" not in other.client.get("/security/").content.decode()
    text = mine.client.get(page_of(newest())).content.decode()
    for part in (CONTACT["email"], "Chrome, Windows", "Singapore", other.address, "does not know yet"):
        assert part in text
    assert text.count('type="text"') == 1
    assert 'autocomplete="off"' in text
    assert "style=" not in text
    mine.client.cookies["django_language"] = "ja"
    japanese = mine.client.get(page_of(newest())).content.decode()
    for english in ("Number on the other screen", "Asked for by", "This wasn", "Two digits"):
        assert english not in japanese


def test_the_asking_page_goes_on_without_script() -> None:
    """A button says that it was entered; nothing refreshes by itself but where the script runs."""
    mine = chosen("alice")
    other = elsewhere("alice")
    page = asked(other)
    first = other.client.get(f"{page}?factor=oob").content.decode()
    assert "Show me the number" in first
    assert OobRequest.objects.count() == 0
    number = number_in(other.client.post(page, OOB))
    again = other.client.get(f"{page}?factor=oob").content.decode()
    assert number in again
    assert "I have entered it" in again
    assert 'http-equiv="refresh"' not in again
    mine.post_form(page_of(newest()), {"action": "approve", "number": number})
    assert "Your other device has confirmed it" in other.client.get(f"{page}?factor=oob").content.decode()
    assert other.client.post(page, OOB).headers["Location"] == "/account/contact/"
    assert User.objects.get(username="alice").email == CONTACT["email"]


def test_a_choice_that_came_with_a_takeover_is_taken_back() -> None:
    """It is shown among what was added, and confirms nothing any more."""
    since = clock.now()
    chosen("alice")
    account = DeviceKey.objects.get(confirms_at__isnull=False).account
    assert [one.kind for one in way_back.added(account, since).factors] == ["oob"]
    way_back.take_back(account, since, way_back.by_customer(account, ""), clock.now())
    assert not DeviceKey.objects.filter(confirms_at__isnull=False).exists()


def test_a_device_is_chosen_with_a_proof_and_the_customer_is_told() -> None:
    """Without the code nothing is chosen; afterwards there is a notice, and it can be given up again."""
    mine = trusted("alice")
    assert "Let this device confirm" in mine.client.get(LIST).content.decode()
    answer = mine.post_form(f"{LIST}choose/", {})
    assert "/challenge/" in answer.headers["Location"]
    assert not DeviceKey.objects.filter(confirms_at__isnull=False).exists()
    chosen("dave")
    assert Notice.objects.filter(template="oob_added").count() == 1
    assert DeviceKey.objects.filter(confirms_at__isnull=False).count() == 1
