"""A32: confirming on another device what is not one's own. Strangers, copies, other orders, late and old answers."""

from __future__ import annotations

import re

import pytest

from authshield.factors import oob
from authshield.models import (
    Case,
    Challenge,
    Device,
    DeviceKey,
    LedgerEntry,
    Notice,
    OobRequest,
)
from tests.clocks import set_clock
from tests.confirming import (
    CONTACT,
    LIST,
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
    sign_in,
    wrong,
)
from tests.signer import Keyed, thief_of
from tests.site import work_off

pytestmark = pytest.mark.usefixtures("own_site")
State = OobRequest.State
FAR = "127.0.0.88"
OTHER_DATA = {"email": "thief@elsewhere.example", "phone": "090-9999-9999"}


def test_a32_no_device_that_is_not_chosen_and_trusted_confirms() -> None:
    """Neither a trusted one that nobody chose, nor a chosen one whose trust is gone, nor one without its key."""
    mine = chosen("alice")
    _, _, number = ask()
    DeviceKey.objects.update(confirms_at=None)
    assert approve(mine, number).status_code == 403
    DeviceKey.objects.update(confirms_at=newest().asked_at)
    Device.objects.update(trusted_at=None)
    assert approve(mine, number).status_code == 403
    Device.objects.update(trusted_at=newest().asked_at)
    unsigned = mine.client.post(page_of(newest()), {"action": "approve", "number": number})
    assert unsigned.status_code == 403
    assert newest().state == State.WAITING
    assert approve(mine, number).status_code == 200


def test_a32_a_thiefs_own_device_is_shown_nothing_and_confirms_nothing() -> None:
    """A second browser of the thief, with a key of its own, in the account: strange, so it has no say."""
    chosen("alice")
    _, _, number = ask()
    second = Keyed(FAR)
    sign_in(second, "alice")
    assert second.show().status_code == 204
    shown = second.client.get(page_of(newest())).content.decode()
    assert CONTACT["email"] not in shown
    assert approve(second, number).status_code == 403
    answer = second.post_form(f"{LIST}choose/", {})
    assert answer.status_code == 403
    assert DeviceKey.objects.filter(confirms_at__isnull=False).count() == 1
    assert newest().state == State.WAITING


def test_a32_the_asking_session_and_device_do_not_confirm_themselves() -> None:
    """Not the session, and not another session of the same browser."""
    mine = chosen("alice")
    other, _, number = ask()
    request = newest()
    sid, device = mine.client.session["authshield"]["sid"], Device.objects.get(trusted_at__isnull=False)
    OobRequest.objects.update(binding=f"sid:{sid}")
    assert approve(mine, number).status_code == 403
    OobRequest.objects.update(binding=request.binding, device_hash=device.device_hash)
    assert approve(mine, number).status_code == 403
    OobRequest.objects.update(device_hash=request.device_hash)
    assert other.client.post(page_of(request), {"action": "approve", "number": number}).status_code == 403
    assert approve(mine, number).status_code == 200


def test_a32_another_account_finds_nothing() -> None:
    """As if there were no such request; it cannot refuse it either."""
    chosen("alice")
    dave = chosen("dave")
    _, _, number = ask()
    assert dave.client.get(page_of(newest())).status_code == 404
    assert approve(dave, number).status_code == 404
    assert dave.post_form(page_of(newest()), {"action": "refuse"}).status_code == 404
    assert newest().state == State.WAITING


def test_a32_a_session_in_doubt_does_not_confirm() -> None:
    """One that has a case of its own, though it is the trusted device with its key."""
    mine = chosen("alice")
    _, _, number = ask()
    sid = mine.client.session["authshield"]["sid"]
    at = newest().asked_at
    case = Case.objects.create(account=newest().account, sid=sid, title="doubt", opened_at=at)
    assert approve(mine, number).status_code == 403
    case.delete()
    assert approve(mine, number).status_code == 200


def test_a32_copied_cookies_of_the_trusted_device_confirm_nothing() -> None:
    """Neither elsewhere nor next door, neither unsigned nor with a signed request that came before."""
    mine = chosen("alice")
    _, _, number = ask()
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


def test_a32_a_signed_request_that_came_before_is_none() -> None:
    """The same bytes with the same signature once more, by whoever caught them."""
    mine = chosen("alice")
    ask()
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


def test_a32_the_number_reaches_no_device_that_confirms_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
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
    always = shown[0] & shown[1]  # a quantity, the minutes of a time
    assert all(number not in seen - always for (number, _), seen in zip(texts, shown, strict=True))
    assert all(
        oob.number_of(row).encode() not in bytes(row.sealed_number)[12:14] for row in OobRequest.objects.all()
    )
    work_off()
    notice = Notice.objects.filter(template="oob_waiting").latest("created_at")
    assert set(notice.context) == {"at", "minutes"}
    told = " ".join(one.getMessage() for one in caplog.records if one.name.startswith("authshield"))
    assert not any(re.search(rf"\b{number}\b", told) for number, _ in texts)


def test_a32_a_confirmation_is_of_this_order_in_this_session_and_serves_once() -> None:
    """Another challenge with other data is not passed by it, and the passed one executes once."""
    mine = chosen("alice")
    other, page, number = ask()
    request = newest()
    approve(mine, number)
    changed = asked(other, fields=OTHER_DATA)
    assert "as-number" in other.client.post(changed, OOB).content.decode()
    first = other.client.post(page, OOB)
    assert (first.status_code, email_of("alice")) == (302, CONTACT["email"])
    assert [other.client.post(page, OOB).status_code for _ in range(2)] == [409, 409]
    request.refresh_from_db()
    assert (request.state, bytes(request.sealed_number)) == (State.USED, b"")
    assert LedgerEntry.objects.filter(kind="profile_change", final="passed").count() == 2


def test_a32_what_was_altered_after_it_was_asked_is_not_confirmed_nor_executed() -> None:
    """Before the number is entered, and after it."""
    mine = chosen("alice")
    other, page, number = ask()
    challenge = newest().challenge
    honest = challenge.operation
    forged = honest.replace(CONTACT["email"], OTHER_DATA["email"])
    Challenge.objects.filter(pk=challenge.pk).update(operation=forged)
    assert approve(mine, number).status_code == 409
    page = asked(other)
    number = number_in(other.client.post(page, OOB))
    assert approve(mine, number).status_code == 200
    Challenge.objects.filter(pk=newest().challenge_id).update(operation=forged)
    assert other.client.post(page, OOB).status_code == 409
    assert email_of("alice") not in {CONTACT["email"], OTHER_DATA["email"]}


def test_a32_a_stranger_cannot_use_somebody_elses_approval() -> None:
    """Another session of the same account: not its challenge."""
    mine = chosen("alice")
    other, page, number = ask()
    thief = elsewhere("alice", FAR)
    approve(mine, number)
    assert thief.client.post(page, OOB).status_code == 404
    assert thief.client.get(page.replace("/challenge/", "/api/challenges/") + "state").status_code == 404
    assert other.client.post(page, OOB).status_code == 302


def test_a32_late_answers_are_none() -> None:
    """After five minutes the number is worth nothing; an approval is worth as long as its challenge."""
    with set_clock() as clock:
        mine = chosen("alice")
        other, page, number = ask()
        clock.go_on(oob.VALID_SECONDS + 1)
        mine.show()
        assert approve(mine, number).status_code == 410
        assert other.client.post(page, OOB).status_code == 410
        page = asked(other)
        number = number_in(other.client.post(page, OOB))
        assert approve(mine, number).status_code == 200
        clock.go_on(oob.VALID_SECONDS + 1)
        assert other.client.post(page, OOB).status_code == 410
        assert email_of("alice") != CONTACT["email"]


def test_a32_an_approval_makes_no_strange_device_a_trusted_one() -> None:
    """It was of the order: the device that asked stays as strange as it was."""
    mine = chosen("alice")
    other, page, number = ask()
    approve(mine, number)
    assert other.client.post(page, OOB).status_code == 302
    work_off()
    assert Device.objects.filter(trusted_at__isnull=False).count() == 1
    order = {"symbol": "1301", "side": "buy", "quantity": "1", "order_type": "market"}
    other.api("POST", "/api/orders", order)
    facts = LedgerEntry.objects.filter(kind="order").latest("at").facts
    assert not facts.get("device.is_trusted")
