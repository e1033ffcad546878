"""Events and decisions as the stages before would hand them over. Must not stand in for a stage."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User

from authshield.sealing import keyed_hash, seal
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Decision, Final, Outcome, Reason
from authshield.vocabulary.event import (
    Client,
    DeviceSeen,
    Event,
    Instrument,
    Kind,
    Login,
    Network,
    Order,
    PageRequest,
    Portfolio,
    ProfileChange,
    Subject,
)
from authshield.vocabulary.facts import MISSING
from authshield.vocabulary.features import FactValue, Features

NOW = datetime(2026, 4, 14, 0, 1, 2, tzinfo=UTC)
CLIENT = Client(ip="127.2.0.9", user_agent="Mozilla/5.0", browser="Firefox/Windows")
NETWORK = Network(asn=64498, country="JP", kind="residential")

ALLOWED = Outcome(Final.ALLOWED)
PASSED = Outcome(Final.PASSED, proved=Strength.OTP)
STOPPED = Outcome(Final.STOPPED)

SUBJECTS: dict[Kind, Subject] = {
    Kind.LOGIN: Login(succeeded=True),
    Kind.REQUEST: PageRequest("/orders/"),
    Kind.PROFILE_CHANGE: ProfileChange("email"),
    Kind.ORDER: Order(
        symbol="7992",
        side="buy",
        quantity=Decimal(1000),
        price=Decimal(110),
        value_minor=110_000,
        instrument=Instrument(adv_minor=5_000_000),
        portfolio=Portfolio(cash_minor=120_000, positions_value_minor=80_000),
    ),
}


def person(name: str = "alice") -> User:
    """A customer with an address."""
    user, _ = User.objects.get_or_create(username=name, defaults={"email": f"{name}@customer.example"})
    return user


def event(kind: Kind = Kind.LOGIN, number: int = 1, **changes: object) -> Event:
    """One event of account 42; each number is another one, a second after the one before."""
    whole = Event(
        id=f"{kind.value}-{number}",
        at=NOW + timedelta(seconds=number),
        kind=kind,
        account="42",
        session=None if kind == Kind.LOGIN else "sid-1",
        client=CLIENT,
        device=DeviceSeen(id="device-1"),
        network=NETWORK,
        subject=SUBJECTS.get(kind),
        username="alice" if kind == Kind.LOGIN else "",
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def decision(action: Action = Action.ALLOW, *, of: str = "login-1", risk: float = 12.0) -> Decision:
    """A decision with one reason."""
    required = Strength.OTP if action == Action.CHALLENGE else Strength.NONE
    reasons = (Reason("device:new", risk, "a device that was never seen"),) if risk else ()
    return Decision(of, action, required, risk, reasons, ("new-device",), ruleset_version=3)


def features(**facts: FactValue) -> Features:
    """All facts at their missing value but these; ``__`` stands for the dot."""
    return Features({**MISSING, **{name.replace("__", "."): value for name, value in facts.items()}})


def session_extra(key: str = "k" * 32, device: str = "device-1") -> dict[str, str]:
    """What a sign-in adds to its entry in the stream."""
    return {
        "key_hash": keyed_hash(key, "session-key"),
        "sealed_key": seal(key.encode(), "session-key").hex(),
        "issued_device": device,
    }
