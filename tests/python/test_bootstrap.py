"""The bootstrap over families, compared with a plain loop and with known rates."""

import numpy as np
import pytest

from phylohub.methods import bootstrap, drift, groups


def plain_loop(top: np.ndarray, bottom: np.ndarray, n_resamples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The same draws, summed resample by resample and family by family."""
    rows = []
    for counts in bootstrap.resample_counts(len(top), n_resamples, seed):
        for times in counts:
            sums = [0.0, 0.0]
            for family, n in enumerate(times):
                sums[0] += n * top[family]
                sums[1] += n * bottom[family]
            if sums[1]:
                rows.append(sums[0] / sums[1])
    low, high = np.quantile(rows, [0.025, 0.975])
    return low, high


def test_intervals_match_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    top, bottom = rng.random((30, 2)), rng.integers(0, 3, (30, 2)).astype(float)
    low, high = bootstrap.ratio_intervals(top, bottom, 200, 5)
    for column in range(2):
        expected = plain_loop(top[:, column], bottom[:, column], 200, 5)
        assert (low[column], high[column]) == pytest.approx(expected, abs=1e-12)


def test_resample_draws_as_many_families_as_there_are() -> None:
    chunks = list(bootstrap.resample_counts(7, 50, 3))
    assert sum(len(chunk) for chunk in chunks) == 50
    assert all((chunk.sum(axis=1) == 7).all() for chunk in chunks)


def test_chunks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(bootstrap.resample_counts(9, 40, 3)))
    monkeypatch.setattr(bootstrap, "CHUNK_CELLS", 50)
    parts = list(bootstrap.resample_counts(9, 40, 3))
    assert len(parts) > 1
    assert (np.concatenate(parts) == whole).all()


def test_families_are_drawn_with_equal_probability() -> None:
    counts = np.concatenate(list(bootstrap.resample_counts(5, 20_000, 11)))
    # Binomial: each family is drawn once per resample on average, with a variance of 1 - 1/5.
    assert counts.mean(axis=0) == pytest.approx(np.ones(5), abs=4 * np.sqrt(0.8 / 20_000))
    assert counts.var(axis=0) == pytest.approx(np.full(5, 0.8), rel=0.05)


@pytest.mark.parametrize(
    ("top", "bottom", "expected"),
    [
        (np.zeros((0, 2)), np.zeros((0, 2)), [np.nan, np.nan]),
        (np.array([[2.0, 0.0]]), np.array([[4.0, 0.0]]), [0.5, np.nan]),
        (np.zeros((3, 1)), np.zeros((3, 1)), [np.nan]),
        (np.zeros((3, 0)), np.zeros((3, 0)), []),
    ],
    ids=["no family", "one family", "no denominator", "no measure"],
)
def test_missing_families_and_denominators(top: np.ndarray, bottom: np.ndarray, expected: list[float]) -> None:
    low, high = bootstrap.ratio_intervals(top, bottom, 50, 1)
    assert low == pytest.approx(np.array(expected), nan_ok=True)
    assert high == pytest.approx(np.array(expected), nan_ok=True)


def test_resamples_without_a_denominator_are_left_out() -> None:
    top, bottom = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[1.0, 1.0], [0.0, 1.0]])
    low, high = bootstrap.ratio_intervals(top, bottom, 500, 2)
    assert (low == 1).all()
    assert (high == 1).all()


def test_intervals_have_the_nominal_coverage() -> None:
    """Edges of one family share a rate, so an interval over edges would be far too narrow."""
    rng = np.random.default_rng(8)
    covered, covered_by_edges = 0, 0
    n_hubs = 300
    for hub in range(n_hubs):
        rates = rng.beta(0.5, 1.5, size=80)  # mean 1/4
        mutated = rng.random((80, 10)) < rates[:, None]
        top, bottom = mutated.sum(axis=1, keepdims=True).astype(float), np.full((80, 1), 10.0)
        low, high = bootstrap.ratio_intervals(top, bottom, 400, hub)
        covered += bool(low[0] <= 0.25 <= high[0])
        edges = mutated.reshape(-1, 1).astype(float)
        low, high = bootstrap.ratio_intervals(edges, np.ones_like(edges), 400, hub)
        covered_by_edges += bool(low[0] <= 0.25 <= high[0])
    assert 0.88 <= covered / n_hubs <= 0.99
    assert covered_by_edges / n_hubs < 0.8


def test_transitions_are_summed_and_resampled_by_family() -> None:
    families = drift.FamilyTransitions.of(3, [7, 7, 9, 9], [0, 1, 0, 2], [1, 0, 1, 0], [5, 2, 1, 4])
    total = families.total()
    assert total.tolist() == [[0, 6, 0], [2, 0, 0], [4, 0, 0]]
    assert drift.traffic(total).tolist() == [[0, 4, 0], [0, 0, 0], [4, 0, 0]]
    of_each = {7: np.array([[0, 5, 0], [2, 0, 0], [0, 0, 0]]), 9: np.array([[0, 1, 0], [0, 0, 0], [4, 0, 0]])}
    possible = {(a * of_each[7] + (2 - a) * of_each[9]).tobytes() for a in range(3)}
    drawn = list(families.resampled(60, 1))
    assert {counts.tobytes() for counts in drawn} == possible
    assert len(list(families.resampled(0, 1))) == 0
    assert families.effective_families() == pytest.approx((12**2 / (7**2 + 5**2), 7 / 12))


def test_compatible_shares_count_drifts_and_transitions() -> None:
    counts = np.array([[0, 6, 0], [2, 0, 1], [4, 1, 0]])  # 0 > 1 by 4, 2 > 0 by 4; 1 and 2 tie
    assert drift.compatible_shares(counts, [2, 0, 1]) == (1.0, 11 / 14)
    assert drift.compatible_shares(counts, [1, 0, 2]) == (0.0, 3 / 14)
    empty = drift.FamilyTransitions.of(0, [], [], [], [])
    assert empty.total().shape == (0, 0)
    assert np.isnan(drift.compatible_shares(empty.total(), [])).all()
    assert empty.resampled(3, 1).shape == empty.flipped(3, 1).shape == (3, 0, 0)
    still = drift.FamilyTransitions.of(2, [], [], [], [])
    assert still.total().tolist() == [[0, 0], [0, 0]]
    assert not still.flipped(3, 1).any()
    assert np.isnan(still.effective_families()).all()


def test_rows_are_split_by_columns() -> None:
    rows = {"a": np.array(["y", "x", "y"], object), "b": np.array([1, 1, 1]), "n": np.array([5, 6, 7])}
    split = groups.split(rows, "a", "b")
    assert {key: part["n"].tolist() for key, part in split.items()} == {("x", 1): [6], ("y", 1): [5, 7]}
    assert groups.split({name: column[:0] for name, column in rows.items()}, "a") == {}
