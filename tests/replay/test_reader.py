"""Files become records: every broken line is named, and none spoils a good one."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.replay.fields import FieldError
from authshield.replay.money import Base
from authshield.replay.parse import Setting, record
from authshield.replay.reader import MAX_LINE, Problem, ReplayError, read
from authshield.replay.record import Record
from authshield.vocabulary.event import Kind, Login, Network, Order, OrderChange, Withdrawal
from tests.replay.lines import KINDS, body, changed, parsed, write

YEN = Setting(Base.of("JPY"), lambda _ip: Network(country="ZZ"))


def _read(*paths: Path) -> tuple[list[Record], list[Problem]]:
    problems: list[Problem] = []
    return list(read(list(paths), YEN, problems.append)), problems


def _problem(tmp_path: Path, line: dict[str, Any] | str | bytes) -> Problem:
    records, problems = _read(write(tmp_path / "one.jsonl", [line]))
    assert not records
    return problems[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_line_of_each_kind_is_read(tmp_path: Path, kind: str) -> None:
    """Every kind of the format becomes an event of that kind."""
    records, problems = _read(write(tmp_path / "a.jsonl", [body(kind)]))
    assert problems == []
    assert records[0].event.kind is Kind(kind)
    assert (records[0].id, records[0].time) == ("e1", "2025-04-14T00:01:00.000Z")


REQUIRED = [
    *[("login", name) for name in ("id", "time", "kind", "account", "session", "ip", "user_agent", "device")],
    *[("login", name) for name in ("username", "outcome", "method", "device.id", "device.proof")],
    *[("order", name) for name in ("order", "portfolio", "order.symbol", "order.market", "order.side")],
    *[("order", name) for name in ("order.quantity", "order.price", "order.currency", "order.type")],
    *[
        ("order", f"portfolio.{name}")
        for name in ("cash", "positions_value", "position_quantity", "positions")
    ],
    *[("order_change", name) for name in ("order_id", "change", "quantity", "price")],
    *[("fill", name) for name in ("order_id", "quantity", "price")],
    *[("withdrawal", name) for name in ("amount", "currency", "destination_age_days")],
    ("profile_change", "field"),
    ("request", "path"),
]


@pytest.mark.parametrize(("kind", "field"), REQUIRED)
def test_a_missing_field_is_named(tmp_path: Path, kind: str, field: str) -> None:
    """A line without a field that its kind needs is refused, and the field is said."""
    problem = _problem(tmp_path, changed(kind, field, ...))
    assert (problem.field, problem.seen) == (field, "nothing, it is missing")


OPTIONAL = [
    *[
        ("login", name)
        for name in ("headers", "network", "enrolled", "can_pass", "label", "device.fingerprint")
    ],
    *[("login", f"network.{name}") for name in ("asn", "country", "lat", "lon", "radius_km", "kind")],
    ("order", "instrument"),
    ("order", "instrument.adv"),
    ("order", "instrument.market_cap"),
]


@pytest.mark.parametrize(("kind", "field"), OPTIONAL)
def test_an_optional_field_may_be_absent(tmp_path: Path, kind: str, field: str) -> None:
    """What the format calls optional, and what a replay alone uses, can be left out."""
    records, problems = _read(write(tmp_path / "a.jsonl", [changed(kind, field, ...)]))
    assert (len(records), problems) == (1, [])


WRONG: list[tuple[str, str, object]] = [
    ("login", "id", ""),
    ("login", "id", "x" * 65),
    ("login", "id", 7),
    ("login", "time", "2025-04-14T00:01:00.000+09:00"),
    ("login", "time", "2025-04-14T00:01:00"),
    ("login", "time", "2025-02-30T00:01:00Z"),
    ("login", "time", "2025-04-14 00:01:00Z"),
    ("login", "time", 1744588860),
    ("login", "kind", "factor_attempt"),
    ("login", "kind", ["login"]),
    ("login", "account", 12),
    ("login", "account", ""),
    ("login", "session", "x" * 257),
    ("login", "ip", "fe80::1%eth0"),
    ("login", "ip", "203.0.113.7/24"),
    ("login", "ip", "203.0.113.07"),
    ("login", "ip", 3405803783),
    ("login", "user_agent", None),
    ("login", "user_agent", "x" * 8193),
    ("login", "headers", []),
    ("login", "headers.ja4", 1),
    ("login", "headers.ja4", ["t13d1516h2_8daaf6152771_b186095e22b6"]),
    ("login", "device", None),
    ("login", "device.id", 5),
    ("login", "device.proof", "maybe"),
    ("login", "device.fingerprint", "1920x1080"),
    ("login", "device.fingerprint", []),
    ("login", "device.fingerprint.screen", 1920),
    ("login", "device.fingerprint.screen", {}),
    ("login", "network", "JP"),
    ("login", "network.asn", True),
    ("login", "network.asn", 2**32),
    ("login", "network.asn", [64512]),
    ("login", "network.asn", 1.5),
    ("login", "network.country", "jp"),
    ("login", "network.country", "JPN"),
    ("login", "network.lat", 90.1),
    ("login", "network.lon", "139"),
    ("login", "network.radius_km", -1),
    ("login", "network.kind", "home"),
    ("login", "outcome", "ok"),
    ("login", "method", "fax"),
    ("login", "username", None),
    ("login", "enrolled", "totp"),
    ("login", "enrolled", None),
    ("login", "enrolled", ["sms"]),
    ("login", "can_pass", [["totp"]]),
    ("login", "label", "maybe"),
    ("login", "campaign", 3),
    ("order", "order", []),
    ("order", "order.side", "hold"),
    ("order", "order.type", "stop"),
    ("order", "order.symbol", ""),
    ("order", "order.quantity", 0),
    ("order", "order.quantity", -0.5),
    ("order", "order.quantity", True),
    ("order", "order.quantity", "100"),
    ("order", "order.price", None),
    ("order", "order.price", 1e16),
    ("order", "order.fx", 0),
    ("order", "order.currency", "yen"),
    ("order", "order.order_id", 1),
    ("order", "order.queued", "no"),
    ("order", "order.account_type", "ira"),
    ("order", "instrument.adv", -1),
    ("order", "instrument.market_cap", "big"),
    ("order", "portfolio.cash", "0"),
    ("order", "portfolio.positions", -1),
    ("order_change", "change", "void"),
    ("order_change", "order_id", ""),
    ("order_change", "quantity", 0),
    ("fill", "price", 0),
    ("withdrawal", "amount", 0),
    ("withdrawal", "destination_age_days", -1),
    ("profile_change", "field", "name"),
    ("request", "path", ""),
]


@pytest.mark.parametrize(("kind", "field", "value"), WRONG)
def test_a_wrong_value_is_named(tmp_path: Path, kind: str, field: str, value: object) -> None:
    """A field of the wrong type, range or form is refused with its name."""
    problem = _problem(tmp_path, changed(kind, field, value))
    assert problem.field in {field, field.removeprefix("order.")}
    assert problem.line == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"   ",
        b"null",
        b"[]",
        b'{"id":',
        b'{"id":"e1"} {}',
        b'{"fx": NaN}',
        b'{"fx": -Infinity}',
        b'{"fx": 1e99999999999999999999}',
        b'{"fx": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"id": "\xff"}',
        b'{"id": "\\ud800"}',
        b'{"id": "e1", "id": "e2"}',
        b'{"device": {"id": null, "id": "d-9"}}',
        b"x" * (3 * MAX_LINE),
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_a_line_that_is_no_proper_object_is_refused(tmp_path: Path, raw: bytes) -> None:
    """No JSON, another thing than an object, a key twice, no UTF-8, half a character, a line without end."""
    records, problems = _read(write(tmp_path / "a.jsonl", [body(), raw, body(id="e2")]))
    assert [record.id for record in records] == ["e1", "e2"]
    assert [(problem.line, problem.field) for problem in problems] == [(2, "line")]


@given(st.text())
def test_whatever_was_seen_is_printed_as_one_short_ascii_line(seen: str) -> None:
    """No line of a file can write into a terminal or a log."""
    with pytest.raises(FieldError) as caught:
        record(parsed(body(ip=seen + "!")), YEN)
    message = str(Problem(f"a{seen}.jsonl", 1, "ip", caught.value.expected, caught.value.seen))
    assert "\n" not in message
    assert len(caught.value.seen) < 500
    assert caught.value.seen.isascii()
    assert caught.value.seen.isprintable()


def test_the_sample_of_bad_lines_has_two_good_ones(tmp_path: Path) -> None:
    """Twelve lines, each broken in another way, are named; the first and the last are read."""
    order = changed("order", "order.quantity", -5) | {"id": "b5", "time": "2025-04-14T00:03:00.000Z"}
    lines: list[dict[str, Any] | str | bytes] = [
        body(id="k01"),
        "{not json",
        "[]",
        '{"id":"b1"}',
        body(id="b2", time="14 April"),
        body(id="b3", kind="teleport"),
        body(id="b4", ip="999.1.1.1"),
        order,
        changed("order", "order.price", "NaN") | {"id": "b6"},
        body(id="k01"),
        body(id="b7", time="2025-04-13T00:00:00.000Z"),
        body(id="b8", user_agent="x" * 200_000),
        body(id="b9", enrolled="totp"),
        body(id="g2", time="2025-04-14T00:09:00.000Z"),
    ]
    records, problems = _read(write(tmp_path / "a.jsonl", lines))
    assert [record.id for record in records] == ["k01", "g2"]
    assert [problem.line for problem in problems] == list(range(2, 14))
    assert [problem.field for problem in problems] == [
        "line",
        "line",
        "time",
        "time",
        "kind",
        "ip",
        "order.quantity",
        "order.price",
        "id",
        "time",
        "user_agent",
        "enrolled",
    ]


def test_a_bad_line_claims_neither_its_id_nor_its_time(tmp_path: Path) -> None:
    """A good line may have the id of a bad one, and be older than it."""
    bad = body(id="e1", time="2025-04-15T00:00:00.000Z", ip="nowhere")
    records, problems = _read(write(tmp_path / "a.jsonl", [bad, body(id="e1")]))
    assert (len(records), len(problems)) == (1, 1)


def test_several_files_are_put_into_one_order_of_time(tmp_path: Path) -> None:
    """Plain and packed files are merged; ids are unique in a file, and kept apart between files."""
    late = write(tmp_path / "late.jsonl", [body(id="b", time="2025-04-14T00:05:00Z")])
    early = tmp_path / "early.jsonl.gz"
    text = "".join(
        json.dumps(body(id=name, time=f"2025-04-14T00:0{minute}:00.000Z")) + "\n"
        for name, minute in (("a", 1), ("b", 9))
    )
    early.write_bytes(gzip.compress(text.encode()))
    records, problems = _read(late, early)
    assert [record.id for record in records] == ["a", "b", "b"]
    assert len({record.event.id for record in records}) == 3
    assert problems == []


def test_a_byte_order_mark_and_carriage_returns_do_no_harm(tmp_path: Path) -> None:
    """A file from a Windows program is read."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf" + json.dumps(body()).encode() + b"\r\n" + json.dumps(body(id="e2")).encode()
    )
    records, problems = _read(path)
    assert (len(records), problems) == (2, [])


@pytest.mark.parametrize(
    "content", [None, gzip.compress(b"{}\n" * 500, mtime=0)[:-20], b"\x1f\x8b\x08\x00" + b"\xff" * 40]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    """A missing file, a truncated and a damaged archive end the reading with one clear error."""
    path = tmp_path / "gone.jsonl.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ReplayError, match=r"gone\.jsonl\.gz"):
        _read(path)


def test_unknown_fields_are_ignored(tmp_path: Path) -> None:
    """A later version may add fields anywhere."""
    line = changed("order", "order.note", {"deep": [1]}) | {"extra": None}
    line["device"]["fingerprint"]["plugins"] = 17
    records, problems = _read(write(tmp_path / "a.jsonl", [line]))
    assert problems == []
    assert records[0].event.device.fingerprint == {"screen": "1920x1080"}


def test_labels_stay_out_of_the_event() -> None:
    """Two lines that differ in labels and factors alone make equal events."""
    plain = record(parsed(body(label=..., enrolled=[], can_pass=[])), YEN)
    told = record(parsed(body(label="fraud", campaign="c1")), YEN)
    assert plain.event == told.event
    assert (told.label, told.campaign, told.enrolled) == ("fraud", "c1", ("email", "totp"))
    assert (plain.label, plain.campaign, plain.enrolled) == ("", "", ())


def test_an_order_is_valued_in_the_base_currency() -> None:
    """Quantity times price times rate, exactly, rounded half to even."""
    line = changed("order", "order.quantity", 3)
    line["order"] |= {"price": 0.5, "currency": "USD", "fx": 1}
    order = record(parsed(line), YEN).event.subject
    assert isinstance(order, Order)
    assert order.value_minor == 2
    assert order.instrument.adv_minor == 91_000_000_000
    assert order.portfolio.total_minor == 7_300_000
    cents = record(parsed(line), Setting(Base.of("USD"), YEN.locate)).event.subject
    assert isinstance(cents, Order)
    assert cents.value_minor == 150
    assert cents.price == Decimal("0.5")


def test_a_value_beyond_what_the_store_counts_exactly_is_refused(tmp_path: Path) -> None:
    """Two numbers that are fine alone may make an impossible order."""
    line = changed("order", "order.quantity", 1e14)
    line["order"]["price"] = 1e14
    assert _problem(tmp_path, line).field == "order.quantity"


def test_optional_order_fields_are_found_in_both_places() -> None:
    """``order_id``, ``account_type`` and ``queued`` may stand within the order or beside it."""
    inside = changed("order", "order.order_id", "O-7")
    inside["order"] |= {"account_type": "margin", "queued": True}
    beside = body("order", order_id="O-7", account_type="margin", queued=True)
    assert record(parsed(inside), YEN).event.subject == record(parsed(beside), YEN).event.subject


def test_an_address_has_one_spelling_and_an_unknown_network_is_looked_up() -> None:
    """IPv6 is compressed, a mapped IPv4 address is that one, and the locator fills a missing network in."""
    event = record(parsed(body(ip="2001:DB8:0:0::7", network=...)), YEN).event
    assert (event.client.ip, event.network.country) == ("2001:db8::7", "ZZ")
    assert record(parsed(body(ip="::ffff:203.0.113.7")), YEN).event.client.ip == "203.0.113.7"


def test_a_failed_login_has_no_session(tmp_path: Path) -> None:
    """The format says null; an account may be unknown as well."""
    assert _problem(tmp_path, body(outcome="failure")).field == "session"
    event = record(parsed(body(outcome="failure", session=None, account=None)), YEN).event
    assert event.subject == Login(succeeded=False)


def test_what_a_change_and_a_withdrawal_say_is_kept() -> None:
    """The amended figures wait beside the event for the order that they amend."""
    amend = record(parsed(body("order_change")), YEN)
    assert amend.amended == (Decimal(200), Decimal("2500.0"))
    assert amend.event.subject == OrderChange("O-1", "amend")
    cancel = record(parsed(body("order_change", change="cancel", quantity=..., price=...)), YEN)
    assert cancel.amended is None
    paid = record(parsed(body("withdrawal", fx=150.5, currency="USD")), YEN).event.subject
    assert paid == Withdrawal(value_minor=75_250_000, currency="USD", destination_age_days=410)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_object_makes_the_parser_fail_otherwise(value: object) -> None:
    """Whatever JSON holds in any field, it is read or refused."""
    for kind in KINDS:
        for field in body(kind):
            line = body(kind)
            line[field] = value
            with suppress(FieldError):
                assert record(parsed(line), YEN).event.kind is Kind(kind)
