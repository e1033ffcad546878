"""What the person may read of the reasons."""

from hypothesis import given
from hypothesis import strategies as st

from authshield.enforce.public import MOST, ROUTINE, public_reasons
from authshield.views.wording import REASONS
from authshield.vocabulary.decision import Reason


@given(st.lists(st.builds(Reason, code=st.text(), points=st.floats(0, 100), text=st.text())))
def test_only_public_codes_leave(reasons: list[Reason]) -> None:
    """At most three, each with its words, and never none."""
    codes = public_reasons(reasons)
    assert 1 <= len(codes) <= MOST
    assert set(codes) <= set(REASONS)


def test_the_weightiest_reasons_come_first_and_each_once() -> None:
    """Two rules about the device are one reason."""
    reasons = [
        Reason("hosting_network", 10, ""),
        Reason("device_new", 30, ""),
        Reason("bad_device_proof", 20, ""),
        Reason("zzz", 99, ""),
    ]
    assert public_reasons(reasons) == ["new_device", "new_place"]


def test_without_a_reason_it_is_routine() -> None:
    """A rule that says nothing public says routine."""
    assert public_reasons([Reason("secret_model_7", 50, "")]) == [ROUTINE]
