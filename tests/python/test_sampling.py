"""Counts and samples of the shapes, compared with an enumeration of all their occurrences."""

from collections import Counter
from itertools import combinations, permutations
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chisquare  # type: ignore[import-untyped]  # scipy ships no types

from phylohub.methods import sampling
from phylohub.methods.sampling import PAIR_KINDS, SHAPES, Graph, acyclic_graph, occurrences, sample

Edge = tuple[int, int]
# The edges of each shape between columns, and the columns that are interchangeable.
LAYOUT: dict[str, tuple[list[Edge], list[int]]] = {
    "two_models": ([], []),
    "edge": ([(0, 1)], []),
    "two_children": ([(0, 1), (0, 2)], [1, 2]),
    "path_of_two": ([(0, 1), (1, 2)], []),
    "three_children": ([(0, 1), (0, 2), (0, 3)], [1, 2, 3]),
    "two_grandchildren": ([(0, 1), (1, 2), (1, 3)], [2, 3]),
    "uncle": ([(0, 1), (0, 3), (1, 2)], []),
    "path_of_three": ([(0, 1), (1, 2), (2, 3)], []),
}


def built(edges: list[Edge], n_nodes: int) -> Graph:
    parent, child = np.array(edges, np.int64).reshape(-1, 2).T
    return acyclic_graph(parent, child, n_nodes)


def canonical(shape: str, nodes: tuple[int, ...]) -> tuple[int, ...]:
    """The occurrence with interchangeable nodes in ascending order."""
    free = LAYOUT[shape][1]
    rest = iter(sorted(nodes[i] for i in free))
    return tuple(next(rest) if i in free else node for i, node in enumerate(nodes))


def enumerated(shape: str, edges: list[Edge], n_nodes: int) -> set[tuple[int, ...]]:
    there = set(edges)
    return {
        canonical(shape, nodes)
        for nodes in permutations(range(n_nodes), len(SHAPES[shape]))
        if all((nodes[a], nodes[b]) in there for a, b in LAYOUT[shape][0])
    }


def drawn(shape: str, draws: NDArray[Any]) -> Counter[tuple[int, ...]]:
    return Counter(canonical(shape, tuple(row)) for row in draws.tolist())


@st.composite
def dags(draw: st.DrawFn, trees: bool = False) -> tuple[list[Edge], int]:
    """Edges in any order between nodes numbered in any order, some of them isolated."""
    n = draw(st.integers(0, 7))
    if trees:
        parents = [draw(st.none() | st.integers(0, node - 1)) if node else None for node in range(n)]
        edges = [(parent, node) for node, parent in enumerate(parents) if parent is not None]
    else:
        pairs = list(combinations(range(n), 2))
        edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    names = draw(st.permutations(range(n)))
    return draw(st.permutations([(names[a], names[b]) for a, b in edges])), n


def check(edges: list[Edge], n_nodes: int) -> dict[str, int]:
    """Compare the counts and forty draws of each shape with the enumeration, and return the counts."""
    graph = built(edges, n_nodes)
    counts = occurrences(graph)
    assert list(counts) == list(SHAPES)
    for shape, nodes in SHAPES.items():
        there = enumerated(shape, edges, n_nodes)
        assert counts[shape] == len(there), shape
        draws = sample(graph, shape, 40, seed=7)
        assert draws.shape == (40 if there else 0, len(nodes))
        assert draws.dtype == np.int64
        assert drawn(shape, draws).keys() <= there
    return counts


@given(dags())
@settings(max_examples=1_000, deadline=None)
def test_counts_and_draws_match_enumeration(case: tuple[list[Edge], int]) -> None:
    check(*case)


@given(dags(trees=True))
@settings(max_examples=500, deadline=None)
def test_counts_on_forests_match_the_study(case: tuple[list[Edge], int]) -> None:
    edges, n = case
    counts = check(edges, n)
    k = Counter(parent for parent, _ in edges)
    has_parent = {child for _, child in edges}
    assert counts["uncle"] == sum(k[v] * (k[u] - 1) for u, v in edges)
    assert counts["path_of_three"] == sum(k[v] for u, v in edges if u in has_parent)


TREE = [(0, 1), (0, 2), (0, 9), (1, 3), (1, 4), (1, 5), (3, 6), (4, 7), (2, 8)]
# Triangles u>v>w, u>w: edges that reject no pairs, some pairs, half of the pairs, and (9>10) all pairs.
TRIANGLES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3), (2, 4), (3, 4), (1, 5), (3, 6), (4, 6), (0, 6)]
TRIANGLES += [(9, 10), (9, 11), (10, 11), (11, 7), (6, 7)]


@pytest.mark.parametrize("edges", [TREE, TRIANGLES], ids=["tree", "triangles"])
@pytest.mark.parametrize("shape", SHAPES)
def test_draws_are_uniform(shape: str, edges: list[Edge]) -> None:
    n_nodes = 13  # at least one is isolated
    there = enumerated(shape, edges, n_nodes)
    assert len(there) > 1  # otherwise uniformity cannot be tested
    found = drawn(shape, sample(built(edges, n_nodes), shape, 200 * len(there), seed=1))
    assert chisquare([found[nodes] for nodes in there]).pvalue > 0.001


@pytest.mark.parametrize("shape", ["two_children", "three_children", "two_grandchildren"])
def test_order_of_interchangeable_children_is_uniform(shape: str) -> None:
    star = [(0, 1), *((1, child) for child in range(2, 7))]
    draws = sample(built(star, 7), shape, 20_000, seed=3)
    orders = Counter(tuple(np.argsort(row[LAYOUT[shape][1]])) for row in draws)
    assert len(orders) == (6 if shape == "three_children" else 2)
    assert chisquare(list(orders.values())).pvalue > 0.001


def test_draws_are_independent() -> None:
    draws = sample(built([(0, 1), (2, 3)], 4), "edge", 40_000, seed=5)[:, 0]
    pairs = Counter(zip(draws[::2].tolist(), draws[1::2].tolist(), strict=True))
    assert chisquare([pairs[a, b] for a in (0, 2) for b in (0, 2)]).pvalue > 0.001


@pytest.mark.parametrize("shape", SHAPES)
def test_draws_depend_only_on_edges_and_seed(shape: str) -> None:
    first = sample(built(TRIANGLES, 13), shape, 500, seed=11)
    assert np.array_equal(first, sample(built(TRIANGLES, 13), shape, 500, seed=11))
    assert np.array_equal(first, sample(built([*TRIANGLES[::-1], TRIANGLES[3]], 13), shape, 500, seed=11))
    assert not np.array_equal(first, sample(built(TRIANGLES, 13), shape, 500, seed=12))


def test_shape_with_only_rejected_pairs_does_not_occur() -> None:
    graph = built([(0, 1), (0, 2), (1, 2)], 3)
    assert occurrences(graph)["uncle"] == 0
    assert sample(graph, "uncle", 10, seed=0).shape == (0, 4)


@pytest.mark.parametrize("n_nodes", [0, 1, 2, 5])
def test_graph_without_edges(n_nodes: int) -> None:
    graph = built([], n_nodes)
    assert occurrences(graph) == {shape: n_nodes * (n_nodes - 1) * (shape == "two_models") for shape in SHAPES}
    for shape, nodes in SHAPES.items():
        size = 9 if shape == "two_models" and n_nodes > 1 else 0
        assert sample(graph, shape, 9, seed=0).shape == (size, len(nodes))


def test_no_draws() -> None:
    for shape, nodes in SHAPES.items():
        assert sample(built(TRIANGLES, 13), shape, 0, seed=0).shape == (0, len(nodes))


@pytest.mark.parametrize("n_at_once", [1, 50, 1 << 22])
def test_common_children_of_a_graph_with_large_hubs(n_at_once: int) -> None:
    rng = np.random.default_rng(2)
    a, b = (300 * rng.random((2, 4_000)) ** [[2.5], [1]]).astype(int)
    keep = a != b
    parent, child = np.minimum(a, b)[keep], np.maximum(a, b)[keep]
    graph = acyclic_graph(parent, child, 300)
    dense = np.zeros((300, 300), int)
    dense[parent, child] = 1
    expected = (dense @ dense.T)[graph.parent, graph.child]
    assert expected.sum() > 1_000
    assert np.array_equal(sampling._common_children(graph, n_at_once), expected)


@pytest.mark.parametrize("hubs_first", [True, False])
def test_cost_of_a_large_hub_is_linear_in_its_edges(hubs_first: bool) -> None:
    """One node has 100,000 parents and 100,000 children: enumerating all pairs would take too long."""
    n = 100_000
    around, hub = np.arange(2 * n) + hubs_first, 0 if hubs_first else 2 * n
    parent = np.append(around[:n], np.full(n, hub))
    child = np.append(np.full(n, hub), around[n:])
    counts = occurrences(acyclic_graph(parent, child, 2 * n + 1))
    assert counts["path_of_two"] == n * n
    assert counts["two_children"] == counts["three_children"] * 3 // (n - 2) == n * (n - 1) // 2
    assert counts["uncle"] == 0


@pytest.mark.parametrize(
    ("edges", "reason"),
    [
        ([(0, 0)], "cycle"),
        ([(0, 1), (1, 0)], "cycle"),
        ([(0, 1), (1, 2), (2, 0)], "cycle"),
        ([(0, 3)], "not in 0 to 2"),
        ([(-1, 0)], "not in 0 to 2"),
    ],
)
def test_invalid_graph_raises(edges: list[Edge], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        built(edges, 3)


def test_counts_beyond_64_bits_raise() -> None:
    def star(n: int) -> Graph:
        return acyclic_graph(np.zeros(n, np.int64), np.arange(1, n + 1), n + 1)

    n = 1_500_000
    graph = star(n)
    assert occurrences(graph)["three_children"] == n * (n - 1) * (n - 2) // 6
    assert len(set(sample(graph, "three_children", 1_000, seed=0)[:, 1:].ravel().tolist())) > 2_990
    with pytest.raises(OverflowError):
        occurrences(star(2_200_000))


def test_pair_kinds_match_their_shapes() -> None:
    assert len(PAIR_KINDS) == 24
    assert len({(kind.shape, kind.pair) for kind in PAIR_KINDS}) == 24
    for kind in PAIR_KINDS:
        a, b = kind.pair.split("-")
        assert (SHAPES[kind.shape][kind.first], SHAPES[kind.shape][kind.second]) == (a, b)
        if kind.shape == "two_models":
            assert kind[2:] == (0, 1, "random", None, None)
            continue
        tree = nx.DiGraph(LAYOUT[kind.shape][0])
        depth = nx.single_source_shortest_path_length(tree, 0)
        assert kind.generation_gap == depth[kind.second] - depth[kind.first]
        assert kind.distance == nx.shortest_path_length(tree.to_undirected(), kind.first, kind.second)
    known = {(kind.relation, kind.generation_gap, kind.distance) for kind in PAIR_KINDS}
    assert len(known) == len({kind.relation for kind in PAIR_KINDS}) == 6
