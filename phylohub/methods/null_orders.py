"""Whether an order explains more transitions than chance: the same families with directions flipped.

An optimal order explains most drifts of a random graph, so a share without its baseline says little. In the null model,
all transitions of a family between two values keep or swap direction together, with probability 1/2 each. Siblings thus
stay dependent, and every pair of values keeps its number of transitions.

Source: the study's methods, "Mutation, drift, ordering"; Phipson and Smyth 2010 (the p-value is never 0).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phylohub.methods import drift, ordering
from phylohub.methods.ordering_program import Solver

Integers = NDArray[np.int64]
HIGH = 0.975


@dataclass(frozen=True)
class NullFit:
    """An order's share of compatible transitions beside those of optimal orders of flipped directions.

    Shares are nan without transitions, and the null's without flips.
    """

    observed: float
    null_mean: float
    null_high: float  # 97.5th percentile
    excess_over_null: float  # observed - null_mean
    p_value: float  # (1 + number of flips that reach the observed share) / (1 + number of flips)
    n_null_orders: int


def flipped(families: drift.FamilyTransitions, n_flips: int, seed: int) -> Iterator[Integers]:
    """Transitions over all families, shape (n, n), with directions flipped: one matrix per flip."""
    n = families.n_values
    rows = families.sums.tocoo()
    origin, target = np.divmod(rows.row.astype(np.int64), n)
    first, second = np.minimum(origin, target), np.maximum(origin, target)
    n_families = families.sums.shape[1]
    # One coin per family and pair of values, numbered in a canonical order.
    group, of_group = np.unique((first * n + second) * n_families + rows.col, return_inverse=True)
    number = np.rint(rows.data).astype(np.int64)
    rng = np.random.Generator(np.random.PCG64(seed))
    for _ in range(n_flips):
        swap = (rng.random(len(group)) < 0.5)[of_group]
        matrix = np.zeros((n, n), np.int64)
        np.add.at(matrix, (np.where(swap, target, origin), np.where(swap, origin, target)), number)
        yield matrix


def null_fit(
    families: drift.FamilyTransitions,
    weighting: str = "weighted",
    n_null_orders: int = 99,
    seed: int = 0,
    *,
    solver: Solver = "highs",
    time_limit: float = 60.0,
) -> NullFit:
    """Compare the optimal order of some families with optimal orders of the same families with flipped directions.

    Each flip is solved like the observed transitions, so the cost is `n_null_orders` orders. With 39 flips, the
    smallest possible p-value is 0.025.
    """

    def share(counts: Integers) -> float:
        traffic = drift.traffic(counts)
        weights = traffic if weighting == "weighted" else (traffic > 0).astype(np.int64)
        names = [str(number) for number in range(len(counts))]
        order = ordering.linear_ordering(names, weights, solver=solver, time_limit=time_limit).order
        return drift.compatible_shares(counts, order)[1]

    observed = share(families.total())
    null = np.array([share(counts) for counts in flipped(families, n_null_orders, seed)])
    if not len(null) or np.isnan(observed):
        return NullFit(observed, np.nan, np.nan, np.nan, np.nan, len(null))
    reached = int((null >= observed - 1e-12).sum())
    mean = float(null.mean())
    return NullFit(
        observed,
        mean,
        float(np.quantile(null, HIGH)),
        observed - mean,
        (1 + reached) / (1 + len(null)),
        len(null),
    )
