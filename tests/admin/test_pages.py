"""Every page of the desk: in both languages, under a strict content security policy, usable without a mouse."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from authshield.models import Case, Hold, RulesetVersion
from authshield.vocabulary.facts import FACTS
from tests.admin.conftest import Desk, make_rule

PROJECT = Path(__file__).resolve().parents[2]
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)|javascript:", re.IGNORECASE)


class Outline(HTMLParser):
    """What a screen reader needs of a page: labels, the fields they name, headers of tables, ids."""

    def __init__(self) -> None:
        super().__init__()
        self.labels: set[str] = set()
        self.fields: set[str] = set()
        self.ids: list[str] = []
        self.bare_headers = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note labels, fields and headers."""
        have = dict(attrs)
        if have.get("id"):
            self.ids.append(str(have["id"]))
        if tag == "label":
            self.labels.add(str(have.get("for")))
        if tag in {"textarea", "select"} or (tag == "input" and have.get("type") in {"text", "number"}):
            self.fields.add(str(have.get("id")))
        if tag == "th" and "scope" not in have:
            self.bare_headers += 1


def own_pages(browser: Client) -> dict[str, str]:
    """Our own pages, by name."""
    case, hold = Case.objects.get(), Hold.objects.get()
    addresses = {
        "case": reverse("admin:authshield_case_change", args=[case.pk]),
        "contain": reverse("admin:authshield_case_step", args=[case.pk, "contain"]),
        "freeze": reverse("admin:authshield_case_step", args=[case.pk, "freeze"]),
        "release": reverse("admin:authshield_hold_step", args=[hold.pk, "release"]),
        "publish": reverse("admin:authshield_ruledraft_publish"),
        "validate": reverse("admin:authshield_ruledraft_validate"),
        "diff": reverse("admin:authshield_rulesetversion_diff", args=[1]),
        "version": reverse("admin:authshield_rulesetversion_change", args=[1]),
        "rule": reverse("admin:authshield_ruledraft_change", args=["r-new"]),
        "rules": reverse("admin:authshield_ruledraft_changelist"),
        "holds": reverse("admin:authshield_hold_changelist"),
    }
    answers = {name: browser.get(address) for name, address in addresses.items()}
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 200} == {}
    return {name: answer.content.decode() for name, answer in answers.items()}


@pytest.fixture
def story(case: Case, published: None) -> None:
    """Something to show on every page."""
    del case, published
    make_rule()
    assert RulesetVersion.objects.count() == 1


@pytest.mark.usefixtures("story")
def test_no_page_holds_inline_script_or_style(desk: Desk) -> None:
    """`script-src 'self'; style-src 'self'` breaks nothing."""
    for name, page in own_pages(desk("admin")).items():
        assert INLINE.findall(page) == [], name


@pytest.mark.usefixtures("story")
def test_every_field_has_its_label_and_every_header_its_scope(desk: Desk) -> None:
    """On the pages that are wholly ours, and no id twice."""
    for name, page in own_pages(desk("admin")).items():
        outline = Outline()
        outline.feed(page)
        if name in {"contain", "freeze", "release", "publish", "diff"}:
            assert outline.fields <= outline.labels, name
            assert outline.bare_headers == 0, name
        assert len(outline.ids) == len(set(outline.ids)), name
        assert re.search(r'<html lang="en', page), name


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("case", ["今すぐ封じ込める", "経過", "口座の端末", "お客様への表示"]),
        ("contain", ["影響の範囲", "は終了し、次のリクエストから拒否されます"]),
        ("release", ["保留された内容のまま", "6613 を 12,000 買", "指値 250.5"]),
        ("publish", ["下書きを公開する", "新しいルール r-new"]),
        ("validate", ["すべての下書きを公開できます"]),
        ("diff", ["変更前", "変更後"]),
        ("rules", ["評価の順序", "未公開の変更が 1 件あります"]),
        ("rule", ["条件に使える項目"]),
        ("holds", ["保留の内容", "待機中"]),
    ],
)
def test_every_page_speaks_japanese(page: str, words: list[str], desk: Desk) -> None:
    """Nothing of ours is left in English where it was asked for in Japanese."""
    browser = desk("admin")
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "ja"
    text = own_pages(browser)[page]
    assert '<html lang="ja' in text
    assert [word for word in words if word not in text] == []


def test_the_desk_has_its_style_on_the_admins_variables() -> None:
    """No colour of its own, so that dark mode follows."""
    css = (PROJECT / "authshield/static/authshield/admin/desk.css").read_text()
    assert not re.search(r"#[0-9a-f]{3,8}\b(?!_)(?=\s*;)|rgb\(|hsl\(", css)
    assert len(css) < 10_000


def test_the_documentation_lists_the_facts_as_they_are() -> None:
    """Name, type, unit and meaning in docs/desk.md are those of the code."""
    text = (PROJECT / "docs/desk.md").read_text()
    rows = [f"| `{fact.name}` | {fact.type} | {fact.unit or '–'} | {fact.text} |" for fact in FACTS]
    assert [row for row in rows if row not in text] == []
