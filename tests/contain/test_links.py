"""One-way links: off unless the site wants them, signed, and good for freezing alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from pytest_django.fixtures import Settings

from authshield.contain import links, notices
from authshield.contain.work import HANDLERS
from authshield.record import outbox
from tests.recorded import NOW


def test_a_token_names_its_account_for_a_month() -> None:
    """And nothing that was altered names any."""
    token = links.freeze_token("17", NOW)
    assert links.account_of_token(token, NOW + timedelta(days=29)) == "17"
    assert links.account_of_token(token, NOW + timedelta(days=31)) is None
    named, until, signature = token.split(".")
    for other in ("", "x", f"{b'18'.hex()}.{until}.{signature}", f"{named}.{int(until) + 1}.{signature}"):
        assert links.account_of_token(other, NOW) is None


def test_there_is_no_link_by_default(
    customer: User, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    """Nor with a site's address alone: JSDA wants mails without links."""
    settings.AUTHSHIELD_SITE_URL = "https://broker.example"
    notices.notify(str(customer.pk), "account_frozen", "k", context={"at": "now"}, now=NOW)
    outbox.run_due(NOW, HANDLERS)
    assert "http" not in str(mailoutbox[0].body)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_site_may_put_one_into_its_notices(
    customer: User, mailoutbox: list[EmailMessage], settings: Settings, language: str
) -> None:
    """At the site's own name, whatever a request said; the database never holds it."""
    settings.LANGUAGE_CODE = language
    settings.AUTHSHIELD_SITE_URL = "https://broker.example/"
    settings.AUTHSHIELD_CONTAINMENT_LINKS = True
    notice = notices.notify(str(customer.pk), "new_device", "k", context={"at": "now"}, now=NOW)
    assert notice is not None
    assert "token" not in str(notice.context)
    outbox.run_due(NOW, HANDLERS)
    [line] = [line for line in str(mailoutbox[0].body).splitlines() if line.startswith("https://")]
    token = line.removeprefix("https://broker.example/security/freeze/").rstrip("/")
    assert links.account_of_token(token, NOW) == str(customer.pk)
