"""Means over pairs that share families: compared with plain loops, the weighted jackknife, and planted hubs."""

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats  # type: ignore[import-untyped]  # scipy ships no types

from benchmarks import pair_coverage
from benchmarks.pair_coverage import Cell
from phylohub.methods import family_means, inference
from phylohub.methods.family_means import Draws, Sums

Floats = NDArray[np.float64]


def some_draws(seed: int, n: int = 120, n_families: int = 9, m: int = 2) -> Draws:
    """Draws with 1 to m families each, of which 0 and 1 are frequent. Half of the second values are missing."""
    rng = np.random.default_rng(seed)
    families = np.minimum(rng.geometric(0.25, (n, m)) - 1, n_families - 1)
    values = rng.random((n, 3))
    values[:, 1][rng.random(n) < 0.5] = np.nan
    values[:, 2] = np.nan
    return Draws(families, rng.integers(0, 12, (n, 2)), values)


def brute(terms: list[Draws], column: int) -> dict[str, Any]:
    """The estimate of one measure by loops over pairs of draws and over families."""
    entries = []  # families, residual, term
    means, shares, effective, largest, pairs, sizes = [], [], [], [], [], []
    for number, draws in enumerate(terms):
        known = [i for i in range(len(draws.values)) if not np.isnan(draws.values[i, column])]
        sets = {i: frozenset(draws.families[i].tolist()) for i in known}
        n, mean = len(known), float(np.mean([draws.values[i, column] for i in known]))
        of_family = {f: sum(f in sets[i] for i in known) / n for i in known for f in sets[i]}
        together = sum(bool(sets[i] & sets[j]) for i in known for j in known) / n**2
        entries += [(sets[i], (-1) ** number * (draws.values[i, column] - mean) / n, number) for i in known]
        means.append(mean)
        shares.append(of_family)
        effective.append(1 / together)
        largest.append(max(of_family.values()))
        pairs.append(len({frozenset(draws.pairs[i].tolist()) for i in known}))
        sizes.append(n)
    variance = sum(a[1] * b[1] for a in entries for b in entries if a[0] & b[0])
    fourth = 0.0
    for family in {f for of_family in shares for f in of_family}:
        plain = sum(residual for in_draw, residual, _ in entries if family in in_draw)
        # What leaving out the family adds to the mean or difference, weighted by the root of 1 - share.
        scaled = 0.0
        for number, of_family in enumerate(shares):
            own = sum(residual for in_draw, residual, term in entries if family in in_draw and term == number)
            scaled += own / np.sqrt(1 - of_family.get(family, 0))
        variance += scaled**2 - plain**2
        fourth += scaled**4
    by_set: dict[frozenset[int], float] = {}
    for in_draw, residual, _ in entries:
        by_set[in_draw] = by_set.get(in_draw, 0) + residual
    variance = max(variance, sum(total**2 for total in by_set.values()))
    freedom = max(min(3 * variance**2 / fourth, min(effective)) - 1, 1)
    return {
        "n": min(sizes),
        "n_distinct_pairs": min(pairs),
        "mean": means[0] - sum(means[1:]),
        "variance": variance,
        "reach": stats.t.ppf(0.975, freedom) * np.sqrt(variance),
        "n_families_effective": min(effective),
        "share_of_largest_family": max(largest),
    }


@pytest.fixture
def always_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show intervals however few pairs and families there are."""
    monkeypatch.setattr(family_means, "MIN_DISTINCT_PAIRS", 0)
    monkeypatch.setattr(family_means, "MIN_EFFECTIVE_FAMILIES", 0)


@pytest.mark.usefixtures("always_shown")
@pytest.mark.parametrize("m", [1, 2, 3])
def test_mean_matches_loops_over_pairs_of_draws(m: int) -> None:
    draws = some_draws(m, m=m)
    found = family_means.means(draws).rows()
    for column in (0, 1):
        expected, row = brute([draws], column), found[column]
        for name in ("n", "n_distinct_pairs", "mean", "n_families_effective", "share_of_largest_family"):
            assert row[name] == pytest.approx(expected[name]), name
        values = draws.values[:, column][~np.isnan(draws.values[:, column])]
        assert row["sd"] == pytest.approx(values.std(ddof=1))
        assert row["n_missing"] == 120 - len(values)
        assert row["design_effect"] == pytest.approx(expected["variance"] / (values.var(ddof=1) / len(values)))
        center = np.log(row["mean"] / (1 - row["mean"]))
        reach = expected["reach"] / (row["mean"] * (1 - row["mean"]))
        assert np.log(row["low"] / (1 - row["low"])) == pytest.approx(center - reach)
        assert np.log(row["high"] / (1 - row["high"])) == pytest.approx(center + reach)


@pytest.mark.usefixtures("always_shown")
@pytest.mark.parametrize("m", [1, 2])
def test_difference_matches_loops_over_both_samples(m: int) -> None:
    terms = [some_draws(10 + m, m=m), some_draws(20 + m, n=70, m=m)]
    found = family_means.differences(*terms).rows()
    for column in (0, 1):
        expected, row = brute(terms, column), found[column]
        for name in ("n", "n_distinct_pairs", "mean", "n_families_effective", "share_of_largest_family"):
            assert row[name] == pytest.approx(expected[name]), name
        assert (row["low"], row["high"]) == pytest.approx(
            (expected["mean"] - expected["reach"], expected["mean"] + expected["reach"])
        )
        assert row["sd"] is row["design_effect"] is None


@pytest.mark.usefixtures("always_shown")
def test_one_family_per_draw_is_the_weighted_jackknife_of_rates() -> None:
    draws = some_draws(4, m=1)
    families, numerators, denominators = (
        [f for f in range(9) if (draws.families == f).any()],
        [draws.values[draws.families[:, 0] == f, 0].sum() for f in range(9)],
        [(draws.families == f).sum() for f in range(9)],
    )
    there = [n > 0 for n in denominators]
    ratios = inference.Ratios.of(
        [0] * len(families),
        families,
        np.array(numerators)[there],
        np.array(denominators)[there],
    )
    (error,), (freedom,) = inference.weighted_jackknife(ratios)
    (mean,) = ratios.values()
    reach = special.stdtrit(freedom, 0.975) * error / (mean * (1 - mean))
    row = family_means.means(draws).rows()[0]
    expected = special.expit(special.logit(mean) + np.array([-reach, reach]))
    assert (row["low"], row["high"]) == pytest.approx(expected)
    n_effective, largest = inference.effective_families(ratios)
    assert row["n_families_effective"] == pytest.approx(n_effective[0])
    assert row["share_of_largest_family"] == pytest.approx(largest[0])


def test_ten_thousand_draws_of_two_edges_are_two_pairs() -> None:
    rng = np.random.default_rng(0)
    edge = rng.integers(2, size=10_000)
    draws = Draws.of([edge, edge], [2 * edge, 2 * edge + 1], [np.where(edge, 0.4, 0.6)])
    (row,) = family_means.means(draws).rows()
    assert (row["n"], row["n_distinct_pairs"]) == (10_000, 2)
    assert (row["low"], row["high"], row["interval_method"]) == (None, None, "too_few_pairs")
    assert row["n_families_effective"] == pytest.approx(2, abs=0.01)
    assert row["design_effect"] > 4_000  # 10,000 draws tell no more than two
    (both,) = family_means.differences(draws, draws).rows()
    assert both["interval_method"] == "too_few_pairs"


def test_reasons_for_no_interval() -> None:
    n = 60
    own, one = np.arange(n), np.zeros(n)
    pairs = [own, own + n]
    values = np.linspace(0.1, 0.9, n)

    def method(families: Any, values: Any, n_draws: int = n) -> str:
        draws = Draws.of([families[:n_draws]], [pair[:n_draws] for pair in pairs], [values[:n_draws]])
        (row,) = family_means.means(draws).rows()
        assert (row["low"] is None) == (row["high"] is None) == (row["interval_method"] != "weighted_jackknife")
        return str(row["interval_method"])

    assert method(own, values) == "weighted_jackknife"
    assert method(one, values) == "too_few_families"
    assert method(own // 4, values) == "too_few_families"  # 15 equal families
    assert method(own // 3, values) == "weighted_jackknife"  # 20
    assert method(own, values, 29) == "too_few_pairs"
    assert method(own, values, 30) == "weighted_jackknife"
    assert method(own, np.ones(n)) == "no_variation"
    assert method(own, np.full(n, np.nan)) == "too_few_pairs"
    assert method(own, values, 0) == "too_few_pairs"


def test_swapped_pairs_are_one_pair_and_missing_values_do_not_count() -> None:
    draws = Draws.of([[1, 1, 1]], [[1, 2, 3], [2, 1, 4]], [[0.5, 0.5, np.nan], [0.5, 0.5, 0.5]])
    assert draws.n_distinct_pairs.tolist() == [1, 2]


def test_the_same_draws_differ_by_nothing() -> None:
    draws = some_draws(7, n=400, n_families=60)
    row = family_means.differences(draws, draws).rows()[0]
    assert (row["mean"], row["low"]) == (0, None)


def test_order_of_draws_and_names_of_families_do_not_matter() -> None:
    draws = some_draws(5, n=400, n_families=40)
    order = np.random.default_rng(1).permutation(400)
    renamed = Draws(10**9 - 7 * draws.families[order, ::-1], draws.pairs[order, ::-1], draws.values[order])
    for one, two in zip(family_means.means(draws).rows(), family_means.means(renamed).rows(), strict=True):
        assert {k: v for k, v in one.items() if isinstance(v, float)} == pytest.approx(
            {k: v for k, v in two.items() if isinstance(v, float)}, abs=1e-11
        )


def test_difference_of_rates_matches_leaving_out_each_family() -> None:
    rng = np.random.default_rng(3)
    families = [np.arange(0, 60), np.arange(20, 90)]  # 40 families have both
    n = [rng.integers(1, 9, len(of)) for of in families]
    mutations = [rng.binomial(of, rng.beta(1, 2, len(of))) for of in n]
    first, second = (Sums.of(*one) for one in zip(families, mutations, n, strict=True))
    row = family_means.ratio_difference(first, second)
    rates = [of.sum() / edges.sum() for of, edges in zip(mutations, n, strict=True)]
    assert (row["n_edges"], row["n_edges_compared"]) == (n[0].sum(), n[1].sum())
    assert row["difference"] == pytest.approx(rates[0] - rates[1])
    parts = []
    for family in range(90):
        part = 0.0
        for sign, of, k, edges, rate in zip((1, -1), families, mutations, n, rates, strict=True):
            others = of != family
            share = edges[~others].sum() / edges.sum()
            part += sign * np.sqrt(1 - share) * (k[others].sum() / edges[others].sum() - rate)
        parts.append(part**2)
    effective = min(edges.sum() ** 2 / (edges**2).sum() for edges in n)
    freedom = min(effective, 3 * sum(parts) ** 2 / sum(part**2 for part in parts)) - 1
    reach = stats.t.ppf(0.975, freedom) * np.sqrt(sum(parts))
    assert (row["low"], row["high"]) == pytest.approx((row["difference"] - reach, row["difference"] + reach))
    assert row["n_families_effective"] == pytest.approx(effective)
    backward = family_means.ratio_difference(second, first)
    assert (backward["low"], backward["high"]) == pytest.approx((-row["high"], -row["low"]))


def test_rates_in_the_same_families_are_compared_more_precisely() -> None:
    rng = np.random.default_rng(4)
    of_family = rng.beta(1, 2, 80)
    mutations = [rng.binomial(50, of_family) for _ in range(2)]
    same = [Sums.of(np.arange(80), of, np.full(80, 50)) for of in mutations]
    other = Sums.of(np.arange(80, 160), mutations[1], np.full(80, 50))
    paired, unpaired = family_means.ratio_difference(*same), family_means.ratio_difference(same[0], other)
    assert paired["difference"] == unpaired["difference"]
    assert paired["high"] - paired["low"] < 0.5 * (unpaired["high"] - unpaired["low"])


def test_difference_without_edges_is_null() -> None:
    row = family_means.ratio_difference(Sums.of([1, 2], [1, 1], [3, 3]), Sums.of([], [], []))
    assert row == {
        "n_edges": 6,
        "value": pytest.approx(1 / 3),
        "n_edges_compared": 0,
        "value_compared": None,
        "difference": None,
        "low": None,
        "high": None,
        "n_families_effective": None,
        "share_of_largest_family": None,
        "interval_method": "too_few_families",
    }


@pytest.mark.parametrize("value", [1.001, -0.2, float("inf")])
def test_similarities_out_of_range_raise(value: float) -> None:
    with pytest.raises(ValueError, match="not in"):
        family_means.means(Draws.of([[1, 2]], [[1, 2], [3, 4]], [[0.5, value]]))


@pytest.mark.parametrize(
    "cell",
    [
        Cell("edges", "equal", 40, 0.2),
        Cell("siblings", "equal", 40, 0.2),
        Cell("random pairs", "equal", 150, 0.4),
        Cell("siblings - edges", "equal", 40, 0.4),
        Cell("relation - relation", "steep", 200, 0.2),
        Cell("snapshot - snapshot", "steep", 200, 0.2),
    ],
    ids=str,
)
def test_intervals_cover_planted_means_and_differences(cell: Cell) -> None:
    found = pair_coverage.measure(cell, 300, 500, compare=False)
    assert found.share_shown > 0.9, found
    assert found.passes, found


@pytest.mark.full
@pytest.mark.parametrize(
    "cell",
    [
        Cell(kind, shape, n, spread)
        for kind, (shape, n), spread in itertools.product(
            pair_coverage.KINDS, [("equal", 25), ("equal", 150), ("steep", 600)], (0.1, 0.4)
        )
        # Pairs of siblings, and random pairs, come mostly from the largest families.
        if not (shape == "steep" and "siblings" in kind) and not (n == 25 and kind == "random pairs")
    ],
    ids=str,
)
def test_intervals_cover_planted_means_and_differences_of_many_hubs(cell: Cell) -> None:
    found = pair_coverage.measure(cell, 600, 2000)
    assert found.share_shown > 0.9, found
    assert found.passes, found
    # Resampled draws, the method of before, are far too narrow where draws share families.
    if cell.kind in pair_coverage.SIMILARITIES:
        assert found.by_method["draws"] < 0.9, found


@pytest.mark.parametrize("kind", ["siblings", "siblings - edges"])
def test_a_few_dominating_families_get_no_interval(kind: str) -> None:
    found = pair_coverage.measure(Cell(kind, "zipf", 600, 0.4), 20, 500)
    assert (found.share_shown, found.passes) == (0, None)
    assert found.by_method["draws"] < 0.5
