"""Browsers and apps: what they say of themselves, their cookie and their device key, and what a thief copies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bench.secondworld.dice import Dice
from bench.secondworld.hours import FIRST_DAY

_SURFACES = (
    ("win-chrome", 0.21), ("win-edge", 0.16), ("win-firefox", 0.04), ("mac-safari", 0.06),
    ("iphone-safari", 0.13), ("android-chrome", 0.08), ("app-ios", 0.19), ("app-android", 0.13),
)  # fmt: skip
HAND_HELD = ("iphone-safari", "android-chrome", "app-ios", "app-android")
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_LIKE_WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT}"
_SCREENS = {
    "win": ("1920x1080", "1536x864", "2560x1440", "1366x768", "1280x720", "3840x2160", "1600x900"),
    "mac": ("1440x900", "1512x982", "1728x1117", "1920x1080"),
    "ios": ("390x844", "393x852", "375x667", "430x932", "402x874", "375x812"),
    "droid": ("412x915", "360x800", "393x873", "384x832", "411x891", "360x780", "432x960"),
}
_PLATFORMS = {"win": "Win32", "mac": "MacIntel", "ios": "iPhone", "droid": "Linux armv8l"}
_LANGUAGES = (
    "ja",
    "ja,en-US;q=0.9,en;q=0.8",
    "ja-JP,ja;q=0.9",
    "ja,en;q=0.7",
    "en-US,en;q=0.9,ja;q=0.8",
    "zh-CN,zh;q=0.9",
)
_MODELS = ("SO-53C", "SC-51D", "Pixel 8a", "SH-M26", "FCG02", "A303SO", "Pixel 7")
_CYCLE = 28


@dataclass(slots=True)
class Gear:
    """One browser or app on one device; ``cookie`` is the device id that the site gave it."""

    surface: str
    system: str
    lag: float
    model: str
    fingerprint: dict[str, str] | None
    language: str | None
    odd_hints: bool
    tells_ja4: bool
    ja4_tail: str
    cookie: str | None
    key: str | None  # what its proof of possession comes to; None: it has no key
    private: bool
    drifts: bool

    def release(self, day: int) -> int:
        """How many updates since this world began; some install them late."""
        return int((day - FIRST_DAY + 21 - self.lag) // _CYCLE)

    def user_agent(self, day: int) -> str:
        """The header."""
        return _agent(self, self.release(day))

    def headers(self, day: int) -> dict[str, str]:
        """The other headers that the site keeps."""
        found: dict[str, str] = {}
        if self.language:
            found["accept_language"] = self.language
        release = self.release(day)
        if self.surface in {"win-chrome", "win-edge", "android-chrome"}:
            brand = "Microsoft Edge" if self.surface == "win-edge" else "Google Chrome"
            major = 139 + release
            found["sec_ch_ua"] = f'"Chromium";v="{major}", "Not=A?Brand";v="24", "{brand}";v="{major}"'
            platform = "Android" if self.surface == "android-chrome" else "Windows"
            found["sec_ch_ua_platform"] = '"Linux"' if self.odd_hints else f'"{platform}"'
            found["sec_ch_ua_mobile"] = "?1" if platform == "Android" and not self.odd_hints else "?0"
        if self.tells_ja4:
            found["ja4"] = (
                f"t13d{15 + release % 2}16h2_{_JA4[self.system + self.surface[-4:]]}_{self.ja4_tail}"
            )
        return found

    def proof(self, dice: Dice) -> str | None:
        """What comes with its cookie: keys fail to answer now and then."""
        return None if self.key is None or dice.hit(0.015) else self.key

    def told(self, day: int) -> dict[str, str] | None:
        """Its fingerprint, where the site's script could take one."""
        if self.fingerprint is None or not self.drifts or "canvas" not in self.fingerprint:
            return self.fingerprint
        return self.fingerprint | {"canvas": f"{self.fingerprint['canvas']}.{self.release(day)}"}

    def copied(self, dice: Dice, *, whole: bool) -> Gear:
        """What a thief shows who imitates it, without cookie or key."""
        twin = replace(self, cookie=None, key=None, private=False, tells_ja4=self.tells_ja4)
        if not whole:
            own = new_gear(dice, system=self.system, surface=self.surface)
            twin.lag, twin.ja4_tail = own.lag, own.ja4_tail
            twin.fingerprint = own.fingerprint if own.fingerprint and self.fingerprint else None
            twin.odd_hints = dice.hit(0.1)
        return twin


_JA4 = {
    "winrome": "8daaf6152771", "winedge": "8daaf6152771", "winefox": "5b57614c22b0", "macfari": "a09f3c656075",
    "iosfari": "a09f3c656075", "droidrome": "8daaf6152771", "ios-ios": "2b729b4bf6f3", "droidroid": "f91f431d341e",
}  # fmt: skip


def _agent(gear: Gear, release: int) -> str:
    major, app = 139 + release, f"7.{4 + release}.{gear.lag % 3:.0f}"
    webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
    ios = f"18_{5 + max(0, release)}"
    return {
        "win-chrome": f"{_LIKE_WINDOWS} Chrome/{major}.0.0.0 Safari/537.36",
        "win-edge": f"{_LIKE_WINDOWS} Chrome/{major}.0.0.0 Safari/537.36 Edg/{major}.0.0.0",
        "win-firefox": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{major}.0) Gecko/20100101 Firefox/{major}.0",
        "mac-safari": f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {webkit} "
        f"Version/18.{5 + release} Safari/605.1.15",
        "iphone-safari": f"Mozilla/5.0 (iPhone; CPU iPhone OS {ios} like Mac OS X) {webkit} "
        f"Version/{ios.replace('_', '.')} Mobile/15E148 Safari/604.1",
        "android-chrome": f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/{major}.0.0.0 Mobile Safari/537.36",
        "app-ios": f"KabuGo/{app} (jp.example.kabugo; {gear.model}; iOS {ios.replace('_', '.')}) Alamofire/5.9.1",
        "app-android": f"KabuGo/{app} (Android 15; {gear.model}) okhttp/4.12.0",
    }[gear.surface]


def system_of(surface: str) -> str:
    """The operating system behind it."""
    if surface in {"iphone-safari", "app-ios"}:
        return "ios"
    return {"win": "win", "mac": "mac"}.get(surface[:3], "droid")


def new_gear(dice: Dice, *, system: str = "", surface: str = "", hand_held: bool | None = None) -> Gear:
    """One from the shop; it has no cookie yet."""
    while not surface:
        found = dice.draw(_SURFACES)
        fits = hand_held is None or hand_held == (found in HAND_HELD)
        if fits and system in {"", system_of(found)}:
            surface = found
    system = system or system_of(surface)
    app = surface.startswith("app")
    return Gear(
        surface=surface,
        system=system,
        lag=dice.stretched(7, 0.8),
        model=f"iPhone{dice.randrange(13, 18)},{dice.randrange(1, 5)}"
        if system == "ios"
        else dice.choice(_MODELS),
        fingerprint=_fingerprint(dice, system, app=app),
        language=None if dice.hit(0.12) else _LANGUAGES[dice.rank(len(_LANGUAGES), 1.3)],
        odd_hints=False,
        tells_ja4=dice.hit(0.6),
        ja4_tail=f"02713d6af86{dice.rank(6, 1.5)}",
        cookie=None,
        key="valid" if dice.hit(0.8 if app else 0.4) else None,
        private=not app and dice.hit(0.04),
        drifts=dice.hit(0.3),
    )


def _fingerprint(dice: Dice, system: str, *, app: bool) -> dict[str, str] | None:
    if dice.hit(0.2):
        return None
    screens = _SCREENS[system]
    found: dict[str, Any] = {
        "screen": screens[dice.rank(len(screens), 1.0)],
        "timezone": "Asia/Tokyo",
        "platform": _PLATFORMS[system],
    }
    if not app:
        hand_held = system in {"ios", "droid"}
        found |= {
            "languages": dice.choice(("ja", "ja-JP,en-US", "ja,en")),
            "webgl": f"gl{dice.rank(14 if system != 'ios' else 4, 1.0)}",
            "canvas": f"cv{dice.rank(60 if system != 'ios' else 5, 0.9)}",
            "touch": "5" if hand_held else "0",
        }
        if not hand_held:
            found |= {"fonts": f"ft{dice.rank(25, 0.9)}", "cores": dice.choice(("4", "8", "12", "16"))}
    return found
