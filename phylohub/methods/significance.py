"""Significance of drifts: exact tests with families as units, corrected for multiple testing.

Source: the study's methods, "Mutation, drift, ordering"; Fisher 1935, "The Design of Experiments", section 21 (flipping
signs); Benjamini and Hochberg 1995.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special  # type: ignore[import-untyped]  # scipy ships no types; its `stats` takes long to load

Floats = NDArray[np.float64]

MAX_STEPS = 10**9  # of one exact p-value: about a second


def binomial_p_values(n_forward: ArrayLike, n_backward: ArrayLike) -> Floats:
    """Exact two-sided p-values, shape (n,), of the hypothesis that both directions are equally likely.

    The p-value is 1 if both counts are 0.
    """
    forward, backward = np.asarray(n_forward, dtype=np.int64), np.asarray(n_backward, dtype=np.int64)
    # The distribution is symmetric, so both tails have equal weight; at a tie they overlap in the middle. A tail is the
    # binomial distribution function at the smaller count, computed as an incomplete beta function.
    tail = special.betainc(np.maximum(forward, backward), np.minimum(forward, backward) + 1, 0.5)
    return np.minimum(1.0, 2.0 * np.asarray(tail, dtype=np.float64))


def family_p_values(drift: ArrayLike, net: ArrayLike, n_drifts: int) -> Floats:
    """Two-sided p-values, shape (n_drifts,), from one row per drift (numbered from 0) and family: its net transitions.

    Without drift, each family's net transitions could as well have the opposite sign. The p-value is the share of all
    choices of signs whose sum is at least as far from 0. It is exact, and the binomial one if no family has more than
    one transition; above MAX_STEPS, it is that of a normal distribution.
    """
    number, values = np.asarray(drift, np.int64), np.asarray(net, np.int64)
    number, values = number[values != 0], values[values != 0]
    largest = np.zeros(n_drifts, np.int64)
    np.maximum.at(largest, number, np.abs(values))
    p_values = binomial_p_values(
        np.bincount(number[values > 0], minlength=n_drifts), np.bincount(number[values < 0], minlength=n_drifts)
    )
    by_drift = np.argsort(number, kind="stable")
    start = np.searchsorted(number[by_drift], np.arange(n_drifts + 1))
    for k in np.flatnonzero(largest > 1):
        p_values[k] = _sign_flip_p_value(values[by_drift[start[k] : start[k + 1]]])
    return p_values


def _sign_flip_p_value(net: NDArray[np.int64]) -> float:
    sizes = np.sort(np.abs(net))
    # The sum of all signs is -(total - 2 x), where x is the sum of the positive ones: reached if x is at most `most`.
    most = int(sizes.sum() - abs(net.sum())) // 2
    if len(sizes) * (most + 1) > MAX_STEPS:
        return float(special.erfc(abs(net.sum()) / np.sqrt(2.0 * np.sum(sizes.astype(np.float64) ** 2))))
    weight = np.zeros(most + 1)  # [x]: probability that the positive ones sum to x
    weight[0] = 1.0
    for size in sizes.tolist():
        weight *= 0.5
        if size <= most:
            weight[size:] += weight[:-size].copy()
    return min(1.0, 2.0 * float(weight.sum()))


def q_values(p_values: ArrayLike) -> Floats:
    """Benjamini-Hochberg adjusted p-values of one set of tests, shape (n,), in the given order."""
    p = np.asarray(p_values, dtype=np.float64)
    n = len(p)
    order = np.argsort(-p, kind="stable")
    ranks = np.arange(n, 0, -1)
    adjusted = np.empty(n)
    adjusted[order] = np.minimum.accumulate(p[order] * n / ranks)
    return np.minimum(adjusted, 1.0)
