"""A27, A32: confirmations on another device. Prompt bombing, blind approvals, strangers, copies, races.

Of whoever asks nothing is believed, and of whoever confirms only a chosen device's key.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections

from authshield.factors import oob
from authshield.models import (
    Case,
    Challenge,
    Device,
    DeviceKey,
    LedgerEntry,
    Notice,
    OobFactor,
    OobRequest,
    Session,
)
from tests.clocks import set_clock
from tests.confirming import (
    CONTACT,
    LIST,
    OOB,
    asked,
    chosen,
    elsewhere,
    newest,
    number_in,
    page_of,
    wrong,
)
from tests.signer import Keyed, thief_of
from tests.site import Guest, work_off

State = OobRequest.State
FAR = "127.0.0.88"
OTHER_DATA = {"email": "thief@elsewhere.example", "phone": "090-9999-9999"}


def _approve(mine: Keyed, number: str, request: OobRequest | None = None) -> Any:
    return mine.post_form(page_of(request or newest()), {"action": "approve", "number": number})


def _email(name: str) -> str:
    return str(User.objects.get(username=name).email)


def _ask(name: str = "alice") -> tuple[Guest, str, str]:
    """A browser elsewhere that was told its number: itself, its page, the number."""
    other = elsewhere(name)
    page = asked(other)
    return other, page, number_in(other.client.post(page, OOB))


@pytest.mark.usefixtures("own_site")
class TestA27:
    """Many prompts, and nothing to press."""

    def test_a27_no_device_is_asked_more_than_three_times_in_ten_minutes(self) -> None:
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

    def test_a27_two_wait_at_a_time_and_the_third_is_refused_with_a_wait(self) -> None:
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
    def test_a27_there_is_no_button_that_approves(self, form: dict[str, str]) -> None:
        """Without the number nothing is confirmed, and an empty field costs no try."""
        mine = chosen("alice")
        _, _, number = _ask()
        assert mine.post_form(page_of(newest()), form).status_code == 422
        assert newest().state == State.WAITING
        assert _approve(mine, number).status_code == 200
        assert newest().state == State.APPROVED

    def test_a27_one_wrong_number_ends_the_request_and_counts(self) -> None:
        """The right one comes too late; the asking session is told, and has one attempt less."""
        mine = chosen("alice")
        other, page, number = _ask()
        request = newest()
        assert _approve(mine, wrong(number)).status_code == 401
        assert _approve(mine, number, request).status_code == 410
        assert OobFactor.objects.get().failures == 1
        told = other.client.post(page, OOB)
        assert (told.status_code, "It was not confirmed" in told.content.decode()) == (401, True)
        assert _email("alice") != CONTACT["email"]
        again = number_in(other.client.post(page, OOB))
        assert _approve(mine, again).status_code == 200
        assert OobFactor.objects.get().failures == 0

    def test_a27_guessing_locks_the_way_and_no_other(self) -> None:
        """Ten wrong numbers in a row: nobody is asked for a quarter of an hour, the app goes on."""
        mine = chosen("alice")
        other, page, number = _ask()
        OobFactor.objects.update(failures=9)
        _approve(mine, wrong(number))
        other.client.post(page, OOB)
        answer = other.client.post(page, OOB)
        assert answer.status_code == 429
        assert "cannot be asked now" in answer.content.decode()
        assert OobRequest.objects.count() == 1


@pytest.mark.usefixtures("own_site")
class TestA32:
    """Who confirms, and what."""

    def test_a32_no_device_that_is_not_chosen_and_trusted_confirms(self) -> None:
        """Neither a trusted one that nobody chose, nor a chosen one whose trust is gone, nor one without its key."""
        mine = chosen("alice")
        _, _, number = _ask()
        DeviceKey.objects.update(confirms_at=None)
        assert _approve(mine, number).status_code == 403
        DeviceKey.objects.update(confirms_at=newest().asked_at)
        Device.objects.update(trusted_at=None)
        assert _approve(mine, number).status_code == 403
        Device.objects.update(trusted_at=newest().asked_at)
        unsigned = mine.client.post(page_of(newest()), {"action": "approve", "number": number})
        assert unsigned.status_code == 403
        assert newest().state == State.WAITING
        assert _approve(mine, number).status_code == 200

    def test_a32_a_thiefs_own_device_is_shown_nothing_and_confirms_nothing(self) -> None:
        """A second browser of the thief, with a key of its own, in the account: strange, so it has no say."""
        chosen("alice")
        _, _, number = _ask()
        second = Keyed(FAR)
        assert second.sign_in("alice").headers["Location"] == "/"
        assert second.show().status_code == 204
        shown = second.client.get(page_of(newest())).content.decode()
        assert CONTACT["email"] not in shown
        assert _approve(second, number).status_code == 403
        answer = second.post_form(f"{LIST}choose/", {})
        assert answer.status_code in {302, 403}
        assert DeviceKey.objects.filter(confirms_at__isnull=False).count() == 1
        assert newest().state == State.WAITING

    def test_a32_the_asking_session_and_device_do_not_confirm_themselves(self) -> None:
        """Not the session, and not another session of the same browser."""
        mine = chosen("alice")
        other, _, number = _ask()
        request = newest()
        sid, device = mine.client.session["authshield"]["sid"], Device.objects.get(trusted_at__isnull=False)
        OobRequest.objects.update(binding=f"sid:{sid}")
        assert _approve(mine, number).status_code == 403
        OobRequest.objects.update(binding=request.binding, device_hash=device.device_hash)
        assert _approve(mine, number).status_code == 403
        OobRequest.objects.update(device_hash=request.device_hash)
        assert other.client.post(page_of(request), {"action": "approve", "number": number}).status_code == 403
        assert _approve(mine, number).status_code == 200

    def test_a32_another_account_finds_nothing(self) -> None:
        """As if there were no such request; it cannot refuse it either."""
        chosen("alice")
        dave = chosen("dave")
        _, _, number = _ask()
        assert dave.client.get(page_of(newest())).status_code == 404
        assert _approve(dave, number).status_code == 404
        assert dave.post_form(page_of(newest()), {"action": "refuse"}).status_code == 404
        assert newest().state == State.WAITING

    def test_a32_a_session_in_doubt_does_not_confirm(self) -> None:
        """One that has a case of its own, though it is the trusted device with its key."""
        mine = chosen("alice")
        _, _, number = _ask()
        sid = mine.client.session["authshield"]["sid"]
        at = newest().asked_at
        case = Case.objects.create(account=newest().account, sid=sid, title="doubt", opened_at=at)
        assert _approve(mine, number).status_code == 403
        case.delete()
        assert _approve(mine, number).status_code == 200

    def test_a32_copied_cookies_of_the_trusted_device_confirm_nothing(self) -> None:
        """Neither elsewhere nor next door, neither unsigned nor with a signed request that came before."""
        mine = chosen("alice")
        _, _, number = _ask()
        for address in (mine.address, FAR):
            thief = thief_of(mine, address)
            answer = thief.client.post(page_of(newest()), {"action": "approve", "number": number})
            assert answer.status_code == 403
        assert mine.signer
        body = f"action=approve&number={wrong(number)}"
        proof = mine.signer.proof("POST", page_of(newest()), body.encode())
        form = "application/x-www-form-urlencoded"
        thief = thief_of(mine, mine.address)
        other_body = f"action=approve&number={number}"
        answer = thief.client.post(
            page_of(newest()), other_body, content_type=form, headers={"authshield-proof": proof}
        )
        assert answer.status_code == 403
        assert newest().state == State.WAITING

    def test_a32_a_signed_request_that_came_before_is_none(self) -> None:
        """The same bytes with the same signature once more, by whoever caught them."""
        mine = chosen("alice")
        _ask()
        assert mine.signer
        body = "action=approve&number="
        proof = mine.signer.proof("POST", page_of(newest()), body.encode())
        form = "application/x-www-form-urlencoded"
        codes = [
            one.client.post(
                page_of(newest()), body, content_type=form, headers={"authshield-proof": proof}
            ).status_code
            for one in (mine, thief_of(mine, mine.address), mine)
        ]
        assert codes == [422, 403, 403]

    def test_a32_the_number_reaches_no_device_that_confirms_and_no_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Not in its pages, headers or cookies, before it is typed; in no row in clear, in no mail, in no log."""
        mine = chosen("alice")
        other = elsewhere("alice")
        page = asked(other)
        oob_numbers = {str(n) for n in range(oob.LEAST, oob.LEAST + oob.NUMBERS)}
        texts = []
        for _ in range(2):
            number = number_in(other.client.post(page, OOB))
            answer = mine.client.get(page_of(newest()))
            assert answer.status_code == 200
            page_alone = re.sub(r"<script.*?</script>", "", answer.content.decode(), flags=re.DOTALL)
            texts.append((number, page_alone))
            Challenge.objects.update(state="void")
            page = asked(other)
        shown = [{n for n in oob_numbers if f">{n}<" in text or f'"{n}"' in text} for _, text in texts]
        assert all(number not in seen for (number, _), seen in zip(texts, shown, strict=True))
        assert all(
            oob.number_of(row).encode() not in bytes(row.sealed_number)[12:14]
            for row in OobRequest.objects.all()
        )
        work_off()
        notice = Notice.objects.filter(template="oob_waiting").latest("created_at")
        assert set(notice.context) == {"at", "minutes"}
        told = " ".join(one.getMessage() for one in caplog.records if one.name.startswith("authshield"))
        assert not any(re.search(rf"\b{number}\b", told) for number, _ in texts)

    def test_a32_a_confirmation_is_of_this_order_in_this_session_and_serves_once(self) -> None:
        """Another challenge with other data is not passed by it, and the passed one executes once."""
        mine = chosen("alice")
        other, page, number = _ask()
        _approve(mine, number)
        changed = asked(other, fields=OTHER_DATA)
        assert "as-number" in other.client.post(changed, OOB).content.decode()
        first = other.client.post(page, OOB)
        assert (first.status_code, _email("alice")) == (302, CONTACT["email"])
        assert [other.client.post(page, OOB).status_code for _ in range(2)] == [409, 409]
        assert LedgerEntry.objects.filter(kind="profile_change", final="passed").count() == 2

    def test_a32_what_was_altered_after_it_was_asked_is_not_confirmed_nor_executed(self) -> None:
        """Before the number is entered, and after it."""
        mine = chosen("alice")
        other, page, number = _ask()
        challenge = newest().challenge
        honest = challenge.operation
        forged = honest.replace(CONTACT["email"], OTHER_DATA["email"])
        Challenge.objects.filter(pk=challenge.pk).update(operation=forged)
        assert _approve(mine, number).status_code == 409
        page = asked(other)
        number = number_in(other.client.post(page, OOB))
        assert _approve(mine, number).status_code == 200
        Challenge.objects.filter(pk=newest().challenge_id).update(operation=forged)
        assert other.client.post(page, OOB).status_code == 409
        assert _email("alice") not in {CONTACT["email"], OTHER_DATA["email"]}

    def test_a32_a_stranger_cannot_use_somebody_elses_approval(self) -> None:
        """Another session of the same account: not its challenge."""
        mine = chosen("alice")
        other, page, number = _ask()
        thief = elsewhere("alice", FAR)
        _approve(mine, number)
        assert thief.client.post(page, OOB).status_code == 404
        assert thief.client.get(page.replace("/challenge/", "/api/challenges/") + "state").status_code == 404
        assert other.client.post(page, OOB).status_code == 302

    def test_a32_late_answers_are_none(self) -> None:
        """After five minutes the number is worth nothing; an approval is worth as long as its challenge."""
        with set_clock() as clock:
            mine = chosen("alice")
            other, page, number = _ask()
            clock.go_on(oob.VALID_SECONDS + 1)
            mine.show()
            assert _approve(mine, number).status_code == 410
            assert other.client.post(page, OOB).status_code == 410
            page = asked(other)
            number = number_in(other.client.post(page, OOB))
            assert _approve(mine, number).status_code == 200
            clock.go_on(oob.VALID_SECONDS + 1)
            assert other.client.post(page, OOB).status_code == 410
            assert _email("alice") != CONTACT["email"]

    def test_a32_an_approval_makes_no_strange_device_a_trusted_one(self) -> None:
        """It was of the order: the device that asked stays as strange as it was."""
        mine = chosen("alice")
        other, page, number = _ask()
        _approve(mine, number)
        assert other.client.post(page, OOB).status_code == 302
        work_off()
        assert Device.objects.filter(trusted_at__isnull=False).count() == 1
        order = {"symbol": "1301", "side": "buy", "quantity": "1", "order_type": "market"}
        other.api("POST", "/api/orders", order)
        facts = LedgerEntry.objects.filter(kind="order").latest("at").facts
        assert not facts.get("device.is_trusted")


def test_a32_of_many_approvals_at_once_one_counts(site: object) -> None:
    """By ten connections: one answer; and ten polls at once carry it out once."""
    del site
    mine = chosen("alice")
    other, page, number = _ask()
    request = newest()
    assert mine.signer

    def approve(_: int) -> int:
        try:
            return int(_approve(mine, number, request).status_code)
        finally:
            connections.close_all()

    def poll(_: int) -> int:
        try:
            return int(other.client.post(page, OOB).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        approved = list(pool.map(approve, range(4)))
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
    other, page, number = _ask()
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
    assert _approve(mine, number, request).status_code == 410
    assert other.client.post(page, OOB).status_code in {403, 404, 410}
    assert mine.is_signed_in
    assert _email("alice") != CONTACT["email"]
