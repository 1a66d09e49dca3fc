"""Bootstrap over families. Models of one family are not independent, so families are resampled, not edges.

Source: the study's methods, "Mutation, drift, ordering"; Davison and Hinkley 1997, "Bootstrap Methods and their
Application", section 3.8 (clusters).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types

Floats = NDArray[np.float64]

CHUNK_CELLS = 64_000  # cells per chunk of resamples: 0.5 MB, which stays in a core's cache


def resample_counts(
    n_clusters: int, n_resamples: int, seed: int | Sequence[int], n_drawn: int | None = None
) -> Iterator[Floats]:
    """The number of times each resample draws each cluster, in chunks of shape (resamples, n_clusters).

    Each resample draws `n_drawn` clusters (n_clusters by default) with replacement. The draws depend only on the
    arguments.
    """
    n_drawn = n_clusters if n_drawn is None else n_drawn
    rng = np.random.Generator(np.random.PCG64(seed))
    chunk = max(1, CHUNK_CELLS // max(n_clusters, 1))
    for start in range(0, n_resamples if n_clusters else 0, chunk):
        size = min(chunk, n_resamples - start)
        drawn = rng.integers(n_clusters, size=(size, n_drawn)) + n_clusters * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n_clusters)
        yield counts.reshape(size, n_clusters).astype(np.float64)


def resampled_sums(
    values: sparse.csr_array, n_resamples: int, seed: int | Sequence[int], n_drawn: int | None = None
) -> Floats:
    """Sums over the clusters of each resample, shape (k, n_resamples), of k values per cluster: (k, n_clusters).

    `values` is sparse because most clusters have few of the values, and because the result of a sparse product does
    not depend on the number of threads.
    """
    sums = np.zeros((values.shape[0], n_resamples))
    done = 0
    for counts in resample_counts(values.shape[1], n_resamples, seed, n_drawn):
        sums[:, done : done + len(counts)] = values @ counts.T
        done += len(counts)
    return sums


def intervals(numerators: Floats, denominators: Floats, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Percentile intervals of k ratios over resamples: arrays low and high, shape (k,), from (k, n_resamples).

    A resample in which a ratio's denominator is 0 is left out of that ratio's interval; if all are, the interval is
    nan. Limits are rounded to twelve decimals, because later digits depend on the order of summation.
    """
    ratios = np.divide(numerators, denominators, out=np.full(numerators.shape, np.nan), where=denominators != 0)
    ends = [(1 - confidence) / 2, 1 - (1 - confidence) / 2]
    found = np.full((2, len(ratios)), np.nan)
    missing = np.isnan(ratios)
    some, whole = ~missing.all(axis=1) & missing.any(axis=1), ~missing.any(axis=1) & (ratios.shape[1] > 0)
    # nanquantile is slow, so it is used only for rows with missing values.
    found[:, whole] = np.quantile(ratios[whole], ends, axis=1) if whole.any() else np.nan
    found[:, some] = np.nanquantile(ratios[some], ends, axis=1) if some.any() else np.nan
    low, high = found.round(12)
    return low, high


def ratio_intervals(
    numerators: ArrayLike, denominators: ArrayLike, n_resamples: int, seed: int, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Percentile intervals of k ratios of sums over clusters: arrays low and high, shape (k,).

    `numerators` and `denominators` hold the sums of each cluster, shape (n_clusters, k). Without clusters, the
    intervals are nan.
    """
    columns = np.concatenate((np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)), axis=1).T
    # Measures over the same edges share a denominator: sum each distinct column once.
    distinct: dict[bytes, int] = {}
    place = [distinct.setdefault(column.tobytes(), len(distinct)) for column in columns]
    table = sparse.csr_array(columns[np.unique(place, return_index=True)[1]])
    top, bottom = np.split(resampled_sums(table, n_resamples, seed)[place], 2)
    return intervals(top, bottom, confidence)
