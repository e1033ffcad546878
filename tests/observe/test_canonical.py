"""Strict reading: one meaning, one notation, or a refusal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from authshield.errors import InvalidInput
from authshield.observe import canonical


def _status(body: bytes, content_type: str = "application/json", **extra: Any) -> int:
    request = RequestFactory().post("/", body, content_type=content_type, **extra)
    with pytest.raises(InvalidInput) as caught:
        canonical.json_body(request)
    return caught.value.status_code


def test_numbers_keep_the_form_in_which_they_were_written() -> None:
    """So that 1e2 is seen as 1e2 and refused, not taken for 100."""
    body = canonical.json_object(b'{"quantity": 100.50, "n": 7}')
    assert (body["quantity"], body["n"]) == ("100.50", "7")


@pytest.mark.parametrize(
    "body",
    [
        b"{not json",
        b"[]",
        b"7",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b"\xff\xfe",
        b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    ],
)
def test_what_is_not_one_object_is_malformed(body: bytes) -> None:
    """400, whatever is wrong with it."""
    assert _status(body) == 400


def test_other_forms_of_body_are_refused() -> None:
    """Content types, charsets, encodings and sizes that would be read differently elsewhere."""
    assert _status(b"{}", "text/plain") == 415
    assert _status(b"{}", "application/json; charset=shift_jis") == 415
    assert _status(b"{}", HTTP_CONTENT_ENCODING="gzip") == 415
    assert _status(b'{"a":"' + b"x" * 70_000 + b'"}') == 413


@pytest.mark.parametrize(
    ("text", "canon"), [("100", "100"), ("100.0", "100"), ("0.50", "0.5"), ("12.34567890", "12.3456789")]
)
def test_one_meaning_has_one_notation(text: str, canon: str) -> None:
    """Zeros at the end go."""
    assert canonical.quantity(text) == canon
    assert canonical.price(text) == canon
    assert canonical.amount(text) == canon


@pytest.mark.parametrize(
    "text",
    ["1e2", "NaN", "１００", "-1", "+1", "0", "0.0", "-0", "007", "1,000", " 1", "1 ", "1_0", ".5", "5.", "",
     "1" * 13, "1.123456789", None, 5, True, ["1"], "٣", "1\n"],
)  # fmt: skip
def test_other_notations_are_refused(text: object) -> None:
    """Never guessed: 422, naming the field."""
    with pytest.raises(InvalidInput, match="quantity") as caught:
        canonical.quantity(text)
    assert caught.value.status_code == 422


@given(st.decimals(min_value=Decimal("0.00000001"), max_value=Decimal(999999999999), places=8))
def test_reading_twice_changes_nothing(value: Decimal) -> None:
    """The canonical form is its own canonical form, and means the same."""
    once = canonical.quantity(f"{value:f}")
    assert canonical.quantity(once) == once
    assert Decimal(once) == value


def test_words_are_read_strictly() -> None:
    """Symbols in capitals; sides, types and references only as they are."""
    assert canonical.symbol(" abc.t ") == "ABC.T"
    assert canonical.side("buy") == "buy"
    assert canonical.order_type("limit") == "limit"
    assert canonical.reference(None) == ""
    assert canonical.reference("a-1") == "a-1"


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (canonical.symbol, "７２０３"),
        (canonical.symbol, "A" * 17),
        (canonical.symbol, "A B"),
        (canonical.symbol, canonical.Number("7203")),
        (canonical.side, "BUY"),
        (canonical.side, 1),
        (canonical.order_type, "stop"),
        (canonical.reference, "a b"),
        (canonical.reference, {}),
    ],
)
def test_other_words_are_refused(reader: object, value: object) -> None:
    """422, never a near match."""
    assert callable(reader)
    with pytest.raises(InvalidInput):
        reader(value)


@pytest.mark.parametrize(
    "body",
    [
        {"username": ["alice"], "password": "x"},
        {"username": "alice"},
        {"username": "alice", "password": True},
        {"username": canonical.Number("1"), "password": "x"},
        {"username": "a\x00b", "password": "x"},
        {"username": "a" * 300, "password": "x"},
        {"username": "alice", "password": "x" * 5000},
        {"username": "\ud800", "password": "x"},
    ],
)
def test_credentials_are_two_plain_strings(body: dict[str, object]) -> None:
    """400 for anything else."""
    with pytest.raises(InvalidInput) as caught:
        canonical.credentials(body)
    assert caught.value.status_code == 400
    assert canonical.credentials({"username": "alice", "password": "pä"}) == ("alice", "pä")
