"""The JSON API: what it answers, and that every error is a problem."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from demo_site.broker.models import ApiToken, Order, Withdrawal
from tests.servers import Valkey
from tests.site import Guest, challenge_in, code_of

LIMIT = {"symbol": "7203", "side": "buy", "quantity": 100, "order_type": "limit", "limit_price": "100"}
MARKET = {"symbol": "7203", "side": "buy", "quantity": "10", "order_type": "market"}


def program(name: str = "dave") -> Guest:
    """A program that carries a token and no session cookie."""
    guest = Guest(agent="trader/1.0")
    answer = guest.api_sign_in(name)
    assert answer.status_code == 200, answer.text
    guest.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {answer.json()['token']}"
    return guest


@pytest.fixture
def dave_api(site: Valkey) -> Guest:
    """Dave's program."""
    del site
    return program()


def is_problem(answer: Any, status: int, code: str) -> bool:
    """Whether the answer is this problem, with the members that RFC 9457 names."""
    body = answer.json()
    return bool(
        answer.status_code == status == body["status"]
        and answer.headers["Content-Type"] == "application/problem+json"
        and body["code"] == code
        and {"type", "title", "detail"} <= body.keys()
    )


def test_a_token_carries_a_session_that_no_cookie_carries(dave_api: Guest) -> None:
    """No session cookie is set, and only the token's hash is kept."""
    assert "sessionid" not in dave_api.client.cookies
    token = dave_api.client.defaults["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    row = ApiToken.objects.get()
    assert token not in row.token_hash
    assert len(token) >= 43
    assert dave_api.api("GET", "/api/orders").json() == []


def test_a_token_that_stands_for_nothing_is_refused(site: Valkey) -> None:
    """401, also at a page, and never as somebody."""
    del site
    guest = Guest()
    guest.client.defaults["HTTP_AUTHORIZATION"] = "Bearer " + "x" * 43
    assert is_problem(guest.api("GET", "/api/orders"), 401, "invalid_token")
    assert guest.client.get("/").status_code == 401


def test_wrong_credentials_are_one_problem(site: Valkey) -> None:
    """A wrong password and an unknown name are the same to a stranger."""
    del site
    known, unknown = Guest().api_sign_in("dave", "no"), Guest().api_sign_in("nobody", "no")
    assert is_problem(known, 401, "invalid_credentials")
    assert known.json() == unknown.json()


def test_without_a_sign_in_nothing_is_answered(site: Valkey) -> None:
    """401 for a program, whatever it asks."""
    del site
    for method, path in (("GET", "/api/orders"), ("POST", "/api/orders"), ("POST", "/api/withdrawals")):
        assert is_problem(Guest().api(method, path, {}), 401, "not_authenticated")


def test_an_order_is_accepted_whatever_becomes_of_it(dave_api: Guest) -> None:
    """201 accepted; the list shows it filled, numbers as strings."""
    answer = dave_api.api("POST", "/api/orders", MARKET)
    assert (answer.status_code, answer.json()["state"]) == (201, "accepted")
    (row,) = dave_api.api("GET", "/api/orders").json()
    assert row["id"] == answer.json()["id"]
    assert (row["state"], row["quantity"], row["filled_quantity"]) == ("filled", "10", "10")


def test_a_limit_order_is_amended_and_cancelled(dave_api: Guest) -> None:
    """PATCH changes what it names, cancel ends it, a second cancel is 409."""
    number = dave_api.api("POST", "/api/orders", LIMIT).json()["id"]
    amended = dave_api.api("PATCH", f"/api/orders/{number}", {"quantity": "50"})
    assert (amended.status_code, amended.json()["quantity"], amended.json()["limit_price"]) == (
        200,
        "50",
        "100",
    )
    cancelled = dave_api.api("POST", f"/api/orders/{number}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert is_problem(dave_api.api("POST", f"/api/orders/{number}/cancel"), 409, "order_finished")
    assert is_problem(
        dave_api.api("PATCH", f"/api/orders/{number}", {"quantity": "5"}), 409, "order_finished"
    )


def test_a_bad_order_is_a_422(dave_api: Guest) -> None:
    """One clear message, and no order."""
    changes: tuple[dict[str, Any], ...] = (
        {"symbol": "NOPE"},
        {"symbol": 7203},
        {"symbol": None},
        {"side": "BUY"},
        {"quantity": "1.5"},
        {"quantity": -1},
        {"quantity": True},
        {"quantity": [1]},
        {"quantity": {}},
        {"order_type": "stop"},
        {"limit_price": "0"},
        {"limit_price": "100.123"},
        {"limit_price": None},
        {"quantity": 10**9, "limit_price": "99999999"},
        {"client_order_id": "x" * 65},
        {"client_order_id": "a b"},
    )
    for change in changes:
        answer = dave_api.api("POST", "/api/orders", LIMIT | change)
        assert (answer.status_code, bool(answer.json()["detail"])) == (422, True), change
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert not Order.objects.exists()


def test_what_is_no_json_object_is_malformed(dave_api: Guest) -> None:
    """400."""
    for body in ("{", "[]", '"x"', "null", '{"a": NaN}', '{"a": 1, "a": 2}', "\ufeff{}"):
        answer = dave_api.client.generic("POST", "/api/orders", body, content_type="application/json")
        assert is_problem(answer, 400, "malformed"), body


def test_a_client_order_id_answers_again_or_conflicts(dave_api: Guest) -> None:
    """The same body gets the first answer without another order, another body 409."""
    order = MARKET | {"client_order_id": "n-1"}
    first, again = (dave_api.api("POST", "/api/orders", order) for _ in range(2))
    assert (again.status_code, again.json()) == (201, first.json())
    other = dave_api.api("POST", "/api/orders", order | {"quantity": "11"})
    assert is_problem(other, 409, "client_order_id_reused")
    assert Order.objects.count() == 1


def test_a_withdrawal_goes_out_once_its_challenge_is_passed(dave_api: Guest) -> None:
    """401 with the challenge, a code, the same request again, and not a second time."""
    body = {"amount": "2000000", "bank_account": "0010-310-4000004"}
    asked = dave_api.api("POST", "/api/withdrawals", body)
    assert is_problem(asked, 401, "step_up_required")
    assert asked.json()["challenge"]["binding"]["amount"] == "2000000"
    number = challenge_in(asked)
    token = {"factor": "totp", "token": code_of("dave")}
    assert dave_api.api("POST", f"/security/api/challenges/{number}/verify", token).status_code == 200
    named = {"HTTP_AUTHSHIELD_CHALLENGE": number}
    done = dave_api.api("POST", "/api/withdrawals", body, **named)
    assert (done.status_code, done.json()["state"]) == (201, "accepted")
    assert is_problem(dave_api.api("POST", "/api/withdrawals", body, **named), 409, "challenge_used")
    assert Withdrawal.objects.count() == 1


def test_a_bad_withdrawal_is_a_422(dave_api: Guest) -> None:
    """More than there is, nothing, or to nowhere."""
    bank = "0010-310-4000004"
    for body in (
        {"amount": "99999999", "bank_account": bank},
        {"amount": "0", "bank_account": bank},
        {"amount": "1", "bank_account": "0000-000-0000000"},
        {"amount": "1"},
        {"bank_account": bank},
    ):
        assert dave_api.api("POST", "/api/withdrawals", body).status_code == 422
    assert not Withdrawal.objects.exists()


def test_an_unknown_path_is_a_problem_too(dave_api: Guest) -> None:
    """404 as JSON."""
    assert is_problem(dave_api.api("GET", "/api/nothing"), 404, "not_found")
    assert is_problem(dave_api.api("POST", "/api/orders/O-0/cancel"), 404, "not_found")


def test_signing_out_ends_the_token(dave_api: Guest) -> None:
    """The session that it stood for is gone."""
    assert dave_api.client.post("/logout/").status_code == 302
    assert dave_api.api("GET", "/api/orders").status_code in {401, 403}


def test_a_new_password_ends_tokens_of_other_sessions(dave_api: Guest, dave: Guest) -> None:
    """Django's session hash holds for tokens as for cookies."""
    user = User.objects.get(username="dave")
    user.set_password("another-one")
    user.save()
    assert dave_api.api("GET", "/api/orders").status_code in {401, 403}
    assert not dave.is_signed_in


def test_large_bodies_are_refused_unread(dave_api: Guest) -> None:
    """413 at 64 kB, as a page and as a problem."""
    large = json.dumps({"symbol": "x" * 70_000})
    answer = dave_api.client.generic("POST", "/api/orders", large, content_type="application/json")
    assert is_problem(answer, 413, "too_large")
    assert Guest().client.post("/login/", {"username": "x" * 70_000}).status_code == 413
