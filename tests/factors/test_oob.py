"""When another device may confirm, and what becomes of a request there: by the programs' door and by the pages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from authshield import clock, demands
from authshield.backends import loader
from authshield.contain import confirmations
from authshield.factors import oob
from authshield.judge.demand import Demand
from authshield.models import Challenge, Device, DeviceKey, Notice, OobRequest
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.assessment import Assessment
from authshield.vocabulary.event import Kind, OrderChange, PageRequest, ProfileChange
from authshield.vocabulary.features import Features
from authshield.vocabulary.ports import Prompt
from tests.challenging import an_order, decided, event_of
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
from tests.site import Guest, work_off

PHR, OTP = Strength.PHISHING_RESISTANT, Strength.OTP
ASK_OTP, HELD = Demand(Action.CHALLENGE, OTP, ("totp",)), Demand(Action.HOLD)
DAY = 25 * 3600
OWN: dict[str, Any] = {"device.is_trusted": True, "device.is_cloned": False, "account.must_prove": False}
STRANGE: dict[str, Any] = OWN | {"device.is_trusted": False}
PROMPTED: list[Prompt] = []


class Recorder:
    """A prompter that keeps what it was told to show."""

    def prompt(self, prompt: Prompt) -> None:
        """Keep it."""
        PROMPTED.append(prompt)


@pytest.fixture(autouse=True)
def _site(valkey: Valkey, db: None) -> None:
    del valkey, db
    fill()


def _account() -> str:
    """An account with a device elsewhere that may confirm."""
    now = clock.now()
    Device.objects.create(account="77", device_hash="d", first_seen_at=now, last_seen_at=now, trusted_at=now)
    DeviceKey.objects.create(
        account="77", device_hash="d", thumbprint="t", registered_at=now, confirms_at=now
    )
    return "77"


@pytest.mark.parametrize(
    ("subject", "facts", "names", "demand", "factors"),
    [
        ("order", STRANGE, ("totp",), ASK_OTP, ("totp", "oob")),
        ("order", STRANGE, (), HELD, ("oob",)),
        ("order", OWN, ("webauthn",), Demand(Action.CHALLENGE, PHR, ("webauthn",)), ("webauthn", "oob")),
        ("order", STRANGE, ("webauthn",), Demand(Action.CHALLENGE, PHR, ("webauthn",)), ("webauthn",)),
        ("order", STRANGE, ("webauthn",), Demand(Action.CHALLENGE, Strength.OOB, ()), ("oob",)),
        ("order", STRANGE | {"account.must_prove": True}, ("totp",), ASK_OTP, ("totp",)),
        ("order", OWN, ("totp",), Demand(Action.DENY), ()),
        ("order", OWN, ("totp",), Demand(Action.ALLOW), ()),
        ("login", STRANGE, ("totp",), ASK_OTP, ("totp",)),
        ("login", OWN, ("totp",), ASK_OTP, ("totp", "oob")),
        ("login", OWN | {"device.is_cloned": True}, ("totp",), ASK_OTP, ("totp",)),
        ("request", STRANGE, ("totp",), ASK_OTP, ("totp",)),
        ("email", STRANGE, ("totp",), ASK_OTP, ("totp", "oob")),
        ("bank_account", STRANGE, ("totp",), ASK_OTP, ("totp", "oob")),
        ("mfa", OWN, ("totp",), ASK_OTP, ("totp",)),
        ("password", OWN, ("totp",), ASK_OTP, ("totp",)),
        ("amend", STRANGE, ("totp",), ASK_OTP, ("totp", "oob")),
        ("unknown", STRANGE, ("totp",), ASK_OTP, ("totp",)),
    ],
)
def test_it_is_offered_where_nobody_is_led_blindly(  # noqa: PLR0917 - a row of the table
    subject: str, facts: dict[str, Any], names: tuple[str, ...], demand: Demand, factors: tuple[str, ...]
) -> None:
    """One more way at most; and a way for want of another. Never for what says nothing, nor around a passkey."""
    event = replace(event_of(an_order(_account()), now=clock.now()), account="77")
    order = event.subject
    subjects: dict[str, Any] = {
        "order": (Kind.ORDER, order),
        "login": (Kind.LOGIN, None),
        "request": (Kind.REQUEST, PageRequest("/")),
        "amend": (Kind.ORDER_CHANGE, OrderChange("1", "amend", order)),  # type: ignore[arg-type]
        "unknown": (Kind.ORDER_CHANGE, OrderChange("1", "amend")),
    }
    kind, what = subjects.get(subject, (Kind.PROFILE_CHANGE, ProfileChange(subject)))
    event = replace(event, kind=kind, subject=what)
    assessment = Assessment(event, Features(facts=facts), decided(required=demand.required or PHR))
    found = demands.beside(demand, assessment, names)
    assert found.factors == factors
    assert found.required >= demand.required
    assert demands.beside(demand, replace(assessment, event=replace(event, account="78")), names) == demand


def test_what_is_lacking_becomes_a_confirmation_of_the_same_strength() -> None:
    """An order that nothing else could confirm does not wait for the desk, and needs no less than it did."""
    event = replace(event_of(an_order(_account()), now=clock.now()), account="77")
    assessment = Assessment(event, Features(facts=STRANGE), decided(required=PHR))
    assert demands.beside(HELD, assessment, ()) == Demand(Action.CHALLENGE, PHR, ("oob",))
    held = replace(assessment, decision=decided(Action.HOLD))
    assert demands.beside(HELD, held, ()) == HELD


def test_only_a_trusted_device_with_its_key_that_was_chosen_counts() -> None:
    """Not the one that asks, not a revoked one, not one whose key was replaced, not one that is too young."""
    account = _account()
    now = clock.now()
    assert oob.is_possible(account, now, but="")
    assert not oob.is_possible(account, now, but="d")
    assert not oob.devices(account, now, before=now - timedelta(days=1)).exists()
    for model, column, value, back in (
        (Device, "revoked_at", now, None),
        (Device, "trusted_at", None, now),
        (DeviceKey, "replaced_at", now, None),
        (DeviceKey, "confirms_at", None, now),
    ):
        model.objects.filter(account=account).update(**{column: value})
        assert not oob.is_possible(account, now, but="")
        model.objects.filter(account=account).update(**{column: back})
    Device.objects.filter(account=account).update(trusted_at=None, first_seen_at=now - timedelta(days=30))
    assert oob.is_possible(account, now, but="")


def test_whose_key_signed_and_since_when_counts() -> None:
    """A device's other key has no say, nor a choice or a key that came after it was asked."""
    mine = chosen("alice")
    other = elsewhere("alice")
    other.client.post(asked(other), OOB)
    request, key = newest(), DeviceKey.objects.get(confirms_at__isnull=False)
    confirmer = oob.Confirmer(key.device_hash, key.thumbprint, mine.client.session["authshield"]["sid"])
    now = clock.now()
    assert oob.may_confirm(request, confirmer, now)
    assert not oob.may_confirm(request, replace(confirmer, key="another"), now)
    assert not oob.may_confirm(request, replace(confirmer, key=""), now)
    assert not oob.may_confirm(request, replace(confirmer, device=""), now)
    DeviceKey.objects.update(confirms_at=now)
    assert not oob.may_confirm(request, confirmer, now)


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


def test_a_prompter_is_told_that_something_waits_and_no_more(settings: Settings) -> None:
    """The devices that could confirm, where to look, and no word of what it is; nothing once it is over."""
    PROMPTED.clear()
    settings.AUTHSHIELD_DEVICE_PROMPTER = f"{__name__}.Recorder"
    loader.load.cache_clear()
    mine = chosen("alice")
    other = elsewhere("alice")
    number = number_in(other.client.post(asked(other), OOB))
    work_off()
    (prompt,) = PROMPTED
    device = DeviceKey.objects.get(confirms_at__isnull=False).device_hash
    assert (prompt.devices, prompt.path, prompt.expires_at) == ((device,), LIST, newest().expires_at)
    assert number not in prompt.subject + prompt.text
    assert CONTACT["email"] not in prompt.text
    mine.post_form(page_of(newest()), {"action": "approve", "number": number})
    confirmations.prompt(str(newest().pk), clock.now())
    assert len(PROMPTED) == 1
