"""Measure how often the 95 % intervals of similarities and of differences contain the truth, and fail outside the aim.

python -m benchmarks.pair_coverage [--hubs N]

Families have the sizes of `benchmarks.coverage`. In a hub of similarities, a family is a root and its children. The
similarity of two models depends on their families, on each of the two and on the pair, so draws that share a family or
a model correlate. In a hub of rates, two relations or two snapshots have edges in the same families, whose rates
correlate; most edges of a snapshot are those of the one before.

Compared are percentiles of resampled draws (the method of version 0.1.0; edges count as draws), percentiles of
resampled families, and the chosen interval. docs/inference.md has the table.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage import AIM, sizes
from phylohub.methods import family_means
from phylohub.methods.family_means import Draws, Sums
from phylohub.methods.inference import MIN_EFFECTIVE_FAMILIES

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

HUBS, DRAWS, RESAMPLES, SEED = 1000, 2000, 200, 1
SIMILARITIES = ("edges", "siblings", "random pairs", "siblings - edges")
RATES = ("relation - relation", "snapshot - snapshot")
KINDS = (*SIMILARITIES, *RATES)
TRUTHS = {"edges": 0.4, "siblings": 0.45, "random pairs": 0.3, "siblings - edges": 0.05}


@dataclass(frozen=True)
class Cell:
    """Hubs with families of one distribution of sizes, whose effects vary by `spread`, from 0 to 0.4."""

    kind: str
    shape: str
    n_families: int
    spread: float

    def __str__(self) -> str:
        return f"{self.kind}, {self.n_families} {self.shape}, spread {self.spread}"


@dataclass(frozen=True)
class Coverage:
    """Of a cell: the share of hubs whose interval contains the truth, by method; medians over hubs for the others."""

    cell: Cell
    n_effective: float
    design_effect: float  # nan for rates
    by_method: dict[str, float]  # of the methods that the chosen one is compared with
    share_shown: float
    when_shown: float  # of the chosen interval, where the marts show it; nan if they never do
    passes: bool | None  # None: typical hubs have too few families


def similarity_hub(cell: Cell, rng: np.random.Generator, n_draws: int) -> dict[str, Draws]:
    """Draws of edges, siblings and random pairs."""
    n_children = sizes(cell.shape, cell.n_families).astype(np.int64)
    root = np.cumsum(n_children + 1) - n_children - 1  # its children follow
    family = np.repeat(np.arange(cell.n_families), n_children + 1)
    model = rng.uniform(-0.05, 0.05, len(family))
    level = cell.spread * (rng.beta(0.5, 1.5, cell.n_families) - 0.25)
    closeness = cell.spread / 4 * (rng.beta(0.5, 1.5, cell.n_families) - 0.25)

    def draws(one: Ints, two: Ints, values: Floats) -> Draws:
        found = values + model[one] + model[two] + rng.uniform(-0.05, 0.05, len(one))
        return Draws.of([family[one], family[two]], [one, two], [found])

    of = rng.choice(cell.n_families, n_draws, p=n_children / n_children.sum())
    edges = draws(root[of], root[of] + 1 + rng.integers(n_children[of]), 0.4 + level[of])
    n_pairs = n_children * (n_children - 1)
    of = rng.choice(cell.n_families, n_draws, p=n_pairs / n_pairs.sum())
    place, other = _two_places(rng, n_children[of])
    siblings = draws(root[of] + 1 + place, root[of] + 1 + other, 0.45 + level[of] + closeness[of])
    one, two = _two_places(rng, np.full(n_draws, len(family)))
    random = draws(one, two, 0.3 + (level[family[one]] + level[family[two]]) / 2)
    return {"edges": edges, "siblings": siblings, "random pairs": random}


def _two_places(rng: np.random.Generator, below: Ints) -> tuple[Ints, Ints]:
    one, two = rng.integers(below), rng.integers(below - 1)
    return one, two + (two >= one)


def rates_hub(cell: Cell, rng: np.random.Generator) -> tuple[float, Sums, Sums]:
    """The planted difference of two rates, and the mutations and edges of each family of both."""
    n = sizes(cell.shape, cell.n_families)
    shared, own = rng.beta(1, 3, (2, cell.n_families)) - 0.25  # mean 0
    rate, other_rate = 0.35 + cell.spread * shared, 0.25 + cell.spread * (shared + own) / 2
    if cell.kind == "relation - relation":
        # The other relation has other large families.
        n_other = np.roll(n, cell.n_families // 3)
        both = rng.binomial(n.astype(np.int64), rate), rng.binomial(n_other.astype(np.int64), other_rate)
        return 0.1, _sums(both[0], n), _sums(both[1], n_other)
    # The next snapshot keeps all edges and adds some of another rate.
    added = np.ceil(n / 3)
    before = rng.binomial(n.astype(np.int64), other_rate)
    now = before + rng.binomial(added.astype(np.int64), rate)
    truth = (0.25 * n.sum() + 0.35 * added.sum()) / (n + added).sum() - 0.25
    return float(truth), _sums(now, n + added), _sums(before, n)


def _sums(mutations: NDArray[np.int64], n: Floats) -> Sums:
    return Sums.of(np.arange(len(n)), mutations, n)


def resampled_draws(sample: Draws | Sums, rng: np.random.Generator) -> Floats:
    """The mean over resamples of the draws, or of the edges."""
    if isinstance(sample, Sums):
        n = int(sample.denominator.sum())
        return rng.binomial(n, sample.numerator.sum() / n, RESAMPLES) / n
    values = sample.values[:, 0]
    return np.asarray(values[rng.integers(len(values), size=(RESAMPLES, len(values)))].mean(axis=1))


def resampled_families(sample: Draws | Sums, counts: Ints) -> Floats:
    """The mean over resamples of families: a draw counts as often as its family, or as the product of its two."""
    if isinstance(sample, Sums):
        return (counts @ sample.numerator[:, 0]) / (counts @ sample.denominator[:, 0])
    one, two = sample.families.T
    weights = np.where(one == two, counts[:, one], counts[:, one] * counts[:, two]).astype(np.float64)
    return np.asarray(weights @ sample.values[:, 0] / weights.sum(axis=1))


def _estimate(samples: Sequence[Draws] | Sequence[Sums]) -> dict[str, Any]:
    """The row that a mart shows."""
    first, *compared = samples
    if isinstance(first, Sums):
        return family_means.ratio_difference(first, *compared)
    found = family_means.differences(first, *compared) if compared else family_means.means(first)
    return found.rows()[0]


def measure(cell: Cell, n_hubs: int = HUBS, n_draws: int = DRAWS, compare: bool = True) -> Coverage:
    """The coverage of the methods in a cell; only of the chosen one unless `compare`."""
    rng = np.random.default_rng([SEED, KINDS.index(cell.kind)])
    covered: dict[str, list[bool]] = {"draws": [], "families": []}
    shown, n_effective, design_effect = [], [], []
    for _ in range(n_hubs):
        samples: Sequence[Draws] | Sequence[Sums]
        if cell.kind in RATES:
            truth, *samples = rates_hub(cell, rng)
        else:
            drawn = similarity_hub(cell, rng, n_draws)
            truth, samples = TRUTHS[cell.kind], [drawn[name] for name in cell.kind.split(" - ")]
        row = _estimate(samples)
        n_effective.append(row["n_families_effective"])
        design_effect.append(row.get("design_effect") or np.nan)
        if row["low"] is not None:
            shown.append(row["low"] <= truth <= row["high"])
        if compare:
            counts = rng.multinomial(cell.n_families, np.full(cell.n_families, 1 / cell.n_families), RESAMPLES)
            for name, means in {
                "draws": [resampled_draws(sample, rng) for sample in samples],
                "families": [resampled_families(sample, counts) for sample in samples],
            }.items():
                low, high = np.percentile(means[0] - (means[1] if len(means) > 1 else 0), [2.5, 97.5])
                covered[name].append(bool(low <= truth <= high))
    typical, coverage = float(np.median(n_effective)), float(np.mean(shown)) if shown else np.nan
    # The simulation itself is uncertain: two standard errors at 95 %.
    tolerance = 2 * np.sqrt(0.95 * 0.05 / max(len(shown), 1))
    return Coverage(
        cell,
        typical,
        float(np.median(design_effect)),
        {name: float(np.mean(of)) for name, of in covered.items() if of},
        len(shown) / n_hubs,
        coverage,
        AIM[0] - tolerance <= coverage <= AIM[1] + tolerance if typical >= MIN_EFFECTIVE_FAMILIES else None,
    )


def cells() -> Iterator[Cell]:
    """Equal and skewed sizes, with little and much variation between families."""
    for kind in KINDS:
        for shape, n in (("equal", 25), ("equal", 150), ("steep", 60), ("steep", 600), ("zipf", 600)):
            for spread in (0.1, 0.4):
                yield Cell(kind, shape, n, spread)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hubs", type=int, default=HUBS, help="number of hubs per cell")
    arguments = parser.parse_args()
    print("| population | effective families | design effect | draws (before) | families | now | shown | |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    n_failed = 0
    for cell in cells():
        found = measure(cell, arguments.hubs)
        verdict = {True: "", False: "outside its band", None: "too few, no interval"}[found.passes]
        n_failed += found.passes is False
        effect = "" if np.isnan(found.design_effect) else f"{found.design_effect:.1f}"
        now = "" if np.isnan(found.when_shown) else f"{found.when_shown:.3f}"
        before = f"{found.by_method['draws']:.3f} | {found.by_method['families']:.3f}"
        shares = f"{found.n_effective:.0f} | {effect} | {before} | {now} | {found.share_shown:.2f}"
        print(f"| {cell} | {shares} | {verdict} |", flush=True)
    if n_failed:
        print(f"The coverage of {n_failed} cells is outside its band. See docs/inference.md.", file=sys.stderr)
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
