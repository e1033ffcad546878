"""The customer's data: contact, bank account, password; and withdrawals."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from authshield.clock import now as clock_now
from authshield.decorators import protect
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from demo_site.broker import describing, parsing, profile
from demo_site.broker.models import Account, BankAccount, ContactDetails, Withdrawal
from demo_site.broker.views.pages import invalid_of, page, typed

WITHDRAWALS_SHOWN = 20


@protect(
    Kind.PROFILE_CHANGE,
    parse=parsing.contact,
    describe=describing.profile_change,
    held_url="/account/contact/",
)
def contact(request: HttpRequest, operation: Operation | None) -> HttpResponse:
    """E-mail and phone."""
    if operation is not None:
        return _changed(request, operation, "/account/contact/")
    now_valid = ContactDetails.objects.filter(account_id=request.user.pk).first()
    email, phone = (now_valid.email, now_valid.phone) if now_valid else ("", "")
    values = typed(request, "email", "phone", email=email, phone=phone)
    return page(request, "contact", values=values, invalid=invalid_of(request))


@protect(
    Kind.PROFILE_CHANGE, parse=parsing.bank, describe=describing.profile_change, held_url="/account/bank/"
)
def bank(request: HttpRequest, operation: Operation | None) -> HttpResponse:
    """The bank account that withdrawals go to."""
    if operation is not None:
        return _changed(request, operation, "/account/bank/")
    rows = BankAccount.objects.filter(account_id=request.user.pk)
    values = typed(request, "bank_account")
    return page(request, "bank", rows=rows, values=values, invalid=invalid_of(request))


@protect(
    Kind.PROFILE_CHANGE,
    parse=parsing.password,
    describe=describing.profile_change,
    held_url="/account/password/",
)
def password(request: HttpRequest, operation: Operation | None) -> HttpResponse:
    """The password. All other sessions end with the old one."""
    if operation is None:
        return page(request, "password", invalid=invalid_of(request))
    response = _changed(request, operation, "/account/password/")
    if isinstance(request.user, User):
        request.user.refresh_from_db(fields=["password"])
        update_session_auth_hash(request, request.user)
    return response


@protect(
    Kind.WITHDRAWAL,
    parse=parsing.withdrawal,
    describe=describing.withdrawal,
    held_url="/withdrawals/new/",
)
def withdraw(request: HttpRequest, operation: Operation | None) -> HttpResponse:
    """Money to the customer's bank."""
    if operation is not None:
        profile.withdraw(int(operation.account), operation.fields, now=clock_now())
        messages.success(request, _("Accepted. The money is on its way to your bank."))
        return redirect("/withdrawals/new/")
    account = Account.objects.filter(pk=request.user.pk).first()
    banks = BankAccount.objects.filter(account_id=request.user.pk)
    past = Withdrawal.objects.filter(account_id=request.user.pk)[:WITHDRAWALS_SHOWN]
    values = typed(request, "amount", "bank_account")
    return page(
        request,
        "withdrawal",
        account=account,
        banks=banks,
        past=past,
        values=values,
        invalid=invalid_of(request),
    )


def _changed(request: HttpRequest, operation: Operation, url: str) -> HttpResponse:
    profile.apply(User.objects.get(pk=operation.account), operation.fields, now=clock_now())
    messages.success(request, _("Changed."))
    return redirect(url)
