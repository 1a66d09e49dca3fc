"""Drift between the values of a trait, from matrices of transitions per family.

Source: the study's methods, "Mutation, drift, ordering".
"""

from collections.abc import Iterator
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

    def resampled(self, n_resamples: int, seed: int) -> Iterator[Integers]:
        """The same for families drawn with replacement, one matrix per resample."""
        if self.sums.shape[1]:
            yield from (self._square(sums) for sums in bootstrap.resampled_sums(self.sums, n_resamples, seed).T)

    def forward_intervals(
        self, first: ArrayLike, second: ArrayLike, n_resamples: int, seed: int
    ) -> tuple[Floats, Floats]:
        """Intervals of the share of transitions from first to second, for k pairs of values: two (k,) arrays."""
        a, b = np.asarray(first, np.int64), np.asarray(second, np.int64)
        rows = np.concatenate((a * self.n_values + b, b * self.n_values + a))
        forward, backward = np.split(bootstrap.resampled_sums(self.sums[rows], n_resamples, seed), 2)
        return bootstrap.intervals(forward, forward + backward)

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
