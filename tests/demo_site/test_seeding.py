"""The demo's people: there at once, as they are listed, and left alone afterwards."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from authshield import clock
from authshield.factors import enrolled
from authshield.models import RulesetVersion
from demo_site.broker.models import Account, Instrument, Position
from demo_site.broker.people import PEOPLE
from demo_site.broker.seeding import seed
from tests.servers import Valkey

pytestmark = pytest.mark.usefixtures("site")
FACTORS = {"alice": {"totp", "static"}, "bob": {"email"}, "carol": {"totp"}, "dave": {"totp"}, "erin": set()}


def test_everybody_is_there_with_their_factors(site: Valkey) -> None:
    """As the table of people says; staff have a code generator and no account."""
    del site
    for person in PEOPLE:
        user = User.objects.get(username=person.name)
        assert user.check_password(f"{person.name}-{person.name}")
        assert set(enrolled(user)) == FACTORS.get(person.name, {"totp"})
        assert Account.objects.filter(user=user).exists() != user.is_staff
    assert User.objects.get(is_superuser=True).username == "admin"


def test_seeding_again_changes_nothing() -> None:
    """What somebody changed stays, what is there is not added twice."""
    user = User.objects.get(username="alice")
    user.set_password("changed")
    user.save()
    Position.objects.filter(account__user=user).update(quantity=7)
    before = [model.objects.count() for model in (User, Account, Position, Instrument, RulesetVersion)]
    assert seed(clock.now()) == []
    after = [model.objects.count() for model in (User, Account, Position, Instrument, RulesetVersion)]
    user.refresh_from_db()
    assert (before, user.check_password("changed")) == (after, True)
    assert set(Position.objects.filter(account__user=user).values_list("quantity", flat=True)) == {7}


def test_the_market_reaches_from_large_to_thin() -> None:
    """Some sixty symbols, from 90 thousand million a day to half a million."""
    advs = [row.adv_minor for row in Instrument.objects.all()]
    assert 55 <= len(advs) <= 70
    assert (min(advs), max(advs)) == (500_000, 91_000_000_000)


def test_each_part_of_the_desk_may_do_its_part() -> None:
    """All look at everything, one publishes, one contains, one only looks."""
    users = {name: User.objects.get(username=name) for name in ("analyst", "tuner", "approver", "auditor")}
    may = {
        permission: {name for name, user in users.items() if user.has_perm(f"authshield.{permission}")}
        for permission in ("view_case", "contain_case", "decide_hold", "add_ruledraft", "publish_ruleset")
    }
    assert may == {
        "view_case": set(users),
        "contain_case": {"analyst"},
        "decide_hold": {"analyst", "approver"},
        "add_ruledraft": {"tuner"},
        "publish_ruleset": {"approver"},
    }
