"""What needs two people: asked for by one, decided by another, done at once; the customer hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from authshield.clock import now as clock_now
from authshield.models import AccountState, Approval, Notice, TotpFactor
from authshield.tune import rulebook
from authshield.vocabulary.assurance import Act
from tests.admin.conftest import NOW, Desk
from tests.challenging import with_app
from tests.servers import Valkey

ADD = "admin:authshield_approval_add"


def step(approval: Approval, name: str) -> str:
    """The page of a step."""
    return reverse("admin:authshield_approval_step", args=[approval.pk, name])


@pytest.fixture
def customer(db: None, valkey: Valkey) -> User:
    """Somebody with an address and an authenticator app."""
    del db, valkey
    user = User.objects.create_user("hana", "hana@customer.example")
    with_app(user)
    return user


def _asked(desk: Desk, customer: User, **fields: object) -> Approval:
    form = {
        "kind": "drop_factor",
        "account": str(customer.pk),
        "target": "totp",
        "reason": "phone lost, seen in branch",
    }
    answer = desk("analysts").post(reverse(ADD), form | fields)
    assert answer.status_code == 302, answer.content.decode()
    return Approval.objects.get()


def test_a82_one_person_alone_releases_no_frozen_account(desk: Desk, customer: User) -> None:
    """Not even the superuser who has asked for it."""
    account = str(customer.pk)
    AccountState.objects.create(account=account, frozen_at=NOW, frozen_by="scoring")
    admin = desk("admin")
    admin.post(
        reverse("admin:authshield_accountstate_step", args=[account, "unfreeze"]), {"reason": "called"}
    )
    approval = Approval.objects.get()
    alone = admin.post(step(approval, "approve"), {"reason": "called"})
    assert (alone.status_code, "another person" in alone.content.decode()) == (409, True)
    assert AccountState.objects.get(account=account).frozen_at is not None
    assert desk("approvers").post(step(approval, "approve"), {"reason": "passport seen"}).status_code == 302
    state = AccountState.objects.get(account=account)
    assert (state.frozen_at, state.prove_since is not None) == (None, True)
    assert Notice.objects.get(template="account_unfrozen").address == "hana@customer.example"


def test_a82_one_person_alone_removes_no_authenticator(desk: Desk, customer: User) -> None:
    """The second one does; everybody is out, a cool-down begins, the customer is told."""
    approval = _asked(desk, customer)
    assert TotpFactor.objects.filter(user=customer).exists()
    assert desk("approvers").post(step(approval, "approve"), {"reason": "passport seen"}).status_code == 302
    assert not TotpFactor.objects.filter(user=customer).exists()
    state = AccountState.objects.get(account=str(customer.pk))
    assert state.contact_changed_at is not None
    assert state.prove_since is not None
    assert Notice.objects.get(template="factor_removed").account == str(customer.pk)


def test_who_may_not_decide_sees_no_button(desk: Desk, customer: User) -> None:
    """And is refused at its address."""
    approval = _asked(desk, customer)
    clerk = desk("auditors")
    page = clerk.get(reverse("admin:authshield_approval_change", args=[approval.pk]))
    assert step(approval, "approve") not in page.content.decode()
    assert clerk.post(step(approval, "approve"), {"reason": "x"}).status_code == 403


@pytest.mark.usefixtures("published")
def test_an_exemption_is_published_when_it_is_approved_and_ends(desk: Desk, customer: User) -> None:
    """With reason, author, approver and end; refused once it was decided; ended by one person."""
    until = clock_now() + timedelta(days=30)
    fields = {
        "kind": "exemption",
        "target": "withdrawal",
        "until_0": f"{until:%Y-%m-%d}",
        "until_1": f"{until:%H:%M:%S}",
    }
    approval = _asked(desk, customer, **fields)
    assert rulebook.published().assurance.exemptions == ()  # type: ignore[union-attr]
    approver = desk("approvers")
    approver.post(step(approval, "approve"), {"reason": "wishes it in writing"})
    [one] = rulebook.published().assurance.exemptions  # type: ignore[union-attr]
    assert (one.account, one.act, one.author, one.approver) == (
        str(customer.pk),
        Act.WITHDRAWAL,
        "analysts",
        "approvers",
    )
    assert approver.post(step(approval, "refuse"), {"reason": "x"}, follow=True).status_code == 200
    admin = desk("admin")
    admin.post(step(approval, "end"), {"reason": "has a passkey now"})
    assert rulebook.published().assurance.exemptions == ()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "exemption", "target": "withdrawal"},
        {"kind": "exemption", "target": "totp"},
        {"kind": "drop_factor", "target": "login"},
        {"account": "999999"},
        {"reason": ""},
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    desk: Desk, customer: User, fields: dict[str, str]
) -> None:
    """An exemption without an end, a target of the other kind, nobody's account, no reason."""
    form = {"kind": "drop_factor", "account": str(customer.pk), "target": "totp", "reason": "why"}
    answer = desk("analysts").post(reverse(ADD), form | fields)
    assert answer.status_code == 200
    assert not Approval.objects.exists()
