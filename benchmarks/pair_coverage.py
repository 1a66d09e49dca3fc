"""Measure how often the 95 % intervals of mean similarities contain the truth, and fail if that is outside the aim.

python -m benchmarks.pair_coverage [--hubs N]

A hub has families of one root and its children, with sizes of one of the shapes of `benchmarks.coverage`. Similarity
depends on the family, on each of the two models, and on the pair, so draws that share a family or a model correlate.
Compared are percentiles of resampled draws (the method of version 0.1.0), percentiles of resampled families (a draw
counts as often as its families are drawn), and the chosen interval. docs/inference.md has the table.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage import AIM, sizes
from phylohub.methods import inference, family_means
from phylohub.methods.family_means import Draws

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HUBS, DRAWS, RESAMPLES, SEED = 1000, 2000, 200, 1
KINDS = ("edges", "siblings", "random", "siblings - edges")


@dataclass(frozen=True)
class Cell:
    """Hubs with families of these sizes. `spread` is the range of the families' effects, in [0, 0.4]."""

    kind: str
    shape: str
    n_families: int
    spread: float

    def __str__(self) -> str:
        return f"{self.kind}, {self.n_families} {self.shape}, spread {self.spread}"


@dataclass(frozen=True)
class Coverage:
    """Of a cell: the share of hubs whose interval contains the truth, by method, and `chosen` where it is shown."""

    cell: Cell
    n_effective: float
    design_effect: float
    by_method: dict[str, float]
    share_shown: float
    when_shown: float  # nan if fewer than 50 hubs are shown
    passes: bool | None  # None: too few hubs have an interval


TRUTH = {"edges": 0.4, "siblings": 0.45, "random": 0.3, "siblings - edges": 0.05}


def hub(cell: Cell, rng: np.random.Generator, n_draws: int) -> dict[str, Draws]:
    """Draws of edges, siblings and random pairs from one hub."""
    n_children = sizes(cell.shape, cell.n_families).astype(np.int64)
    first = np.cumsum(n_children + 1) - n_children - 1  # the root of each family; its children follow
    family = np.repeat(np.arange(cell.n_families), n_children + 1)
    model = rng.uniform(-0.05, 0.05, len(family))
    level, closeness = cell.spread * np.array([[1], [0.25]]) * (rng.beta(0.5, 1.5, (2, cell.n_families)) - 0.25)

    def draws(one: Ints, two: Ints, values: Floats) -> Draws:
        found = values + model[one] + model[two] + rng.uniform(-0.05, 0.05, len(one))
        return Draws.of([family[one], family[two]], [one, two], [found])

    of = rng.choice(cell.n_families, n_draws, p=n_children / n_children.sum())
    edges = draws(first[of], first[of] + 1 + rng.integers(n_children[of]), 0.4 + level[of])
    pairs = n_children * (n_children - 1)
    of = rng.choice(cell.n_families, n_draws, p=pairs / pairs.sum())
    place = rng.integers(n_children[of])
    other = rng.integers(n_children[of] - 1)
    other += other >= place
    siblings = draws(first[of] + 1 + place, first[of] + 1 + other, 0.45 + level[of] + closeness[of])
    one = rng.integers(len(family), size=n_draws)
    two = rng.integers(len(family) - 1, size=n_draws)
    two += two >= one
    random = draws(one, two, 0.3 + (level[family[one]] + level[family[two]]) / 2)
    return {"edges": edges, "siblings": siblings, "random": random}


def resampled_draws(draws: Draws, rng: np.random.Generator) -> Floats:
    """The mean over resamples of the draws."""
    values = draws.values[:, 0]
    return values[rng.integers(len(values), size=(RESAMPLES, len(values)))].mean(axis=1)


def family_counts(n_families: int, rng: np.random.Generator) -> Ints:
    """How often each resample draws each family."""
    return rng.multinomial(n_families, np.full(n_families, 1 / n_families), RESAMPLES)


def resampled_families(draws: Draws, counts: Ints) -> Floats:
    """The mean over resamples of families: a draw counts as often as its family, or as the product of its two."""
    one, two = draws.families.T
    weights = np.where(one == two, counts[:, one], counts[:, one] * counts[:, two]).astype(np.float64)
    return weights @ draws.values[:, 0] / weights.sum(axis=1)


def measure(cell: Cell, n_hubs: int = HUBS, n_draws: int = DRAWS, compare: bool = True) -> Coverage:
    """The coverage of the compared methods in a cell."""
    rng = np.random.default_rng([SEED, KINDS.index(cell.kind)])
    truth = TRUTH[cell.kind]
    covered: dict[str, list[bool]] = {"draws": [], "families": [], "chosen": []}
    effective, effects, shown = [], [], []
    for _ in range(n_hubs):
        found = hub(cell, rng, n_draws)
        terms = [found[name] for name in cell.kind.split(" - ")]
        estimate = family_means.compare([t.sums for t in terms])
        of_mean = family_means.means(terms[0])
        (shown_estimate,) = (family_means.differences(*terms) if len(terms) > 1 else of_mean).rows()
        shown.append(shown_estimate["low"] is not None)
        effective.append(float(estimate.n_families_effective.min()))
        effects.append(float(of_mean.design_effect[0]))
        low, high = limits(estimate, len(terms) > 1)
        covered["chosen"].append(low <= truth <= high)
        if compare:
            counts = family_counts(cell.n_families, rng)
            for name, several in {
                "draws": [resampled_draws(term, rng) for term in terms],
                "families": [resampled_families(term, counts) for term in terms],
            }.items():
                means = several[0] - several[1] if len(terms) > 1 else several[0]
                low, high = np.percentile(means, [2.5, 97.5])
                covered[name].append(bool(low <= truth <= high))
    return covered, effective, effects, shown
