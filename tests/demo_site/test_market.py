"""Quotes, pictures and the made-up map: the same everywhere, and never nonsense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import maxminddb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo_site.broker import charts
from demo_site.broker.models import Instrument
from demo_site.broker.quotes import history, quote, value_minor
from demo_site.broker.templatetags import money
from demo_site.geo import make

START = datetime(2026, 1, 5, tzinfo=UTC)


def instrument(price: str, adv: int) -> Instrument:
    """An instrument that is in no table."""
    return Instrument(symbol="T1", base_price=Decimal(price), tick=Decimal("0.1"), adv_minor=adv)


@given(
    price=st.decimals("0.5", "90000", places=1),
    adv=st.integers(500_000, 10**11),
    seconds=st.integers(0, 10**8),
)
def test_a_quote_is_always_a_market(price: Decimal, adv: int, seconds: int) -> None:
    """Bid under last under ask, on ticks, near the reference, and the same for whoever asks."""
    at = START + timedelta(seconds=seconds)
    row = instrument(str(price), adv)
    seen = quote(row, at)
    assert Decimal(0) < seen.bid <= seen.last < seen.ask
    assert all(value % row.tick == 0 for value in (seen.bid, seen.last, seen.ask))
    assert abs(seen.last - price) <= max(price * Decimal("0.02"), Decimal("0.2"))
    assert seen == quote(row, at)


@given(quantity=st.integers(1, 10**9), price=st.decimals("0.1", "100000000", places=1))
def test_a_value_is_never_less_than_the_price(quantity: int, price: Decimal) -> None:
    """A broken yen counts as a whole one."""
    assert 0 <= value_minor(quantity, price) - price * quantity < 1


def test_pictures_stay_in_their_boxes() -> None:
    """A flat line, no positions, many positions."""
    flat = charts.sparkline([Decimal(5)] * 3)
    assert flat.points == "0.0,2.0 60.0,2.0 120.0,2.0"
    assert charts.allocation([], 0) == []
    slices = charts.allocation([9, 8, 7, 6, 5, 4, 3], 10)
    assert [part.shade for part in slices] == ["0", "1", "2", "3", "4", "rest", "cash"]
    assert slices[-1].x + slices[-1].width <= 100
    assert len(history(instrument("100", 10**9), START)) == 49


@pytest.mark.parametrize(
    ("amount", "text"), [(1_234_567, "¥1,234,567"), (-5, "\N{MINUS SIGN}¥5"), (0, "¥0"), (None, "")]
)
def test_amounts_read_as_amounts(amount: int | None, text: str) -> None:
    """Separators, sign, and nothing for nothing."""
    assert money.yen(amount) == text


def test_the_committed_map_is_what_the_script_writes(tmp_path: Path) -> None:
    """Every address of the tests stands where the script puts it."""
    make.write(tmp_path / "fresh.mmdb")
    addresses = (
        "127.0.0.1",
        "127.0.0.77",
        "127.1.0.9",
        "127.2.3.4",
        "127.200.0.1",
        "203.0.113.7",
        "2001:db8::1",
    )
    with (
        maxminddb.open_database(make.PATH) as committed,
        maxminddb.open_database(tmp_path / "fresh.mmdb") as fresh,
    ):
        assert [committed.get(ip) for ip in addresses] == [fresh.get(ip) for ip in addresses]
        kinds = [committed.get(ip)["traits"]["user_type"] for ip in addresses]  # type: ignore[index, call-overload]
        assert committed.get("8.8.8.8") is None
    assert kinds == [
        "residential",
        "hosting",
        "mobile",
        "residential",
        "residential",
        "residential",
        "residential",
    ]
