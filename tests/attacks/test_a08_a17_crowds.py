"""A08, A17: guessing from everywhere at everybody, and many customers behind one address. Strangers pay for it."""

from __future__ import annotations

import pytest

from authshield import clock
from authshield.models import LimitDraft
from authshield.tune import rulebook
from tests.site import Guest, challenge_in, stranger, work_off

pytestmark = pytest.mark.usefixtures("own_site")
FROM_ADDRESS = 20
GROWTH = 2
EVERYWHERE = 12


def _spray(times: int) -> None:
    """Another name and another address each time."""
    for number in range(times):
        assert stranger(f"127.9.{number}.1").api_sign_in(f"name-{number}", "Spring2025!").status_code == 401


def test_a08_while_everybodys_names_are_guessed_at_strangers_need_a_code() -> None:
    """A new browser in the customer's own network is let in on other days; the known one always is."""
    LimitDraft.objects.filter(identifier="login-everywhere-10m").update(capacity=EVERYWHERE)
    rulebook.publish(author=None, reason="test", now=clock.now())
    rulebook.forget()
    owner = Guest()
    owner.sign_in("dave")
    work_off()
    assert Guest().sign_in("dave").headers["Location"] == "/"
    _spray(EVERYWHERE)
    assert challenge_in(Guest().sign_in("dave"))
    assert owner.sign_in("dave").headers["Location"] == "/"


@pytest.mark.parametrize("names", [(), ("alice", "carol", "dave")])
def test_a17_a_shared_address_has_room_for_its_customers(names: tuple[str, ...]) -> None:
    """Each one who signs in there makes it wider; once it is full, those who are known there still get in."""
    owners = {name: Guest() for name in names}
    for name, owner in owners.items():
        assert owner.sign_in(name).headers["Location"] == "/"
    thief = stranger(Guest().address)
    statuses = [thief.api_sign_in(f"name-{number % 8}", "wrong").status_code for number in range(40)]
    assert statuses.count(401) == FROM_ADDRESS + GROWTH * len(names)
    assert thief.api_sign_in("erin").status_code == 429
    for name, owner in owners.items():
        assert owner.sign_in(name).headers["Location"] == "/"
