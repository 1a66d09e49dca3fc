"""Whether an order explains more than chance: beside optimal orders of the same families with directions flipped.

An optimal order explains most drifts of a random graph, so its share says little without a baseline. In the null model,
each family keeps all its directions or reverses all of them, with probability 1/2 each. Without drift, the net
transitions of a family have mean 0, and flips keep how those of different pairs of values vary together: the children
of one parent all leave its value. Flips of single pairs or transitions break this, and call such families significant.

Source: the study's methods, "Mutation, drift, ordering"; Cameron, Gelbach and Miller 2008 (flipping signs of clusters);
Phipson and Smyth 2010 (the p-value is never 0).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from phylohub.methods import ordering_batch
from phylohub.methods.drift import FamilyTransitions, traffic

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Weighting = Literal["weighted", "unweighted"]

HIGH = 0.975


@dataclass(frozen=True)
class NullFit:
    """The share that an order maximises, and its share of drifts, beside those of flipped families.

    The order maximises its share of transitions (weighted) or of drifts (unweighted). All are nan without flips, or if
    nothing drifts.
    """

    mean: float
    high: float  # 97.5th percentile
    p_value: float  # (1 + number of flips that reach the observed share) / (1 + number of flips)
    mean_of_drifts: float
    high_of_drifts: float
    n_flips: int


def null_fit(families: FamilyTransitions, weighting: Weighting, n_flips: int, seed: int) -> NullFit:
    """Solve flipped families like the observed ones, all by `ordering_batch`, so that they compare like with like."""
    observed = families.total()
    if not n_flips or not traffic(observed).any():
        nan = float("nan")
        return NullFit(nan, nan, nan, nan, nan, 0)
    matrices = np.concatenate([observed[None], families.flipped(n_flips, seed)])
    shares = shares_of_best_orders(matrices, weighting)[0]
    of_drifts, maximised = shares[:, 0], shares[:, 1 if weighting == "weighted" else 0]
    reached = int((maximised[1:] >= maximised[0] - 1e-12).sum())  # the same share, summed in another order
    return NullFit(
        mean=float(np.nanmean(maximised[1:])),
        high=float(np.nanquantile(maximised[1:], HIGH)),
        p_value=(1 + reached) / (1 + n_flips),
        mean_of_drifts=float(np.nanmean(of_drifts[1:])),
        high_of_drifts=float(np.nanquantile(of_drifts[1:], HIGH)),
        n_flips=n_flips,
    )


def shares_of_best_orders(matrices: Integers, weighting: Weighting) -> tuple[Floats, Integers]:
    """The shares of drifts and of transitions that point forward in the best order of each matrix, and the orders.

    `matrices` has shape (k, n, n), the shares (k, 2), the orders (k, n). A share is nan if there is nothing to share.
    """
    orders = ordering_batch.best_orders(_weights(matrices, weighting))
    shares = np.full((len(matrices), 2), np.nan)
    for column, counted in enumerate((_weights(matrices, "unweighted"), matrices)):
        total = counted.sum(axis=(1, 2))
        forward = ordering_batch.forward_sums(counted, orders)
        np.divide(forward, total, out=shares[:, column], where=total > 0)
    return shares, orders


def _weights(matrices: Integers, weighting: Weighting) -> Integers:
    net = np.maximum(matrices - matrices.transpose(0, 2, 1), 0)
    return np.asarray(net if weighting == "weighted" else (net > 0).astype(np.int64))


def place_intervals(
    families: FamilyTransitions, weighting: Weighting, n_resamples: int, seed: int
) -> tuple[Floats, Floats]:
    """95 % percentile intervals of the place of each value over resampled families: arrays (n,), nan without resamples.

    Optimal orders can tie within a resample, so an interval spans from the earliest places to the latest ones.
    """
    if not n_resamples:
        return np.full(families.n_values, np.nan), np.full(families.n_values, np.nan)
    earliest, latest = ordering_batch.place_ranges(_weights(families.resampled(n_resamples, seed), weighting))
    return np.quantile(earliest, 1 - HIGH, axis=0), np.quantile(latest, HIGH, axis=0)
