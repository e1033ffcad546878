"""Intervals: the same seed gives the same, and clusters are drawn, not rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from authshield.evaluate import bootstrap

CLUSTERS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 5)).map(lambda one: (min(one), one[1])),
    min_size=1,
    max_size=12,
)


@given(CLUSTERS, st.integers(0, 99))
def test_the_same_seed_gives_the_same_interval(clusters: list[tuple[int, int]], seed: int) -> None:
    """Byte for byte, and the interval holds only possible shares."""
    parts, wholes = [[part for part, _ in clusters]], [[whole for _, whole in clusters]]
    first = bootstrap.of_shares(parts, wholes, seed, 50)
    assert first == bootstrap.of_shares(parts, wholes, seed, 50)
    low, high = first[0] or (2.0, -1.0)
    assert 0 <= low <= high <= 1


def test_another_seed_draws_otherwise() -> None:
    """A seed that changed nothing would be none."""
    parts, wholes = [[float(n % 3) for n in range(40)]], [[3.0] * 40]
    assert bootstrap.of_shares(parts, wholes, 1, 50) != bootstrap.of_shares(parts, wholes, 2, 50)


def test_one_campaign_is_one_observation() -> None:
    """Forty rows of one attack, half of them caught, say nothing about the next attack: the interval is a point."""
    assert bootstrap.of_shares([[20.0]], [[40.0]], 0, 50) == [(0.5, 0.5)]
    forty = bootstrap.of_shares([[0.0, 1.0] * 20], [[1.0] * 40], 0, 200)[0]
    assert forty is not None
    assert forty[0] < 0.4
    assert forty[1] > 0.6


def test_a_statistic_is_told_how_often_each_cluster_came() -> None:
    """Counts add up to the number of clusters in every draw."""
    told: list[dict[object, int]] = []

    def statistic(counts: dict[object, int]) -> float | None:
        told.append(dict(counts))
        return float(counts.get("a", 0))

    found = bootstrap.of_statistic(["a", "b", "c"], statistic, 0, 30)
    assert all(sum(counts.values()) == 3 for counts in told)
    assert found is not None
    assert found[0] <= 1 <= found[1]


def test_of_nothing_there_is_no_interval() -> None:
    """No cluster, no figure."""
    assert bootstrap.of_shares([[]], [[]], 0) == [None]
    assert bootstrap.of_shares([[0.0]], [[0.0]], 0, 10) == [None]
    assert bootstrap.of_statistic([], lambda _: 1.0, 0) is None
