"""Panic switches: what can be set, for how long, and how they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from authshield.errors import RuleError
from authshield.tune import rulebook
from authshield.tune.switches import MOST, live, turn_off, turn_on
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.ruleset import Switch, SwitchKind

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    "switch",
    [
        Switch(SwitchKind.OBSERVE_ALL, LATER),
        Switch(SwitchKind.RULE_OFF, NOW + MOST, "a-rule"),
        Switch(SwitchKind.TIGHTEN, LATER, "order", Action.HOLD),
        Switch(SwitchKind.TIGHTEN, LATER, "login", Action.CHALLENGE, Strength.OTP),
    ],
)
def test_a_switch_is_live_until_its_time(switch: Switch) -> None:
    """Read back as it was set; gone at its expiry; off before it where somebody says so, once."""
    row = turn_on(switch, reason="attack", by="tuner", now=NOW)
    assert live(NOW) == (switch,)
    assert rulebook.active(NOW)[1] == (switch,)
    assert live(switch.expires_at) == ()
    assert turn_off(row.pk, NOW + timedelta(minutes=1))
    assert not turn_off(row.pk, NOW + timedelta(minutes=2))
    assert live(NOW + timedelta(minutes=1)) == ()


@pytest.mark.parametrize(
    ("switch", "problem"),
    [
        (Switch(SwitchKind.OBSERVE_ALL, NOW), "expires_at"),
        (Switch(SwitchKind.OBSERVE_ALL, NOW + timedelta(days=8)), "within 7 days"),
        (Switch(SwitchKind.OBSERVE_ALL, LATER, "order"), "leave it empty"),
        (Switch(SwitchKind.RULE_OFF, LATER), "which rule"),
        (Switch(SwitchKind.TIGHTEN, LATER, "logout", Action.DENY), "target: one of factor_attempt, login"),
        (Switch(SwitchKind.TIGHTEN, LATER, "order"), "to tighten is"),
        (Switch(SwitchKind.TIGHTEN, LATER, "login", Action.HOLD), "hold is not possible for login"),
    ],
)
def test_a_switch_that_makes_no_sense_is_refused(switch: Switch, problem: str) -> None:
    """With the way out, and a reason is always asked for."""
    with pytest.raises(RuleError, match=problem):
        turn_on(switch, reason="attack", by="tuner", now=NOW)
    with pytest.raises(RuleError, match="say why"):
        turn_on(switch, reason=" ", by="tuner", now=NOW)
    assert live(NOW) == ()
