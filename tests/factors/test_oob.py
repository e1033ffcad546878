"""When another device may confirm, and what becomes of a request there: by the programs' door and by the pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from authshield import clock, demands
from authshield.backends import loader
from authshield.contain import confirmations
from authshield.enforce import beside, challenges
from authshield.errors import ChallengeError
from authshield.factors import oob
from authshield.judge.demand import Demand
from authshield.models import Device, DeviceKey
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.assessment import Assessment
from authshield.vocabulary.event import Kind, OrderChange, PageRequest, ProfileChange
from authshield.vocabulary.features import Features
from authshield.vocabulary.operation import Operation
from authshield.vocabulary.ports import Prompt
from tests.challenging import an_order, decided, event_of
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
)
from tests.filled import fill
from tests.servers import Valkey
from tests.site import work_off

PHR, OTP = Strength.PHISHING_RESISTANT, Strength.OTP
ASK_OTP, HELD = Demand(Action.CHALLENGE, OTP, ("totp",)), Demand(Action.HOLD)
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


def test_what_was_confirmed_is_looked_at_once_more_where_it_is_carried_out() -> None:
    """Another operation, or the same in another session, is not what the other device has confirmed."""
    mine = chosen("alice")
    other = elsewhere("alice")
    number = number_in(other.client.post(asked(other), OOB))
    mine.post_form(page_of(newest()), {"action": "approve", "number": number})
    now, challenge = clock.now(), newest().challenge
    passed = beside.take(challenge, newest(), now)
    honest = Operation.from_canonical(passed.operation)
    evidence, digest = passed.evidence, honest.digest
    assert (passed.proved, passed.factor_used) == (Strength.OOB, "oob")
    assert oob.is_evidence(evidence, digest, passed.binding)
    assert not oob.is_evidence(evidence, digest, "sid:another")
    assert not oob.is_evidence(evidence | {"confirmation": "another"}, digest, passed.binding)
    assert not oob.is_evidence({}, digest, passed.binding)
    other_one = replace(honest, fields={**honest.fields, "email": "thief@elsewhere.example"})
    with pytest.raises(ChallengeError, match="binding_mismatch"):
        challenges.use(passed, now, operation=other_one)


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
