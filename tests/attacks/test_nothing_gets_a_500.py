"""Whatever is sent, to whichever address: a clear refusal, never a 500, and nothing is changed by it."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authshield.models import Challenge, Hold
from demo_site.broker.models import Account, HeldChange, Order, Position, Withdrawal
from tests.servers import Valkey
from tests.site import Guest, challenge_in, code_of, stranger

EXAMPLES = 60
UUID = "00000000-0000-4000-8000-000000000000"
PATHS = (
    "/", "/login/", "/i18n/setlang/", "/orders/", "/orders/new/", "/orders/{x}/cancel/",
    "/orders/{x}/amend/", "/account/contact/", "/account/bank/", "/account/password/", "/withdrawals/new/",
    "/password/reset/", "/password/reset/sent/", "/password/reset/{x}/{x}/", "/password/reset/done/",
    "/api/login", "/api/orders", "/api/orders/{x}/cancel", "/api/orders/{x}", "/api/withdrawals", "/{x}",
    "/security/", "/security/sessions/{x}/end/", "/security/sessions/end-others/", "/security/{x}",
    "/security/devices/{x}/remove/", "/security/totp/", "/security/totp/begin/", "/security/recovery/",
    "/security/challenge/{x}/", "/security/api/challenges/{x}/verify", "/security/api/fingerprint", "/api/{x}",
    "/admin/", "/admin/login/", "/admin/{x}/", "/admin/authshield/case/{x}/change/", "/static/{x}",
    "/admin/authshield/case/", "/admin/authshield/ledgerentry/", "/admin/authshield/session/", "/admin/jsi18n/",
)  # fmt: skip
METHODS = (
    "GET",
    "POST",
    "POST",
    "POST",
    "PATCH",
    "HEAD",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "post",
    "Ü",
)
FIELDS = (
    "username", "password", "next", "symbol", "side", "quantity", "order_type", "limit_price", "client_order_id",
    "amount", "bank_account", "email", "phone", "old_password", "new_password", "factor", "token", "action",
    "language", "find", "new_password1", "screen", "canvas", "",
)  # fmt: skip
ODD = (
    "", "\x00", "a\x00b", "\ud800", "１００", "1e2", "NaN", "-1", "0", "-0", "+1", "1_000", "0x10", "9" * 400,
    "1." + "0" * 50, "٣", "\r\nSet-Cookie: a=b", "//evil.example", "\\evil", "../..", "%00", "%ff", "\u202e", "'",
    "<script>alert(1)</script>", "{{ 7 }}", "%s%n", "é", "😀", "alice", "7203", "buy", "market", "totp", "true", UUID,
    "A" * 5000, "limit", "100", "999999999999", "9223372036854775808", "send", "extend", "cancel", "ja", "a@b.c",
)  # fmt: skip
CONTENT_TYPES = (
    "application/json", "application/json; charset=utf-7", "application/json; charset=nonsense",
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-16", "multipart/form-data",
    "multipart/form-data; boundary=x", "multipart/form-data; boundary=\xff", "text/plain", "", "é/ü",
    "application/xml",
)  # fmt: skip
HEADERS = (
    "HTTP_AUTHSHIELD_CHALLENGE", "HTTP_AUTHORIZATION", "HTTP_ACCEPT", "HTTP_USER_AGENT", "HTTP_X_FORWARDED_FOR",
    "HTTP_SEC_CH_UA", "HTTP_SEC_CH_UA_PLATFORM", "HTTP_ACCEPT_LANGUAGE", "HTTP_REFERER", "HTTP_ORIGIN",
    "HTTP_CONTENT_ENCODING", "CONTENT_LENGTH", "REMOTE_ADDR", "HTTP_X_CSRFTOKEN", "HTTP_SEC_FETCH_SITE",
    "HTTP_HOST", "HTTP_TRANSFER_ENCODING", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE",
)  # fmt: skip

texts = st.sampled_from(ODD) | st.text(max_size=40)
latin = st.text(st.characters(max_codepoint=255), max_size=60)
values = texts | st.none() | st.booleans() | st.integers() | st.floats() | st.lists(texts, max_size=3)
fields = st.dictionaries(st.sampled_from(FIELDS) | texts, values, max_size=6)
cookies = st.sampled_from(("sessionid", "csrftoken", "authshield-device", "django_language", "messages", "x"))
headers = st.dictionaries(
    st.sampled_from(HEADERS),
    latin
    | st.sampled_from(
        ["Bearer x", "Bearer \xff", "Bearer " + "A" * 9000, UUID, "application/json", "gzip", "-1", "²"]
    ),
    max_size=3,
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A JSON object, a form, a broken one of either, or noise."""
    kind = draw(st.sampled_from(("json", "form", "noise", "broken", "deep", "parts")))
    sent = draw(fields)
    if kind == "json":
        return json.dumps(sent).encode()
    if kind == "form":
        pairs = (f"{name}={value}" for name, value in sent.items())
        return "&".join(pairs).encode("utf-8", "surrogatepass")
    if kind == "broken":
        return json.dumps(sent).encode()[: draw(st.integers(0, 30))]
    if kind == "deep":
        return draw(st.sampled_from((b"[" * 30_000, b'{"a":' * 5_000, b'"' + b"a" * 70_000)))
    if kind == "parts":
        lines = (
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in sent.items()
        )
        return ("".join(lines) + "--x--").encode("utf-8", "surrogatepass")
    return draw(st.binary(max_size=80))


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """One request to the site."""
    path = draw(st.sampled_from(PATHS)).replace("{x}", draw(texts).replace("?", ""))
    query = draw(
        st.sampled_from(
            (
                "",
                "next=//evil",
                "find=%00",
                "a=%ff&factor=%C0%80",
                "&&=;=",
                "q=%00",
                "state__exact=%00",
                "p=-1&o=9.x",
                "e=1",
                "x=" + "y" * 900,
            )
        )
    )
    return {
        "method": draw(st.sampled_from(METHODS)),
        "path": path.encode("utf-8", "surrogatepass").decode("latin-1"),
        "query": query,
        "body": draw(bodies()),
        "content_type": draw(st.sampled_from(CONTENT_TYPES)),
        "headers": draw(headers),
        "cookie": draw(
            st.none() | st.tuples(cookies, latin | st.sampled_from(['"\\000"', "v1.", "a" * 5000, '"\\"']))
        ),
    }


@pytest.fixture
def people(own_site: Valkey) -> dict[str, Guest]:
    """A stranger, a customer and a member of staff, each with their browser."""
    del own_site
    found = {"": Guest(), "dave": Guest(), "admin": Guest()}
    for guest in found.values():
        guest.client.raise_request_exception = False
    assert found["dave"].sign_in("dave").headers["Location"] == "/"
    number = challenge_in(found["admin"].sign_in("admin"))
    token = {"factor": "totp", "token": code_of("admin")}
    assert found["admin"].client.post(f"/security/challenge/{number}/", token).status_code == 302
    return found


def _books() -> list[object]:
    """Everything that somebody owns or waits for."""
    return [
        list(Account.objects.order_by("pk").values_list()),
        list(Position.objects.order_by("pk").values_list()),
        *(model.objects.count() for model in (Order, Withdrawal, HeldChange, Hold)),
    ]


def _send(guest: Guest, sent: dict[str, Any]) -> Any:
    extra = dict(sent["headers"])
    if sent["cookie"] is not None:
        kept = "; ".join(f"{name}={morsel.value}" for name, morsel in guest.client.cookies.items())
        extra["HTTP_COOKIE"] = f"{kept}; {sent['cookie'][0]}={sent['cookie'][1]}"
    before = {name: morsel.value for name, morsel in guest.client.cookies.items()}
    answer = guest.client.generic(
        sent["method"],
        sent["path"] or "/",
        sent["body"],
        sent["content_type"],
        QUERY_STRING=sent["query"],
        **extra,
    )
    guest.client.cookies = SimpleCookie(before)
    return answer


@pytest.mark.parametrize("who", ["", "dave", "admin"])
def test_noise_is_refused_and_changes_nothing(who: str, people: dict[str, Guest]) -> None:
    """Any verb, path, query, header, cookie and body, signed in or not."""
    guest = people[who]

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(requests())
    def attack(sent: dict[str, Any]) -> None:
        before = _books()
        answer = _send(guest, sent)
        assert answer.status_code < 500, answer.content[:200]
        if answer.status_code >= 400:
            assert _books() == before
        assert "evil" not in answer.headers.get("Location", "").split("?")[0]
        assert "Set-Cookie: a=b" not in str(answer.headers)

    with translation.override(translation.get_language()):  # it may switch the language, of this thread
        attack()


def test_an_address_that_no_column_holds_is_refused(people: dict[str, Guest]) -> None:
    """422 with one message, not an error of the database."""
    long = "a" * 60 + "@" + ".".join(["b" * 60] * 4) + ".example"
    answer = people["dave"].client.post("/account/contact/", {"email": long, "phone": "090-1234-5678"})
    assert answer.status_code == 422


def test_an_endless_address_is_challenged_like_any_other(own_site: Valkey) -> None:
    """A stolen cookie on a page with a query of kilobytes: the challenge leads back to the page alone."""
    del own_site
    owner, thief = Guest(), stranger()
    owner.sign_in("dave")
    thief.client.cookies["sessionid"] = owner.client.cookies["sessionid"].value
    for path, back in (("/orders/?x=" + "y" * 2000, "/orders/"), ("/orders/?x=1", "/orders/?x=1")):
        assert challenge_in(thief.client.get(path))
        assert Challenge.objects.latest("created_at").return_to == back
