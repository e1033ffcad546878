"""The device's proof: what was signed is what came, by that key, now, and nothing else counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from authshield.clock import now as clock_now
from authshield.observe.proof import ABSENT, FIELD, INVALID, VALID, new_nonce, proof_of, thumbprint
from authshield.sealing import is_signed_by, is_signed_by_rsa
from tests.signer import FORM, HEADER, Signer

PATH = "/orders/new/"
BODY = b"symbol=1301&quantity=100"


def _json(proof: str, *, method: str = "POST", path: str = PATH, body: bytes = BODY) -> Any:
    header: dict[str, Any] = {HEADER: proof}
    return RequestFactory().generic(method, path, body, content_type="application/json", **header)


def _state(request: Any, *, later: float = 0.0) -> str:
    return proof_of(request, clock_now() + timedelta(seconds=later)).state


def test_a_signed_request_is_valid_and_names_its_key() -> None:
    """Header, any body."""
    signer = Signer()
    found = proof_of(_json(signer.proof("POST", PATH, BODY)), clock_now())
    assert (found.state, found.key) == (VALID, thumbprint(signer.point))


def test_a_form_carries_its_proof_as_its_last_field() -> None:
    """The bytes before it are what was signed; the fields are read as ever."""
    signer = Signer()
    body = BODY.decode() + f"&{FIELD}=" + signer.proof("POST", PATH, BODY)
    request = RequestFactory().post(PATH, body, content_type=FORM)
    assert request.POST["symbol"] == "1301"
    assert _state(request) == VALID


def test_an_empty_form_can_be_signed() -> None:
    """A button alone."""
    body = f"{FIELD}=" + Signer().proof("POST", PATH, b"")
    assert _state(RequestFactory().post(PATH, body, content_type=FORM)) == VALID


def test_of_a_form_in_parts_the_body_is_not_signed_but_all_else_is() -> None:
    """Nobody reads an upload twice; path, time and nonce still count."""
    signer = Signer()
    parts = {"name": "x", FIELD: signer.proof("POST", PATH, None)}
    assert _state(RequestFactory().post(PATH, parts)) == VALID
    assert _state(RequestFactory().post("/withdrawals/new/", parts)) == INVALID


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "PATCH"},
        {"path": "/orders/other/"},
        {"path": PATH + "?account=2"},
        {"body": BODY + b"0"},
        {"body": b""},
    ],
)
def test_another_request_is_not_what_was_signed(changed: dict[str, Any]) -> None:
    """Method, path, query and body are all in it."""
    assert _state(_json(Signer().proof("POST", PATH, BODY), **changed)) == INVALID


def test_the_path_is_signed_as_people_read_it() -> None:
    """However it was escaped on its way."""
    proof = Signer().proof("POST", "/注文/新規/?a=%20b", BODY)
    assert _state(_json(proof, path="/%E6%B3%A8%E6%96%87/%E6%96%B0%E8%A6%8F/?a=%20b")) == VALID


def test_a_changed_letter_anywhere_is_no_proof() -> None:
    """Key, nonce, time, signature: none of them can be another."""
    proof = Signer().proof("POST", PATH, BODY)
    for at in range(0, len(proof), 7):
        other = "A" if proof[at] != "A" else "B"
        assert _state(_json(proof[:at] + other + proof[at + 1 :])) != VALID, at


@pytest.mark.parametrize("rubbish", ["x", "v1....", "v1." + "A" * 400, "é", "v2." + "A" * 86])
def test_rubbish_is_invalid_and_no_error(rubbish: str) -> None:
    """Nothing that is sent raises anything."""
    assert _state(_json(rubbish)) == INVALID


def test_a_key_off_the_curve_is_invalid() -> None:
    """As is a signature of zeros, or one of another length."""
    signer = Signer()
    good = signer.proof("POST", PATH, BODY).split(".")
    zeros = "A" * 86
    assert _state(_json(".".join([good[0], zeros, *good[2:]]))) == INVALID
    assert _state(_json(".".join([*good[:-1], zeros]))) == INVALID
    assert not is_signed_by(signer.point, signer.sign(b"x")[:-1], b"x")
    assert not is_signed_by_rsa(b"\x01" * 128, b"\x01" * 128, b"x")


@pytest.mark.parametrize(("later", "state"), [(119, VALID), (121, ABSENT), (-29, VALID), (-31, ABSENT)])
def test_a_proof_is_good_for_two_minutes(later: float, state: str) -> None:
    """One that is too old says nothing, rather than something bad: a laptop may have slept."""
    assert _state(_json(Signer().proof("POST", PATH, BODY)), later=later) == state


def test_a_nonce_lives_five_minutes_and_is_ours() -> None:
    """Neither an old one nor one that somebody made up."""
    signer, now = Signer(), clock_now()
    old = new_nonce(now - timedelta(seconds=301))
    assert _state(_json(signer.proof("POST", PATH, BODY, nonce=old))) == ABSENT
    first, random, mac = new_nonce(now).split(".")
    for forged in (f"{first}.{random}.{'0' * 32}", f"{first}.AAAAAAAAAAA.{mac}"):
        assert _state(_json(signer.proof("POST", PATH, BODY, nonce=forged))) == ABSENT


def test_a_page_that_is_only_read_proves_nothing() -> None:
    """A GET is not signed, whatever its headers say."""
    assert _state(_json(Signer().proof("GET", PATH, b""), method="GET", body=b"")) == ABSENT
