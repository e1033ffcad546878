"""Fingerprints: a few short strings, bounded."""

from __future__ import annotations

import pytest

from authshield.errors import InvalidInput
from authshield.observe.fingerprint import clean, digest


def test_known_short_strings_are_kept() -> None:
    """And nothing else; what cannot be printed goes."""
    assert clean({"screen": "1920x1080", "evil": "<script>", "webgl": "a\x00b"}) == {
        "screen": "1920x1080",
        "webgl": "ab",
    }


@pytest.mark.parametrize("value", [7, {"a": 1}, ["x"], float("nan"), "x" * 201])
def test_anything_else_is_refused(value: object) -> None:
    """400, naming the attribute."""
    with pytest.raises(InvalidInput, match="screen"):
        clean({"screen": value})


def test_the_digest_depends_on_content_alone() -> None:
    """Not on the order of attributes; none has none."""
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"}) != digest({"a": "12"})
    assert digest({}) == ""
