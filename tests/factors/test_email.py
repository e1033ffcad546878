"""Codes by e-mail."""

import json

import pytest
from django.contrib.auth.models import User

from authshield.errors import ChallengeError
from authshield.factors import email
from authshield.models import EmailFactor, Notice, OutboxTask
from authshield.sealing import unseal
from tests.challenging import NOW, customer, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob() -> User:
    """A person whose only way is e-mail."""
    user = customer("bob")
    email.enrol(user, NOW)
    return user


def sent_code() -> str:
    """The code in the newest notice."""
    notice = Notice.objects.latest("pk")
    return str(json.loads(unseal(bytes(notice.sealed_context), "notice"))["code"])


def accepts(token: str, seconds: float = 0) -> bool:
    """Try a token some seconds after NOW."""
    return email.accepts(EmailFactor.objects.get(), token, later(seconds))


def test_a_code_waits_in_the_outbox_and_nowhere_in_clear(bob: User) -> None:
    """Eight digits, sealed in the notice; the task holds its id alone."""
    assert email.send(bob, NOW) == 0
    notice = Notice.objects.get()
    code = sent_code()
    assert len(code) == 8
    assert code.isdigit()
    assert notice.address == "bob@example.com"
    rows = str(Notice.objects.values().get()) + str(EmailFactor.objects.values().get())
    assert code not in rows
    task = OutboxTask.objects.get()
    assert (task.task, task.argument) == ("send_notice", str(notice.pk))


def test_a_code_is_good_once_and_for_ten_minutes(bob: User) -> None:
    """Used or late it is nothing."""
    email.send(bob, NOW)
    assert not accepts(sent_code(), 600)
    assert accepts(sent_code(), 599)
    assert not accepts(sent_code(), 599)


def test_a_new_code_replaces_the_one_before(bob: User) -> None:
    """The newest e-mail counts."""
    email.send(bob, NOW)
    first = sent_code()
    email.send(bob, later(10))
    assert not accepts(first, 11)
    assert accepts(sent_code(), 11)


def test_three_codes_in_ten_minutes_and_then_a_wait(bob: User) -> None:
    """The fourth is not sent, and the answer says how long to wait."""
    assert [email.send(bob, later(seconds)) for seconds in (0, 10, 20)] == [0, 0, 0]
    assert email.send(bob, later(30)) == 590
    assert Notice.objects.count() == 3
    assert email.send(bob, later(620)) == 0


def test_a_new_code_does_not_forget_the_failures(bob: User) -> None:
    """N-3: guessing goes on counting across codes."""
    email.send(bob, NOW)
    for _ in range(9):
        accepts("00000000")
    email.send(bob, later(10))
    assert EmailFactor.objects.get().failures == 9
    accepts("00000000", 11)
    assert email.send(bob, later(12)) == 899


def test_without_a_code_nothing_is_right(bob: User) -> None:
    """Neither an empty token nor the hash of one."""
    assert not accepts("")
    assert bob.is_active


def test_where_there_is_no_address_there_is_no_code() -> None:
    """An account without the factor or without an address cannot be sent one."""
    nobody = customer("erin")
    with pytest.raises(ChallengeError):
        email.send(nobody, NOW)
    email.enrol(nobody, NOW)
    nobody.email = ""
    with pytest.raises(ChallengeError):
        email.send(nobody, NOW)


def test_enrolling_twice_is_enrolling_once(bob: User) -> None:
    """The failures of the first stay."""
    assert email.enrol(bob, later(5)) == EmailFactor.objects.get()
