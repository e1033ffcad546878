"""A37, A40 to A43: device bound session credentials, with a signer in software.

Each status that a browser understands, and everything that has to be refused.
"""

from __future__ import annotations

import json
import re
import string
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from django.db import DatabaseError, connection
from pytest_django.fixtures import Settings

from authshield.clock import now as clock_now
from authshield.contain import steps
from authshield.enforce import bound
from authshield.models import BoundSession, LedgerEntry
from authshield.observe.dbsc import COOKIE
from tests.clocks import set_clock
from tests.signer import Signer, cookies_of, text
from tests.site import PASSWORD, Guest

REGISTER, REFRESH = "/security/dbsc/register", "/security/dbsc/refresh"
INVITED = re.compile(r'^\(ES256 RS256\);path="([^"]+)";challenge="([^"]+)";authorization="([^"]+)"$')
ASKED = re.compile(r'^"([A-Za-z0-9_-]+)";id="([A-Za-z0-9_-]+)"$')
SYMBOL = "1301"
ALPHABET = string.ascii_letters + string.digits + "-_"


@pytest.fixture(autouse=True)
def _site(own_site: object, settings: Settings) -> None:
    del own_site
    settings.AUTHSHIELD_DBSC = True


@dataclass
class Rsa:
    """The other algorithm."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def jwk(self) -> dict[str, str]:
        """The public key."""
        modulus = self.key.public_key().public_numbers().n
        return {"kty": "RSA", "e": "AQAB", "n": text(modulus.to_bytes(256, "big"))}

    def sign(self, message: bytes) -> bytes:
        """As RS256 does."""
        return self.key.sign(message, padding.PKCS1v15(), SHA256())


def _jwk(signer: Any) -> dict[str, str]:
    if isinstance(signer, Rsa):
        return signer.jwk
    return {"kty": "EC", "crv": "P-256", "x": text(signer.point[:32]), "y": text(signer.point[32:])}


def _part(content: object) -> str:
    return text(json.dumps(content).encode())


def token(signer: Any, challenge: str, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A proof; ``header`` and ``claims`` replace what an honest one says."""
    algorithm = "RS256" if isinstance(signer, Rsa) else "ES256"
    first = {"typ": "dbsc+jwt", "alg": algorithm} | (header or {})
    said = f"{_part(first)}.{_part({'jti': challenge} | claims)}"
    return f"{said}.{text(signer.sign(said.encode()))}"


@dataclass
class Browser:
    """One that knows the credentials, over https."""

    guest: Guest = field(default_factory=Guest)
    signer: Any = field(default_factory=Signer)
    id: str = ""
    challenge: str = ""

    def post(self, path: str, **headers: str) -> Any:
        """As the browser itself does: no body, no token."""
        return self.guest.client.post(path, secure=True, **headers)  # type: ignore[arg-type]

    def sign_in(self, name: str = "alice") -> tuple[str, str]:
        """Returns the challenge and the authorization of the invitation."""
        fields = {"username": name, "password": PASSWORD.format(name)}
        answer = self.guest.client.post("/login/", fields, secure=True)
        assert answer.status_code == 302
        invited = INVITED.match(answer.headers["Secure-Session-Registration"])
        assert invited
        assert invited[1] == REGISTER
        return invited[2], invited[3]

    def register(self, invitation: tuple[str, str] | None = None, *, quoted: bool = False) -> Any:
        """Make a key and register it."""
        challenge, authorization = invitation or self.sign_in()
        proof = token(self.signer, challenge, header={"jwk": _jwk(self.signer)}, authorization=authorization)
        answer = self.post(REGISTER, HTTP_SECURE_SESSION_RESPONSE=f'"{proof}"' if quoted else proof)
        if answer.status_code == 200:
            self.id = answer.json()["session_identifier"]
        return answer

    def refresh(self, proof: str = "", *, quoted: bool = False) -> Any:
        """Ask for a fresh cookie, with a proof where one is given."""
        headers = {"HTTP_SEC_SECURE_SESSION_ID": f'"{self.id}"' if quoted else self.id}
        if proof:
            headers["HTTP_SECURE_SESSION_RESPONSE"] = f'"{proof}"' if quoted else proof
        answer = self.post(REFRESH, **headers)
        asked = ASKED.match(answer.headers.get("Secure-Session-Challenge", ""))
        if asked:
            assert asked[2] == self.id
            self.challenge = asked[1]
        return answer

    def renew(self, *, quoted: bool = False) -> Any:
        """Both steps: be asked, and sign."""
        assert self.refresh(quoted=quoted).status_code == 403
        return self.refresh(token(self.signer, self.challenge), quoted=quoted)

    def get(self, path: str = "/") -> Any:
        """Open a page."""
        return self.guest.client.get(path, secure=True)

    def order(self) -> Any:
        """Buy something ordinary."""
        order = {"symbol": SYMBOL, "side": "buy", "quantity": "100", "order_type": "market"}
        return self.guest.api("POST", "/api/orders", order, secure=True)


@pytest.fixture
def bound_browser() -> Browser:
    """Registered."""
    browser = Browser()
    assert browser.register().status_code == 200
    return browser


# ---------------------------------------------------------------- what works


@pytest.mark.parametrize("form", ["bare", "quoted"])
@pytest.mark.parametrize("signer", [Signer, Rsa])
def test_registration_and_refresh_in_both_forms_and_algorithms(signer: Any, form: str) -> None:
    """200 with instructions and cookie; 403 with a challenge; 200 with the next one."""
    browser, quoted = Browser(signer=signer()), form == "quoted"
    answer = browser.register(quoted=quoted)
    told = answer.json()
    assert told["scope"] == {
        "origin": "https://testserver",
        "include_site": False,
        "scope_specification": [{"type": "exclude", "domain": "*", "path": "/static"}],
    }
    assert told["refresh_url"] == REFRESH
    assert told["continue"] is True
    [credential] = told["credentials"]
    assert credential == {
        "type": "cookie",
        "name": COOKIE,
        "attributes": "Path=/; Secure; HttpOnly; SameSite=Lax",
    }
    assert "Secure-Session-Challenge" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    before = cookies_of(browser.guest)[COOKIE]
    with set_clock() as clock:
        clock.go_on(60)
        renewed = browser.renew(quoted=quoted)
    assert (renewed.status_code, renewed.content) == (200, b"")
    assert cookies_of(browser.guest)[COOKIE] != before
    morsel = renewed.cookies[COOKIE]
    assert (morsel["path"], morsel["secure"], morsel["httponly"], morsel["samesite"]) == (
        "/",
        True,
        True,
        "Lax",
    )
    assert browser.refresh(token(browser.signer, browser.challenge)).status_code == 200


def test_a_session_that_keeps_its_cookie_is_never_asked(bound_browser: Browser) -> None:
    """Pages and orders as ever, hours later too."""
    with set_clock() as clock:
        for _ in range(3):
            clock.go_on(550)
            assert bound_browser.renew().status_code == 200
            assert bound_browser.get().status_code == 200
            assert bound_browser.order().status_code == 201


def test_a_browser_that_does_not_know_it_is_asked_for_nothing() -> None:
    """Nor does it gain any trust: it is as without the option."""
    browser = Browser()
    browser.sign_in()
    assert browser.get().status_code == 200
    assert browser.order().status_code == 201
    assert not BoundSession.objects.exists()


def test_without_https_or_the_setting_there_is_nothing(settings: Settings) -> None:
    """No invitation, no doors."""
    plain = Guest().sign_in("alice")
    assert "Secure-Session-Registration" not in plain.headers
    assert Guest().client.post(REGISTER).status_code == 404
    settings.AUTHSHIELD_DBSC = False
    browser = Browser()
    fields = {"username": "alice", "password": "alice-alice"}
    answer = browser.guest.client.post("/login/", fields, secure=True)
    assert "Secure-Session-Registration" not in answer.headers
    assert browser.post(REFRESH).status_code == 404


# ------------------------------------------------------- A41: registrations


def test_a41_a_second_registration_is_refused_and_the_first_stays(bound_browser: Browser) -> None:
    """One key a sign-in, for good."""
    thief = Browser(bound_browser.guest, Signer())
    challenge, authorization = bound.invite(BoundSession.objects.get().sid, clock_now())
    assert thief.register((challenge, authorization)).status_code == 403
    assert bytes(BoundSession.objects.get().key) == bound_browser.signer.point
    assert bound_browser.renew().status_code == 200


def test_a41_a_stolen_cookie_from_before_the_binding_registers_nothing() -> None:
    """What the sign-in's answer invited with went to the customer's browser alone."""
    alice = Browser()
    alice.sign_in()
    thief = Browser()
    for name, value in cookies_of(alice.guest).items():
        thief.guest.client.cookies[name] = value
    mallory = Browser()
    theirs = mallory.sign_in("carol")
    for invitation in (theirs, ("x", "y"), ("", ""), (f"{theirs[0]}0", theirs[1])):
        assert thief.register(invitation).status_code == 403, invitation
    assert not BoundSession.objects.exists()


def test_a41_a_late_registration_is_refused() -> None:
    """Two minutes after the sign-in."""
    with set_clock() as clock:
        browser = Browser()
        invitation = browser.sign_in()
        clock.go_on(121)
        assert browser.register(invitation).status_code == 403


def test_a41_nobody_and_an_ended_session_register_nothing() -> None:
    """Neither without a session, nor in one that the desk has ended."""
    browser = Browser()
    invitation = browser.sign_in()
    assert Browser().register(invitation).status_code == 403
    assert not BoundSession.objects.exists()


def test_a_lost_reply_is_answered_once_more() -> None:
    """The very same proof within half a minute: the same registration; later it is none."""
    with set_clock() as clock:
        browser = Browser()
        invitation = browser.sign_in()
        first = browser.register(invitation).json()
        assert browser.register(invitation).json() == first
        clock.go_on(31)
        assert browser.register(invitation).status_code == 403


# --------------------------------------------------------------- A40: proofs


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": "dbsc+jwt2"},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"alg": ["ES256"]},
    ],
)
def test_a40_another_type_or_algorithm_is_no_proof(bound_browser: Browser, header: dict[str, Any]) -> None:
    """The key's own algorithm, whatever the token says of itself."""
    bound_browser.refresh()
    answer = bound_browser.refresh(token(bound_browser.signer, bound_browser.challenge, header=header))
    assert (answer.status_code, COOKIE in answer.cookies) == (403, False)
    assert bound_browser.refresh(token(bound_browser.signer, bound_browser.challenge)).status_code == 200


def test_a40_another_key_refreshes_nothing(bound_browser: Browser) -> None:
    """With or without bringing itself along; the session goes on."""
    bound_browser.refresh()
    other = Signer()
    for header in ({}, {"jwk": _jwk(other)}):
        answer = bound_browser.refresh(token(other, bound_browser.challenge, header=header))
        assert (answer.status_code, COOKIE in answer.cookies) == (403, False)
    own_key_again = {"jwk": _jwk(bound_browser.signer)}
    signed = token(bound_browser.signer, bound_browser.challenge, header=own_key_again)
    assert bound_browser.refresh(signed).status_code == 403
    assert bound_browser.renew().status_code == 200


def test_a40_an_old_challenge_and_a_replay_are_refused(bound_browser: Browser) -> None:
    """Used ones count half a minute longer, for a lost reply; then not at all."""
    with set_clock() as clock:
        bound_browser.refresh()
        proof = token(bound_browser.signer, bound_browser.challenge)
        assert bound_browser.refresh(proof).status_code == 200
        clock.go_on(20)
        assert bound_browser.refresh(proof).status_code == 200
        clock.go_on(20)
        assert bound_browser.refresh(proof).status_code == 403
        stale = token(bound_browser.signer, bound_browser.challenge)
        clock.go_on(1201)
        assert bound_browser.refresh(stale).status_code == 403
        assert bound_browser.renew().status_code == 200


def test_a40_another_session_is_not_refreshed(bound_browser: Browser) -> None:
    """Neither with a made-up id nor with another customer's, whoever signs."""
    carol = Browser()
    carol.register(carol.sign_in("carol"))
    carol.refresh()
    for identifier in ("x" * 32, "", "../x", bound_browser.id):
        mallory = Browser(carol.guest, carol.signer, identifier)
        answer = mallory.refresh(token(carol.signer, carol.challenge))
        assert (answer.status_code, COOKIE in answer.cookies) == (404, False)
    assert bound_browser.renew().status_code == 200


@pytest.mark.parametrize("rubbish", ["x", "a.b.c", "....", "e30.e30.AAAA", "é", "A" * 9000])
def test_a40_rubbish_is_asked_again(bound_browser: Browser, rubbish: str) -> None:
    """403 with a usable challenge: anything else would cost the browser its session."""
    answer = bound_browser.refresh(rubbish)
    assert answer.status_code == 403
    assert ASKED.match(answer.headers["Secure-Session-Challenge"])


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        [],
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-384"},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "RSA", "e": "AQAB", "n": "AAAA"},
    ],
)
def test_a40_a_key_that_is_none_registers_nothing(jwk: Any) -> None:
    """Off the curve, of another kind, or too short."""
    browser = Browser()
    challenge, authorization = browser.sign_in()
    for algorithm in ("ES256", "RS256"):
        header = {"jwk": jwk, "alg": algorithm}
        proof = token(browser.signer, challenge, header=header, authorization=authorization)
        assert browser.post(REGISTER, HTTP_SECURE_SESSION_RESPONSE=proof).status_code == 403
    assert not BoundSession.objects.exists()


def test_base64_with_loose_ends_is_refused() -> None:
    """One proof has one spelling."""
    browser = Browser()
    challenge, authorization = browser.sign_in()
    header = {"jwk": _jwk(browser.signer)}
    proof = token(browser.signer, challenge, header=header, authorization=authorization)
    last = proof[-1]
    twin = next(c for c in ALPHABET if c != last and _same_octets(proof[:-1] + c, proof))
    answer = browser.post(REGISTER, HTTP_SECURE_SESSION_RESPONSE=proof[:-1] + twin)
    assert answer.status_code == 403


def _same_octets(one: str, other: str) -> bool:
    ends = [urlsafe_b64decode(proof.rsplit(".", 1)[1] + "==") for proof in (one, other)]
    return ends[0] == ends[1]


# ------------------------------------------------------ what ends, what waits


def test_of_a_session_that_is_over_the_browser_lets_go(bound_browser: Browser) -> None:
    """200 with continue false, for an ended session and for one that is signed out."""
    row = BoundSession.objects.get()
    steps.end_session(row.sid, "desk", by="desk", now=clock_now(), account=row.account)
    answer = bound_browser.refresh()
    assert (answer.status_code, answer.json()["continue"]) == (200, False)
    bound_browser.guest.client.cookies.pop("sessionid")
    answer = bound_browser.refresh()
    assert (answer.status_code, answer.json()["continue"]) == (200, False)


def test_a43_a_flood_gets_503_and_the_session_survives(bound_browser: Browser) -> None:
    """Never 429 nor another 4xx, which would end the binding."""
    with set_clock() as clock:
        statuses = [bound_browser.refresh().status_code for _ in range(bound.TRIES + 5)]
        assert statuses == [403] * bound.TRIES + [503] * 5
        clock.go_on(61)
        assert bound_browser.renew().status_code == 200


def test_a_database_that_fails_is_503(bound_browser: Browser) -> None:
    """Later, rather than never."""

    def fail(*_: object) -> Any:
        raise DatabaseError("down")

    with connection.execute_wrapper(fail):
        answer = bound_browser.refresh()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_another_sites_page_gets_nothing(bound_browser: Browser) -> None:
    """No cross-origin request is answered."""
    assert bound_browser.post(REFRESH, HTTP_ORIGIN="https://evil.example").status_code == 404


# --------------------------------------------------- what a thief is left with


def test_a37_copied_cookies_are_dead_once_the_bound_one_has_run_out(bound_browser: Browser) -> None:
    """All of them, from her own network: pages ask for a proof, an order for one that cannot be relayed."""
    with set_clock() as clock:
        clock.go_on(300)
        bound_browser.renew()
        thief = Browser(Guest())
        for name, value in cookies_of(bound_browser.guest).items():
            thief.guest.client.cookies[name] = value
        clock.go_on(700)
        assert bound_browser.renew().status_code == 200
        assert thief.get().headers["Location"].startswith("/security/challenge/")
        assert thief.order().status_code in {202, 401}
        assert not LedgerEntry.objects.filter(kind="order", final__in=["allowed", "passed"]).exists()
        assert bound_browser.get().status_code == 200
        assert bound_browser.order().status_code == 201


@pytest.mark.parametrize("skipped", ["quota_exceeded", "unreachable", "server_error"])
def test_a42_a_skipped_refresh_is_no_reason_to_trust(bound_browser: Browser, skipped: str) -> None:
    """Whoever says why there is no cookie is asked like anybody without one."""
    with set_clock() as clock:
        clock.go_on(700)
        bound_browser.guest.client.cookies.pop(COOKIE)
        header = {"HTTP_SECURE_SESSION_SKIPPED": f'{skipped};session_identifier="{bound_browser.id}"'}
        page = bound_browser.guest.client.get("/", secure=True, **header)  # type: ignore[arg-type]
        assert page.headers["Location"].startswith("/security/challenge/")


def test_a_bound_cookie_of_another_session_is_none(bound_browser: Browser) -> None:
    """It is of one session, and cannot be made up."""
    with set_clock() as clock:
        carol = Browser()
        carol.register(carol.sign_in("carol"))
        clock.go_on(60)
        for value in (cookies_of(bound_browser.guest)[COOKIE], "9999999999.x." + "0" * 32, "x", "é.é.é"):
            carol.guest.client.cookies[COOKIE] = value
            assert carol.get().headers.get("Location", "").startswith("/security/challenge/"), value
