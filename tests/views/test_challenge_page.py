"""The challenge page, as a browser sees it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings

from authshield import clock
from authshield.factors import email
from authshield.models import Challenge, Notice, TotpFactor
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from demo_site.broker.models import Order
from tests.challenging import Asked, an_order, challenged, wrong_code
from tests.views.browsing import at_the_sign_in, code_of, page_of, send
from tests.views.conftest import MODEL_BACKEND

Put = Callable[..., Challenge]
State = Challenge.State


def test_it_shows_the_stored_operation_and_why(signed_in: Client, put: Put) -> None:
    """Side, symbol, quantity, price, worth, reasons in words, place; no score and no rule."""
    answer = signed_in.get(page_of(put()))
    text = answer.content.decode()
    assert answer.status_code == 200
    for shown in ("Buy", "7203", "100", "Limit order", "2,512.5", "251,250 JPY", "203.0.113.7 (JP)"):
        assert shown in text
    assert "new to your account" in text
    # As words: a token of random letters may hold any two of them.
    assert not re.search(r"\b(thin_symbol|r1|never seen)\b", text)
    assert "5 tries left" in text


def test_its_field_suits_phones_and_japanese_input(signed_in: Client, put: Put) -> None:
    """One text field, offered codes, no pattern that refuses full-width digits."""
    text = signed_in.get(page_of(put())).content.decode()
    assert text.count('type="text"') == 1
    assert 'inputmode="numeric"' in text
    assert 'autocomplete="one-time-code"' in text
    assert "pattern=" not in text


def test_it_needs_no_script_and_is_kept_by_nobody(signed_in: Client, put: Put) -> None:
    """Strict policy, never cached, never framed."""
    answer = signed_in.get(page_of(put()))
    text = answer.content.decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert "style=" not in text
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Frame-Options"] == "DENY"


def test_in_japanese_every_sentence_is_japanese(signed_in: Client, put: Put) -> None:
    """The same page for everybody."""
    signed_in.cookies["django_language"] = "ja"
    text = signed_in.get(page_of(put())).content.decode()
    assert '<html lang="ja"' in text
    for english in ("Why we ask", "Cancel", "tries left", "Confirm", "Symbol", "authenticator"):
        assert english not in text


def test_the_right_code_places_the_order_that_was_shown(client: Client, put: Put, settings: Settings) -> None:
    """Once; and the browser goes on to the orders. Whose browser it is, is not the question here."""
    del put
    settings.AUTHSHIELD_MODE = "observe"
    call_command("demo_seed", verbosity=0)
    carol = User.objects.get(username="carol")
    client.force_login(carol, backend=MODEL_BACKEND)
    binding = f"sid:{client.session['authshield']['sid']}"
    app = TotpFactor.objects.get(user=carol)
    before = Order.objects.filter(account_id=carol.pk).count()
    challenge = challenged(carol, an_order(str(carol.pk)), binding=binding, now=clock.now())
    answers = [client.post(page_of(challenge), {"factor": "totp", "token": code_of(app)}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 409]
    assert answers[0]["Location"] == "/orders/"
    assert Order.objects.filter(account_id=carol.pk).count() == before + 1
    order = Order.objects.filter(account_id=carol.pk).latest("created_at")
    assert (order.instrument_id, order.side, order.quantity) == ("7203", "buy", 100)
    challenge.refresh_from_db()
    assert challenge.state == State.USED


def test_the_right_code_finishes_a_sign_in(alice: User, app: TotpFactor) -> None:
    """Nobody is signed in before; afterwards the browser goes on where it wanted to."""
    client = Client(enforce_csrf_checks=True)
    challenge = at_the_sign_in(client, str(alice.pk))
    assert client.get("/orders/").status_code == 302
    assert "Confirm your sign-in" in client.get(page_of(challenge)).content.decode()
    answer = send(client, challenge, factor="totp", token=code_of(app))
    assert (answer.status_code, answer["Location"]) == (302, "/orders/")
    assert client.session["_auth_user_id"] == str(alice.pk)


def test_a_wrong_code_tells_the_tries_left(signed_in: Client, put: Put, app: TotpFactor) -> None:
    """The form again, with what to do, announced to screen readers."""
    challenge = put()
    answer = send(signed_in, challenge, factor="totp", token=wrong_code(app, clock.now()))
    text = answer.content.decode()
    assert answer.status_code == 401
    assert 'role="alert"' in text
    assert 'aria-invalid="true"' in text
    assert "That code is not right" in text
    assert "4 tries left" in text


def test_after_the_last_try_the_page_says_so(signed_in: Client, put: Put, app: TotpFactor) -> None:
    """There is nothing left to type into."""
    challenge = put()
    wrong = wrong_code(app, clock.now())
    codes = [send(signed_in, challenge, factor="totp", token=wrong).status_code for _ in range(6)]
    assert codes == [401, 401, 401, 401, 401, 410]


def test_an_empty_field_costs_no_try(signed_in: Client, put: Put) -> None:
    """A slip of the finger is no guess."""
    challenge = put()
    answer = send(signed_in, challenge, factor="totp", token=" \u3000")
    challenge.refresh_from_db()
    assert (answer.status_code, challenge.attempts) == (422, 0)
    assert "5 tries left" in answer.content.decode()


def test_a_locked_app_leaves_the_other_ways(signed_in: Client, put: Put) -> None:
    """With the time after which it may be tried again."""
    challenge = put(asked=Asked(factors=("totp", "static")))
    TotpFactor.objects.update(failures=10, locked_until=clock.now() + timedelta(seconds=90))
    answer = send(signed_in, challenge, factor="totp", token="123456")
    assert answer.status_code == 429
    assert 80 < int(answer["Retry-After"]) <= 90
    assert f"{'?factor=static'}" in answer.content.decode()


def test_another_way_is_one_step_away(signed_in: Client, put: Put) -> None:
    """A link, without script; an unknown one falls back to the best."""
    challenge = put(asked=Asked(factors=("totp", "static")))
    text = signed_in.get(page_of(challenge) + "?factor=static").content.decode()
    assert 'name="factor" value="static"' in text
    assert 'inputmode="text"' in text
    text = signed_in.get(page_of(challenge) + "?factor=sms").content.decode()
    assert '<input type="hidden" name="factor" value="totp">' in text


def test_more_time_is_given_on_request(signed_in: Client, put: Put) -> None:
    """As often as somebody who reads slowly needs it."""
    challenge = put()
    Challenge.objects.update(expires_at=clock.now() + timedelta(seconds=20))
    answer = send(signed_in, challenge, factor="totp", action="extend")
    assert "more time" in answer.content.decode()
    challenge.refresh_from_db()
    assert challenge.expires_at > clock.now() + timedelta(seconds=200)


def test_there_is_no_more_time_after_an_hour(signed_in: Client, put: Put) -> None:
    """Then it has to be asked for anew."""
    challenge = put()
    Challenge.objects.update(created_at=clock.now() - timedelta(hours=1))
    assert send(signed_in, challenge, action="extend").status_code == 410


def test_cancelling_an_order_leads_back_to_the_ticket(signed_in: Client, put: Put, app: TotpFactor) -> None:
    """And nothing can be confirmed any more."""
    challenge = put()
    answer = send(signed_in, challenge, action="cancel", token="")
    assert (answer.status_code, answer["Location"]) == (302, "/orders/new/")
    assert send(signed_in, challenge, factor="totp", token=code_of(app)).status_code == 410


def test_cancelling_a_sign_in_leads_back_to_it(alice: User) -> None:
    """Nobody is signed in."""
    client = Client(enforce_csrf_checks=True)
    challenge = at_the_sign_in(client, str(alice.pk))
    answer = send(client, challenge, action="cancel")
    assert (answer.status_code, answer["Location"]) == (302, "/login/")


def test_cancelling_a_change_leads_to_the_start(signed_in: Client, put: Put, alice: User) -> None:
    """Its own address takes posts alone."""
    operation = Operation(Kind.ORDER_CHANGE, str(alice.pk), {"order_id": "O-1", "change": "cancel"})
    challenge = put(operation)
    assert "Cancel the order" in signed_in.get(page_of(challenge)).content.decode()
    assert send(signed_in, challenge, action="cancel")["Location"] == "/"


def test_an_expired_one_is_gone(signed_in: Client, put: Put) -> None:
    """410 as a page."""
    challenge = put()
    Challenge.objects.update(expires_at=clock.now())
    answer = signed_in.get(page_of(challenge))
    assert answer.status_code == 410
    assert "time to confirm is over" in answer.content.decode()


def test_a_code_by_email_is_sent_on_request_three_times(alice: User) -> None:
    """Then the page says so, and still takes the newest."""
    email.enrol(alice, clock.now())
    client = Client(enforce_csrf_checks=True)
    asked = Asked(Strength.ANY, ("email", "totp"))
    challenge = at_the_sign_in(client, str(alice.pk), asked)
    assert not Notice.objects.exists()
    answers = [send(client, challenge, factor="email", action="send") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[3]["Retry-After"]) > 0
    assert 'name="factor" value="email"' in answers[3].content.decode()
    assert Notice.objects.count() == 3


def test_no_code_is_sent_where_email_is_not_enough(signed_in: Client, put: Put, alice: User) -> None:
    """An order is never approved by e-mail, so nobody can ask for a code there."""
    email.enrol(alice, clock.now())
    assert send(signed_in, put(), factor="email", action="send").status_code == 404
    assert not Notice.objects.exists()


def test_without_a_way_to_confirm_the_page_says_whom_to_ask(signed_in: Client, put: Put) -> None:
    """No field, one way out."""
    text = signed_in.get(page_of(put(asked=Asked(Strength.OOB, ())))).content.decode()
    assert 'id="token"' not in text
    assert "Call us" in text


def test_an_account_that_was_closed_meanwhile_confirms_nothing(alice: User, app: TotpFactor) -> None:
    """As if the challenge did not exist."""
    client = Client(enforce_csrf_checks=True)
    challenge = at_the_sign_in(client, str(alice.pk))
    User.objects.update(is_active=False)
    assert send(client, challenge, factor="totp", token=code_of(app)).status_code == 404


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client: Client, put: Put, method: str) -> None:
    """405, and nothing happens."""
    assert getattr(client, method)(page_of(put())).status_code == 405


def test_a_page_without_worth_or_place_is_shown_all_the_same(
    signed_in: Client, put: Put, alice: User
) -> None:
    """A profile change has no value, and a place may be unknown."""
    fields = {"field": "email", "email": "new@example.com", "phone": "090-1234-5678"}
    challenge = put(Operation(Kind.PROFILE_CHANGE, str(alice.pk), fields))
    Challenge.objects.update(shown={"ip": "203.0.113.7", "country": ""})
    agent = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/135.0.0.0 Safari/537.36"
    )
    text = signed_in.get(page_of(challenge), headers={"user-agent": agent}).content.decode()
    assert "new@example.com" in text
    assert "e-mail address" in text
    assert "Chrome 135" in text
    assert "Estimated value" not in text
    assert "(JP)" not in text
