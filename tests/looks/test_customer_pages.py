"""Every page of a customer, looked at in both languages: nothing is wrong with it for anybody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.looks import stories
from tests.looks.eyes import open_eyes

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.looks.shop import Shop

NAMES = re.compile(
    r"alice-alice|alice|bob|carol|dave|erin|analyst|tuner|approver|auditor|admin|(?<![A-Za-z])[A-Z]{2,4}(?![A-Za-z])|"
    r"HeadlessChrome|JavaScript|Linux|Asia/Tokyo|a@example.com"
)
"""People, codes such as PIN, QR or JPY, browsers, the zone: no word of a sentence."""


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("story", list(stories.ALL))
def test_nothing_is_wrong_with_any_page(shop: Shop, browser: Browser, story: str, language: str) -> None:
    """Nothing is found by axe, nothing stopped by the policy, nothing moves sideways, nothing is left in English."""
    eyes = open_eyes(browser, shop.origin, language)
    eyes.names = NAMES
    faults: list[str] = []
    stories.ALL[story](stories.Walk(shop, eyes.page, lambda name: faults.extend(eyes.look(name))))
    eyes.context.close()
    assert not faults, "\n".join(faults)
