"""Passkeys: what is asked of a browser, what is taken, and what each wrong answer gets."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from authshield import signals
from authshield.errors import ChallengeError
from authshield.factors import enrolled, passkey, passkey_answers, passkey_challenges
from authshield.factors.passkey_answers import signed_challenge
from authshield.vocabulary.operation import Operation
from tests.authenticator import BE, BS, UP, UV, Authenticator, How
from tests.challenging import NOW, customer, later
from tests.passkeys import enrol

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db
CHALLENGE = hashlib.sha256(b"an order").digest()


def proved(user: User, authenticator: Authenticator, how: How | None = None) -> dict[str, str]:
    """Ask and answer."""
    answer = authenticator.get(passkey.request_options(CHALLENGE, user), how)
    return passkey.verify(user, answer, CHALLENGE, NOW)


def refused(user: User, authenticator: Authenticator, how: How) -> bool:
    """Whether that answer is a wrong one, while a right one of the same passkey passes."""
    with pytest.raises(ChallengeError) as caught:
        proved(user, authenticator, how)
    assert proved(user, authenticator)
    return (caught.value.code, caught.value.status_code) == ("challenge_failed", 401)


def test_a_right_answer_passes_and_leaves_evidence() -> None:
    """What was signed can be looked at again."""
    user = customer()
    authenticator = enrol(user)
    evidence = proved(user, authenticator)
    assert signed_challenge(evidence) == CHALLENGE
    assert {*evidence} == {"credential", "clientDataJSON", "authenticatorData", "signature"}
    assert enrolled(user) == ("webauthn",)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(How(origin="https://localhost.evil.example"), id="another origin"),
        pytest.param(How(origin="http://localhost:8001"), id="another port"),
        pytest.param(How(rp_id="evil.example"), id="another relying party"),
        pytest.param(How(kind="webauthn.create"), id="another type"),
        pytest.param(How(kind="payment.get"), id="a payment"),
        pytest.param(How(challenge=bytes(32)), id="another challenge"),
        pytest.param(How(challenge=CHALLENGE[:31]), id="part of the challenge"),
        pytest.param(How(flags=UV), id="nobody present"),
        pytest.param(How(flags=UP), id="nobody verified"),
        pytest.param(How(flags=UP | UV | BS), id="backed up but not eligible"),
        pytest.param(How(flags=UP | UV | BE), id="eligible all of a sudden"),
        pytest.param(How(client={"crossOrigin": True}), id="in a frame of another site"),
        pytest.param(How(client={"crossOrigin": "yes"}), id="in a frame, by another word"),
        pytest.param(How(client={"topOrigin": "https://evil.example"}), id="below another site"),
        pytest.param(How(key=ec.generate_private_key(ec.SECP256R1())), id="another key"),
        pytest.param(How(credential_id=b"nobody's"), id="an unknown passkey"),
        pytest.param(How(user_handle=b"somebody else"), id="another owner"),
    ],
)
def test_each_check_refuses(how: How) -> None:
    """One thing is wrong, all else is right."""
    user = customer()
    assert refused(user, enrol(user), how)


def test_a_passkey_of_another_account_proves_nothing() -> None:
    """Neither for her nor under her name."""
    alice, bob = customer(), customer("bob")
    own, others = enrol(alice), enrol(bob)
    assert proved(alice, own)
    with pytest.raises(ChallengeError):
        proved(alice, others)
    with pytest.raises(ChallengeError):
        proved(alice, others, How(names_owner=False))


def test_an_answer_may_leave_out_its_owner_where_that_is_known() -> None:
    """Security keys do."""
    user = customer()
    assert proved(user, enrol(user), How(names_owner=False))


def test_who_signs_in_has_to_be_named() -> None:
    """Where nobody has said who it is, the passkey does."""
    user = customer()
    authenticator = enrol(user)
    for how, passes in ((How(names_owner=False), False), (How(), True)):
        answer = passkey_answers.read(authenticator.get(passkey.request_options(CHALLENGE), how))
        if passes:
            passkey.prove(answer, passkey.find(answer), challenge=CHALLENGE, now=NOW)
            continue
        with pytest.raises(ChallengeError):
            passkey.prove(answer, passkey.find(answer), challenge=CHALLENGE, now=NOW)


def test_the_signature_covers_every_byte() -> None:
    """One flipped bit anywhere in what was signed, and it is wrong."""
    user = customer()
    authenticator = enrol(user)
    answer = json.loads(authenticator.get(passkey.request_options(CHALLENGE, user)))
    for part in ("clientDataJSON", "authenticatorData", "signature"):
        raw = bytearray(passkey.challenge_bytes(answer["response"][part]))
        raw[-1] ^= 1
        response = {**answer["response"], part: passkey.challenge_text(bytes(raw))}
        with pytest.raises(ChallengeError):
            passkey.verify(user, json.dumps({**answer, "response": response}), CHALLENGE, NOW)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "[" * 4000, '{"id": 1}', "\x00", "x" * 9000, '{"id":"a","rawId":"%"}']
)
def test_rubbish_is_a_wrong_answer(text: str) -> None:
    """And no error."""
    user = customer()
    enrol(user)
    with pytest.raises(ChallengeError):
        passkey.verify(user, text, CHALLENGE, NOW)


def test_a_counter_that_does_not_rise_is_told_and_proves_all_the_same() -> None:
    """It may be a copy: somebody should look, and nobody is locked out for it."""
    told: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        told.append(kwargs)

    user = customer()
    authenticator = enrol(user)
    signals.passkey_suspect.connect(listen)
    try:
        assert proved(user, authenticator, How(counter=7))
        assert told == []
        assert proved(user, authenticator, How(counter=7))
        assert proved(user, authenticator, How(counter=3))
        assert proved(user, authenticator, How(counter=0))
        assert [one["account"] for one in told] == [str(user.pk)] * 3
        assert proved(user, authenticator, How(counter=8))
        assert len(told) == 3
    finally:
        signals.passkey_suspect.disconnect(listen)


def test_synced_and_device_bound_ones_are_told_apart() -> None:
    """By the flags that the authenticator signs; a synced one keeps no counter."""
    user = customer()
    enrol(user, Authenticator(is_synced=True), name="iCloud")
    enrol(user, name="Key")
    assert {(one.name, one.is_synced, one.is_backed_up) for one in passkey.of(user)} == {
        ("iCloud", True, True),
        ("Key", False, False),
    }


def test_a_browser_is_asked_for_a_verified_person_and_the_accounts_own(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """In one query."""
    user = customer()
    authenticator = enrol(user)
    with django_assert_num_queries(1):
        options = passkey.request_options(CHALLENGE, user)
    assert options["userVerification"] == "required"
    assert options["rpId"] == "localhost"
    assert [one["id"] for one in options["allowCredentials"]] == [
        passkey.challenge_text(authenticator.credential_id)
    ]
    assert [one["transports"] for one in options["allowCredentials"]] == [["internal"]]
    made = passkey.creation_options(user, CHALLENGE)
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert len(made["excludeCredentials"]) == 1


@pytest.mark.parametrize(
    "how",
    [
        How(origin="https://evil.example"),
        How(rp_id="evil.example"),
        How(kind="webauthn.get"),
        How(challenge=bytes(32)),
        How(flags=UP),
        How(flags=UV),
        How(client={"crossOrigin": True}),
    ],
)
def test_no_passkey_is_made_by_a_wrong_answer(how: How) -> None:
    """The same checks as at its use."""
    user = customer()
    answer = Authenticator().create(passkey.creation_options(user, CHALLENGE), how)
    with pytest.raises(ChallengeError):
        passkey.enrol(user, answer, challenge=CHALLENGE, name="Phone")
    assert passkey.of(user) == []


def test_a_passkey_belongs_to_one_account() -> None:
    """Who has seen another's cannot enrol it."""
    alice, bob = customer(), customer("bob")
    authenticator = enrol(alice)
    with pytest.raises(ChallengeError):
        enrol(bob, authenticator)
    assert passkey.of(bob) == []
    assert len(passkey.of(alice)) == 1


def test_only_ones_own_can_be_removed() -> None:
    """And then it proves nothing."""
    alice, bob = customer(), customer("bob")
    authenticator = enrol(alice)
    (one,) = passkey.of(alice)
    assert not passkey.remove(bob, one.pk)
    assert passkey.remove(alice, one.pk)
    with pytest.raises(ChallengeError):
        proved(alice, authenticator)
    assert enrolled(alice) == ()


def test_an_issued_challenge_counts_once_here_and_in_time() -> None:
    """For its purpose, for its browser, for ten minutes."""
    spend = passkey_challenges.spend
    challenge = passkey_challenges.issue("sign-in", "dev:a", NOW)
    for purpose, binding, code in (("enrolment", "dev:a", 401), ("sign-in", "dev:b", 401)):
        with pytest.raises(ChallengeError) as caught:
            spend(challenge, purpose, binding, NOW)
        assert caught.value.status_code == code
    with pytest.raises(ChallengeError) as caught:
        spend(challenge, "sign-in", "dev:a", later(600))
    assert caught.value.code == "challenge_expired"
    spend(challenge, "sign-in", "dev:a", later(599))
    with pytest.raises(ChallengeError) as caught:
        spend(challenge, "sign-in", "dev:a", NOW)
    assert caught.value.code == "challenge_used"
    for forged in (b"", bytes(56), challenge[:-1] + bytes([challenge[-1] ^ 1])):
        with pytest.raises(ChallengeError):
            spend(forged, "sign-in", "dev:a", NOW)


def test_the_vector_of_the_documentation_is_what_is_signed() -> None:
    """A stranger's program can compute it."""
    page = (Path(__file__).parents[2] / "docs" / "passkeys.md").read_text()
    found = dict(re.findall(r"^(canonical|digest|binding|nonce|challenge) +(\S+)$", page, re.MULTILINE))
    operation = Operation.from_canonical(found["canonical"])
    assert operation.canonical() == found["canonical"]
    assert operation.digest == found["digest"]
    signed = passkey_challenges.of_operation(found["nonce"], operation, found["binding"])
    assert signed.hex() == found["challenge"]
