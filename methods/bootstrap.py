"""Bootstrap over families: models of one family are not independent, so families are resampled and not edges.

Source: the study's methods, "Mutation, drift, ordering"; Davison and Hinkley 1997, "Bootstrap Methods and their
Application", section 3.8 (clusters).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

CHUNK_CELLS = 4_000_000  # cells of a chunk of resamples: 32 MB, whatever the number of families


def resample_counts(n_clusters: int, n_resamples: int, seed: int) -> Iterator[Floats]:
    """How often each cluster is drawn in each resample, in chunks of shape (resamples, n_clusters).

    Each resample draws n_clusters clusters with replacement. The draws depend on the seed and the two numbers only.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    chunk = max(1, CHUNK_CELLS // max(n_clusters, 1))
    for start in range(0, n_resamples, chunk):
        size = min(chunk, n_resamples - start)
        drawn = rng.integers(0, n_clusters, size=(size, n_clusters)) + n_clusters * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n_clusters)
        yield counts.reshape(size, n_clusters).astype(np.float64)


def ratio_intervals(
    numerators: ArrayLike, denominators: ArrayLike, n_resamples: int, seed: int, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Percentile intervals of k ratios of sums over clusters: arrays low and high, shape (k,).

    `numerators` and `denominators` hold the sums of each cluster, shape (n_clusters, k). A resample without any
    denominator of a ratio is left out of that ratio's interval; if all are, or there is no cluster, it is nan.
    Limits are rounded to twelve digits: how a processor adds up the last ones depends on its threads.
    """
    top = np.asarray(numerators, dtype=np.float64)
    bottom = np.asarray(denominators, dtype=np.float64)
    n_clusters, n_ratios = top.shape
    if n_clusters == 0 or n_resamples == 0:
        return np.full(n_ratios, np.nan), np.full(n_ratios, np.nan)
    resampled = np.full((n_resamples, n_ratios), np.nan)
    done = 0
    for counts in resample_counts(n_clusters, n_resamples, seed):
        rows = slice(done, done + len(counts))
        divisor = counts @ bottom
        np.divide(counts @ top, divisor, out=resampled[rows], where=divisor != 0)
        done += len(counts)
    tail = (1 - confidence) / 2
    low, high = np.full(n_ratios, np.nan), np.full(n_ratios, np.nan)
    known = ~np.isnan(resampled).all(axis=0)
    if known.any():
        low[known], high[known] = np.nanquantile(resampled[:, known], [tail, 1 - tail], axis=0)
    return low.round(12), high.round(12)
