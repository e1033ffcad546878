"""A46: whatever is sent as a browser's fingerprint: little of it is read, none of it acts, and nothing else stops."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from authshield.models import JournalEntry
from authshield.observe.request import FINGERPRINT_KEY
from tests.servers import Valkey
from tests.site import Guest, challenge_in, code_of, work_off

DOOR = "/security/api/fingerprint"
JSON = "application/json"
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7 }}\x1b[31m\u202e"
KNOWN = (
    "screen",
    "timezone",
    "languages",
    "platform",
    "webgl",
    "canvas",
    "fonts",
    "cores",
    "memory",
    "touch",
)
DEEP = 200_000
QUICK_SECONDS = 2.0


def _post(guest: Guest, body: bytes, **extra: Any) -> int:
    """The status of the answer; what is no small JSON is refused by a problem."""
    answer = guest.client.generic("POST", DOOR, body, content_type=JSON, **extra)
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert len(answer.content) < 1000
    return int(answer.status_code)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"screen": "' + b"x" * 5_000_000 + b'"}', 413),
        (b"[" * DEEP, 413),
        (b'{"screen":' * 400, 400),
        (b'{"screen":' * 300 + b"1" + b"}" * 300, 400),
        (b"[" * 2_000 + b"]" * 2_000, 400),
        (b'{"screen": NaN}', 400),
        (b'{"screen": -Infinity}', 400),
        (b'{"screen": 1e999999}', 400),
        (b'{"cores": ' + b"9" * 4_000 + b"}", 400),
        (b'{"cores": 8}', 400),
        (b'{"screen": {"a": 1}}', 400),
        (b'{"screen": ["a"]}', 400),
        (b'{"screen": true}', 400),
        (b'{"screen": "' + b"x" * 201 + b'"}', 400),
        (b'{"screen": "a", "screen": "b"}', 400),
        (b'"<script>alert(1)</script>"', 400),
        (b"<html></html>", 400),
        (b"\xff\xfe{\x00}\x00", 400),
        (b"\x1f\x8b\x08\x00", 400),
    ],
)
def test_a46_it_is_bounded_in_size_depth_and_kind(own_site: Valkey, body: bytes, status: int) -> None:
    """413 or 400, at once; nothing is kept, and the customer goes on."""
    del own_site
    guest = Guest()
    assert guest.sign_in("dave").headers["Location"] == "/"
    began = time.perf_counter()
    assert _post(guest, body) == status
    assert time.perf_counter() - began < QUICK_SECONDS
    assert FINGERPRINT_KEY not in guest.client.session
    assert guest.is_signed_in


def test_a46_a_length_that_lies_changes_nothing(own_site: Valkey) -> None:
    """None, too little, nonsense: what is read stays bounded."""
    del own_site
    large = b'{"screen": "' + b"x" * 100_000 + b'"}'
    for told in ("-1", "²", "x", "99999999999999999999", "12"):
        guest = Guest()
        assert _post(guest, large, CONTENT_LENGTH=told) in {400, 413}
        assert FINGERPRINT_KEY not in guest.client.session


def test_a46_what_is_kept_is_text_wherever_it_goes(own_site: Valkey) -> None:
    """Markup in every field: kept without control characters, and no page of hers or of the desk shows it as such."""
    del own_site
    guest = Guest()
    told = {**dict.fromkeys(KNOWN, MARKUP), "__proto__": MARKUP, "is_admin": "yes"}
    assert _post(guest, json.dumps(told).encode()) == 204
    assert guest.sign_in("dave").headers["Location"] == "/"
    assert guest.order("7203", quantity="1", order_type="limit", limit_price="101").status_code == 201
    work_off()
    assert set(guest.client.session[FINGERPRINT_KEY]) == set(KNOWN)
    assert "\x1b" not in str(guest.client.session[FINGERPRINT_KEY])
    entries = JournalEntry.objects.filter(kind__in=("login", "order"))
    assert entries.exists()
    admin = Guest()
    number = challenge_in(admin.sign_in("admin"))
    admin.client.post(f"/security/challenge/{number}/", {"factor": "totp", "token": code_of("admin")})
    tables = ("journalentry", "ledgerentry", "session", "device")
    pages = [guest.client.get(path) for path in ("/", "/orders/", "/security/")]
    pages += [admin.client.get(f"/admin/authshield/{table}/") for table in tables]
    pages += [
        admin.client.get(f"/admin/authshield/journalentry/{one.pk}/change/", follow=True) for one in entries
    ]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert(1)" not in page.text
        assert "<img src=x" not in page.text
