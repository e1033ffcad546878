"""Reads the demo's mail, which goes into files instead of to people. Must not send anything."""

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path

from demo_site.broker.models import ContactDetails

SEPARATOR = b"\n" + b"-" * 79 + b"\n"  # what Django's file backend puts between messages


@dataclass(frozen=True, slots=True)
class Mail:
    """One message."""

    to: tuple[str, ...]
    subject: str
    text: str
    sent_at: datetime


def newest(folder: Path, user_pk: int, address: str) -> Mail | None:
    """The newest message to any address that the person has or had. Cost: reads all mail."""
    had = ContactDetails.objects.filter(account_id=user_pk).values_list("email", flat=True)
    own = {name.casefold() for name in (address, *had) if name}
    mine = (mail for mail in _all(folder) if own & {name.casefold() for name in mail.to})
    # Of messages in one second the later one wins: files and their messages come in order.
    return max(enumerate(mine), key=lambda pair: (pair[1].sent_at, pair[0]), default=(0, None))[1]


def _all(folder: Path) -> Iterator[Mail]:
    paths = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
    for path in paths:
        for raw in path.read_bytes().split(SEPARATOR):
            if raw.strip():
                yield _read(raw.lstrip(b"\n"))


def _read(raw: bytes) -> Mail:
    message = email.message_from_bytes(raw, EmailMessage, policy=email.policy.default)
    body = message.get_body(("plain",))
    return Mail(
        to=tuple(address for _, address in getaddresses([message.get("To", "")])),
        subject=str(message.get("Subject", "")),
        text=str(body.get_content()).rstrip() if body else "",
        sent_at=parsedate_to_datetime(message["Date"]),
    )
