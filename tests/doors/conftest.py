"""The demo with its people, seen by one connection, and the desk's hand on the switches."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import pytest

from authshield import clock
from authshield.tune import rulebook, switches
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import Switch, SwitchKind
from tests.filled import fill
from tests.servers import Valkey


class Tighten(Protocol):
    """Makes every event of a kind end in an action at least, as the desk does with a panic switch."""

    def __call__(self, kind: Kind, action: Action, required: Strength = Strength.OTP) -> None:
        """Do it; it counts at once."""


@pytest.fixture
def site(valkey: Valkey, db: None) -> Valkey:
    """The demo, filled; returns its Valkey."""
    del db
    fill()
    return valkey


@pytest.fixture
def tighten(site: Valkey) -> Tighten:
    """The desk's switch."""
    del site

    def turn_on(kind: Kind, action: Action, required: Strength = Strength.OTP) -> None:
        now = clock.now()
        switch = Switch(SwitchKind.TIGHTEN, now + timedelta(hours=1), kind.value, action, required)
        switches.turn_on(switch, reason="a test of the doors", by="desk", now=now)
        rulebook.forget()

    return turn_on
