"""A campaign puts its thin symbol under guard, live as in a replay, within what the desk allows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from authshield import clock
from authshield.measure import Store
from authshield.models import CaseEntry, SwitchRow
from authshield.tune import switches
from tests.replay.lines import body
from tests.replay.replaying import order, replay, story
from tests.ring import RING, attack, live, publish, ruleset, thief

pytestmark = pytest.mark.django_db(transaction=True)

GUARDED = {"symbol_guard": 1.0, "symbol_guard_members": 3.0}


def customer(number: int, symbol: str = "9999") -> list[dict[str, Any]]:
    """Somebody who signs in from another place and buys a little of a symbol."""
    who = {"account": f"80{number}", "session": f"c{number}", "ip": f"203.0.113.{number}"}
    thin = {"adv": 9_000_000, "market_cap": 10**9}
    bought = order(symbol, side="buy", quantity=1, price=1000, instrument=thin, **who, enrolled=["webauthn"])
    return [body(**who, username=f"customer{number}"), bought]


def test_a_campaign_guards_its_symbol_live_as_in_a_replay(tmp_path: Path, ring_store: Store) -> None:
    """Buys of it need a phishing-resistant proof from then on, those of other symbols do not."""
    publish(**GUARDED)
    doings = [one for number in range(1, RING + 1) for one in thief(number)]
    lines = story(*doings, *customer(1), *customer(2, "7203"), step=timedelta(seconds=10))
    replayed = replay(tmp_path, lines, ruleset(**GUARDED), scoring_delay=timedelta(0))
    assert live(tmp_path, lines, ring_store, by=ruleset(**GUARDED)) == replayed.finals
    assert (replayed.lines[-3]["action"], replayed.lines[-3]["required"]) == (
        "challenge",
        "phishing_resistant",
    )
    assert replayed.lines[-1]["action"] == "allow"
    row = SwitchRow.objects.get()
    assert (row.kind, row.target, row.created_by) == ("symbol", "9999", "")
    assert CaseEntry.objects.filter(kind="symbol:guarded", text__contains="9999").count() == 1


def test_a_guard_lasts_as_long_as_accounts_go_on_joining(tmp_path: Path, ring_store: Store) -> None:
    """Each further member renews it; after the quiet time the symbol is free."""
    publish(**GUARDED)
    live(tmp_path, attack(RING)[: 3 * RING], ring_store)
    first = SwitchRow.objects.get().expires_at
    live(tmp_path, attack(RING + 1)[3 * RING : 3 * RING + 3], ring_store)
    assert SwitchRow.objects.get().expires_at > first
    lines = story(*[one for number in range(1, RING + 1) for one in thief(number)], *customer(1))
    lines[-1]["time"] = lines[-2]["time"] = "2025-04-14T02:00:00.000Z"
    done = replay(tmp_path, lines, ruleset(**GUARDED), scoring_delay=timedelta(0))
    assert done.finals[-1] == "allowed"


def test_a_guard_that_the_desk_ended_is_not_set_again(tmp_path: Path, ring_store: Store) -> None:
    """A person's word counts more."""
    publish(**GUARDED)
    live(tmp_path, attack(RING)[: 3 * RING], ring_store)
    assert switches.turn_off(SwitchRow.objects.get().pk, clock.now())
    live(tmp_path, attack(RING + 1)[3 * RING : 3 * RING + 3], ring_store)
    assert not switches.live(clock.now())
    assert SwitchRow.objects.count() == 1


def test_guards_are_bounded(tmp_path: Path, ring_store: Store) -> None:
    """So many symbols at a time, live and in a replay; and without the desk's leave none."""
    bound = GUARDED | {"symbol_guard_most": 1.0}
    publish(**bound)
    two = [one for number in range(1, RING + 1) for one in thief(number)]
    two += [one for number in range(RING + 1, 2 * RING + 1) for one in thief(number, "8888")]
    lines = story(*two, *customer(1, "8888"), *customer(2), step=timedelta(seconds=10))
    replayed = replay(tmp_path, lines, ruleset(**bound), scoring_delay=timedelta(0))
    assert live(tmp_path, lines, ring_store, by=ruleset(**bound)) == replayed.finals
    assert [row.target for row in SwitchRow.objects.all()] == ["9999"]
    assert [line["action"] for line in replayed.lines[-3::2]] == ["allow", "challenge"]
    free = replay(tmp_path, lines, ruleset(), scoring_delay=timedelta(0))
    assert free.lines[-1]["action"] == "allow"
