"""Every number has a source, and shaking them keeps them sensible."""

from __future__ import annotations

import pytest

from authshield.simulate.parameters import Parameters, sources

KNOWN = (
    *("[A]", "[C]", "[M]", "JSDA", "FSA", "JPX", "SEC", "SG", "CF", "RBA", "FPS", "SHAPE", "SAXON", "GEO"),
    *("arrest", "1 labels"),
)
LISTS = {"takeover.slow_days", "loot.sold", "campaign.our_share"}


def test_every_number_says_where_it_is_from() -> None:
    """A published source by its short name, or a tag: computed, from memory, or assumed."""
    known = (
        "[A]",
        "[C]",
        "[M]",
        "JSDA",
        "FSA",
        "JPX",
        "SEC",
        "SG",
        "CF",
        "RBA",
        "FPS",
        "SHAPE",
        "SAXON",
        "GEO",
        "arrest",
        "1 ",
    )
    assert [name for name, text in sources().items() if not text.startswith(known)] == []


def test_shaken_numbers_stay_near_and_shares_stay_shares() -> None:
    """By at most that part, and never over one where one is all there is."""
    before = Parameters()
    for uniform in (0.0, 1.0):
        after = Parameters()
        after.perturb(0.3, lambda: uniform)  # noqa: B023 - called at once
        assert after["market.symbols"] == before["market.symbols"]
        assert after["loot.bought"] == pytest.approx(min(1.0, before["loot.bought"] * (0.7 + 0.6 * uniform)))
        assert after["failures.repeats_typo"] <= 1
        for name in LISTS:
            values = after.many(name)
            assert values == sorted(values)
            assert max(values) <= max(1.0, max(before.many(name)) * 1.3)


def test_a_number_is_not_taken_for_a_list_nor_a_list_for_a_number() -> None:
    """Whoever asks for the wrong one is told at once."""
    parameters = Parameters()
    with pytest.raises(TypeError, match=r"loot\.sold is a list"):
        parameters["loot.sold"]
    with pytest.raises(TypeError, match=r"loot\.bought is one number"):
        parameters.many("loot.bought")
