"""Drift between the values of a trait, from matrices of transitions per family.

Source: the study's methods, "Mutation, drift, ordering".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types

from phylohub.methods import bootstrap

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FamilyTransitions:
    """Transitions between n values. `sums[a * n + b, f]` is the number of transitions a -> b in family f."""

    n_values: int
    sums: sparse.csr_array  # sparse: a family has few of the n * n transitions

    @classmethod
    def of(
        cls, n_values: int, family: ArrayLike, origin: ArrayLike, target: ArrayLike, n_transitions: ArrayLike
    ) -> "FamilyTransitions":
        """From one row per family, origin and target (values numbered from 0), in any order."""
        families, column = np.unique(np.asarray(family), return_inverse=True)
        row = np.asarray(origin, np.int64) * n_values + np.asarray(target, np.int64)
        counts = np.asarray(n_transitions, np.float64)
        return cls(n_values, sparse.csr_array((counts, (row, column)), (n_values * n_values, len(families))))

    def total(self) -> Integers:
        """Transitions over all families, shape (n, n)."""
        return self._square(self.sums.sum(axis=1))

    def resampled(self, n_resamples: int, seed: int) -> Integers:
        """The same for families drawn with replacement, one matrix per resample: shape (n_resamples, n, n)."""
        sums = bootstrap.resampled_sums(self.sums, n_resamples, seed)
        return np.rint(sums.T.reshape(n_resamples, self.n_values, self.n_values)).astype(np.int64)

    def flipped(self, n_flips: int, seed: int) -> Integers:
        """The same with all directions of each family reversed or not, with probability 1/2 each: (n_flips, n, n)."""
        n, n_families = self.n_values, self.sums.shape[1]
        rng = np.random.Generator(np.random.PCG64(seed))
        kept = rng.integers(2, size=(n_families, n_flips)).astype(np.float64)
        forward = np.rint(self.sums @ kept).T.reshape(n_flips, n, n).astype(np.int64)
        return np.asarray(forward + (self.total() - forward).transpose(0, 2, 1))

    def effective_families(self) -> tuple[float, float]:
        """Effective number of families (1 / sum of squared shares of transitions), and the largest share."""
        n_transitions = self.sums.sum(axis=0)
        total = n_transitions.sum()
        if not total:
            return float("nan"), float("nan")
        return float(total**2 / (n_transitions**2).sum()), float(n_transitions.max() / total)

    def _square(self, sums: Floats) -> Integers:
        # The sums are products of integer counts, so rounding loses nothing.
        return np.rint(sums.reshape(self.n_values, self.n_values)).astype(np.int64)


def traffic(transitions: Integers) -> Integers:
    """Traffic of each drift a -> b, shape (n, n): its net transitions, 0 in the other direction."""
    surplus: Integers = np.maximum(transitions - transitions.T, 0)
    return surplus


def compatible_shares(transitions: Integers, order: ArrayLike) -> tuple[float, float]:
    """Share of drifts, and of transitions, that point forward in an order of the values; nan if there are none."""
    drifts = traffic(transitions) > 0
    place = np.empty(len(transitions), dtype=np.int64)
    place[np.asarray(order, dtype=np.int64)] = np.arange(len(transitions))
    forward = place[:, None] < place[None, :]
    n_drifts, n_transitions = drifts.sum(), transitions.sum()
    return (
        float(drifts[forward].sum() / n_drifts) if n_drifts else float("nan"),
        float(transitions[forward].sum() / n_transitions) if n_transitions else float("nan"),
    )
