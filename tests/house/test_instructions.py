"""What `make instructions` holds a request against: the ceilings of bench/gate.toml."""

from bench.gate import ceilings, exceeded, lowered

ALLOWED = {"order": {"aim": 400, "most": 500, "bare": 4000}, "page": {"aim": 200, "most": 250, "bare": 3000}}
SCENARIOS = ("stranger", "typo", "login", "order", "page")


def test_what_exceeds_its_ceiling_is_named() -> None:
    """The gate says which request, how much and what to do."""
    (line,) = exceeded({"order": 500.1, "page": 250.0}, {"order": 4000, "page": 3000}, ALLOWED)
    assert line.startswith("order: 500 thousand instructions over bare Django, at most 500 are allowed")


def test_another_interpreter_moves_the_ceilings_and_not_the_verdict() -> None:
    """Where the bare site takes a fifth more, so may the guard, and a tenth more than that."""
    dearer = {"order": 4800, "page": 3600}
    assert exceeded({"order": 650, "page": 320}, dearer, ALLOWED) == []
    assert len(exceeded({"order": 670, "page": 340}, dearer, ALLOWED)) == 2


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
