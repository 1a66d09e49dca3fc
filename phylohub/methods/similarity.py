"""Similarities of pairs of documents, and their means with intervals.

Source: the study's methods, "Genetic similarity". The three measures are the cosine of term counts, the cosine of
TF-IDF vectors, and 1 - Levenshtein distance / length of the longer document. Documents are the records of two models or
their model cards.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types

from phylohub.methods.terms import Terms, unit_rows

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

PAIRS_AT_ONCE = 16_384
ROWS_AT_ONCE = 2_000_000  # rows drawn at a time, over all resamples of a block


class Similarities(NamedTuple):
    """One number in [0, 1] per pair and measure; NaN if a document is missing."""

    bow: Floats
    tfidf: Floats
    levenshtein: Floats


class Estimate(NamedTuple):
    """The mean of a sample, with a 95 % interval.

    `n` is the number of values, `n_missing` the number of missing ones. `sd` is the standard deviation (denominator
    n - 1). Mean and interval are NaN without values, `sd` with fewer than two.
    """

    n: int
    n_missing: int
    mean: float
    sd: float
    low: float
    high: float


def similarities(
    documents: Sequence[str | None], first: Ints, second: Ints, terms: Terms, workers: int = 1
) -> Similarities:
    """The three measures for the pairs (documents[first[i]], documents[second[i]]).

    Pass each document once, however many pairs it is in. A document that is None is missing: its pairs are NaN.
    `workers` is passed to `levenshtein_similarities`, whose time grows with the product of the two lengths.
    """
    present = np.array([document is not None for document in documents], bool)
    pairs = np.flatnonzero(present[first] & present[second])
    texts = [document or "" for document in documents]
    vectors = terms.vectorise(texts)
    columns = []
    for found in (
        *(cosines(matrix, first[pairs], second[pairs]) for matrix in vectors),
        levenshtein_similarities([texts[i] for i in first[pairs]], [texts[i] for i in second[pairs]], workers),
    ):
        column = np.full(len(first), np.nan)
        column[pairs] = found
        columns.append(column)
    return Similarities(*columns)


def cosines(matrix: sparse.csr_array, first: Ints, second: Ints) -> Floats:
    """The cosine of rows first[i] and second[i]; 0 if a row is zero. Entries must not be negative."""
    unit = unit_rows(matrix)
    cosine = np.zeros(len(first))
    for begin in range(0, len(first), PAIRS_AT_ONCE):
        some = slice(begin, begin + PAIRS_AT_ONCE)
        cosine[some] = unit[first[some]].multiply(unit[second[some]]).sum(axis=1)
    return np.minimum(cosine, 1)


def levenshtein_similarities(left: Sequence[str], right: Sequence[str], workers: int = 1) -> Floats:
    """1 - Levenshtein distance / length of the longer, in characters: 1 if both texts are empty, 0 if one is.

    The number of workers (threads; -1 for all cores) does not change the result.
    """
    # The hint sets where the search for the distance begins; the similarity of two records is about 0.5. It affects
    # the time, never the result.
    scorer = Levenshtein.normalized_similarity
    return process.cpdist(left, right, scorer=scorer, score_hint=0.5, dtype=np.float64, workers=workers)


def estimates(samples: Sequence[Floats], n_resamples: int = 10_000, seed: int = 0) -> list[Estimate]:
    """Mean and 95 % percentile-bootstrap interval of each sample. NaN is a missing value.

    A resample draws as many rows as the sample has, including missing values, and takes the mean of the values it
    drew. Samples of the same length share the drawn rows: a block of resamples is a matrix of how often each row was
    drawn, and one matrix product gives the sums of all samples. Sharing correlates the simulation errors of the
    intervals but does not make them larger. An interval depends only on its sample, the seed and the number of
    resamples.

    For the products, values are rounded to integers of so many bits that every sum fits 53 bits. Sums are then exact
    in any order, and so the same on every processor and for any number of threads. The rounding moves a mean by less
    than n / 2^52, 2.2e-12 for 10,000 values. The simulation error of a limit with 10,000 resamples is about 3 % of the
    standard error of the mean.

    Raises ValueError if a value is not in [-1, 1].
    """
    found: dict[int, Estimate] = {}
    for length in {len(sample) for sample in samples}:
        places = [i for i, sample in enumerate(samples) if len(sample) == length]
        means = _resampled_means(np.stack([samples[i] for i in places], axis=1), n_resamples, seed)
        for i, resampled in zip(places, means.T, strict=True):
            there = samples[i][~np.isnan(samples[i])]
            n = len(there)
            resampled = resampled[~np.isnan(resampled)]  # a resample without values has no mean
            low, high = np.percentile(resampled, [2.5, 97.5]).tolist() if len(resampled) else (np.nan, np.nan)
            mean = float(there.mean()) if n else np.nan
            sd = float(there.std(ddof=1)) if n > 1 else np.nan
            found[i] = Estimate(n, length - n, mean, sd, low, high)
    return [found[i] for i in range(len(samples))]


def _resampled_means(values: Floats, n_resamples: int, seed: int) -> Floats:
    """The mean of each column over resamples of the rows, (n_resamples, columns); NaN without values."""
    n, n_columns = values.shape
    means = np.full((n_resamples, n_columns), np.nan)
    there = ~np.isnan(values)
    known = np.where(there, values, 0)
    if (np.abs(known) > 1).any():
        raise ValueError("a value is not in [-1, 1]")
    if n == 0:
        return means
    scale = 2.0 ** (52 - n.bit_length())
    some = np.flatnonzero(there.any(axis=0))  # without cards, half of the columns are empty
    gaps = np.flatnonzero(~there[:, some].all(axis=0))
    table = np.hstack((np.rint(known[:, some] * scale), there[:, some[gaps]]))
    rng = np.random.default_rng([seed, n])
    at_once = max(1, ROWS_AT_ONCE // n)
    for begin in range(0, n_resamples, at_once):
        times = np.empty((min(at_once, n_resamples - begin), n))
        for row in times:  # one by one, so that the counts stay in a core's cache
            row[:] = np.bincount(rng.integers(n, size=n), minlength=n)
        sums = times @ table
        n_there = np.full((len(times), len(some)), n, np.float64)
        n_there[:, gaps] = sums[:, len(some) :]
        found = np.full(n_there.shape, np.nan)
        np.divide(sums[:, : len(some)], scale * n_there, out=found, where=n_there > 0)
        means[begin : begin + len(times), some] = found
    return means
