"""Significance of drifts: exact binomial tests, corrected for multiple testing.

Source: the study's methods, "Mutation, drift, ordering"; Benjamini and Hochberg 1995.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special  # type: ignore[import-untyped]  # scipy ships no types; its `stats` takes long to load

Floats = NDArray[np.float64]


def binomial_p_values(n_forward: ArrayLike, n_backward: ArrayLike) -> Floats:
    """Exact two-sided p-values, shape (n,), of the hypothesis that both directions are equally likely.

    The p-value is 1 if both counts are 0.
    """
    forward, backward = np.asarray(n_forward, dtype=np.int64), np.asarray(n_backward, dtype=np.int64)
    # The distribution is symmetric, so both tails have equal weight; at a tie they overlap in the middle. A tail is the
    # binomial distribution function at the smaller count, computed as an incomplete beta function.
    tail = special.betainc(np.maximum(forward, backward), np.minimum(forward, backward) + 1, 0.5)
    return np.minimum(1.0, 2.0 * np.asarray(tail, dtype=np.float64))


def q_values(p_values: ArrayLike) -> Floats:
    """Benjamini-Hochberg adjusted p-values of one set of tests, shape (n,), in the given order."""
    p = np.asarray(p_values, dtype=np.float64)
    n = len(p)
    order = np.argsort(-p, kind="stable")
    ranks = np.arange(n, 0, -1)
    adjusted = np.empty(n)
    adjusted[order] = np.minimum.accumulate(p[order] * n / ranks)
    return np.minimum(adjusted, 1.0)
