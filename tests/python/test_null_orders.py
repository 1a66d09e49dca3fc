"""The null model of orders: compared with all flips, and calibrated on families without drift."""

from collections.abc import Sequence
from itertools import permutations, product

import numpy as np
import pytest

from phylohub.methods import null_orders
from phylohub.methods.drift import FamilyTransitions

ROWS = [(0, 0, 1, 3), (0, 1, 0, 1), (0, 1, 2, 2), (1, 2, 0, 2), (1, 0, 1, 1), (2, 1, 2, 4)]


def families(rows: Sequence[tuple[int, ...]], n: int) -> FamilyTransitions:
    return FamilyTransitions.of(n, *(list(column) for column in zip(*rows, strict=True)))


def best_share(counts: np.ndarray) -> float:
    """The largest share of transitions that any order explains."""
    places = range(len(counts))
    return float(
        max(sum(counts[order[i], order[j]] for i in places for j in places if i < j) for order in permutations(places))
        / counts.sum()
    )


def all_flips() -> list[np.ndarray]:
    groups = sorted({(family, min(a, b), max(a, b)) for family, a, b, _ in ROWS})
    found = []
    for swaps in product((False, True), repeat=len(groups)):
        swap = dict(zip(groups, swaps, strict=True))
        counts = np.zeros((3, 3), np.int64)
        for family, a, b, n in ROWS:
            counts[(b, a) if swap[family, min(a, b), max(a, b)] else (a, b)] += n
        found.append(counts)
    return found


def test_flips_are_those_of_families_and_pairs_and_equally_likely() -> None:
    drawn = [counts.tobytes() for counts in null_orders.flipped(families(ROWS, 3), 6000, 1)]
    expected: dict[bytes, int] = {}
    for counts in all_flips():
        expected[counts.tobytes()] = expected.get(counts.tobytes(), 0) + 1
    assert set(drawn) == expected.keys()
    total = sum(expected.values())
    for key, ways in expected.items():
        assert drawn.count(key) / 6000 == pytest.approx(ways / total, abs=0.03)


def test_fit_matches_brute_force() -> None:
    fit = null_orders.null_fit(families(ROWS, 3), n_null_orders=2000, seed=3)
    exact = np.array([best_share(counts) for counts in all_flips()])
    assert fit.observed == pytest.approx(best_share(families(ROWS, 3).total()))
    assert fit.null_mean == pytest.approx(exact.mean(), abs=0.01)
    assert fit.excess_over_null == pytest.approx(fit.observed - fit.null_mean)
    assert fit.p_value == pytest.approx((exact >= fit.observed - 1e-12).mean(), abs=0.04)
    assert fit.null_high <= exact.max() + 1e-12


def test_the_order_of_rows_does_not_matter() -> None:
    fits = [null_orders.null_fit(families(rows, 3), n_null_orders=19, seed=3) for rows in (ROWS, ROWS[::-1])]
    assert fits[0] == fits[1]


def test_without_transitions_or_flips_nothing_is_claimed() -> None:
    empty = null_orders.null_fit(FamilyTransitions.of(2, [], [], [], []), n_null_orders=3)
    assert np.isnan([empty.observed, empty.null_mean, empty.p_value]).all()
    unflipped = null_orders.null_fit(families(ROWS, 3), n_null_orders=0)
    assert np.isnan([unflipped.null_mean, unflipped.p_value]).all()


def hub(seed: int, forward: float, n_families: int = 40, n: int = 6) -> FamilyTransitions:
    """Families of skewed sizes whose transitions of a pair all point the same way; `forward` is the planted share."""
    rng = np.random.default_rng(seed)
    rows = []
    for family in range(n_families):
        for a, b in {tuple(sorted(rng.choice(n, 2, replace=False))) for _ in range(2)}:
            origin, target = (a, b) if rng.random() < forward else (b, a)
            rows.append((family, int(origin), int(target), 1 + 40 // (family + 1)))
    return families(rows, n)


def test_without_drift_about_five_of_a_hundred_hubs_are_significant() -> None:
    p_values = [null_orders.null_fit(hub(seed, 0.5), n_null_orders=39, seed=seed).p_value for seed in range(100)]
    assert sum(p < 0.05 for p in p_values) <= 11  # binomial: more in one of 200 runs
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.1)


def test_a_planted_order_is_significant() -> None:
    assert all(null_orders.null_fit(hub(seed, 0.95), n_null_orders=39, seed=seed).p_value < 0.05 for seed in range(5))
