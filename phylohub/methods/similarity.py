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
    return pooled_estimates([[sample] for sample in samples], n_resamples, seed)


def pooled_estimates(groups: Sequence[Sequence[Floats]], n_resamples: int = 10_000, seed: int = 0) -> list[Estimate]:
    """The same for the values of several samples together, such as all pairs of parent and child in all shapes.

    A resample draws rows, and each row brings its value in every sample of the group: pairs of one occurrence stay
    together, since they share models and are not independent. Rows of different shapes are drawn independently in the
    first place, so joining them does not change the variance to expect. Each value has the same weight, so the mean is
    no mean of means. Samples of length 0 are left out.

    Raises ValueError if the other samples of a group differ in length, or if a value is not in [-1, 1].
    """
    tables = [_table(group) for group in groups]
    found: dict[int, Estimate] = {}
    for length in {len(table) for table in tables}:
        places = [i for i, table in enumerate(tables) if len(table) == length]
        there = [~np.isnan(tables[i]) for i in places]
        sums = np.stack([np.where(known, tables[i], 0).sum(axis=1) for i, known in zip(places, there, strict=True)], 1)
        counts = np.stack([known.sum(axis=1) for known in there], axis=1)
        means = _resampled_means(sums, counts, n_resamples, seed)
        for i, known, resampled in zip(places, there, means.T, strict=True):
            values = tables[i][known]
            n = len(values)
            resampled = resampled[~np.isnan(resampled)]  # a resample without values has no mean
            low, high = np.percentile(resampled, [2.5, 97.5]).tolist() if len(resampled) else (np.nan, np.nan)
            mean = float(values.mean()) if n else np.nan
            sd = float(values.std(ddof=1)) if n > 1 else np.nan
            found[i] = Estimate(n, known.size - n, mean, sd, low, high)
    return [found[i] for i in range(len(tables))]


def _table(group: Sequence[Floats]) -> Floats:
    """The samples of a group as columns, without those of length 0."""
    columns = [sample for sample in group if len(sample)]
    if len({len(column) for column in columns}) > 1:
        raise ValueError(f"samples of one group have different lengths: {sorted(len(column) for column in columns)}")
    table = np.stack(columns, axis=1) if columns else np.zeros((0, 1))
    if (np.abs(table[~np.isnan(table)]) > 1).any():
        raise ValueError("a value is not in [-1, 1]")
    return table


def _resampled_means(sums: Floats, counts: Ints, n_resamples: int, seed: int) -> Floats:
    """The mean of each column over resamples of the rows, (n_resamples, columns); NaN without values.

    A row of a column holds the sum of some values in [-1, 1] and their number.
    """
    n, n_columns = sums.shape
    means = np.full((n_resamples, n_columns), np.nan)
    if n == 0:
        return means
    some = np.flatnonzero(counts.any(axis=0))  # without cards, half of the columns are empty
    sums, counts = sums[:, some], counts[:, some]
    bits = [n.bit_length() + int(most - 1).bit_length() for most in counts.max(axis=0)]
    scale = 2.0 ** (52 - np.array(bits, np.int64))
    gaps = np.flatnonzero((counts != counts[0]).any(axis=0))
    table = np.hstack((np.rint(sums * scale), counts[:, gaps]))
    rng = np.random.default_rng([seed, n])
    at_once = max(1, ROWS_AT_ONCE // n)
    for begin in range(0, n_resamples, at_once):
        times = np.empty((min(at_once, n_resamples - begin), n))
        for row in times:  # one by one, so that the counts stay in a core's cache
            row[:] = np.bincount(rng.integers(n, size=n), minlength=n)
        products = times @ table
        n_there = np.tile(n * counts[0].astype(np.float64), (len(times), 1))
        n_there[:, gaps] = products[:, len(some) :]
        found = np.full(n_there.shape, np.nan)
        np.divide(products[:, : len(some)], scale * n_there, out=found, where=n_there > 0)
        means[begin : begin + len(times), some] = found
    return means
