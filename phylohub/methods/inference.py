"""Intervals of ratios of sums over families, and how many families an interval rests on.

Models of one family are not independent, and few families hold most edges. An interval is the wider one, at each end,
of two: leaving out one family at a time, and the studentised bootstrap. docs/inference.md has the measured coverage.

Source: Wu 1986, "Jackknife, bootstrap and other resampling methods in regression analysis" (the weighted jackknife);
Davison and Hinkley 1997, "Bootstrap Methods and their Application", section 5.2 (studentised); Satterthwaite 1946
(degrees of freedom); Kish 1965 (effective number; correlation within families).
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, special  # type: ignore[import-untyped]  # scipy ships no types; its `stats` takes long to load

from phylohub.methods import bootstrap

Floats: TypeAlias = NDArray[np.float64]
Limits: TypeAlias = tuple[Floats, Floats]

MIN_EFFECTIVE_FAMILIES = 20.0  # below it, no method keeps its coverage (docs/inference.md)
TAIL = 0.025  # each limit of a 95 % interval
POOLED_WEIGHT = 0.25  # chosen by measured coverage
DECIMALS = 12  # later digits depend on the order of summation

JACKKNIFE_AND_BOOTSTRAP = "jackknife_and_bootstrap"
TOO_FEW_FAMILIES = "too_few_families"
NO_VARIATION = "no_variation"


@dataclass(frozen=True, eq=False)
class Ratios:
    """k ratios of sums over n families. `top` and `bottom` hold the sums of each family, shape (k, n)."""

    top: sparse.csr_array
    bottom: sparse.csr_array

    @classmethod
    def of(cls, ratio: ArrayLike, family: ArrayLike, numerator: ArrayLike, denominator: ArrayLike) -> "Ratios":
        """From one row per ratio and family (ratios numbered from 0, families by any key), in any order.

        Raises ValueError if a denominator is not positive, or if a ratio and family have two rows.
        """
        row = np.asarray(ratio, np.int64)
        families, column = np.unique(np.asarray(family), return_inverse=True)
        shape = (int(row.max()) + 1 if len(row) else 0, len(families))
        order = np.lexsort((column, row))  # sums then have the same order, whatever the order of the rows
        row, column = row[order], column[order]
        top, bottom = (np.asarray(values, np.float64)[order] for values in (numerator, denominator))
        if (bottom <= 0).any():
            raise ValueError("a denominator is not positive")
        if ((np.diff(row) == 0) & (np.diff(column) == 0)).any():
            raise ValueError("a ratio has two rows of one family")
        return cls(sparse.csr_array((top, (row, column)), shape), sparse.csr_array((bottom, (row, column)), shape))

    def __len__(self) -> int:
        return int(self.top.shape[0])

    def some(self, rows: ArrayLike) -> "Ratios":
        """Some of the ratios, over the families that have any of them."""
        top, bottom = self.top[np.asarray(rows)], self.bottom[np.asarray(rows)]
        there = np.flatnonzero(bottom.sum(axis=0))
        return Ratios(top[:, there], bottom[:, there])

    def values(self) -> Floats:
        """The ratios; nan without a denominator."""
        top, bottom = self.top.sum(axis=1), self.bottom.sum(axis=1)
        return np.asarray(np.divide(top, bottom, out=np.full(len(self), np.nan), where=bottom != 0))

    def shares(self) -> sparse.csr_array:
        """Share of each family in the denominator of each ratio."""
        total = self.bottom.sum(axis=1)
        return _scaled(self.bottom, np.divide(1.0, total, out=np.zeros(len(self)), where=total != 0))

    def residuals(self) -> sparse.csr_array:
        """numerator - ratio * denominator of each family, over the sum of the denominators."""
        total = self.bottom.sum(axis=1)
        rest = self.top - _scaled(self.bottom, np.nan_to_num(self.values()))
        return _scaled(rest, np.divide(1.0, total, out=np.zeros(len(self)), where=total != 0))


def effective_families(ratios: Ratios) -> tuple[Floats, Floats]:
    """Effective number of families (1 / sum of squared shares), and the largest share, of each ratio; nan without any.

    The effective number is that of equally large families which give a mean as variable as these families do, if all
    edges of a family agree.
    """
    shares = ratios.shares()
    squares = shares.multiply(shares).sum(axis=1)
    largest = shares.max(axis=1).toarray().ravel() if shares.shape[1] else np.zeros(len(ratios))
    some = squares > 0
    n_effective = np.divide(1.0, squares, out=np.full(len(ratios), np.nan), where=some)
    return n_effective.round(DECIMALS), np.where(some, largest, np.nan).round(DECIMALS)


@dataclass(frozen=True, eq=False)
class Intervals:
    """95 % intervals of k ratios, each array of shape (k,). Limits are nan where `method` says why there is none."""

    low: Floats
    high: Floats
    n_families_effective: Floats
    share_of_largest_family: Floats
    method: list[str]


def intervals(ratios: Ratios, is_rate: ArrayLike, n_resamples: int, seed: int) -> Intervals:
    """The intervals that the marts show.

    A rate has 0 <= numerator <= denominator in every family, and the denominator counts edges. A ratio with fewer than
    MIN_EFFECTIVE_FAMILIES effective families gets no interval, nor does one that is not a rate and is the same in all
    families. The result depends on the families and the seed, not on the order of rows.
    """
    rates = np.asarray(is_rate, bool)
    n_effective, largest = effective_families(ratios)
    enough = n_effective >= MIN_EFFECTIVE_FAMILIES
    low, high = np.full((2, len(ratios)), np.nan)
    shown = np.flatnonzero(enough)
    low[shown], high[shown] = limits(ratios.some(shown), rates[shown], n_resamples, seed)
    names = np.where(enough, np.where(np.isnan(low), NO_VARIATION, JACKKNIFE_AND_BOOTSTRAP), TOO_FEW_FAMILIES)
    return Intervals(low.round(DECIMALS), high.round(DECIMALS), n_effective, largest, names.tolist())


def limits(ratios: Ratios, is_rate: ArrayLike, n_resamples: int, seed: int) -> Limits:
    """The wider limits of the jackknife and the studentised bootstrap, whatever the number of families."""
    rates = np.asarray(is_rate, bool)
    error, freedom = weighted_jackknife(ratios)
    pooled = pooled_error(ratios, rates)
    wider = np.sqrt(error**2 + POOLED_WEIGHT * np.maximum(pooled**2 - error**2, 0))
    freedom = np.where(rates, freedom, np.minimum(freedom, long_tail_freedom(ratios)))
    reach = special.stdtrit(freedom, 1 - TAIL) * wider
    value = ratios.values()
    varies = error > 1e-12 * np.abs(value)  # a smaller error is rounding
    by_rate = _limits_of_rates(ratios, reach)
    by_change = np.where(varies, value - reach, np.nan), np.where(varies, value + reach, np.nan)
    low, high = (np.where(rates, rate, change) for rate, change in zip(by_rate, by_change, strict=True))
    first, last = studentised(ratios, n_resamples, seed)
    first, last = np.where(rates, np.clip(first, 0, 1), first), np.where(rates, np.clip(last, 0, 1), last)
    known = ~np.isnan(low)
    return np.where(known, np.fmin(low, first), np.nan), np.where(known, np.fmax(high, last), np.nan)


def weighted_jackknife(ratios: Ratios) -> tuple[Floats, Floats]:
    """Standard error and degrees of freedom of each ratio, from leaving out one family at a time.

    The squared change of the ratio without a family is weighted by 1 - the family's share. With families of equal
    size, this is the usual factor (n - 1) / n. The degrees of freedom are those of Satterthwaite, estimated from the
    fourth powers of the changes, and at most the effective number of families - 1.
    """
    shares, rest = ratios.shares(), ratios.residuals()
    # Without a family, the ratio changes by -rest / (1 - share).
    kept = shares.copy()
    kept.data = np.divide(1.0, 1 - kept.data, out=np.zeros_like(kept.data), where=kept.data < 1)
    parts = rest.multiply(rest).multiply(kept).tocsr()
    variance = parts.sum(axis=1)
    fourth = parts.multiply(parts).sum(axis=1)
    n_effective = np.nan_to_num(effective_families(ratios)[0])
    # The fourth moment of a normal value is 3 times the square of its variance.
    satterthwaite = np.divide(3 * variance**2, fourth, out=n_effective.copy(), where=fourth > 0)
    return np.sqrt(variance), np.maximum(np.minimum(satterthwaite, n_effective) - 1, 1)


def pooled_error(ratios: Ratios, is_rate: ArrayLike) -> Floats:
    """Standard error of each ratio if families vary equally, whatever their size. nan with one effective family.

    The jackknife rests on the few largest families alone. Here, all families say how much families vary around the
    ratio. For rates, the part that edges explain (binomial, shrinking with a family's size) is separated from it.
    """
    rates, value = np.asarray(is_rate, bool), ratios.values()
    n_effective, _ = effective_families(ratios)
    n_edges = ratios.bottom.sum(axis=1)
    n_families = np.diff(ratios.bottom.indptr)
    spread = _powers_of_deviations(ratios, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = spread * n_effective / (n_effective - 1)
        most = value * (1 - value)
        by_edges = n_families / n_edges
        correlation = np.clip(np.nan_to_num((spread / most - by_edges) / (1 - by_edges)), 0, 1)
        of_rate = most * (correlation / n_effective + (1 - correlation) / n_edges)
        return np.asarray(np.sqrt(np.maximum(np.where(rates, of_rate, spread / n_effective), 0)))


def long_tail_freedom(ratios: Ratios) -> Floats:
    """Degrees of freedom left if few families hold most of the variation, as in long tails: at least 1."""
    squares, fourth = _powers_of_deviations(ratios, 2), _powers_of_deviations(ratios, 4)
    n_families = np.diff(ratios.bottom.indptr)
    kept = np.divide(squares**2, fourth, out=np.ones_like(squares), where=fourth > 0)
    return np.asarray(np.maximum(n_families * kept - 1, 1))


def _powers_of_deviations(ratios: Ratios, power: int) -> Floats:
    """The mean over edges of (family's ratio - ratio) ** power."""
    shares = ratios.shares()
    inverse = shares.copy()
    inverse.data = 1 / inverse.data
    deviations = ratios.residuals().multiply(inverse).tocsr()
    deviations.data = deviations.data**power
    return np.asarray(deviations.multiply(shares).sum(axis=1))


def _limits_of_rates(ratios: Ratios, reach: Floats) -> Limits:
    """Limits at a distance of `reach` on the scale of log odds, so that they stay between 0 and 1.

    A rate of 0 or 1 has no variance. Its interval is the exact binomial one for as many trials as there are effective
    families.
    """
    rate = ratios.values()
    inside = (rate > 0) & (rate < 1)
    p = np.where(inside, rate, 0.5)
    reach = reach / (p * (1 - p))
    low, high = special.expit(special.logit(p) - reach), special.expit(special.logit(p) + reach)
    n_effective = effective_families(ratios)[0]
    tail = 1 - TAIL ** (1 / np.where(n_effective > 0, n_effective, 1.0))
    low = np.where(inside, low, np.where(rate == 0, 0.0, 1 - tail))
    high = np.where(inside, high, np.where(rate == 0, tail, 1.0))
    return np.where(np.isnan(rate), np.nan, low), np.where(np.isnan(rate), np.nan, high)


def studentised(ratios: Ratios, n_resamples: int, seed: int) -> Limits:
    """The bootstrap of (ratio - value) / standard error, with the linearised variance of a ratio in each resample.

    A ratio that is the same in all families has no interval (nan).
    """
    k, value = len(ratios), ratios.values()
    top, bottom = ratios.top, ratios.bottom
    parts = [top, bottom, top.multiply(top), top.multiply(bottom), bottom.multiply(bottom)]
    sums = bootstrap.resampled_sums(sparse.vstack(parts, format="csr"), n_resamples, seed)
    t, d, tt, td, dd = sums.reshape(5, k, n_resamples)
    found = np.divide(t, d, out=np.full(t.shape, np.nan), where=d != 0)
    squares = tt - 2 * found * td + found**2 * dd  # the sum over the drawn families of (t - found * d) ** 2
    size = tt + found**2 * dd
    known = squares > 1e-12 * size  # a smaller one is rounding: the drawn families do not vary
    error = np.divide(np.sqrt(np.where(known, squares, 0)), d, out=np.full(t.shape, np.nan), where=known)
    pivots = (found - value[:, None]) / error
    rest = ratios.residuals()
    scale = np.sqrt(rest.multiply(rest).sum(axis=1))
    low = value - scale * quantiles(pivots, np.full(k, 1 - TAIL))
    high = value - scale * quantiles(pivots, np.full(k, TAIL))
    return low, high


def _scaled(rows: sparse.csr_array, factors: Floats) -> sparse.csr_array:
    """Rows times one factor each."""
    return (sparse.diags_array(factors) @ rows).tocsr()


def quantiles(rows: Floats, probabilities: Floats) -> Floats:
    """One quantile of each row, with linear interpolation, over the values that are not nan."""
    ordered = np.sort(rows, axis=1)  # nan last
    n = (~np.isnan(ordered)).sum(axis=1)
    place = np.clip(probabilities, 0, 1) * np.maximum(n - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(n - 1, 0))
    if not rows.shape[1]:
        return np.full(len(rows), np.nan)
    at = np.arange(len(rows))
    found = ordered[at, below] + (place - below) * (ordered[at, above] - ordered[at, below])
    return np.where(n > 0, found, np.nan)
