"""What a customer's browser is given to run stays small, of this site alone, and fit for the strictest policy."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import authshield

FOLDER = Path(authshield.__file__).parent / "static" / "authshield"
MOST_BYTES = 6 * 1024
SINKS = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|new Function|srcdoc|importScripts)\b"
)
ELSEWHERE = re.compile(r"https?://|wss?://|//[a-z0-9-]+\.[a-z]")


def _scripts() -> dict[str, str]:
    """All scripts of customers' pages; the desk's are not among them."""
    found = {path.name: path.read_text() for path in FOLDER.glob("*.js")}
    assert "device.js" in found
    return found


def test_all_browser_code_together_is_below_six_kilobytes() -> None:
    """Gzipped, as it travels."""
    sizes = {name: len(gzip.compress(text.encode(), 9)) for name, text in _scripts().items()}
    assert sum(sizes.values()) <= MOST_BYTES, sizes


def test_no_script_writes_markup_or_asks_another_site() -> None:
    """So that Trusted Types have nothing to stop, and no third party learns anything."""
    for name, text in _scripts().items():
        assert not SINKS.search(text), name
        assert not ELSEWHERE.search(text.replace('"use strict"', "")), name
