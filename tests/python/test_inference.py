"""Intervals over families: compared with leaving out families one by one, plain loops and planted rates."""

from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse, stats  # type: ignore[import-untyped]  # scipy ships no types

from benchmarks import coverage
from benchmarks.intervals import COMPARED
from phylohub.methods import bootstrap, inference
from phylohub.methods.inference import Ratios

Floats = NDArray[np.float64]


def hub(seed: int, n: int = 30, k: int = 2) -> tuple[Floats, Floats, Ratios]:
    """Numerators and denominators, shape (k, n); some families lack the first ratio."""
    rng = np.random.default_rng(seed)
    bottom = rng.integers(1, 9, (k, n)).astype(float)
    bottom[0, ::7] = 0
    top = rng.binomial(bottom.astype(int), rng.beta(1, 3, (k, n))).astype(float)
    return top, bottom, Ratios(sparse.csr_array(top), sparse.csr_array(bottom))


def test_effective_number_and_largest_share_match_a_hand_count() -> None:
    ratios = Ratios.of([0, 0, 0, 1, 1, 1, 1, 2], list("abcabcda"), [0] * 8, [6, 3, 3, 5, 5, 5, 5, 9])
    n_effective, largest = inference.effective_families(ratios)
    assert n_effective == pytest.approx([12**2 / (36 + 9 + 9), 4, 1])
    assert largest == pytest.approx([0.5, 0.25, 1])


def test_weighted_jackknife_matches_leaving_out_each_family() -> None:
    top, bottom, ratios = hub(1)
    error, freedom = inference.weighted_jackknife(ratios)
    for k in range(2):
        here = bottom[k] > 0
        t, d = top[k][here], bottom[k][here]
        value, share = t.sum() / d.sum(), d / d.sum()
        without = np.array([np.delete(t, family).sum() / np.delete(d, family).sum() for family in range(len(d))])
        parts = (1 - share) * (without - value) ** 2
        assert error[k] == pytest.approx(np.sqrt(parts.sum()))
        effective = 1 / (share**2).sum()
        assert freedom[k] == pytest.approx(min(effective, 3 * parts.sum() ** 2 / (parts**2).sum()) - 1)


def test_equal_families_give_the_usual_standard_error_of_a_mean() -> None:
    values = np.random.default_rng(2).normal(size=(1, 40))
    error, _ = inference.weighted_jackknife(
        Ratios(sparse.csr_array(values * 5), sparse.csr_array(np.full((1, 40), 5.0)))
    )
    assert error == pytest.approx(stats.sem(values[0]))


def test_pooled_error_matches_plain_loops() -> None:
    top, bottom, ratios = hub(6)
    for is_rate in (True, False):
        pooled, freedom = inference.pooled_error(ratios, [is_rate] * 2), inference.long_tail_freedom(ratios)
        for k in range(2):
            here = bottom[k] > 0
            t, d = top[k][here], bottom[k][here]
            value, share = t.sum() / d.sum(), d / d.sum()
            effective = 1 / (share**2).sum()
            spread = (share * (t / d - value) ** 2).sum()
            assert freedom[k] == pytest.approx(len(d) * spread**2 / (share * (t / d - value) ** 4).sum() - 1)
            spread *= effective / (effective - 1)
            by_edges, most = len(d) / d.sum(), value * (1 - value)
            correlation = max(0.0, min(1.0, (spread / most - by_edges) / (1 - by_edges)))
            variance = most * (correlation / effective + (1 - correlation) / d.sum()) if is_rate else spread / effective
            assert pooled[k] == pytest.approx(np.sqrt(variance))


def test_limits_are_the_wider_ones() -> None:
    _, _, ratios = hub(3)
    error, freedom = inference.weighted_jackknife(ratios)
    first, last = inference.studentised(ratios, 400, 1)
    for is_rate in (True, False):
        low, high = inference.limits(ratios, [is_rate] * 2, 400, 1)
        pooled = inference.pooled_error(ratios, [is_rate] * 2)
        for k, value in enumerate(ratios.values()):
            wider = np.sqrt(error[k] ** 2 + max(pooled[k] ** 2 - error[k] ** 2, 0) / 4)
            left = freedom[k] if is_rate else min(freedom[k], inference.long_tail_freedom(ratios)[k])
            reach = stats.t.ppf(0.975, left) * wider
            ends = [value - reach, value + reach]
            if is_rate:
                center, reach = np.log(value / (1 - value)), reach / (value * (1 - value))
                ends = [1 / (1 + np.exp(reach - center)), 1 / (1 + np.exp(-reach - center))]
            assert low[k] == pytest.approx(min(ends[0], max(first[k], 0) if is_rate else first[k]))
            assert high[k] == pytest.approx(max(ends[1], min(last[k], 1) if is_rate else last[k]))


def test_rates_of_none_and_all_have_the_exact_binomial_interval() -> None:
    bottom = sparse.csr_array(np.full((2, 25), 4.0))
    ratios = Ratios(sparse.csr_array(np.array([[0.0] * 25, [4.0] * 25])), bottom)
    low, high = inference.limits(ratios, [True, True], 50, 1)
    exact = stats.binomtest(0, 25).proportion_ci(method="exact")
    assert (low[0], high[0]) == pytest.approx((exact.low, exact.high))
    assert (low[1], high[1]) == pytest.approx((1 - exact.high, 1))


def plain_pivots(t: Floats, d: Floats, n_resamples: int, seed: int) -> tuple[Floats, Floats]:
    """The ratio in each resample, and its distance from the value in standard errors, family by family."""
    value, found, pivots = t.sum() / d.sum(), [], []
    for counts in np.concatenate(list(bootstrap.resample_counts(len(t), n_resamples, seed))):
        drawn = np.repeat(np.arange(len(t)), counts.astype(int))
        ratio = t[drawn].sum() / d[drawn].sum()
        found.append(ratio)
        pivots.append((ratio - value) / (np.sqrt(((t[drawn] - ratio * d[drawn]) ** 2).sum()) / d[drawn].sum()))
    return np.array(found), np.array(pivots)


def test_bootstraps_match_plain_loops() -> None:
    top, bottom, ratios = hub(4)
    found = {name: method(ratios, 400, 7) for name, method in COMPARED.items()}
    for k in range(2):
        t, d = top[k], bottom[k]
        value, resampled = t.sum() / d.sum(), plain_pivots(t, d, 400, 7)
        assert [ends[k] for ends in found["percentile"]] == pytest.approx(np.quantile(resampled[0], [0.025, 0.975]))
        rest = t - value * d
        error = np.sqrt((rest**2).sum()) / d.sum()
        wanted = value - error * np.quantile(resampled[1], [0.975, 0.025])
        assert [ends[k] for ends in found["studentised"]] == pytest.approx(wanted)
        normal = NormalDist()
        bias = normal.inv_cdf((resampled[0] < value).mean() + (resampled[0] == value).mean() / 2)
        skew = (rest**3).sum() / (6 * (rest**2).sum() ** 1.5)
        ends = [
            normal.cdf(bias + (bias + z) / (1 - skew * (bias + z)))
            for z in (normal.inv_cdf(0.025), normal.inv_cdf(0.975))
        ]
        assert [limit[k] for limit in found["bca"]] == pytest.approx(np.quantile(resampled[0], ends))
        m = round(30**0.8)
        fewer = np.concatenate(list(bootstrap.resample_counts(30, 400, 7, m)))
        assert (fewer.sum(axis=1) == m).all()
        drawn = (fewer @ t) / (fewer @ d) - value
        wanted = value - np.sqrt(m / 30) * np.quantile(drawn, [0.975, 0.025])
        assert [limit[k] for limit in found["m_out_of_n"]] == pytest.approx(wanted)


def test_the_order_of_rows_changes_no_bit() -> None:
    rng = np.random.default_rng(5)
    ratio, family = (part.ravel() for part in np.meshgrid(np.arange(3), np.arange(60)))
    bottom = rng.integers(1, 5, len(ratio)).astype(float)
    top = bottom * rng.random(len(ratio))
    shuffled = rng.permutation(len(ratio))
    results = []
    for rows in (np.arange(len(ratio)), shuffled):
        ratios = Ratios.of(ratio[rows], family[rows], top[rows], bottom[rows])
        results.append(inference.intervals(ratios, [True, False, True], 300, 1))
    assert (results[0].low == results[1].low).all()
    assert (results[0].high == results[1].high).all()
    assert (results[0].low < results[0].high).all()


def test_too_few_families_and_constant_changes_have_no_interval() -> None:
    family = [*range(25), *range(25), 0, 1, *range(25)]
    number = [0] * 25 + [1] * 25 + [2] * 2 + [3] * 25
    top = [0.0, 1.0] * 12 + [0.0] + [-2.0] * 25 + [1.0, 0.0] + [float(n) for n in range(25)]
    found = inference.intervals(Ratios.of(number, family, top, [1.0] * 77), [True, False, True, False], 200, 1)
    assert found.method == ["jackknife_and_bootstrap", "no_variation", "too_few_families", "jackknife_and_bootstrap"]
    assert np.isnan(found.low).tolist() == np.isnan(found.high).tolist() == [False, True, True, False]
    assert found.n_families_effective == pytest.approx([25, 25, 2, 25])
    one_large = inference.intervals(
        Ratios.of([0] * 41, range(41), [1.0] + [0.0] * 40, [20.0] + [1.0] * 40), [True], 9, 1
    )
    assert one_large.method == ["too_few_families"]  # 41 families, but one holds a third of the edges
    assert one_large.share_of_largest_family == pytest.approx([1 / 3])


def test_no_ratios_give_no_intervals() -> None:
    found = inference.intervals(Ratios.of([], [], [], []), [], 100, 1)
    assert (found.low.shape, found.method) == ((0,), [])


@pytest.mark.parametrize("bottom", [[1, 0], [1, -1]])
def test_denominators_must_be_positive(bottom: list[int]) -> None:
    with pytest.raises(ValueError, match="not positive"):
        Ratios.of([0, 0], [1, 2], [0, 0], bottom)


def test_a_family_has_one_row_per_ratio() -> None:
    with pytest.raises(ValueError, match="two rows"):
        Ratios.of([0, 0], [1, 1], [0, 0], [1, 1])


@pytest.mark.parametrize(
    "cell",
    [
        coverage.planted_rate("steep", 60, 0.2, 0.3),
        coverage.planted_rate("zipf", 600, 0.4, 0.5),
        coverage.planted_rate("steep", 600, 0.04, 0.3),
        coverage.planted_change("zipf", 600, 1.0),
    ],
    ids=lambda cell: cell.name,
)
def test_chosen_intervals_cover_the_planted_truth_where_percentiles_do_not(cell: coverage.Cell) -> None:
    """A small `make coverage`. The band is wider by two standard errors of the 500 hubs."""
    found = coverage.measure(cell, 500, ("percentile",))
    assert found.n_effective >= 20
    assert found.passes, found.by_method
    assert found.by_method["percentile"] < found.by_method["chosen"]


def test_a_dominating_family_is_too_few() -> None:
    found = coverage.measure(coverage.planted_rate("third", 150, 0.2, 0.3), 100, ())
    assert found.passes is None
    assert found.share_of_largest == pytest.approx(1 / 3, abs=0.01)
    assert found.share_shown == 0


def test_coverage_outside_its_band_fails() -> None:
    cell = coverage.planted_rate("equal", 25, 0.2, 0.3)
    wrong = coverage.Cell("wrong truth", 0.3, True, cell.draw)
    assert coverage.measure(wrong, 100, ()).passes is False
