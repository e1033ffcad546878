"""Recovery codes."""

import math

import pytest

from authshield.factors import recovery
from authshield.models import RecoveryCodes
from tests.challenging import NOW, customer, later
from tests.together import just_before

pytestmark = pytest.mark.django_db


def test_ten_different_codes_of_at_least_64_bits() -> None:
    """NIST SP 800-63B-4 §4.2."""
    codes = recovery.generate(customer(), NOW)
    assert len(set(codes)) == 10
    assert recovery.LENGTH * math.log2(len(set(recovery.ALPHABET))) >= 64
    assert all(len(code.replace("-", "")) == recovery.LENGTH for code in codes)


def test_only_hashes_are_kept() -> None:
    """No code can be read from the table."""
    codes = recovery.generate(customer(), NOW)
    row = str(RecoveryCodes.objects.values().get())
    assert not any(code in row or code.replace("-", "") in row for code in codes)


def test_the_same_code_of_two_people_has_two_hashes() -> None:
    """A row that is copied to another account opens nothing there."""
    alice, bob = customer(), customer("bob")
    code = recovery.generate(alice, NOW)[0]
    stolen = RecoveryCodes.objects.get(user=alice).hashes
    planted = RecoveryCodes.objects.create(user=bob, name="static", hashes=stolen)
    assert not recovery.accepts(planted, code, NOW)


def test_each_code_is_good_once() -> None:
    """A used one is gone, the others stay."""
    user = customer()
    first, second, *_ = recovery.generate(user, NOW)
    factor = RecoveryCodes.objects.get()
    assert recovery.accepts(factor, first, NOW)
    assert not recovery.accepts(factor, first, NOW)
    assert recovery.accepts(factor, second, later(1))
    assert recovery.left(user) == 8


def test_capitals_blanks_and_full_width_letters_are_fine() -> None:
    """It is typed from paper."""
    code = recovery.generate(customer(), NOW)[0]
    wide = "".join(chr(ord(c) + 0xFEE0) if c != "-" else "\u30fc" for c in code.upper())
    assert recovery.accepts(RecoveryCodes.objects.get(), f" {wide} ", NOW)


def test_new_codes_replace_the_old_ones() -> None:
    """Whoever found the old sheet has nothing."""
    user = customer()
    old = recovery.generate(user, NOW)[0]
    new = recovery.generate(user, later(60))[0]
    factor = RecoveryCodes.objects.get(user=user)
    assert not recovery.accepts(factor, old, later(61))
    assert recovery.accepts(factor, new, later(61))


def test_guessing_locks_them() -> None:
    """Ten wrong ones, and even a right one has to wait."""
    code = recovery.generate(customer(), NOW)[0]
    factor = RecoveryCodes.objects.get()
    for _ in range(10):
        assert not recovery.accepts(factor, "aaaaa-aaaaa-aaaaa", NOW)
    assert not recovery.accepts(factor, code, NOW)
    assert recovery.accepts(factor, code, later(900))


def test_codes_that_are_locked_away_meanwhile_are_refused() -> None:
    """A set that is disabled while a code is looked at takes none any more."""
    code = recovery.generate(customer(), NOW)[0]
    factor = RecoveryCodes.objects.get()
    with just_before('"hashes" =', lambda: RecoveryCodes.objects.update(disabled_at=later(-1))):
        assert not recovery.accepts(factor, code, NOW)


def test_another_code_that_is_used_meanwhile_does_no_harm() -> None:
    """It is looked again, and both are used up."""
    user = customer()
    first, second, *_ = recovery.generate(user, NOW)
    factor = RecoveryCodes.objects.get()
    with just_before('"hashes" =', lambda: recovery.accepts(factor, second, NOW)):
        assert recovery.accepts(factor, first, NOW)
    assert recovery.left(user) == 8


def test_nobody_has_codes_left_without_a_set() -> None:
    """None were made: none are left."""
    assert recovery.left(customer()) == 0
