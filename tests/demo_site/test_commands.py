"""demo_otp and demo_mail: what a person at another terminal gets."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.mail import EmailMessage, get_connection
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from authshield import clock
from authshield.factors import verify
from demo_site.broker.models import ContactDetails

pytestmark = pytest.mark.usefixtures("site")


def printed(*arguments: str) -> str:
    """What a command prints."""
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


@pytest.fixture
def mail(settings: Settings, tmp_path: Path) -> Path:
    """The folder that mail goes into."""
    settings.EMAIL_FILE_PATH = tmp_path
    return tmp_path


def write_mail(to: str, subject: str) -> None:
    """Send one as the site does."""
    backend = "django.core.mail.backends.filebased.EmailBackend"
    EmailMessage(subject, "Text: 登録", to=[to], connection=get_connection(backend)).send()


def test_the_code_works_and_the_next_one_after_it() -> None:
    """A used code is not printed again: the next is accepted already."""
    user = User.objects.get(username="alice")
    first = printed("demo_otp", "alice")
    verify(user, "totp", first, clock.now())
    second = json.loads(printed("demo_otp", "alice", "--json"))
    assert first != second["code"]
    verify(user, "totp", second["code"], clock.now())


@pytest.mark.parametrize("name", ["nobody", "bob"])
def test_no_code_for_whoever_has_none(name: str) -> None:
    """Exit 2, with the name in the message."""
    with pytest.raises(CommandError, match=name) as caught:
        printed("demo_otp", name)
    assert caught.value.returncode == 2


def test_the_newest_mail_is_printed(mail: Path) -> None:
    """Hers alone, the later of two, also to an address that she had before."""
    del mail
    user = User.objects.get(username="alice")
    for to, subject in ((user.email, "One"), ("bob@hinode-customers.example", "Other"), (user.email, "Two")):
        write_mail(to, subject)
    assert printed("demo_mail", "alice") == "Two\n\nText: 登録"
    ContactDetails.objects.create(
        account_id=user.pk, email="new@hinode.example", phone="1", since_at=clock.now()
    )
    User.objects.filter(pk=user.pk).update(email="new@hinode.example")
    assert json.loads(printed("demo_mail", "alice", "--json"))["subject"] == "Two"


def test_no_mail_is_an_answer_too(mail: Path) -> None:
    """Exit 1 where there is none, 2 where there is nobody."""
    del mail
    for name, status in (("erin", 1), ("nobody", 2)):
        with pytest.raises(CommandError, match=name) as caught:
            printed("demo_mail", name)
        assert caught.value.returncode == status
