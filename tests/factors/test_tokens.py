"""What people type becomes what is compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.factors import tokens


@given(st.text())
def test_digits_are_ascii_digits_or_nothing(typed: str) -> None:
    """No other sign ever reaches a comparison."""
    kept = tokens.digits(typed)
    assert kept == "" or (kept.isascii() and kept.isdecimal())


@given(st.text())
def test_normalising_twice_changes_nothing(typed: str) -> None:
    """One form, not several."""
    assert tokens.letters(tokens.letters(typed)) == tokens.letters(typed)


@pytest.mark.parametrize("typed", ["12a456", "1e5000", "+12345", "12,345", "½23456"])
def test_anything_but_digits_is_no_code(typed: str) -> None:
    """A number in another notation is not guessed at."""
    assert tokens.digits(typed) == ""


def test_a_very_long_text_is_cut() -> None:
    """Nobody makes the server work on a megabyte."""
    assert len(tokens.letters("1" * 1_000_000)) == tokens.MAX_TYPED
