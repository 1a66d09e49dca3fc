"""Hubs without drift: nothing may be called significant in more seeds than the level allows. And hubs with drift."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types

from phylohub.methods import null_orders, significance
from phylohub.methods.drift import FamilyTransitions
from phylohub.synthetic.graph import FINETUNE, NO_CODE, Graph, Traits, make_graph, make_traits
from phylohub.synthetic.words import LANGUAGE_COUNTS, LIBRARY_WEIGHTS, LICENSE_COUNTS, TASK_WEIGHTS

Integers = NDArray[np.int64]
WORDS = {
    "license": [name not in ("other", "unknown") for name in LICENSE_COUNTS],
    "language": [True] * len(LANGUAGE_COUNTS),
    "task": [True] * len(TASK_WEIGHTS),
    "library": [True] * len(LIBRARY_WEIGHTS),
}
N_VALUES = {"license": 20, "language": 20, "task": 10, "library": 10}
LEVEL = 0.05


def transitions(graph: Graph, traits: Traits, trait: str) -> tuple[Integers, Integers, Integers, Integers]:
    """Family, origin, target and number of the transitions along fine-tunes, as the warehouse defines them."""
    n = len(graph.kind)
    inside = (graph.parent >= 0) & (graph.parent != graph.child)
    child, parent = graph.child[inside], graph.parent[inside]
    _, family = sparse.csgraph.connected_components(sparse.coo_array((np.ones(len(child)), (child, parent)), (n, n)))
    finetune = graph.relation[inside] == FINETUNE
    child, parent = child[finetune], parent[finetune]
    if trait == "language":
        values = traits.languages.astype(np.int64)
    else:
        values = getattr(traits, trait).astype(np.int64)[:, None]
        values = np.where(values < 0, NO_CODE, values)
    old, new = values[parent], values[child]
    gained = (new != NO_CODE) & ~(new[:, :, None] == old[:, None, :]).any(axis=2)
    lost = (old != NO_CODE) & ~(old[:, :, None] == new[:, None, :]).any(axis=2)
    edge, a, b = np.nonzero(
        (old != NO_CODE)[:, :, None] & (new != NO_CODE)[:, None, :] & (gained[:, None, :] | lost[:, :, None])
    )
    rows = np.stack([family[child[edge]], old[edge, a], new[edge, b]], axis=1)
    distinct, number = np.unique(rows, axis=0, return_counts=True)
    return distinct[:, 0], distinct[:, 1], distinct[:, 2], number


def hubs(n_models: int, seeds: range, drift: bool) -> Iterator[tuple[int, Graph, Traits]]:
    for seed in seeds:
        rng = np.random.Generator(np.random.PCG64(seed))
        graph = make_graph(rng, n_models)
        yield seed, graph, make_traits(rng, graph, drift=drift)


def order_p_value(graph: Graph, traits: Traits, trait: str, n_flips: int, seed: int) -> float:
    """The p-value of the weighted order of the most frequent values that have transitions."""
    family, origin, target, number = transitions(graph, traits, trait)
    used = [value for value, ordered in enumerate(WORDS[trait]) if ordered and value in {*origin, *target}]
    place = np.full(NO_CODE + 1, -1)
    place[used[: N_VALUES[trait]]] = np.arange(len(used[: N_VALUES[trait]]))
    both = (place[origin] >= 0) & (place[target] >= 0)
    families = FamilyTransitions.of(
        len(used[: N_VALUES[trait]]), family[both], place[origin[both]], place[target[both]], number[both]
    )
    return null_orders.null_fit(families, "weighted", n_flips, seed).p_value


def smallest_q_value(graph: Graph, traits: Traits, trait: str) -> float:
    """The smallest q-value of the drifts between two values."""
    family, origin, target, number = transitions(graph, traits, trait)
    low, high = np.minimum(origin, target), np.maximum(origin, target)
    _, drift = np.unique(low * (NO_CODE + 1) + high, return_inverse=True)
    n_drifts = int(drift.max(initial=-1)) + 1
    n_families = int(family.max(initial=0)) + 1
    groups, group = np.unique(drift * n_families + family, return_inverse=True)
    net = np.bincount(group, np.where(origin == low, number, -number)).astype(np.int64)
    p_values = significance.family_p_values(groups // n_families, net, n_drifts)
    return float(significance.q_values(p_values).min(initial=1.0))


@pytest.mark.parametrize("trait", ["license", "task"])
def test_orders_of_hubs_without_drift_are_not_significant(trait: str) -> None:
    p_values = [
        order_p_value(graph, traits, trait, 79, seed) for seed, graph, traits in hubs(2_000, range(100), drift=False)
    ]
    assert sum(p < LEVEL for p in p_values) <= 10  # more has a probability of 0.01 if 5 % are significant


def test_a_planted_order_is_significant() -> None:
    for seed, graph, traits in hubs(40_000, range(3), drift=True):
        assert order_p_value(graph, traits, "license", 79, seed) < LEVEL


@pytest.mark.full
@pytest.mark.parametrize("n_models", [2_000, 20_000])
def test_nothing_is_significant_in_95_of_100_hubs_without_drift(n_models: int) -> None:
    """Orders of all four traits together (q-values), and drifts of each trait."""
    orders, drifts = 0, dict.fromkeys(N_VALUES, 0)
    for seed, graph, traits in hubs(n_models, range(100), drift=False):
        p_values = [order_p_value(graph, traits, trait, 199, seed) for trait in N_VALUES]
        orders += bool((significance.q_values(p_values) < LEVEL).any())
        for trait in N_VALUES:
            drifts[trait] += smallest_q_value(graph, traits, trait) < LEVEL
    print(n_models, orders, drifts)
    assert orders <= 10
    assert all(n <= 10 for n in drifts.values()), drifts
