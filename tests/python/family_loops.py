"""Means over pairs that share families, by loops over draws and families: a second implementation for the tests."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import networkx as nx
from scipy import stats  # type: ignore[import-untyped]  # scipy ships no types


class Drawn(NamedTuple):
    """One draw: the families of its models, the pair, the value and its weight (for rates, the number of edges)."""

    families: frozenset[Any]
    pair: frozenset[Any]
    value: float
    weight: float = 1


def families_without_merges(edges: Iterable[tuple[Any, Any, str]]) -> dict[Any, Any]:
    """A name of the family of every model that has one, from (parent, child, relation)."""
    graph: nx.Graph[Any] = nx.Graph((parent, child) for parent, child, relation in edges if relation != "merge")
    return {model: min(family) for family in nx.connected_components(graph) for model in family}


def estimate(samples: Sequence[Sequence[Drawn]], fewest_pairs: int = 30) -> dict[str, Any]:
    """The mean of a sample, or that of a first minus that of a second, with the interval of the marts."""
    if any(not sample for sample in samples):
        return {"mean": None, "low": None, "high": None}
    totals = [sum(drawn.weight for drawn in sample) for sample in samples]
    means = [
        math.fsum(drawn.value * drawn.weight for drawn in sample) / total
        for sample, total in zip(samples, totals, strict=True)
    ]
    # Sums of residuals and shares by set of families and by sample.
    residual: dict[frozenset[Any], list[float]] = defaultdict(lambda: [0.0, 0.0])
    share: dict[frozenset[Any], list[float]] = defaultdict(lambda: [0.0, 0.0])
    of_equal: dict[frozenset[Any], float] = defaultdict(float)
    for number, sample in enumerate(samples):
        for drawn in sample:
            part = (-1) ** number * drawn.weight * (drawn.value - means[number]) / totals[number]
            of_equal[drawn.families] += part
            for size in range(1, len(drawn.families) + 1):
                for some in map(frozenset, combinations(drawn.families, size)):
                    residual[some][number] += part
                    share[some][number] += drawn.weight / totals[number]
    variance, fourth = 0.0, 0.0
    for some, parts in residual.items():
        if len(some) == 1:
            kept = [1 - h for h in share[some]]
            effect = sum(part / math.sqrt(k) for part, k in zip(parts, kept, strict=True) if k > 1e-12)
            variance, fourth = variance + effect**2, fourth + effect**4
        else:
            variance -= (-1) ** len(some) * sum(parts) ** 2
    variance = max(variance, sum(total**2 for total in of_equal.values()))
    effective = min(
        1 / sum(-((-1) ** len(some)) * shares[number] ** 2 for some, shares in share.items())
        for number in range(len(samples))
    )
    freedom = max(min(3 * variance**2 / fourth if fourth else math.inf, effective) - 1, 1)
    reach = stats.t.ppf(0.975, freedom) * math.sqrt(variance)
    n_pairs = min(len({drawn.pair for drawn in sample}) for sample in samples)
    found: dict[str, Any] = {
        "mean": means[0] - sum(means[1:]),
        "n_distinct_pairs": n_pairs,
        "n_families_effective": effective,
        "share_of_largest_family": max(max(h) for some, h in share.items() if len(some) == 1),
        "low": None,
        "high": None,
    }
    if n_pairs < fewest_pairs or effective < 20 or math.sqrt(variance) < 1e-12:
        return found
    if len(samples) == 2:
        return found | {"low": found["mean"] - reach, "high": found["mean"] + reach}
    mean = found["mean"]
    ends = [math.log(mean / (1 - mean)) + sign * reach / (mean * (1 - mean)) for sign in (-1, 1)]
    low, high = (1 / (1 + math.exp(-end)) for end in ends)
    return found | {"low": low, "high": high}
