"""Withdrawals and changes of a customer's data, as they take effect. Each call is one transaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from authshield.backends.accounts import account_of
from authshield.contain import steps
from authshield.errors import InvalidInput
from authshield.signedin import sid_in_hand
from demo_site.broker.models import (
    Account,
    BankAccount,
    ContactDetails,
    PendingPassword,
    Withdrawal,
)
from demo_site.broker.trading import new_id

PENDING_PASSWORD_LIFE = timedelta(days=2)  # a held change waits one day for the desk


def destination(account: int, number: str) -> BankAccount:
    """The registered bank account. Raises InvalidInput (422) for one that the customer never registered."""
    row = BankAccount.objects.filter(account_id=account, number=number).first()
    if row is None:
        raise InvalidInput(
            _("Withdrawals go to a bank account that you registered before."),
            field="bank_account",
            code="unknown_bank_account",
        )
    return row


@transaction.atomic
def withdraw(account: int, fields: Mapping[str, str], *, now: datetime) -> Withdrawal:
    """Pay out at once. Raises InvalidInput (422) where there is too little cash."""
    amount = int(fields["amount"])
    _take(account, amount)
    return Withdrawal.objects.create(
        public_id=new_id("W"),
        account_id=account,
        amount_minor=amount,
        bank_account=fields["bank_account"],
        state=Withdrawal.State.ACCEPTED,
        created_at=now,
    )


@transaction.atomic
def pay_held(row: Withdrawal) -> None:
    """Pay out a withdrawal that waited. Raises InvalidInput (422) where there is too little cash by now."""
    _take(row.account_id, row.amount_minor)
    row.state = Withdrawal.State.ACCEPTED
    row.save(update_fields=["state"])


def check_cash(account: Account, amount: int) -> None:
    """Raise InvalidInput (422) where an amount is more than the cash that nothing has reserved."""
    if amount > account.available_minor:
        raise InvalidInput(
            _("There is not enough cash for this withdrawal."), field="amount", code="insufficient_cash"
        )


def _take(account: int, amount: int) -> None:
    enough = Account.objects.filter(pk=account, cash_minor__gte=F("reserved_minor") + amount)
    if not enough.update(cash_minor=F("cash_minor") - amount):
        raise InvalidInput(
            _("There is not enough cash for this withdrawal."), field="amount", code="insufficient_cash"
        )


def remember_password(user: User, password: str, *, now: datetime) -> str:
    """Keep the hash of a new password that is not proved yet; returns the number to name it by."""
    PendingPassword.objects.filter(created_at__lt=now - PENDING_PASSWORD_LIFE).delete()
    row = PendingPassword.objects.create(
        public_id=new_id("P"), user=user, encoded=make_password(password), created_at=now
    )
    return row.public_id


@transaction.atomic
def apply(user: User, fields: Mapping[str, str], *, now: datetime) -> None:
    """Put a change of contact data, bank account or password into force.

    Raises InvalidInput (409) for a password that is in force already or was typed too long ago.
    """
    if "password_change" in fields:
        _set_password(user, fields["password_change"], now)
    elif "bank_account" in fields:
        BankAccount.objects.get_or_create(
            account_id=user.pk, number=fields["bank_account"], defaults={"since_at": now}
        )
    else:
        ContactDetails.objects.create(
            account_id=user.pk, email=fields["email"], phone=fields["phone"], since_at=now
        )
        user.email = fields["email"]
        user.save(update_fields=["email"])


def _set_password(user: User, public_id: str, now: datetime) -> None:
    row = PendingPassword.objects.select_for_update().filter(user=user, public_id=public_id).first()
    if row is None:
        raise InvalidInput(
            _("This password was set already, or typed too long ago."), code="gone", status_code=409
        )
    user.password = row.encoded
    user.save(update_fields=["password"])
    # set_password() would have told AuthShield by itself; a hash that was kept does not.
    steps.password_changed(account_of(user), now=now, keep=sid_in_hand())
    PendingPassword.objects.filter(user=user).delete()
