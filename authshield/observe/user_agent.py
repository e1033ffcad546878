"""What a browser says of itself, in one capped and cached function: the only home of ``user_agents``.

The package's own entry spends 24 ms on a hostile 4 KiB header, so it is fed from ua-parser's compiled matcher
and never sees more than 512 characters. Client Hints win over the string where a browser sends them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import ua_parser
from user_agents.parsers import UserAgent, parse_browser, parse_device, parse_operating_system

MAX_LENGTH = 512
_BRAND = re.compile(r'"([^"]{1,64})"\s*;\s*v="(\d{1,5})')
_GREASE = re.compile(r"not.{0,4}a.{0,4}brand", re.IGNORECASE)
_BRAND_FAMILIES = {
    "Google Chrome": "Chrome",
    "Microsoft Edge": "Edge",
    "Opera": "Opera",
    "Brave": "Brave",
    "Samsung Internet": "Samsung Internet",
}
_SYSTEM_FAMILIES = {"macOS": "Mac OS X", "Chrome OS": "Chrome OS", "Chromium OS": "Chrome OS"}


@dataclass(frozen=True, slots=True)
class Agent:
    """A browser in words. ``key`` is family and system without versions, for comparing across updates."""

    browser: str
    version: str
    system: str
    is_mobile: bool
    is_bot: bool

    @property
    def key(self) -> str:
        """Such as ``Chrome/Windows``."""
        return f"{self.browser}/{self.system}"

    @property
    def label(self) -> str:
        """Such as ``Chrome 135, Windows``, for people."""
        return f"{self.browser} {self.version}".strip() + f", {self.system}"


def summarise(user_agent: str, sec_ch_ua: str = "", platform: str = "") -> Agent:
    """Describe a browser. Never raises. Cost: 30 µs for a new string, below 1 µs for one seen before."""
    return _summarise(user_agent[:MAX_LENGTH], sec_ch_ua[:MAX_LENGTH], platform[:64])


@lru_cache(maxsize=8192)
def _summarise(user_agent: str, sec_ch_ua: str, platform: str) -> Agent:
    parsed = _parse(user_agent.encode("ascii", "ignore").decode())
    browser, version = _hinted_browser(sec_ch_ua)
    hinted = platform.strip('" ')
    return Agent(
        browser=browser or str(parsed.browser.family),
        version=version or str(parsed.browser.version[0] if parsed.browser.version else ""),
        system=_SYSTEM_FAMILIES.get(hinted, hinted) or str(parsed.os.family),
        is_mobile=bool(parsed.is_mobile or parsed.is_tablet),
        is_bot=bool(parsed.is_bot),
    )


def _hinted_browser(sec_ch_ua: str) -> tuple[str, str]:
    brands = [(name, version) for name, version in _BRAND.findall(sec_ch_ua) if not _GREASE.search(name)]
    for name, version in brands:
        if name in _BRAND_FAMILIES:
            return _BRAND_FAMILIES[name], version
    # A bare Chromium brand says less than the string does.
    return "", ""


def _parse(user_agent: str) -> Any:
    result = ua_parser.parse(user_agent)
    agent = UserAgent.__new__(UserAgent)
    agent.ua_string = user_agent
    browser, system, device = result.user_agent, result.os, result.device
    agent.browser = parse_browser(browser.family if browser else "Other", *_version(browser))
    agent.os = parse_operating_system(system.family if system else "Other", *_version(system))
    agent.device = parse_device(
        device.family if device else "Other",
        device.brand if device else None,
        device.model if device else None,
    )
    return agent


def _version(part: Any) -> tuple[str | None, str | None, str | None]:
    return (part.major, part.minor, part.patch) if part else (None, None, None)
