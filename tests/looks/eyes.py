"""A pair of eyes: what is wrong with the page that a browser shows, for whoever reads, types or listens.

Knows rules, no page. axe-core does the checking; it is put into the page by the debugger, past the page's policy,
after everything that the policy has stopped was noted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python
from playwright.sync_api import Error

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
SMALL, LARGE = {"width": 320, "height": 640}, {"width": 1280, "height": 800}
LOOKS = {"en": ((SMALL, "light"), (LARGE, "dark")), "ja": ((SMALL, "dark"), (LARGE, "light"))}
"""Width and colour scheme of each look: every page is seen at both widths and in both schemes in each language, and
the two languages together see each width in each scheme."""
RUN = """
async ([without, only]) => {
  document.getAnimations().forEach((one) => one.finish());
  const all = { rules: { "target-size": { enabled: true } } };
  const rules = only.length ? { runOnly: { type: "rule", values: only } } : all;
  const found = await axe.run({ exclude: without }, { resultTypes: ["violations"], ...rules });
  return found.violations.map(({ id, nodes }) => [id, nodes.map(({ target, failureSummary }) =>
    `${target.join(" ")}: ${failureSummary.replace(/\\s+/g, " ").slice(0, 200)}`)]);
}
"""
OF_LAYOUT = ("color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size")
"""The rules to which colours or the width make a difference; the others are asked once for what is one page."""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""How far the page can be moved sideways, in pixels."""
TEXTS = """
() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    if (!parent.closest("script, style, code, noscript, svg, [lang=en]:not(html)") && parent.checkVisibility())
      found.push(walk.currentNode.data);
  }
  for (const one of document.querySelectorAll("[aria-label], [placeholder], [alt], [title]"))
    found.push(...["aria-label", "placeholder", "alt", "title"].map((name) => one.getAttribute(name) || ""));
  return [document.title, ...found].map((text) => text.trim()).filter(Boolean);
}
"""
BROKEN_RULES = re.compile(r"Content Security Policy|Trusted|violates|Refused to", re.IGNORECASE)
LATIN = re.compile(r"[A-Za-z]{2,}")
GONE = "Execution context was destroyed"


@dataclass
class Eyes:
    """One browser of somebody who reads a language. ``names`` are words that need no translation."""

    context: BrowserContext
    page: Page
    language: str
    names: re.Pattern[str]
    without: tuple[str, ...] = ()
    seen: list[str] = field(default_factory=list)

    def look(self, name: str, most: int = 2) -> list[str]:
        """Every fault of the page that is open, at both widths and in both colour schemes. Cost: 0.4 s.

        ``most``: 1 for the first of the two looks alone.
        """
        try:
            return self._look(name, most)
        except Error as error:
            if GONE not in error.message:
                raise
        # The page was left while it was looked at: the one that it led to is looked at instead.
        self.page.wait_for_load_state()
        return self._look(name, most)

    def _look(self, name: str, most: int) -> list[str]:
        faults = [f"stopped: {text}" for text in self.seen]
        self.seen.clear()
        faults += [f"English: {text}" for text in self.english()]
        self.page.evaluate(AXE)
        for only, (size, scheme) in list(zip(((), OF_LAYOUT), LOOKS[self.language], strict=True))[:most]:
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = self.page.evaluate(RUN, [list(self.without), only])
            if wider := self.page.evaluate(WIDER):
                found.append(("sideways", [f"{wider} px too wide"]))
            faults += [f"{size['width']} {scheme} {rule}: {node}" for rule, nodes in found for node in nodes]
        self.seen.clear()
        return [f"{name} ({self.language}) {fault}" for fault in faults]

    def english(self) -> list[str]:
        """Texts of a Japanese page with a word that is neither Japanese nor a name."""
        if self.language == "en":
            return []
        texts: list[str] = self.page.evaluate(TEXTS)
        return [text for text in texts if LATIN.search(self.names.sub("", text))]


def open_eyes(browser: Browser, origin: str, language: str, **more: Any) -> Eyes:
    """A fresh browser profile."""
    context = browser.new_context(base_url=origin, viewport=LARGE, reduced_motion="reduce", **more)  # type: ignore[arg-type]
    context.add_cookies([{"name": "django_language", "value": language, "url": origin}])
    page = context.new_page()
    eyes = Eyes(context, page, language, re.compile(r"$^"))
    page.on("console", lambda told: eyes.seen.append(told.text) if BROKEN_RULES.search(told.text) else None)
    page.on("pageerror", lambda error: eyes.seen.append(str(error)))
    return eyes
