"""Tells customers by e-mail, with Django's own mail. Must not add a link: links train victims."""

from __future__ import annotations

from smtplib import SMTPException

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from authshield.errors import GatewayError


class EmailNotifier:
    """Plain text with an HTML alternative that says the same."""

    def notify(self, *, address: str, subject: str, text: str) -> None:
        """Hand one message to the mail server.

        Raises:
            GatewayError: it was not taken; permanent where subject or address can never be.
        """
        html = render_to_string(
            "authshield/mail/message.html",
            {"subject": subject, "paragraphs": [part for part in text.split("\n\n") if part.strip()]},
        )
        mail = EmailMultiAlternatives(subject, text, to=[address], alternatives=[(html, "text/html")])
        try:
            mail.send()
        except ValueError as error:
            msg = f"The mail {subject!r} cannot be sent: {error}; correct the customer's address"
            raise GatewayError(msg, permanent=True) from error
        except (SMTPException, OSError) as error:
            msg = f"The mail server did not take {subject!r}: {error}; look at EMAIL_HOST and its log"
            raise GatewayError(msg) from error
