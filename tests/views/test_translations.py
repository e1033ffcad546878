"""Both languages say everything."""

import gettext
import json
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import override

import authshield
from authshield.enforce.wording import _REFUSALS
from authshield.views import wording

PAIR = re.compile(r'^msgid "(.+)"\n(?:msgid_plural ".*"\n)?msgstr(?:\[0\])? "(.*)"$', re.MULTILINE)
FOLDER = Path(authshield.__file__).parent / "locale" / "ja" / "LC_MESSAGES"


def unquoted(text: str) -> str:
    """A line of the catalogue without its escapes."""
    return str(json.loads(f'"{text}"'))


def sentences() -> Iterator[object]:
    """Every sentence that the challenge page and the refusals choose from."""
    for words in _REFUSALS.values():
        yield from (words.title, words.text)
    for table in (wording.TITLES, wording.BUTTONS, wording.REASONS):
        yield from table.values()
    for factor in wording.FACTORS.values():
        yield from (factor.label, factor.hint, factor.choose)


def test_every_sentence_is_there_in_japanese() -> None:
    """None is left in English."""
    for sentence in sentences():
        with override("ja"):
            assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", str(sentence)), str(sentence)


def test_every_text_of_the_pages_is_in_the_catalogue() -> None:
    """A new text on a page, a customer's or the desk's, fails here until it is translated."""
    with (FOLDER / "django.mo").open("rb") as file:
        known = {str(key) for key in gettext.GNUTranslations(file)._catalog if key}  # type: ignore[attr-defined]
    pages = (Path(authshield.__file__).parent / "templates").rglob("*.html")
    texts = {text for page in pages for text in re.findall(r'{% translate "([^"]+)"', page.read_text())}
    assert len(texts) > 50
    assert texts - known == set()


def test_the_compiled_catalogue_is_the_written_one() -> None:
    """Whoever changes the text compiles it, and leaves no sentence empty."""
    written = (FOLDER / "django.po").read_text()
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    pairs = [(unquoted(english), unquoted(japanese)) for english, japanese in PAIR.findall(written)]
    assert len(pairs) > 50
    for english, japanese in pairs:
        assert japanese
        assert japanese in {compiled.gettext(english), compiled.ngettext(english, english, 1)}, english
