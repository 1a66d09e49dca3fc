"""How much an order explains of families that it was not fitted to.

An order also fits noise, so its share of transitions leans upward, and that of a resample leans upward once more: with
30 families, percentiles of resamples never cover the share in the population. Here, families are dealt into folds, each
fold is judged by the order of the others, and the share has an interval like that of any other ratio over families.
docs/inference.md has its measured coverage.

Source: Stone 1974, "Cross-validatory choice and assessment of statistical predictions".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phylohub.methods import inference
from phylohub.methods.drift import FamilyTransitions
from phylohub.methods.null_orders import Weighting, shares_of_best_orders

Floats = NDArray[np.float64]

N_FOLDS = 5
WIDENED = 1.25  # judges of different folds share families; chosen by measured coverage
HELD_OUT = "held_out"


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Shares of drifts (first) and transitions (second) that point forward, of held-out families: arrays (2,).

    Drifts are counted within families: one per family and pair of values. Limits are nan if there are too few families.
    """

    share: Floats
    low: Floats
    high: Floats
    method: str


def held_out_shares(families: FamilyTransitions, weighting: Weighting, n_resamples: int, seed: int) -> HeldOut:
    """The shares of families judged by orders of other families. Shares are nan with fewer families than folds."""
    ratios = held_out_ratios(families, weighting)
    none = np.full(2, np.nan)
    if ratios is None:
        return HeldOut(none, none, none, inference.TOO_FEW_FAMILIES)
    share = ratios.values()
    n_effective, _ = families.effective_families()
    if n_effective < inference.MIN_EFFECTIVE_FAMILIES:
        return HeldOut(share, none, none, inference.TOO_FEW_FAMILIES)
    low, high = limits(ratios, n_resamples, seed)
    return HeldOut(share, low, high, HELD_OUT)


def limits(ratios: inference.Ratios, n_resamples: int, seed: int) -> inference.Limits:
    """95 % intervals of held-out shares, whatever the number of families."""
    share = ratios.values()
    low, high = inference.limits(ratios, np.ones(len(ratios), bool), n_resamples, seed)
    low, high = share - WIDENED * (share - low), share + WIDENED * (high - share)
    return np.clip(low, 0, 1).round(12), np.clip(high, 0, 1).round(12)


def held_out_ratios(families: FamilyTransitions, weighting: Weighting) -> inference.Ratios | None:
    """Drifts and transitions forward and in total, by family: two ratios. None with fewer families than folds."""
    n, n_families = families.n_values, families.sums.shape[1]
    if n_families < N_FOLDS:
        return None
    n_transitions = families.sums.sum(axis=0)
    fold = np.empty(n_families, np.int64)
    fold[np.argsort(-n_transitions, kind="stable")] = np.arange(n_families) % N_FOLDS  # large families are spread
    dealt = (fold[:, None] == np.arange(N_FOLDS)).astype(np.float64)
    own = np.rint(families.sums @ dealt).T.reshape(N_FOLDS, n, n).astype(np.int64)
    _, orders = shares_of_best_orders(families.total() - own, weighting)
    place = np.argsort(orders, axis=1)
    rows = families.sums.tocoo()
    origin, target = np.divmod(rows.row.astype(np.int64), n)
    forward = place[fold[rows.col], origin] < place[fold[rows.col], target]
    # Drifts within a family: the direction with more transitions; none if both have as many.
    backward = np.asarray(families.sums[target * n + origin, rows.col]).ravel()
    drifts = rows.data > backward
    ratio, family, forward_sum, total = (
        np.concatenate(parts)
        for parts in zip(
            *(
                (
                    np.full(n_families, number),
                    np.arange(n_families),
                    np.bincount(rows.col, weights * forward, n_families),
                    np.bincount(rows.col, weights, n_families),
                )
                for number, weights in enumerate((drifts, rows.data))
            ),
            strict=True,
        )
    )
    some = total > 0
    return inference.Ratios.of(ratio[some], family[some], forward_sum[some], total[some])
