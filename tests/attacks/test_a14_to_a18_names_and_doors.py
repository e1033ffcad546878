"""A14-A18: spellings of a name, malformed credentials, a victim's lock-out, and every door to a sign-in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.site import Guest, stranger

pytestmark = pytest.mark.usefixtures("own_site")
LIMIT = 5


@pytest.mark.parametrize("twin", ["DAVE", "Ｄave", "dave ", "d\u200bave", "da\u00adve"])
def test_a14_every_spelling_draws_on_one_budget(twin: str) -> None:
    """A look-alike is counted as the account, and never signs anybody in."""
    guest = stranger()
    for _ in range(LIMIT):
        guest.api_sign_in("dave", "wrong")
    assert guest.api_sign_in(twin, "wrong").status_code == 429


@pytest.mark.parametrize("twin", ["DAVE", "dave ", "d\u200bave"])
def test_a14_a_twin_is_nobody(twin: str) -> None:
    """The right password of dave opens nothing under another spelling."""
    assert stranger("127.0.0.1").api_sign_in(twin, "dave-dave").status_code == 401


@pytest.mark.parametrize("name", ["da\x00ve", "\ud800", "x" * 1_000_000, ""])
def test_a15_impossible_names_are_refused_at_once(name: str) -> None:
    """400, 401 or 413; never 500, and no megabyte is hashed."""
    assert stranger().api_sign_in(name, "wrong").status_code in {400, 401, 413}


@pytest.mark.parametrize("name", ["da\x00ve", "x" * 60_000])
def test_a15_impossible_names_are_refused_on_the_form(name: str) -> None:
    """The form again, or 400."""
    assert stranger().sign_in(name, "wrong").status_code in {200, 400}


def test_a15_an_enormous_password_is_refused() -> None:
    """Hashing a megabyte would be a lever."""
    assert stranger().api_sign_in("dave", "x" * 1_000_000).status_code in {400, 413}


@pytest.mark.parametrize(
    "body",
    [
        {"username": {"$ne": ""}, "password": "x"},
        {"username": ["dave"], "password": "dave-dave"},
        {"username": "dave", "password": True},
        {"username": "dave", "password": None},
        ["dave", "dave-dave"],
        "dave",
    ],
)
def test_a16_credentials_of_another_form_are_malformed(body: Any) -> None:
    """400, before anything is looked up."""
    assert stranger().api("POST", "/api/login", body).status_code == 400


def test_a16_a_name_that_comes_twice_is_malformed() -> None:
    """The limiter and the password check must not see different names."""
    guest = stranger()
    raw = '{"username":"erin","username":"dave","password":"dave-dave"}'
    answer = guest.client.generic("POST", "/api/login", raw, content_type="application/json")
    assert answer.status_code == 400


def test_a17_guessing_does_not_lock_the_victim_out() -> None:
    """Strangers run dry; the customer's own browser goes on, at the same address and elsewhere."""
    owner = Guest()
    assert owner.sign_in("dave").status_code == 302
    thief = stranger()
    for _ in range(30):
        thief.api_sign_in("dave", "wrong")
    assert thief.api_sign_in("dave").status_code == 429
    assert owner.sign_in("dave").headers["Location"] == "/"
    owner.client.defaults["REMOTE_ADDR"] = thief.address
    assert owner.sign_in("dave").headers["Location"] == "/"


@pytest.mark.parametrize("door", ["/login/", "/admin/login/", "//login/", "/login"])
def test_a18_every_door_draws_on_one_budget(door: str) -> None:
    """What the program's door used up is gone at the form, the admin and odd spellings of the path."""
    guest = stranger()
    for _ in range(LIMIT):
        guest.api_sign_in("dave", "wrong")
    fields = {"username": "dave", "password": "dave-dave", "next": "/"}
    answer = guest.client.post(door, fields)
    assert answer.status_code in {200, 301, 404, 405}
    assert "_auth_user_id" not in guest.client.session


def test_a18_a_wrong_password_and_a_used_up_budget_look_alike_on_the_form() -> None:
    """One message for every failure: nobody learns that the limit was reached."""
    guest = stranger()
    pages = [guest.sign_in("dave", "wrong") for _ in range(LIMIT + 2)]
    assert {page.status_code for page in pages} == {200}
    message = "Please enter a correct"
    assert all(
        page.content.decode().count(message) == pages[0].content.decode().count(message) for page in pages
    )
