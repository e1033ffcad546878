"""Mail to customers goes out as text and HTML, without a link."""

from collections.abc import Sequence
from smtplib import SMTPServerDisconnected

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django.fixtures import Settings

from authshield.backends.notify import EmailNotifier
from authshield.errors import GatewayError


class Refusing(BaseEmailBackend):
    """A mail server that hangs up."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Hang up."""
        raise SMTPServerDisconnected(f"{len(email_messages)} refused")


def test_a_message_says_the_same_in_text_and_html(mailoutbox: list[EmailMessage]) -> None:
    """Paragraphs stay paragraphs, and nothing in them becomes markup."""
    EmailNotifier().notify(
        address="a@x.example", subject="Ended <now>", text="First.\n\nSecond <b>line</b>\nmore.\n"
    )
    (mail,) = mailoutbox
    assert isinstance(mail, EmailMultiAlternatives)
    assert mail.to == ["a@x.example"]
    assert mail.body == "First.\n\nSecond <b>line</b>\nmore.\n"
    html = str(mail.alternatives[0][0])
    assert "<h1" in html
    assert "Ended &lt;now&gt;" in html
    assert "Second &lt;b&gt;line&lt;/b&gt;<br>more." in html
    assert "href" not in html
    assert "src=" not in html


def test_a_subject_with_a_line_break_is_refused_for_good(mailoutbox: list[EmailMessage]) -> None:
    """No header can be smuggled in, and trying again makes no sense."""
    with pytest.raises(GatewayError) as refused:
        EmailNotifier().notify(address="a@x.example", subject="x\nBcc: all@x.example", text="t")
    assert refused.value.permanent
    assert mailoutbox == []


def test_a_mail_server_that_is_away_is_tried_again(settings: Settings) -> None:
    """The error is not permanent, so the outbox keeps the notice."""
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    with pytest.raises(GatewayError, match="did not take 'Hello'") as refused:
        EmailNotifier().notify(address="a@x.example", subject="Hello", text="t")
    assert not refused.value.permanent
