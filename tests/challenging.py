"""People with factors, and orders to be challenged. Must not stand in for any part of the project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User

from authshield.enforce import challenges
from authshield.factors import totp
from authshield.models import Challenge, TotpFactor
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Decision, Reason
from authshield.vocabulary.event import Client, Event, Kind, Network, Order
from authshield.vocabulary.operation import Operation

NOW = datetime(2025, 4, 14, 0, 1, 2, 345000, tzinfo=UTC)
SESSION = "sid:of-alice"
FIELDS = {
    "symbol": "7203",
    "side": "buy",
    "quantity": "100",
    "order_type": "limit",
    "limit_price": "2512.5",
}


@dataclass(frozen=True)
class Asked:
    """What a challenge asks for."""

    required: Strength = Strength.OTP
    factors: tuple[str, ...] = ("totp",)


def later(seconds: float) -> datetime:
    """That long after NOW."""
    return NOW + timedelta(seconds=seconds)


def customer(name: str = "alice") -> User:
    """A person with an account and an address, without any factor."""
    return User.objects.create_user(name, f"{name}@example.com", f"{name}-{name}")


def with_app(user: User) -> TotpFactor:
    """Enrol the person's authenticator app, a day before NOW."""
    before = NOW - timedelta(days=1)
    enrolment = totp.enrol(user, issuer="Hinode", now=before)
    assert totp.confirm(user, totp.code_at(enrolment.factor, before), before)
    enrolment.factor.refresh_from_db()
    return enrolment.factor


def wrong_code(factor: TotpFactor, now: datetime = NOW) -> str:
    """Six digits that are no code of that minute."""
    right = {totp.code_at(factor, now + timedelta(seconds=30 * step)) for step in range(-3, 4)}
    return next(code for code in (f"{number:06d}" for number in range(10)) if code not in right)


def an_order(account: str, **fields: str) -> Operation:
    """An order of that account; ``fields`` replace the usual ones."""
    return Operation(Kind.ORDER, account, {**FIELDS, **fields})


def event_of(operation: Operation, *, session: str = "of-alice", now: datetime = NOW) -> Event:
    """The event of an operation."""
    subject = Order("7203", "buy", Decimal(100), Decimal("2512.5"), 251_250)
    return Event(
        id=f"event-{now.timestamp()}",
        at=now,
        kind=operation.kind,
        account=operation.account,
        session=session,
        client=Client("203.0.113.7", "Mozilla/5.0"),
        network=Network(country="JP"),
        subject=subject if operation.kind == Kind.ORDER else None,
    )


def decided(
    action: Action = Action.CHALLENGE, required: Strength = Strength.OTP, version: int = 1
) -> Decision:
    """A decision with two reasons."""
    reasons = (Reason("thin_symbol", 20, "thin"), Reason("new_device", 30, "never seen"))
    return Decision("event", action, required, 50, reasons, ("r1",), version)


def challenged(
    user: User,
    operation: Operation | None = None,
    *,
    asked: Asked | None = None,
    binding: str = SESSION,
    now: datetime = NOW,
) -> Challenge:
    """An open challenge for the person's order."""
    operation = operation or an_order(str(user.pk))
    return challenges.open_challenge(
        event_of(operation, now=now),
        decided(),
        asked or Asked(),
        operation,
        binding=binding,
        return_to="/orders/new/",
        login_backend="",
        now=now,
    )


def passed(
    user: User, factor: TotpFactor, operation: Operation | None = None, now: datetime = NOW
) -> Challenge:
    """A challenge that the person has passed with the app."""
    challenge = challenged(user, operation, now=now)
    return challenges.answer(challenge, user, factor="totp", token=totp.code_at(factor, now), now=now)
