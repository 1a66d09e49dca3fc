"""Samples of children with some of their parents, to compare merges with fine-tunes.

Source: the study, footnote 4, which leaves open whether merges resemble sexual reproduction: a child between its
parents.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phylohub.methods.sampling import draw_distinct

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STREAM = 100  # `sampling` uses the streams 0 to 7 of a seed for its shapes


@dataclass(frozen=True, eq=False)
class Parents:
    """The parents of each child, ascending. Those of child[i] are parent[begin[i] : begin[i + 1]]."""

    child: Ints
    begin: Ints
    parent: Ints

    @classmethod
    def of(cls, parent: NDArray[Any], child: NDArray[Any]) -> "Parents":
        """From one row per parent and child, in any order. Duplicates count once."""
        pairs = np.unique(np.stack([np.asarray(child, np.int64), np.asarray(parent, np.int64)]), axis=1)
        children, begin = np.unique(pairs[0], return_index=True)
        return cls(children, np.append(begin, pairs.shape[1]), pairs[1])

    def draw(self, n_parents: int, n_draws: int, seed: int) -> tuple[Ints, Ints]:
        """Draw children with at least so many parents, uniformly and with replacement, and so many parents of each.

        Returns the children, shape (n_draws,), and distinct parents of each in random order, shape (n_draws,
        n_parents). Both are empty if no child has enough parents.
        """
        rng = np.random.default_rng([seed, STREAM + n_parents])
        available = np.flatnonzero(np.diff(self.begin) >= n_parents)
        if not len(available):
            return np.zeros(0, np.int64), np.zeros((0, n_parents), np.int64)
        drawn = available[rng.integers(len(available), size=n_draws)]
        begin = self.begin[drawn]
        chosen = draw_distinct(rng, self.begin[drawn + 1] - begin, n_parents)
        return self.child[drawn], np.stack([self.parent[begin + number] for number in chosen], axis=1)

    def of_children(self, children: Ints) -> "Parents":
        """The same for these children only."""
        child = self.children_by_parent()
        some = np.isin(child, children)
        return Parents.of(self.parent[some], child[some])

    def children_by_parent(self) -> Ints:
        """The child of each entry of `parent`."""
        return np.repeat(self.child, np.diff(self.begin))

    def nearest_and_farthest(self, similarity: Floats) -> tuple[Floats, Floats]:
        """The largest and smallest similarity of each child to a parent, from one value per entry of `parent`.

        NaN if the similarity to any parent is NaN: that parent could be the nearest or the farthest.
        """
        if not len(self.child):
            return np.zeros(0), np.zeros(0)
        return np.maximum.reduceat(similarity, self.begin[:-1]), np.minimum.reduceat(similarity, self.begin[:-1])
