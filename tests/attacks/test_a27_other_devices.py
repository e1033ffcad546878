"""A27: a customer worn down by confirmations on another device. Few prompts, nothing to press, one try."""

from __future__ import annotations

import pytest

from authshield.factors import oob
from authshield.models import (
    Challenge,
    Notice,
    OobFactor,
    OobRequest,
)
from tests.confirming import (
    CONTACT,
    OOB,
    approve,
    ask,
    asked,
    chosen,
    elsewhere,
    email_of,
    newest,
    number_in,
    page_of,
    wrong,
)

pytestmark = pytest.mark.usefixtures("own_site")
State = OobRequest.State


def test_a27_no_device_is_asked_more_than_three_times_in_ten_minutes() -> None:
    """By fresh challenges and fresh sessions; each is told to the customer once, and then no more."""
    chosen("alice")
    thief, shown = elsewhere("alice"), 0
    for _ in range(5):
        page = asked(thief)
        for _ in range(4):
            shown += "as-number" in thief.client.post(page, OOB).content.decode()
            challenge = Challenge.objects.latest("created_at")
            OobRequest.objects.filter(challenge=challenge).update(state=State.VOID)
    assert shown == oob.SENDS
    assert OobRequest.objects.count() == oob.SENDS
    assert Notice.objects.filter(template="oob_waiting").count() == oob.SENDS


def test_a27_two_wait_at_a_time_and_the_third_is_refused_with_a_wait() -> None:
    """However many sessions ask."""
    chosen("alice")
    thief = elsewhere("alice")
    answers = [thief.client.post(asked(thief), OOB) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert OobRequest.objects.filter(state=State.WAITING).count() == oob.OPEN


@pytest.mark.parametrize(
    "form",
    [{}, {"action": "approve"}, {"action": "approve", "number": ""}, {"approve": "yes"}, {"number": " "}],
)
def test_a27_there_is_no_button_that_approves(form: dict[str, str]) -> None:
    """Without the number nothing is confirmed, and an empty field costs no try."""
    mine = chosen("alice")
    _, _, number = ask()
    assert mine.post_form(page_of(newest()), form).status_code == 422
    assert newest().state == State.WAITING
    assert approve(mine, number).status_code == 200
    assert newest().state == State.APPROVED


def test_a27_one_wrong_number_ends_the_request_and_counts() -> None:
    """The right one comes too late; the asking session is told, and has one attempt less."""
    mine = chosen("alice")
    other, page, number = ask()
    request = newest()
    assert approve(mine, wrong(number)).status_code == 401
    assert approve(mine, number, request).status_code == 410
    assert OobFactor.objects.get().failures == 1
    told = other.client.post(page, OOB)
    assert (told.status_code, "It was not confirmed" in told.content.decode()) == (401, True)
    assert email_of("alice") != CONTACT["email"]
    again = number_in(other.client.post(page, OOB))
    assert approve(mine, again).status_code == 200
    assert OobFactor.objects.get().failures == 0


def test_a27_guessing_locks_the_way_and_no_other() -> None:
    """Ten wrong numbers in a row: nobody is asked for a quarter of an hour, the app goes on."""
    mine = chosen("alice")
    other, page, number = ask()
    OobFactor.objects.update(failures=9)
    approve(mine, wrong(number))
    other.client.post(page, OOB)
    answer = other.client.post(page, OOB)
    assert answer.status_code == 429
    assert "cannot be asked now" in answer.content.decode()
    assert OobRequest.objects.count() == 1
