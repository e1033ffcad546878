"""English and Japanese are equal: every text of the site has its translation, compiled and in place."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from django.utils.translation import override

from demo_site.broker.templatetags.money import rough_yen
from tests.site import Guest

LOCALE = Path(__file__).resolve().parents[2] / "demo_site" / "broker" / "locale"
KANA = re.compile(r"[ぁ-んァ-ン一-龯]")


def catalogue() -> dict[str, str]:
    """The compiled Japanese texts by their English ones."""
    with (LOCALE / "ja" / "LC_MESSAGES" / "django.mo").open("rb") as file:
        texts = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {str(key): value for key, value in texts.items() if key}


def test_no_text_is_left_in_english() -> None:
    """Every entry of the source file is translated, and the compiled file holds as many."""
    source = (LOCALE / "ja" / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")
    assert "fuzzy" not in source
    assert 'msgstr ""\n\n' not in source
    assert len(re.findall(r"^msgid \"..*\"$", source, re.MULTILINE)) == len(catalogue())


def test_placeholders_survive_translation() -> None:
    """What is filled in is filled in in both languages."""
    for english, japanese in catalogue().items():
        if "%(" in english:
            assert set(re.findall(r"%\(\w+\)s", english)) == set(re.findall(r"%\(\w+\)s", japanese)), english


def test_every_text_of_templates_and_code_is_in_the_catalogue() -> None:
    """A new text without its translation fails here."""
    known = {key.partition("\x04")[2] or key for key in catalogue()}
    site = LOCALE.parent
    texts: set[str] = set()
    for path in site.rglob("*.html"):
        texts |= set(re.findall(r'{% translate "([^"]+)"', path.read_text(encoding="utf-8")))
    for path in site.rglob("*.py"):
        texts |= set(re.findall(r'\b(?:_|gettext_lazy)\(\s*"([^"]+)"', path.read_text(encoding="utf-8")))
    assert texts - known == set()


def test_a_japanese_page_is_japanese(alice: Guest) -> None:
    """Headings, labels and states; names of companies too."""
    page = alice.client.get("/orders/new/?symbol=7203", HTTP_ACCEPT_LANGUAGE="ja").text
    words = re.findall(r"<(?:h1|h2|label|legend|dt|button)[^>]*>\s*([^<{]+)<", page)
    english = [word for word in words if word.strip() and not KANA.search(word)]
    assert english == ["English"]
    assert "常磐自動車" in page


@pytest.mark.parametrize(("amount", "text"), [(91 * 10**9, "¥91.0 bn"), (500_000, "¥500,000")])
def test_large_amounts_are_rounded(amount: int, text: str) -> None:
    """To what a person reads; Japanese counts in 万, 億 and 兆."""
    with override("en"):
        assert rough_yen(amount) == text
    with override("ja"):
        assert KANA.search(rough_yen(amount))
