"""Each event has a tag of its own, by which it is counted once."""

from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from authshield.clock import now
from authshield.measure.keys import OWN_ID, Keys
from authshield.observe import observe
from authshield.vocabulary.event import Kind, Who

KEYS = Keys("test")


def test_the_id_of_an_observed_event_needs_no_hash() -> None:
    """It is random; events of the same millisecond are told apart."""
    at, request = now(), RequestFactory().get("/")
    ids = [observe(request, Kind.REQUEST, Who("42"), now=at).id for _ in range(100)]
    assert {len(one) for one in ids} == {OWN_ID}
    assert all(KEYS.event(one) != KEYS.tag("event", one) for one in ids)
    assert len({KEYS.event(one) for one in ids}) == len(ids)


@given(number=st.integers(0, (1 << 120) - 1), place=st.integers(0, 80))
def test_ids_that_are_numbered_are_told_apart_by_their_tags_first_digits_too(number: int, place: int) -> None:
    """Some windows keep four bytes of six; a file may count in any digit."""
    ids = [f"{(number + (step << place)) % (1 << 124):031x}" for step in range(64)]
    tags = [KEYS.event(one) for one in ids]
    assert all(0 < tag < 1 << 48 for tag in tags)
    assert len({tag >> 16 for tag in tags}) == len(tags)


def test_any_other_id_is_hashed() -> None:
    """A text is no number, whatever its length."""
    for one in ("e1", "", "0" * (OWN_ID + 1), "x" * OWN_ID):
        assert KEYS.event(one) == KEYS.tag("event", one)
