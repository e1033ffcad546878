"""Fill the demo: instruments, people with accounts and factors, the desk's groups, the first ruleset.

Each step looks first and adds only what is missing, so that it may run at every start. Must not change what
somebody has changed since.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from django.contrib.auth.hashers import get_hasher, make_password
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.db.models import Q

from authshield.factors import email, recovery, totp
from authshield.tune import rulebook
from demo_site.broker.models import Account, BankAccount, ContactDetails, Instrument, Position
from demo_site.broker.people import ISSUER, PEOPLE, ROLES, Person
from demo_site.broker.quotes import value_minor

DATA = Path(__file__).parent / "data"
INSTRUMENTS = DATA / "instruments.json"
# What make_password gave for the passwords that everybody knows: ten hashes are seconds of a first start.
HASHES = DATA / "passwords.json"
CUSTOMER_SINCE = timedelta(days=900)
ENROLLED_BEFORE = timedelta(minutes=5)  # so that the code that is valid now was not used to enrol


@transaction.atomic
def seed(now: datetime) -> Sequence[str]:
    """Add what is missing; returns the names of the people that were added."""
    _instruments()
    _groups()
    known = set(User.objects.values_list("username", flat=True))
    missing = [person for person in PEOPLE if person.name not in known]
    for person, encoded in zip(missing, _hashed(missing), strict=True):
        _add(person, encoded, now)
    rulebook.seed_default(now)
    return [person.name for person in missing]


def _instruments() -> None:
    rows = json.loads(INSTRUMENTS.read_text(encoding="utf-8"))
    Instrument.objects.bulk_create([Instrument(**row) for row in rows], ignore_conflicts=True)


def _groups() -> None:
    views = Permission.objects.filter(
        Q(content_type__app_label="authshield") | Q(content_type__model="webauthncredential"),
        codename__startswith="view_",
    )
    for name, codenames in ROLES.items():
        group, is_new = Group.objects.get_or_create(name=name)
        if is_new:
            own = Permission.objects.filter(content_type__app_label="authshield", codename__in=codenames)
            group.permissions.set([*views, *own])


def _hashed(people: Sequence[Person]) -> Sequence[str]:
    """The passwords' hashes: the stored ones where they are as this site's hasher would make them."""
    hasher = get_hasher()
    stored: dict[str, str] = json.loads(HASHES.read_text(encoding="utf-8"))

    def of(person: Person) -> str:
        encoded = stored.get(person.name, "")
        is_current = encoded.startswith(f"{hasher.algorithm}$") and not hasher.must_update(encoded)
        return encoded if is_current else make_password(person.password)

    with ThreadPoolExecutor() as pool:  # a hash lets the other cores work
        return list(pool.map(of, people))


def _add(person: Person, encoded: str, now: datetime) -> None:
    user = User.objects.create(
        username=person.name,
        first_name=person.first_name,
        email=person.email,
        password=encoded,
        is_staff=person.is_staff,
        is_superuser=person.is_superuser,
        date_joined=now - CUSTOMER_SINCE,
    )
    if person.role:
        user.groups.add(Group.objects.get(name=person.role))
    if not person.is_staff:
        _open_account(user, person, now - CUSTOMER_SINCE)
    _enrol(user, person, now)


def _open_account(user: User, person: Person, opened_at: datetime) -> None:
    account = Account.objects.create(user=user, cash_minor=person.cash_minor, opened_at=opened_at)
    prices = Instrument.objects.in_bulk(list(person.positions))
    Position.objects.bulk_create(
        [
            Position(
                account=account,
                instrument_id=symbol,
                quantity=quantity,
                cost_minor=value_minor(quantity, prices[symbol].base_price) * 93 // 100,
            )
            for symbol, quantity in person.positions.items()
        ]
    )
    ContactDetails.objects.create(account=account, email=person.email, phone=person.phone, since_at=opened_at)
    BankAccount.objects.create(account=account, number=person.bank, since_at=opened_at)


def _enrol(user: User, person: Person, now: datetime) -> None:
    if "totp" in person.factors:
        then = now - ENROLLED_BEFORE
        enrolment = totp.enrol(user, issuer=ISSUER, now=then)
        totp.confirm(user, totp.code_at(enrolment.factor, then), then)
    if "static" in person.factors:
        recovery.generate(user, now)
    if "email" in person.factors:
        email.enrol(user, now)
