"""The isolation forest and its features: what sticks out is ranked first, and nothing else is asked of it."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isnan
from random import Random

from authshield.evaluate import forest
from authshield.evaluate.history import SIGN_IN_FIGURES, History
from authshield.vocabulary.event import Client, DeviceSeen, Event, Kind, Login, Network, Order, Portfolio

START = datetime(2025, 4, 1, 9, tzinfo=UTC)


def _rows(normal: int = 600) -> forest.Rows:
    random, rows = Random(1), forest.Rows()
    for _ in range(normal):
        rows.add((random.gauss(0, 1), random.gauss(0, 1)), normal=True)
    rows.add((9.0, -9.0), normal=False)
    return rows


def test_what_sticks_out_is_ranked_first() -> None:
    """A row far from all others has the highest figure, well above the usual."""
    found = forest.anomalies(_rows(), 0)
    assert max(range(len(found)), key=found.__getitem__) == 600
    assert found[600] > 3


def test_the_seed_fixes_the_forest() -> None:
    """Twice the same."""
    assert forest.anomalies(_rows(50), 7) == forest.anomalies(_rows(50), 7)
    assert forest.anomalies(_rows(50), 7) != forest.anomalies(_rows(50), 8)


def test_rows_that_are_all_alike_have_figures_too() -> None:
    """No division by a spread that is not there; nothing gives nothing."""
    rows = forest.Rows()
    for _ in range(5):
        rows.add((1.0, 2.0), normal=True)
    assert not any(map(isnan, forest.anomalies(rows, 0)))
    assert forest.anomalies(forest.Rows(), 0) == array("d")


def test_places_that_are_none_have_no_figure() -> None:
    """A session without a sign-in in the file is not scored."""
    found = forest.take(array("d", (1.0, 2.0)), array("i", (1, -1)))
    assert found[0] == 2
    assert isnan(found[1])
    assert forest.is_there()


def _event(hours: float = 0, subject: Login | Order | None = None, **changes: object) -> Event:
    fields: dict[str, object] = {
        "id": "e",
        "at": START + timedelta(hours=hours),
        "kind": Kind.LOGIN,
        "account": "A",
        "session": "s",
        "client": Client("203.0.113.7", browser="Chrome/Windows"),
        "device": DeviceSeen("d1", fingerprint={"screen": "1x1"}),
        "network": Network(64512, "JP", 35.7, 139.7),
        "subject": subject or Login(succeeded=True),
    } | changes
    return Event(**fields)  # type: ignore[arg-type]  # a test's shorthand


def test_a_known_sign_in_has_nothing_new() -> None:
    """Six figures say new or not; elsewhere everything is, and the way there is long."""
    history = History()
    history.learn(_event())
    known = history.sign_in(_event(24))
    elsewhere = history.sign_in(
        _event(
            24,
            client=Client("198.51.100.1", browser="Safari/iOS"),
            device=DeviceSeen(None),
            network=Network(64513, "SG", 1.3, 103.8, kind="hosting"),
        )
    )
    assert known[:6] == (0,) * 6
    assert elsewhere[:6] == (1,) * 6
    assert len(known) == len(elsewhere) == SIGN_IN_FIGURES
    assert elsewhere[15] > 8  # ln of some 5,300 km
    assert elsewhere[16:] == (1, 0)


def test_a_wrong_password_is_remembered_until_the_right_one() -> None:
    """The count of failures goes back to nothing at a sign-in that is learnt."""
    history = History()
    history.learn(_event())
    before = history.sign_in(_event(1))
    history.failed(_event(1))
    assert history.sign_in(_event(1)) != before
    history.learn(_event(1))
    assert history.sign_in(_event(1))[13] == 0


def _order(side: str, value: int, symbol: str = "7203") -> Order:
    return Order(symbol, side, Decimal(1), Decimal(value), value, "XTKS", portfolio=Portfolio(500, 500))


def test_selling_out_and_buying_one_thing_shows() -> None:
    """Shares of what was sold and bought within a day; a symbol is new once."""
    history = History()
    sell, buy = _order("sell", 800), _order("buy", 700, "9999")
    history.order(_event(subject=sell), sell, START)
    row = history.order(_event(0.5, buy), buy, START)
    assert row[0] == 1
    assert row[2:5] == (0.7, 0.8, 0.0)
    assert row[7] == 1
    again = history.order(_event(1, buy), buy, START)
    assert again[7] == 0
    assert again[4] > 0.6
    assert history.order(_event(30, buy), buy, None)[3] == 0
