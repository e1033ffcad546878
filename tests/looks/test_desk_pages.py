"""Every page of the desk, looked at: what we add to Django's admin is as usable as the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.looks.desk import fill_desk, pages
from tests.looks.eyes import open_eyes

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.looks.shop import Shop

ANYTHING = re.compile(".*", re.DOTALL)
"""Facts, rules and names are as they are; tests/admin looks at what the desk reads in Japanese."""

STOCK = ("#searchbar",)
"""Django's own search field has a title for a label, which is enough for WCAG and too little for axe's taste."""


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_is_wrong_with_any_page_of_the_desk(shop: Shop, browser: Browser, language: str) -> None:
    """By axe, by the policy, or by a page that moves sideways; half of the pages in each language."""
    fill_desk()
    eyes = open_eyes(browser, shop.origin, language)
    eyes.names = ANYTHING
    eyes.without = STOCK
    eyes.page.goto("/admin/login/?next=/admin/")
    eyes.page.locator("form[data-passkey] button").wait_for()
    faults = eyes.look("the desk's sign-in")
    shop.sign_in(eyes.page, "admin")
    for address in list(pages())[language == "ja" :: 2]:
        answer = eyes.page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        faults += eyes.look(address, most=1)
    eyes.context.close()
    assert not faults, "\n".join(faults)
