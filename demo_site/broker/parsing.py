"""From a request to the canonical fields of an operation, the same for a page's form and a JSON body.

Whatever a client sends besides the fields that are named here has no effect. Must not change anything.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.clock import now as clock_now
from authshield.enforce import fallback
from authshield.errors import InvalidInput, Refused
from authshield.observe import canonical
from authshield.signin import CHALLENGE_HEADER
from demo_site.broker import exchange, profile, trading
from demo_site.broker.models import Account
from demo_site.broker.problems import is_json_path
from demo_site.broker.tickets import Ticket, limit, listed, shares, yen

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
PHONE = re.compile(r"\+?[0-9][0-9-]{7,18}", re.ASCII)
BANK = re.compile(r"[0-9]{4}-[0-9]{3}-[0-9]{7}", re.ASCII)
fits_a_column = MaxLengthValidator(254)  # RFC 5321, and so Django's field
PASSWORD_TRIES, PASSWORD_WINDOW_SECONDS = 5, 600
WORDS = {
    "symbol": gettext_lazy("Enter a symbol such as 7203."),
    "side": gettext_lazy("Choose buy or sell."),
    "quantity": gettext_lazy("Enter a whole number of shares, in plain digits: 100."),
    "order_type": gettext_lazy("Choose market or limit."),
    "limit_price": gettext_lazy("Enter a price in plain digits: 2501.5."),
    "amount": gettext_lazy("Enter an amount in whole yen, in plain digits: 50000."),
    "client_order_id": gettext_lazy("At most 64 letters, digits, dots, hyphens or underscores."),
}


def own_account(request: HttpRequest) -> Account:
    """The signed-in customer's account. Raises Refused for staff, who have none."""
    account = Account.objects.filter(pk=request.user.pk).first()
    if account is None:
        raise Refused("denied")
    return account


def order(request: HttpRequest) -> Mapping[str, str]:
    """A new order. Raises InvalidInput: 422 for bad fields, too little cash or too few shares."""
    account = own_account(request)
    data = _read(request)
    fields = {
        "symbol": _field(canonical.symbol, data, "symbol"),
        "side": _field(canonical.side, data, "side"),
        "quantity": _field(shares, data, "quantity"),
        "order_type": _field(canonical.order_type, data, "order_type"),
    }
    if fields["order_type"] == "limit":
        fields["limit_price"] = _field(limit, data, "limit_price")
    elif data.get("limit_price") not in {None, ""}:
        raise InvalidInput(_("A market order has no limit."), field="limit_price")
    if client_order_id := _field(canonical.reference, data, "client_order_id"):
        fields["client_order_id"] = client_order_id
    instrument = listed(fields["symbol"])
    if not _names_challenge(request):
        exchange.check_means(account, Ticket.from_fields(fields), instrument, clock_now())
    return fields


def cancel(request: HttpRequest, order_id: str) -> Mapping[str, str]:
    """The cancel of an own, live order: 404, 409."""
    row = trading.own(own_account(request).pk, order_id)
    if is_json_path(request.path_info) and request.body:
        canonical.json_body(request)
    trading.check_live(row)
    return {"order_id": row.public_id, "change": "cancel"}


def amend(request: HttpRequest, order_id: str) -> Mapping[str, str]:
    """A change of an own, open limit order: 404, 409. What isn't sent stays; the fields say all of it."""
    data = _read(request)
    row = trading.own(own_account(request).pk, order_id)
    quantity = str(row.quantity) if data.get("quantity") is None else _field(shares, data, "quantity")
    trading.check_amend(row, int(quantity))
    price = str(row.limit_price) if data.get("limit_price") is None else data["limit_price"]
    return {
        "order_id": row.public_id,
        "change": "amend",
        "symbol": row.instrument_id,
        "side": row.side,
        "quantity": quantity,
        "order_type": row.order_type,
        "limit_price": _field(limit, {"limit_price": price}, "limit_price"),
    }


def withdrawal(request: HttpRequest) -> Mapping[str, str]:
    """A withdrawal to a bank account that was registered before."""
    account = own_account(request)
    data = _read(request)
    amount = _field(yen, data, "amount")
    if not _names_challenge(request):
        profile.check_cash(account, int(amount))
    bank = profile.destination(account.pk, _text(data, "bank_account"))
    return {"amount": amount, "bank_account": bank.number}


def contact(request: HttpRequest) -> Mapping[str, str]:
    """New contact data. ``field`` is the one that the rules look at: the e-mail unless it stays."""
    own_account(request)
    data = _read(request)
    email, phone = _text(data, "email"), _text(data, "phone")
    try:
        validate_email(email)
        fits_a_column(email)
    except ValidationError as error:
        raise InvalidInput(_("Enter an e-mail address."), field="email") from error
    if not PHONE.fullmatch(phone):
        raise InvalidInput(_("Enter a phone number such as 090-1234-5678."), field="phone")
    stays = isinstance(request.user, User) and email == request.user.email
    return {"field": "phone" if stays else "email", "email": email, "phone": phone}


def bank(request: HttpRequest) -> Mapping[str, str]:
    """A bank account to be registered."""
    own_account(request)
    number = _text(_read(request), "bank_account")
    if not BANK.fullmatch(number):
        raise InvalidInput(
            _("Enter bank, branch and account number: 0005-123-1234567."), field="bank_account"
        )
    return {"field": "bank_account", "bank_account": number}


def password(request: HttpRequest) -> Mapping[str, str]:
    """A new password, once the old one is right; the fields name it and hold nothing of it.

    Raises Refused (429) where the old one was guessed at too often: a stolen session must not find it out.
    """
    user = request.user
    if not isinstance(user, User):
        raise Refused("denied")
    data = _read(request)
    now = clock_now()
    old, new = _text(data, "old_password"), _text(data, "new_password")
    if not fallback.count(
        f"old-password:{user.pk}",
        window_seconds=PASSWORD_WINDOW_SECONDS,
        capacity=PASSWORD_TRIES,
        now=now,
    ):
        raise Refused("rate_limited", status_code=429, retry_after_seconds=PASSWORD_WINDOW_SECONDS)
    if not user.check_password(old):
        raise InvalidInput(_("That is not your password."), field="old_password")
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), field="new_password") from error
    return {"field": "password", "password_change": profile.remember_password(user, new, now=now)}


def _names_challenge(request: HttpRequest) -> bool:
    """Whether it comes back with a proof.

    Then whether the proof was used already counts before whether cash and shares are still there. The books
    look in any case.
    """
    return CHALLENGE_HEADER in request.headers


def _read(request: HttpRequest) -> Mapping[str, Any]:
    if is_json_path(request.path_info):
        return canonical.json_body(request)
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if request.content_type not in FORM_TYPES or charset != "utf-8":
        raise InvalidInput(_("Send the form."), code="unsupported_media_type", status_code=415)
    repeated = next((name for name, values in request.POST.lists() if len(values) > 1), None)
    if repeated:
        raise InvalidInput(_("Send each field once."), field=repeated, status_code=400)
    return request.POST.dict()


def _field(reader: Callable[[object], str], data: Mapping[str, Any], name: str) -> str:
    try:
        return reader(data.get(name))
    except InvalidInput as error:
        raise InvalidInput(str(WORDS[name]), field=name, status_code=error.status_code) from None


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or isinstance(value, canonical.Number) or not value.isprintable():
        raise InvalidInput(_("This field is needed, as text."), field=name)
    return value
