"""A27, A32: confirmations on another device, answered by many at once, and refused: with committed data."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from authshield.models import (
    Case,
    LedgerEntry,
    OobRequest,
    Session,
)
from tests.confirming import CONTACT, OOB, approve, ask, chosen, email_of, newest, page_of
from tests.site import work_off

State = OobRequest.State


def test_a32_of_many_approvals_at_once_one_counts(site: object) -> None:
    """By ten connections: one answer; and ten polls at once carry it out once."""
    del site
    mine = chosen("alice")
    other, page, number = ask()
    request = newest()
    assert mine.signer

    def answer(_: int) -> int:
        try:
            return int(approve(mine, number, request).status_code)
        finally:
            connections.close_all()

    def poll(_: int) -> int:
        try:
            return int(other.client.post(page, OOB).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        approved = list(pool.map(answer, range(4)))
    assert approved.count(200) == 1
    with ThreadPoolExecutor(4) as pool:
        polled = list(pool.map(poll, range(4)))
    assert polled.count(302) == 1
    assert (
        LedgerEntry.objects.filter(kind="profile_change", final="passed", operation__contains="email").count()
        == 1
    )


def test_a27_this_was_not_me_ends_the_asking_session_and_tells_the_desk(site: object) -> None:
    """At once; the customer's own session goes on."""
    del site
    mine = chosen("alice")
    other, page, number = ask()
    request = newest()
    work_off()
    answer = mine.post_form(page_of(request), {"action": "refuse"})
    assert "we have stopped it" in answer.content.decode()
    assert not other.is_signed_in
    sid = request.binding.removeprefix("sid:")
    assert Session.objects.get(pk=sid).ended_at is not None
    case = Case.objects.get(sid=sid)
    assert case.state == Case.State.CONTAINED
    assert case.entries.filter(kind="customer:reported").exists()
    assert approve(mine, number, request).status_code == 410
    assert other.client.post(page, OOB).status_code in {403, 404, 410}
    assert mine.is_signed_in
    assert email_of("alice") != CONTACT["email"]
