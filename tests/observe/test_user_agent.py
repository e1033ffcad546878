"""Browsers in words, capped and cached."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from authshield.observe.user_agent import summarise

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/135.0.0.0 "
    "Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.4 Mobile/15E148 Safari/604.1"
)


def test_a_string_is_read() -> None:
    """Family, version and system."""
    agent = summarise(CHROME)
    assert (agent.key, agent.label) == ("Chrome/Windows", "Chrome 135, Windows")
    assert not agent.is_mobile
    assert summarise(IPHONE).is_mobile
    assert summarise("Googlebot/2.1 (+http://www.google.com/bot.html)").is_bot


def test_hints_win_over_the_string() -> None:
    """Edge calls itself Chrome in the string and says so in the hints."""
    hints = '"Microsoft Edge";v="135", "Not:A-Brand";v="8", "Chromium";v="135"'
    assert summarise(CHROME, hints, '"macOS"').key == "Edge/Mac OS X"


def test_invented_brands_are_passed_over() -> None:
    """The brand that browsers make up says nothing, nor does the bare engine."""
    hints = '"Not)A;Brand";v="99", "Chromium";v="135"'
    assert summarise(CHROME, hints).key == "Chrome/Windows"


def test_the_key_survives_an_update() -> None:
    """A new version every four weeks is the same browser."""
    assert summarise(CHROME.replace("135", "136")).key == summarise(CHROME).key


def test_what_lies_beyond_512_characters_does_not_count() -> None:
    """A long header is cut before anything looks at it."""
    assert summarise("x" * 512 + CHROME) == summarise("x" * 512)


def test_nothing_is_something() -> None:
    """No header is a browser called Other."""
    assert summarise("").key == "Other/Other"


@given(st.text(max_size=600), st.text(max_size=100), st.text(max_size=80))
def test_nothing_raises(agent: str, hints: str, platform: str) -> None:
    """Whatever comes, there is an answer."""
    assert summarise(agent, hints, platform).key
