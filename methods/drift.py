"""Drift between the values of a trait, as matrices: how often each value became each other one, family by family.

Source: the study's methods, "Mutation, drift, ordering".
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from methods import bootstrap

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FamilyTransitions:
    """Transitions among n values. `sums[f, a * n + b]` is how often value a became value b in family f."""

    n_values: int
    sums: Floats

    @classmethod
    def of(
        cls, n_values: int, family: ArrayLike, origin: ArrayLike, target: ArrayLike, n_transitions: ArrayLike
    ) -> "FamilyTransitions":
        """From one row a family, origin and target (numbers of values from 0), in any order."""
        families, row = np.unique(np.asarray(family), return_inverse=True)
        sums = np.zeros((len(families), n_values * n_values))
        column = np.asarray(origin, np.int64) * n_values + np.asarray(target, np.int64)
        np.add.at(sums, (row, column), np.asarray(n_transitions))
        return cls(n_values, sums)

    def total(self) -> Integers:
        """Transitions over all families, shape (n, n)."""
        return self._square(self.sums.sum(axis=0))

    def resampled(self, n_resamples: int, seed: int) -> Iterator[Integers]:
        """The same for families drawn with replacement, once a resample."""
        if len(self.sums):
            for counts in bootstrap.resample_counts(len(self.sums), n_resamples, seed):
                yield from (self._square(row) for row in counts @ self.sums)

    def forward_intervals(self, n_resamples: int, seed: int) -> tuple[Floats, Floats]:
        """Intervals of the share of transitions between a and b that go from a to b, each of shape (n, n)."""
        squares = self.sums.reshape(len(self.sums), self.n_values, self.n_values)
        both_ways = (squares + squares.transpose(0, 2, 1)).reshape(self.sums.shape)
        low, high = bootstrap.ratio_intervals(self.sums, both_ways, n_resamples, seed)
        return self._table(low), self._table(high)

    def _table(self, row: Floats) -> Floats:
        return row.reshape(self.n_values, self.n_values)

    def _square(self, row: Floats) -> Integers:
        # Counts of transitions times counts of draws: whole numbers, so nothing is lost.
        return np.rint(self._table(row)).astype(np.int64)


def traffic(transitions: Integers) -> Integers:
    """Traffic of the oriented drift a -> b, shape (n, n): what goes there more than back, 0 against the drift."""
    surplus: Integers = np.maximum(transitions - transitions.T, 0)
    return surplus


def compatible_shares(transitions: Integers, order: ArrayLike) -> tuple[float, float]:
    """Share of drifts, and of transitions, that go forward in an order of the values; nan where there are none."""
    drifts = traffic(transitions) > 0
    place = np.empty(len(transitions), dtype=np.int64)
    place[np.asarray(order, dtype=np.int64)] = np.arange(len(transitions))
    forward = place[:, None] < place[None, :]
    n_drifts, n_transitions = drifts.sum(), transitions.sum()
    return (
        float(drifts[forward].sum() / n_drifts) if n_drifts else float("nan"),
        float(transitions[forward].sum() / n_transitions) if n_transitions else float("nan"),
    )
