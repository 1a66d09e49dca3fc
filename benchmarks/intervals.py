"""The intervals that phylohub's are compared with (`benchmarks.coverage`).

Source: Davison and Hinkley 1997, "Bootstrap Methods and their Application", sections 5.3 (percentile, BCa) and 2.9;
Bickel, Götze and van Zwet 1997 (m out of n); Wu 1986 (leaving out one).
"""

from collections.abc import Callable

import numpy as np
from scipy import sparse, special  # type: ignore[import-untyped]  # scipy ships no types

from phylohub.methods import bootstrap
from phylohub.methods.inference import TAIL, Floats, Limits, Ratios, quantiles, studentised, weighted_jackknife


def percentile(ratios: Ratios, n_resamples: int, seed: int) -> Limits:
    """Percentiles of the ratio over resamples of the families."""
    found = _resampled(ratios, n_resamples, seed)
    return quantiles(found, np.full(len(ratios), TAIL)), quantiles(found, np.full(len(ratios), 1 - TAIL))


def bca(ratios: Ratios, n_resamples: int, seed: int) -> Limits:
    """Percentiles corrected for bias and skew (BCa), with the skew of leaving out one family at a time."""
    found, value = _resampled(ratios, n_resamples, seed), ratios.values()[:, None]
    n_found = np.maximum((~np.isnan(found)).sum(axis=1), 1)
    below = ((found < value).sum(axis=1) + 0.5 * (found == value).sum(axis=1)) / n_found
    bias = special.ndtri(np.clip(below, 1 / (n_found + 1), n_found / (n_found + 1)))
    rest = ratios.residuals()
    squares, cubes = rest.multiply(rest).sum(axis=1), rest.multiply(rest).multiply(rest).sum(axis=1)
    skew = np.divide(cubes, 6 * squares**1.5, out=np.zeros(len(ratios)), where=squares > 0)
    low, high = (
        quantiles(found, special.ndtr(bias + (bias + z) / (1 - skew * (bias + z))))
        for z in (special.ndtri(TAIL), special.ndtri(1 - TAIL))
    )
    return low, high


def m_out_of_n(ratios: Ratios, n_resamples: int, seed: int, power: float = 0.8) -> Limits:
    """Resamples of m = n ** power families, scaled to n: robust against heavy tails, at the price of precision."""
    n, value = ratios.top.shape[1], ratios.values()
    m = max(2, round(n**power))
    found = _resampled(ratios, n_resamples, seed, m) - value[:, None]
    shrink = np.sqrt(m / n) if n else 1.0
    low = value - shrink * quantiles(found, np.full(len(ratios), 1 - TAIL))
    high = value - shrink * quantiles(found, np.full(len(ratios), TAIL))
    return low, high


def leave_one_out(ratios: Ratios, _n_resamples: int = 0, _seed: int = 0) -> Limits:
    """The ratio and Student's t times the weighted jackknife's standard error, without a transformation."""
    value = ratios.values()
    error, freedom = weighted_jackknife(ratios)
    reach = special.stdtrit(freedom, 1 - TAIL) * error
    return value - reach, value + reach


COMPARED: dict[str, Callable[[Ratios, int, int], Limits]] = {
    "percentile": percentile,
    "bca": bca,
    "studentised": studentised,
    "m_out_of_n": m_out_of_n,
    "leave_one_out": leave_one_out,
}


def _resampled(ratios: Ratios, n_resamples: int, seed: int, n_drawn: int | None = None) -> Floats:
    """The ratios over resamples of the families, shape (k, n_resamples); nan without a denominator."""
    both = sparse.vstack([ratios.top, ratios.bottom], format="csr")
    sums = bootstrap.resampled_sums(both, n_resamples, seed, n_drawn)
    top, bottom = sums.reshape(2, len(ratios), n_resamples)
    return np.asarray(np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom != 0))
