"""Claims about structure, compared with brute force, networkx and known answers: differences of places in optimal
orders, groups of tasks, the largest component over time, and the similarity of merges to their parents."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from test_ordering import edges, noisy, permutations, ring, traffics

from phylohub.methods.ordering import linear_ordering, linear_ordering_with_differences
from phylohub.methods.ordering_differences import PlaceDifferences

Traffic = NDArray[np.int64]

### Differences of places over all optimal orders


def names(traffic: Traffic) -> list[str]:
    return [f"item {number}" for number in range(len(traffic))]


def differences(traffic: Traffic, **limits: Any) -> PlaceDifferences | None:
    ordering, found = linear_ordering_with_differences(names(traffic), traffic, **limits)
    alone = linear_ordering(names(traffic), traffic, **limits)
    assert (ordering.order, ordering.earliest, ordering.latest) == (alone.order, alone.earliest, alone.latest)
    return found


def check_differences(traffic: Traffic, **limits: Any) -> None:
    """Compare with all permutations."""
    _, places = permutations(len(traffic))
    score = np.zeros(len(places), np.int64)
    for a, b in np.argwhere(traffic):
        score += traffic[a, b] * (places[:, a] < places[:, b])
    optimal = places[score == score.max()].astype(np.int64)
    found = differences(traffic, **limits)
    assert found is not None
    for a, b in itertools.product(range(len(traffic)), repeat=2):
        apart = optimal[:, b] - optimal[:, a]
        assert (found.least[a, b], found.greatest[a, b]) == (apart.min(), apart.max()), (a, b)


@settings(max_examples=300)
@given(traffics())
def test_differences_match_all_permutations(traffic: Traffic) -> None:
    check_differences(traffic)


@settings(max_examples=100)
@given(traffics())
def test_differences_without_solver_match_all_permutations(traffic: Traffic) -> None:
    check_differences(traffic, time_limit=0)


@pytest.mark.parametrize("seed", range(12))
def test_differences_of_eight_items_match_all_permutations(seed: int) -> None:
    check_differences(noisy(8, 0.5, (0.2, 0.4, 1)[seed % 3], seed, weighted=seed % 2 == 0))


@pytest.mark.parametrize(
    "traffic",
    [
        # What an item leaves between itself and a later one depends on the set that it was placed after.
        ring(4, of=7) + edges(7, (0, 4, 1), (2, 4, 1), (5, 1, 1), (6, 1, 1)),
        ring(3, of=7) + ring(3, of=7, first=3) + edges(7, (1, 4, 1), (6, 0, 1)),
        edges(5, (0, 1, 1), (2, 3, 1), (3, 4, 1)),
    ],
)
def test_differences_across_blocks_match_all_permutations(traffic: Traffic) -> None:
    check_differences(traffic)


def test_differences_of_twenty_items_without_edges_are_exact() -> None:
    found = differences(edges(20))  # all 2^20 sets can stand first
    assert found is not None
    apart = ~np.eye(20, dtype=bool)
    assert set(found.least[apart].tolist()) == {-19}
    assert set(found.greatest[apart].tolist()) == {19}


def test_differences_are_unknown_rather_than_wrong() -> None:
    assert differences(edges(24)) is None  # more than 2^20 sets
    # The component's orders do not fit, so it has one order that is proven optimal and others that are not known.
    assert differences(noisy(12, 0.5, 1, 12), max_work=24) is None


def test_differences_of_a_long_chain_need_few_sets() -> None:
    found = differences(edges(60, *((i, i + 1, 1) for i in range(59))))
    assert found is not None
    distance = np.arange(60)[None, :] - np.arange(60)[:, None]
    assert (found.least == distance).all()
    assert (found.greatest == distance).all()
