"""Browsers and apps: what they say of themselves, how that drifts, and how well a thief's copy fits.

User agent, client hints and fingerprint of one device agree; a copy may not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from authshield.simulate.draws import Draws, Weighted
from authshield.simulate.engine import DAY_MS

_RELEASES_FROM = 1_743_465_600_000  # 1 April 2025: Chromium 135; another every 28 days
_FIRST_VERSION = 135
_RELEASE_MS = 28 * DAY_MS
_OTHER_DAY = 12  # by which the versions of other makers are out of step
_GREASE = '"Not:A-Brand";v="24"'

IPHONE, IPHONE_APP, ANDROID, ANDROID_APP, CHROME, EDGE, FIREFOX, SAFARI, MAC = range(9)
PHONES = (IPHONE, IPHONE_APP, ANDROID, ANDROID_APP)
APPS = (IPHONE_APP, ANDROID_APP)
_COMPUTERS = Weighted((CHROME, EDGE, FIREFOX, SAFARI, MAC), (48, 27, 7, 10, 8))
_PLATFORM = (
    "iPhone",
    "iPhone",
    "Linux armv81",
    "Linux armv81",
    "Win32",
    "Win32",
    "Win32",
    "MacIntel",
    "MacIntel",
)
_HINTED = {
    ANDROID: "Google Chrome",
    ANDROID_APP: "Android WebView",
    CHROME: "Google Chrome",
    EDGE: "Microsoft Edge",
    MAC: "Google Chrome",
}
_HINT_PLATFORM = {
    ANDROID: "Android",
    ANDROID_APP: "Android",
    CHROME: "Windows",
    EDGE: "Windows",
    MAC: "macOS",
}
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_PHONE_SCREENS = Weighted(
    ("390x844", "393x852", "375x812", "414x896", "430x932", "402x874", "375x667", "428x926", "440x956"),
    (26, 24, 10, 9, 8, 8, 7, 5, 3),
)
_ANDROID_SCREENS = Weighted(
    (
        "412x915",
        "360x800",
        "393x873",
        "384x854",
        "360x780",
        "412x892",
        "393x851",
        "360x760",
        "411x823",
        "432x960",
    ),
    (20, 19, 14, 10, 9, 8, 7, 5, 4, 4),
)
_PC_SCREENS = Weighted(
    (
        "1920x1080",
        "1536x864",
        "1366x768",
        "2560x1440",
        "1280x720",
        "1440x900",
        "1600x900",
        "3840x2160",
        "1680x1050",
        "1920x1200",
        "1707x960",
        "2048x1152",
    ),
    (34, 19, 9, 9, 6, 4, 4, 4, 3, 3, 3, 2),
)
_MAC_SCREENS = Weighted(
    ("1440x900", "1512x982", "1470x956", "1728x1117", "1680x1050", "2560x1440"), (26, 22, 20, 14, 9, 9)
)
_LANGUAGES = Weighted(
    (
        ("ja,en-US;q=0.9,en;q=0.8", "ja-JP,ja,en"),
        ("ja", "ja"),
        ("ja-JP", "ja-JP"),
        ("en-US,en;q=0.9", "en-US,en,ja"),
        ("zh-CN,zh;q=0.9,ja;q=0.8", "zh-CN,zh,ja"),
    ),
    (62, 14, 15, 6, 3),
)
_APPLE_PHONES, _MACS = (IPHONE, IPHONE_APP), (SAFARI, MAC)
# Screens, memory, cores and points of touch of each make.
_MAKES = {
    "iphone": (_PHONE_SCREENS, ("8",), ("4", "6", "6"), "5"),
    "android": (_ANDROID_SCREENS, ("4", "8", "8"), ("8",), "5"),
    "mac": (_MAC_SCREENS, ("8", "8", "16"), ("8", "8", "10"), "0"),
    "pc": (_PC_SCREENS, ("8", "8", "8", "4"), ("4", "8", "8", "12", "16"), "0"),
}
_PC_GPUS = 60
_PC_FONTS = 80


@dataclass(slots=True)
class Device:
    """One browser or app on one machine; ``token`` is the id that its cookie holds, empty if there is none."""

    kind: int
    lag: int  # ms by which it updates after a release
    language: tuple[str, str]
    prints: dict[str, str]
    key: bool
    token: str = ""
    client: str = ""  # JSON of its headers
    print_json: str = ""
    version: int = 0
    extra: dict[str, str] = field(default_factory=dict)

    def update(self, now: int, draws: Draws) -> None:
        """Be what it is by now: a new release may have come."""
        offset = 0 if self.kind in _HINTED else _OTHER_DAY * DAY_MS
        version = _FIRST_VERSION + (now - self.lag - offset - _RELEASES_FROM) // _RELEASE_MS
        if version == self.version:
            return
        if self.version and draws.chance(0.25):
            self.prints["canvas"] = _canvas(draws)
        self.version = version
        self.client = client_json(self.kind, version, self.language[0])
        self.print_json = prints_json(self.prints)

    def hasten(self, out: int, at: int) -> None:
        """Take at ``at`` the release after the one that was out at ``out``, however far behind it is."""
        offset = 0 if self.kind in _HINTED else _OTHER_DAY * DAY_MS
        ahead = (out - offset - _RELEASES_FROM) // _RELEASE_MS + 1
        self.lag = at - offset - _RELEASES_FROM - ahead * _RELEASE_MS

    def with_screen(self, screen: str) -> str:
        """Its fingerprint on another screen, as JSON."""
        return prints_json({**self.prints, "screen": screen})


def new_device(draws: Draws, kind: int, lag_days: float, keyless: float) -> Device:
    """A device of that kind, as shops sell them."""
    lag = (
        int(draws.exponential(lag_days) * DAY_MS)
        if draws.chance(0.85)
        else int((20 + 60 * draws.uniform()) * DAY_MS)
    )
    language = draws.weighted(_LANGUAGES)
    prints = _prints(draws, kind)
    prints["languages"] = language[1]
    return Device(kind, lag, language, prints, not draws.chance(keyless))


def phone(draws: Draws, app: float) -> int:
    """The kind of somebody's phone; ``app`` is the share that uses the broker's app."""
    apple, in_app = draws.chance(0.6), draws.chance(app)
    if apple:
        return IPHONE_APP if in_app else IPHONE
    return ANDROID_APP if in_app else ANDROID


def computer(draws: Draws) -> int:
    """The kind of somebody's computer."""
    return draws.weighted(_COMPUTERS)


def screen(draws: Draws) -> str:
    """A monitor."""
    return draws.weighted(_PC_SCREENS)


def disguised(draws: Draws, kit: Device, victim: Device, share: float) -> Device:
    """A thief's browser that says what the victim's says; each attribute of the fingerprint with that chance."""
    prints = {name: victim.prints[name] if draws.chance(share) else own for name, own in kit.prints.items()}
    return Device(victim.kind, victim.lag, victim.language, prints, kit.key)


def prints_json(prints: dict[str, str]) -> str:
    """The fingerprint as it stands in a line."""
    return json.dumps(prints, separators=(",", ":"))


def client_json(kind: int, version: int, language: str, *, claimed: int | None = None) -> str:
    """User agent and headers as they stand in a line; ``claimed`` is the kind that contradicting hints name."""
    agent = json.dumps(_agent(kind, version))
    headers = {"accept_language": language}
    told = kind if claimed is None else claimed
    if told in _HINTED:
        brand = _HINTED[told]
        headers["sec_ch_ua"] = f'"Chromium";v="{version}", {_GREASE}, "{brand}";v="{version}"'
        headers["sec_ch_ua_platform"] = f'"{_HINT_PLATFORM[told]}"'
        headers["sec_ch_ua_mobile"] = "?1" if told in PHONES else "?0"
    return f'"user_agent":{agent},"headers":{json.dumps(headers, separators=(",", ":"))}'


def _agent(kind: int, version: int) -> str:
    chrome = f"Chrome/{version}.0.0.0"
    apple = f"18_{max(0, (version - 125) // 2)}"
    iphone = f"Mozilla/5.0 (iPhone; CPU iPhone OS {apple} like Mac OS X) {_APPLE}"
    app, android, nt = (
        f"KabuApp/{version - 126}.0",
        "Mozilla/5.0 (Linux; Android",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64",
    )
    windows = f"{nt}) {_WEBKIT} {chrome} Safari/537.36"
    mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
    return {
        IPHONE: f"{iphone} Version/{apple.replace('_', '.')} Mobile/15E148 Safari/604.1",
        IPHONE_APP: f"{iphone} Mobile/15E148 {app}",
        ANDROID: f"{android} 10; K) {_WEBKIT} {chrome} Mobile Safari/537.36",
        ANDROID_APP: f"{android} 14; K; wv) {_WEBKIT} Version/4.0 {chrome} Mobile Safari/537.36 {app}",
        CHROME: windows,
        EDGE: f"{windows} Edg/{version}.0.0.0",
        FIREFOX: f"{nt}; rv:{version + 2}.0) Gecko/20100101 Firefox/{version + 2}.0",
        SAFARI: f"{mac} {_APPLE} Version/{apple.replace('_', '.')} Safari/605.1.15",
        MAC: f"{mac} {_WEBKIT} {chrome} Safari/537.36",
    }[kind]


def _prints(draws: Draws, kind: int) -> dict[str, str]:
    screens, memory, cores, touch = _MAKES[_make(kind)]
    return {
        "screen": draws.weighted(screens),
        "timezone": "Asia/Tokyo",
        "languages": "",  # as the headers say, see new_device
        "platform": _PLATFORM[kind],
        "webgl": _gpu(draws, kind),
        "canvas": _canvas(draws),
        "fonts": f"f{_fonts(draws, kind):02d}",
        "cores": draws.pick(cores),
        "memory": draws.pick(memory),
        "touch": touch,
    }


def _make(kind: int) -> str:
    if kind in _APPLE_PHONES:
        return "iphone"
    if kind in PHONES:
        return "android"
    return "mac" if kind in _MACS else "pc"


def _gpu(draws: Draws, kind: int) -> str:
    make = _make(kind)
    if make == "iphone":
        return "apple"
    if make == "android":
        return f"m{draws.below(18):02d}"
    if make == "mac":
        return f"a{draws.below(6)}"
    return f"p{draws.below(_PC_GPUS) * draws.below(_PC_GPUS) // _PC_GPUS:02d}"


def _fonts(draws: Draws, kind: int) -> int:
    first, count = {"iphone": (1, 1), "android": (2, 3), "mac": (5, 12), "pc": (0, _PC_FONTS)}[_make(kind)]
    return first + draws.below(count)


def _canvas(draws: Draws) -> str:
    return f"c{draws.below(400):03d}"
