"""A78, A79, A85: after a busy day no secret lies anywhere, and nothing that was sent acts as markup or as a line."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail

from authshield.models import TotpFactor
from authshield.sealing import unseal
from tests.client import ELSEWHERE
from tests.servers import Valkey
from tests.site import Guest, challenge_in, code_of, stranger, work_off

MANY = 1000
BANK = "0010-310-4000004"
WRONG = "wr0ng-pass-phrase-of-hers"
NEW = "n3w-pass-phrase-of-hers"
EVIL = "<script>alert(1)</script>\u202e{{ 7 }}\x1b[31m"


def _rows() -> dict[str, str]:
    """Every value of every table as text, by table; Django's own session store holds its keys in clear."""
    found = {}
    for model in apps.get_models():
        if model._meta.label == "sessions.Session":
            continue
        values = [value for row in model._default_manager.values_list() for value in row]
        texts = [bytes(v).decode("latin-1") if isinstance(v, bytes | memoryview) else str(v) for v in values]
        found[model._meta.label] = "\n".join(texts)
    return found


def _redis(valkey: Valkey) -> str:
    parts = []
    for key in valkey.client.keys("*"):
        name = key if isinstance(key, bytes) else str(key).encode()
        dumped = valkey.client.dump(key)
        stream = valkey.client.xrange(key) if valkey.client.type(key) in {b"stream", "stream"} else ""
        parts.append(f"{name!r} {dumped!r} {stream!r}")
    return "\n".join(parts)


def _busy_day() -> dict[str, str]:
    """Everything that takes a secret, rightly and wrongly; returns the secrets by name."""
    owner = Guest()
    owner.sign_in("dave")
    owner.sign_in("dave", WRONG)
    owner.api_sign_in("dave", WRONG)
    token = owner.api_sign_in("dave").json()["token"]
    number = challenge_in(owner.api("POST", "/api/withdrawals", {"amount": "1000", "bank_account": BANK}))
    verify = f"/security/api/challenges/{number}/verify"
    owner.api("POST", verify, {"factor": "totp", "token": "135790"})
    code = code_of("dave")
    assert owner.api("POST", verify, {"factor": "totp", "token": code}).status_code == 200
    owner.client.post("/account/password/", {"old_password": WRONG, "new_password": NEW})
    owner.client.post("/account/password/", {"old_password": "dave-dave", "new_password": NEW})
    owner.client.post("/password/reset/", {"email": "dave@customer.example"})
    Guest().sign_in("bob")
    bob = stranger()
    bob.sign_in("bob")
    work_off()
    factor = TotpFactor.objects.get(user__username="dave", confirmed=True)
    key = unseal(bytes(factor.sealed_key), "totp")
    return {
        "password": "dave-dave",
        "wrong password": WRONG,
        "new password": NEW,
        "bearer token": token,
        "code": code,
        "wrong code": "135790",
        "authenticator's key": base64.b32encode(key).decode(),
        "authenticator's raw key": key.decode("latin-1"),
        "session key": owner.client.cookies["sessionid"].value,
        "csrf secret": owner.client.cookies["csrftoken"].value
        if "csrftoken" in owner.client.cookies
        else "\0",
        "device cookie": owner.client.cookies["authshield-device"].value,
        "sealing key": settings.AUTHSHIELD_SEALING_KEYS[0],
        "secret key": settings.SECRET_KEY,
    }


def test_a85_no_secret_is_left_anywhere(own_site: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    """Not in the log, a table, Redis or a notice; codes by mail stand in that mail alone."""
    caplog.set_level(logging.DEBUG)
    secrets = _busy_day()
    places = {"log": caplog.text, "redis": _redis(own_site), **_rows()}
    notices = [str(one.body) for one in mail.outbox if "/password/reset/" not in str(one.body)]
    places["mail"] = "\n".join(notices)
    found = [
        (name, place) for name, secret in secrets.items() for place, text in places.items() if secret in text
    ]
    # Six digits are somewhere by chance; as a field of their own they are not.
    found = [pair for pair in found if pair[0] not in {"code", "wrong code"} or pair[1] in {"log", "mail"}]
    assert found == []
    assert mail.outbox
    assert len(places["redis"]) > MANY


def test_a78_a79_what_a_browser_says_of_itself_is_text(
    own_site: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    """In user agent, hints, forwarded addresses, names and fields: escaped on pages, one line in the log."""
    del own_site
    headers: dict[str, Any] = {
        "HTTP_USER_AGENT": f"Mozilla/5.0 {EVIL}".encode().decode("latin-1"),
        "HTTP_SEC_CH_UA": '"Google Chrome";v="1<script>alert(1)</script>", "<script>alert(1)</script>";v="1"',
        "HTTP_SEC_CH_UA_PLATFORM": '"<script>alert(1)</script>"',
        "HTTP_X_FORWARDED_FOR": "<script>alert(1)</script>, 1.2.3.4\tX",
    }
    evil = Guest(agent=headers["HTTP_USER_AGENT"])
    evil.client.defaults.update(headers)
    assert evil.sign_in("dave").headers["Location"] == "/"
    pages = [
        evil.client.post(
            "/orders/new/", {"symbol": EVIL, "side": EVIL, "quantity": EVIL, "order_type": EVIL}
        ),
        evil.client.get("/orders/new/", {"find": EVIL}),
        evil.client.post("/account/contact/", {"email": EVIL, "phone": EVIL}),
        Guest().sign_in(EVIL, "x"),
        Guest(ELSEWHERE).client.get("/login/", {"next": f"/{EVIL}"}),
    ]
    evil.api("POST", "/security/api/fingerprint", {"screen": EVIL})
    challenge = evil.client.post("/withdrawals/new/", {"amount": "1000", "bank_account": BANK})
    pages.append(evil.client.get(challenge.headers["Location"]))
    work_off()
    pages.append(evil.client.get("/security/"))
    admin = Guest()
    number = challenge_in(admin.sign_in("admin"))
    admin.client.post(f"/security/challenge/{number}/", {"factor": "totp", "token": code_of("admin")})
    tables = ("journalentry", "ledgerentry", "session", "device", "hold", "case")
    shown = [admin.client.get(f"/admin/authshield/{table}/") for table in tables]
    assert {page.status_code for page in shown} == {200}
    for page in [*pages, *shown]:
        assert "<script>alert(1)" not in page.text
        assert "\x1b" not in caplog.text
    assert json.dumps(EVIL)[1:-1] not in caplog.text


def test_a86_nothing_of_a_customer_is_kept_by_a_cache(own_site: Valkey) -> None:
    """Every page, refusal and answer of the API says no-store; an address with an ending is none of them."""
    del own_site
    owner = Guest()
    owner.sign_in("dave")
    for path in (
        "/",
        "/orders/",
        "/security/",
        "/security/way-back/",
        "/orders/new/",
        "/account/contact/",
        "/api/orders",
        "/nothing",
    ):
        assert "no-store" in owner.client.get(path).headers["Cache-Control"]
    for path in ("/orders/x.css", "/security/x.css", "/api/orders.css", "/orders/new/x.js"):
        assert owner.client.get(path).status_code == 404
