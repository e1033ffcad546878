"""Authenticators at the desk: what holds for one, and giving it back."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from authshield import clock
from authshield.errors import ChallengeError
from authshield.factors import recovery, totp, verify
from authshield.models import Notice, RecoveryCodes, TotpFactor
from authshield.models.factors import FactorColumns
from tests.admin.conftest import NOW, Desk
from tests.challenging import customer, with_app, wrong_code


def _step(factor: FactorColumns) -> str:
    return reverse(f"admin:authshield_{type(factor).__name__.lower()}_step", args=[factor.pk, "unlock"])


def _list(factor: FactorColumns) -> str:
    return reverse(f"admin:authshield_{type(factor).__name__.lower()}_changelist")


@pytest.mark.parametrize("is_disabled", [False, True])
def test_the_desk_gives_an_authenticator_back(desk: Desk, is_disabled: bool) -> None:
    """With a reason that stays with it; the customer is told, and the next code counts."""
    user = customer()
    factor = with_app(user)
    now = clock.now()
    for _ in range(10):
        with pytest.raises(ChallengeError):
            verify(user, "totp", wrong_code(factor, now), now)
    if is_disabled:
        TotpFactor.objects.update(failures=50, disabled_at=now)
    analyst = desk("analysts")
    assert ("disabled" if is_disabled else "locked") in analyst.get(_list(factor)).content.decode()
    assert "wrong answers in a row" in analyst.get(_step(factor)).content.decode()
    assert analyst.post(_step(factor), {"reason": ""}).status_code == 409
    assert analyst.post(_step(factor), {"reason": "called back, knew the last order"}).status_code == 302
    assert "called back" in LogEntry.objects.get().change_message
    assert Notice.objects.filter(template="factor_unlocked", account=str(user.pk)).count() == 1
    assert verify(user, "totp", totp.code_at(factor, now), now)
    assert "not possible any more" in analyst.get(_step(factor), follow=True).content.decode()


def test_only_who_may_unlocks(desk: Desk) -> None:
    """Looking is for the whole desk, unlocking for those who have the permission."""
    factor = with_app(customer())
    TotpFactor.objects.update(failures=10, locked_until=clock.now())
    auditor = desk("auditors")
    assert auditor.get(_list(factor)).status_code == 200
    assert auditor.post(_step(factor), {"reason": "please"}).status_code == 403
    assert desk("clerk").get(_list(factor)).status_code == 403


def test_no_page_shows_a_secret(desk: Desk) -> None:
    """Neither the sealed key nor the hashes of recovery codes."""
    user = customer()
    factor = with_app(user)
    recovery.generate(user, NOW)
    codes = RecoveryCodes.objects.get()
    admin = desk("admin")
    for thing, secret in ((factor, bytes(factor.sealed_key).hex()[:16]), (codes, codes.hashes[0])):
        change = reverse(f"admin:authshield_{type(thing).__name__.lower()}_change", args=[thing.pk])
        page = admin.get(change).content.decode()
        assert secret not in page
        assert "sealed" not in page
        assert "hashes" not in page
