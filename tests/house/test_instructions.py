"""What `make instructions` holds a request against: the ceilings of bench/gate.toml."""

from bench.gate import ceilings, exceeded, lowered

SCENARIOS = ("stranger", "typo", "login", "order", "page")


def test_what_exceeds_its_ceiling_is_named() -> None:
    """The gate says which request, how much and what to do."""
    allowed = {"order": {"aim": 400, "most": 500}, "page": {"aim": 200, "most": 250}}
    (line,) = exceeded({"order": 500.1, "page": 250.0}, allowed)
    assert line.startswith("order: 500 thousand instructions over bare Django, at most 500 are allowed")


def test_a_ceiling_only_ever_goes_down_and_stops_at_its_aim() -> None:
    """A bad day does not raise what is allowed, and a good one does not ask for more than was aimed at."""
    text = (
        "[order]\naim = 400\nmost = 900\n\n[page]\naim = 200\nmost = 300\n\n[login]\naim = 650\nmost = 700\n"
    )
    found = lowered(text, {"order": 601.0, "page": 1000.0, "login": 20.0})
    assert found == text.replace("900", "620").replace("700", "650")


def test_every_kind_of_request_has_a_ceiling_at_or_above_its_aim() -> None:
    """The file holds the five kinds, and no ceiling below what is aimed at."""
    assert set(ceilings()) == set(SCENARIOS)
    assert all(one["most"] >= one["aim"] for one in ceilings().values())
