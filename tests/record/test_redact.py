"""What may be stored: no secret, no hidden character, no endless text."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.record import redact

HIDDEN = "\r\n\t\x1b\x00\u202e\u2066\u200b\u2028\u2029\x85"
SECRET_NAMES = (
    "password", "new_password", "PASSWORD", "token", "csrfmiddlewaretoken", "sessionid", "session_key",
    "Authorization", "cookie", "api_key", "otp", "pin", "client-secret", "sealed_context",
)  # fmt: skip

words = st.text(st.characters(codec="utf-8"), max_size=80) | st.text(max_size=80)
secrets = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8, max_size=40)
data = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


def texts(value: Any) -> Iterator[str]:
    """Every text in JSON data, names too."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


@given(words, st.integers(0, 60))
def test_a_line_is_printable_short_and_final(text: str, limit: int) -> None:
    """Whatever comes in, one line of printable characters comes out, and it stays as it is."""
    shown = redact.line(text, limit)
    assert len(shown) <= limit
    assert not any(character in HIDDEN for character in shown)
    shown.encode()
    assert redact.line(shown, limit) == shown


def test_what_hides_or_breaks_a_line_can_be_seen() -> None:
    """Log records stay one line, and a reversed text shows how it was reversed."""
    assert redact.line("a\r\nb") == "a\\u000d\\u000ab"
    assert redact.line("invoice\u202ecod.exe") == "invoice\\u202ecod.exe"
    assert redact.line("\ud800") == "\\ud800"
    assert redact.line("東京 Firefox") == "東京 Firefox"


@given(words)
def test_plain_text_stays_as_it_is_the_second_time(text: str) -> None:
    """Redaction is idempotent."""
    once = redact.plain(text)
    assert redact.plain(once) == once


@given(data)
def test_redacted_data_stays_as_it_is_the_second_time(value: Any) -> None:
    """The same for whole trees, which are JSON afterwards and hold printable lines alone."""
    once = redact.tree(value)
    assert redact.tree(once) == once
    json.dumps(once)
    assert not any(character in HIDDEN for text in texts(once) for character in text)


@given(secrets, st.sampled_from(SECRET_NAMES), data)
def test_no_secret_is_left_in_data(secret: str, name: str, beside: Any) -> None:
    """A value under a secret's name is gone, at any depth, in a list too."""
    secret = f"S3cr3t{secret}"
    given_data = {"a": [{"b": {name: secret, "list": [{name: [secret]}]}}], "beside": beside}
    assert secret not in json.dumps(redact.tree(given_data))


@given(secrets, st.sampled_from(("password=", "token: ", "Bearer ", "sessionid=", "csrf_token='", "otp=")))
def test_no_secret_is_left_in_text(secret: str, before: str) -> None:
    """A value that follows a secret's name is gone from free text."""
    secret = f"S3cr3t{secret}"
    assert secret not in redact.plain(f"GET /x?{before}{secret}&y=1 {before}{secret}")


def test_a_secret_cannot_pass_as_removed_already() -> None:
    """A value that begins like the mark of a removal is removed as well."""
    assert "hunter2" not in redact.plain("password=[removed]hunter2")


def test_facts_keep_their_values() -> None:
    """Flags about cookies are no cookies, and numbers stay numbers."""
    facts = {
        "device.has_cookie": True,
        "profile.field": "password",
        "order.value": 12,
        "share": 0.5,
        "none": None,
    }
    assert redact.tree(facts) == facts


def test_deep_long_and_binary_data_is_cut() -> None:
    """Nothing grows without end, and bytes are never stored."""
    deep: Any = "x"
    for _ in range(20):
        deep = {"d": [deep]}
    assert len(json.dumps(redact.tree(deep))) < 100
    assert len(redact.tree(["x"] * 1000)) == redact.MAX_ITEMS
    assert redact.tree({"a": b"secret bytes", "b": object}) == {"a": redact.REMOVED, "b": "<class 'object'>"}
    assert redact.tree({"set": {1}, "tuple": (1, 2)}) == {"set": [1], "tuple": [1, 2]}


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/reset/?token=abc", "/reset/"),
        ("/a#b", "/a"),
        ("/" + "x" * 300, "/" + "x" * 199),
        ("/a\nb", "/a\\u000ab"),
    ],
)
def test_a_path_is_kept_without_its_query(path: str, kept: str) -> None:
    """Tokens travel in queries."""
    assert redact.path(path) == kept


def test_a_name_is_kept_only_where_it_is_an_account() -> None:
    """People type passwords into the field of the name; equal ones can still be counted."""
    hashed = redact.username("correct horse", exists=False)
    assert redact.username("alice\n", exists=True) == "alice\\u000a"
    assert redact.username("", exists=False) == ""
    assert "correct" not in hashed
    assert hashed == redact.username("correct horse", exists=False) == redact.username(hashed, exists=False)


@pytest.mark.parametrize(
    ("ip", "kept"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("x", None),
        ("", None),
    ],
)
def test_an_address_is_one_or_nothing(ip: str, kept: str | None) -> None:
    """The database refuses what is none, and a batch must not fail for it."""
    assert redact.address(ip) == kept
