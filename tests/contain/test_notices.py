"""Customers are told, once, in their language, without a link and without a secret at rest."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.mail import EmailMessage, EmailMultiAlternatives
from pytest_django.fixtures import Settings

import authshield
from authshield.contain import notices
from authshield.contain.work import HANDLERS
from authshield.models import Notice, OutboxTask
from authshield.record import outbox
from authshield.sealing import seal
from tests.recorded import NOW

MAIL = Path(authshield.__file__).parent / "templates" / "authshield" / "mail"
TEMPLATES = sorted(path.stem for path in (MAIL / "en").glob("*.txt"))
CONTEXT = {
    "at": "2026-04-14 09:01 JST",
    "place": "Sapporo, Japan",
    "label": "Firefox, Windows",
    "field": "email",
    "since": "2026-04-14 08:01 JST",
    "what": "order",
    "minutes": 10,
    "factor": "totp",
    "name": "Phone",
    "until": "2026-04-14 09:16 JST",
}


def told(customer: User, key: str = "k-1", **changes: str) -> Notice | None:
    """A notice of an ended session."""
    return notices.notify(str(customer.pk), "session_contained", key, context=CONTEXT, now=NOW, **changes)


def test_a_notice_is_sent_once(customer: User, mailoutbox: list[EmailMessage]) -> None:
    """Wanted twice, sent once, also if its task runs again."""
    notice = told(customer)
    assert notice is not None
    assert told(customer) is None
    for _ in range(2):
        outbox.run_due(NOW, HANDLERS)
        notices.send(str(notice.pk), NOW + timedelta(hours=1))
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["alice@customer.example"], "We ended a session of your account")
    assert "From: Sapporo, Japan" in str(mail.body)
    assert Notice.objects.get().sent_at == NOW


def test_a_notice_can_go_to_the_address_that_was_replaced(
    customer: User, mailoutbox: list[EmailMessage]
) -> None:
    """A thief who changes the address does not get the warning instead of the owner."""
    told(customer, address="old@customer.example")
    outbox.run_due(NOW, HANDLERS)
    assert mailoutbox[0].to == ["old@customer.example"]


def test_without_an_address_nobody_is_told(customer: User) -> None:
    """Neither an account without one, nor one that does not exist."""
    assert notices.notify("0", "session_contained", "k-1", context={}, now=NOW) is None
    User.objects.update(email="")
    assert told(customer) is None
    assert not OutboxTask.objects.exists()


def test_a_context_holds_no_secret(customer: User) -> None:
    """What is stored in clear is redacted; a secret belongs into the sealed part."""
    notices.notify(str(customer.pk), "email_code", "k-1", context={"token": "123456"}, now=NOW)
    assert Notice.objects.get().context == {"token": "[removed]"}


def test_a_sealed_part_is_opened_only_to_be_sent(customer: User, mailoutbox: list[EmailMessage]) -> None:
    """The code is in the mail, nowhere else, and afterwards nowhere at all."""
    sealed = seal(json.dumps({"code": "87654321"}).encode(), notices.SEALED_PURPOSE)
    notice = Notice.objects.create(
        account=str(customer.pk),
        address="a@customer.example",
        template="email_code",
        context={"minutes": 10},
        sealed_context=sealed,
        key="k-2",
        created_at=NOW,
    )
    assert "87654321" not in "".join(notices.rendered(notice, sealed={}))
    notices.send(str(notice.pk), NOW)
    assert "87654321" in str(mailoutbox[0].body)
    notice.refresh_from_db()
    assert bytes(notice.sealed_context) == b""


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("language", notices.LANGUAGES)
def test_every_notice_is_there_in_both_languages(
    customer: User, mailoutbox: list[EmailMessage], template: str, language: str
) -> None:
    """Subject and text, in text and HTML; no link, and nothing left unfilled."""
    Notice.objects.create(
        account=str(customer.pk),
        address="a@customer.example",
        template=template,
        language=language,
        context=CONTEXT,
        sealed_context=seal(json.dumps({"code": "87654321"}).encode(), notices.SEALED_PURPOSE),
        key=template,
        created_at=NOW,
    )
    notices.send(str(Notice.objects.get().pk), NOW)
    (mail,) = mailoutbox
    assert isinstance(mail, EmailMultiAlternatives)
    html = str(mail.alternatives[0][0])
    for text in (str(mail.body), html):
        assert not re.search(r"https?:|www\.|href|\{\{|\{%", text)
        assert ("リンク" in text) is (language == "ja")
    assert f'lang="{language}"' in html
    assert mail.subject
    assert str(mail.body).splitlines()[0] != mail.subject


def test_an_unknown_language_reads_english(customer: User) -> None:
    """A notice is never lost for want of a translation; a dialect reads its language."""
    notice = told(customer)
    assert notice is not None
    notice.language = "de"
    assert notices.rendered(notice, sealed={})[0] == "We ended a session of your account"
    notice.language = "ja-jp"
    assert "お客様" in notices.rendered(notice, sealed={})[0]


def test_the_site_decides_the_language_of_those_who_did_not(customer: User, settings: Settings) -> None:
    """A user model with a language wins over it."""
    settings.LANGUAGE_CODE = "ja"
    notice = told(customer)
    assert notice is not None
    assert notice.language == "ja"


def test_times_are_on_the_markets_clock() -> None:
    """People read local time, with its zone."""
    assert notices.local_time(NOW) == "2026-04-14 09:01 JST"
