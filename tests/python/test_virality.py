"""Structural virality, compared with networkx and, for a million members, with closed forms."""

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from phylohub.methods import virality
from phylohub.methods.virality import Virality, structural_virality

Edge = tuple[int, int]
MILLION = 1_000_000


def ends(edges: list[Edge]) -> tuple[NDArray[Any], NDArray[Any]]:
    first, second = np.array(edges, np.int64).reshape(-1, 2).T
    return first, second


def components(n_nodes: int, edges: list[Edge]) -> list[set[int]]:
    graph = nx.Graph(edges)
    graph.add_nodes_from(range(n_nodes))
    return sorted(nx.connected_components(graph), key=min)


def family_of(n_nodes: int, edges: list[Edge]) -> list[int]:
    """The smallest node of each node's component."""
    of = {node: min(members) for members in components(n_nodes, edges) for node in members}
    return [of[node] for node in range(n_nodes)]


def one_family(n_nodes: int, first: NDArray[Any], second: NDArray[Any], **options: int) -> tuple[float, str, float]:
    found = structural_virality(np.zeros(n_nodes, np.int64), first, second, **options)
    assert found.size.tolist() == [n_nodes]
    return float(found.virality[0]), str(found.method[0]), float(found.standard_error[0])


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[Edge]]:
    """Graphs with self-loops, cycles, edges in both directions and duplicate edges; often forests and DAGs."""
    n = draw(st.integers(1, 14))
    kind = draw(st.sampled_from(["forest", "forest with extra edges", "acyclic", "any"]))
    node = st.integers(0, n - 1)
    edges: list[Edge] = []
    if kind.startswith("forest"):
        parents = [draw(st.none() | st.integers(0, k - 1)) if k else None for k in range(n)]
        edges += [(parent, k) for k, parent in enumerate(parents) if parent is not None]
    if kind != "forest":
        edges += draw(st.lists(st.tuples(node, node), max_size=3 if kind == "forest with extra edges" else 20))
    if kind == "acyclic":
        edges = [(min(edge), max(edge)) for edge in edges if edge[0] != edge[1]]
    names = draw(st.permutations(range(n)))
    return n, [(names[a], names[b]) for a, b in edges]


@given(graphs())
@settings(max_examples=2_000, deadline=None)
def test_virality_matches_networkx(case: tuple[int, list[Edge]]) -> None:
    n, edges = case
    family = family_of(n, edges)
    found = structural_virality(np.array(family) * 10 - 3, *ends(edges))
    assert found.family.tolist() == sorted({10 * f - 3 for f in family})
    assert found.standard_error.tolist() == [0] * len(found.family)
    graph = nx.Graph((a, b) for a, b in edges if a != b)
    graph.add_nodes_from(range(n))
    for i, members in enumerate(components(n, edges)):
        part = graph.subgraph(members)
        assert found.size[i] == len(members)
        assert found.method[i] == ("tree" if nx.is_tree(part) else "exact")
        if len(members) == 1:
            assert np.isnan(found.virality[i])
        else:
            assert found.virality[i] == pytest.approx(nx.average_shortest_path_length(part), rel=1e-12)


@given(graphs(), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_order_and_direction_of_edges_do_not_matter(case: tuple[int, list[Edge]], random: Any) -> None:
    n, edges = case
    family = np.array(family_of(n, edges))
    turned = [edge if random.random() < 0.5 else edge[::-1] for edge in edges]
    random.shuffle(turned)
    once = structural_virality(family, *ends(edges), exact_limit=3, n_sources=5)
    again = structural_virality(family, *ends([*turned, *turned[:2]]), exact_limit=3, n_sources=5)
    for column, same in zip(once, again, strict=True):
        assert np.array_equal(column, same, equal_nan=column.dtype == np.float64)


def chain(order: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return order[:-1], order[1:]


SHAPES_OF_A_MILLION: dict[str, tuple[Callable[[], tuple[NDArray[Any], NDArray[Any]]], float]] = {
    "chain": (lambda: chain(np.arange(MILLION)), (MILLION + 1) / 3),
    "shuffled chain": (lambda: chain(np.random.default_rng(1).permutation(MILLION)), (MILLION + 1) / 3),
    "star": (lambda: (np.zeros(MILLION - 1, np.int64), np.arange(1, MILLION)), 2 - 2 / MILLION),
}


@pytest.mark.parametrize("shape", SHAPES_OF_A_MILLION)
def test_trees_of_a_million_match_closed_forms(shape: str) -> None:
    edges, expected = SHAPES_OF_A_MILLION[shape]
    virality, method, error = one_family(MILLION, *edges())
    assert virality == pytest.approx(expected, rel=1e-9)
    assert (method, error) == ("tree", 0)


def test_chain_of_a_million_with_a_cycle_matches_closed_form() -> None:
    """0-1-2-3 and the edge 0-3 form a square; the rest of the chain hangs from 3."""
    first, second = chain(np.arange(MILLION))
    virality, method, _ = one_family(MILLION, np.append(first, 0), np.append(second, 3))
    n = MILLION - 3  # the chain from 3 on; the other nodes of the square are 1, 1 and 2 edges from 3
    inside = (n - 1) * n * (n + 1) / 3
    across = 2 * (3 * n * (n - 1) / 2 + n * (1 + 1 + 2))
    square = 2 * (1 + 1 + 2)
    assert method == "exact"
    assert virality == pytest.approx((inside + across + square) / (MILLION * (MILLION - 1)), rel=1e-9)


def merged_hub(n: int, n_merges: int, seed: int) -> list[Edge]:
    """A tree that prefers early nodes, plus edges that add second parents."""
    rng = np.random.default_rng(seed)
    nodes = np.arange(1, n)
    tree = list(zip((nodes * rng.random(n - 1) ** 3).astype(int).tolist(), nodes.tolist(), strict=True))
    child = rng.integers(1, n, n_merges)
    return tree + list(zip((child * rng.random(n_merges)).astype(int).tolist(), child.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(8))
def test_sampled_virality_is_within_four_standard_errors(seed: int) -> None:
    n, edges = 600, merged_hub(600, 150, seed)
    exact = nx.average_shortest_path_length(nx.Graph(edges))
    sampled, method, error = one_family(n, *ends(edges), exact_limit=10, n_sources=64, seed=seed)
    assert method == "sampled"
    assert 0 < error < 0.05 * exact
    assert abs(sampled - exact) < 4 * error
    whole, method, error = one_family(n, *ends(edges))
    assert (method, error) == ("exact", 0)
    assert whole == pytest.approx(exact, rel=1e-12)


def test_sampled_virality_and_its_error_are_unbiased() -> None:
    n, edges = 300, merged_hub(300, 60, 0)
    exact = nx.average_shortest_path_length(nx.Graph(edges))
    drawn = [one_family(n, *ends(edges), exact_limit=10, n_sources=20, seed=seed) for seed in range(200)]
    values, errors = np.array([v for v, _, _ in drawn]), np.array([e for _, _, e in drawn])
    assert abs(values.mean() - exact) < 4 * values.std() / np.sqrt(len(values))
    assert errors.mean() == pytest.approx(values.std(), rel=0.15)
    assert drawn[3] == one_family(n, *ends(edges), exact_limit=10, n_sources=20, seed=3)


@pytest.mark.parametrize(("n", "n_merges"), [(2_000, 500), (300, 3)])
def test_both_search_algorithms_give_the_same_sums(n: int, n_merges: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Level by level for all sources, and source by source, which is used if there are too many levels."""
    edges = ends(merged_hub(n, n_merges, 0))
    by_levels = one_family(n, *edges, exact_limit=1, n_sources=100)
    monkeypatch.setattr(virality, "_sums_by_levels", lambda *_: None)
    assert one_family(n, *edges, exact_limit=1, n_sources=100) == by_levels


@pytest.mark.parametrize("n", [80, 400])
def test_sample_of_a_cycle_has_no_error(n: int) -> None:
    edges = [(node, (node + 1) % n) for node in range(n)]
    sampled, method, error = one_family(n, *ends(edges), exact_limit=1, n_sources=30)
    assert (method, error) == ("sampled", 0)
    assert sampled == pytest.approx(n * n / 4 / (n - 1), rel=1e-12)


def test_members_are_drawn_uniformly() -> None:
    """A triangle with three leaves at one corner, where the result depends strongly on the draws."""
    edges = [(0, 1), (1, 2), (2, 0), (2, 3), (2, 4), (2, 5)]
    exact = nx.average_shortest_path_length(nx.Graph(edges))
    sampled, _, error = one_family(6, *ends(edges), exact_limit=0, n_sources=20_000)
    assert abs(sampled - exact) < 4 * error < 0.02


@pytest.mark.parametrize("core_first", [True, False])
def test_exact_limit_applies_to_the_core(core_first: bool) -> None:
    """A square with a thousand leaves is measured exactly with a limit of four, wherever the search begins."""
    edges = [(0, 1), (1, 2), (2, 3), (3, 0), *((node % 4, node) for node in range(4, 1_004))]
    if not core_first:
        edges = [(1_003 - a, 1_003 - b) for a, b in edges]
    virality, method, _ = one_family(1_004, *ends(edges), exact_limit=4)
    assert method == "exact"
    assert virality == pytest.approx(nx.average_shortest_path_length(nx.Graph(edges)), rel=1e-12)
    assert one_family(1_004, *ends(edges), exact_limit=3)[1] == "sampled"


def test_no_nodes_and_no_edges() -> None:
    nothing = np.zeros(0, np.int64)
    assert [len(column) for column in structural_virality(nothing, nothing, nothing)] == [0] * 5
    alone = structural_virality(np.array([5, 2, 9]), nothing, nothing)
    assert isinstance(alone, Virality)
    assert alone.family.tolist() == [2, 5, 9]
    assert alone.size.tolist() == [1, 1, 1]
    assert np.isnan(alone.virality).all()
    assert alone.method.tolist() == ["tree"] * 3


@pytest.mark.parametrize(
    ("family", "edges", "reason"),
    [
        ([0, 0, 0], [(0, 1)], "not connected"),
        ([0, 0, 0, 0], [(0, 1), (2, 3)], "not connected"),
        ([0, 0, 1], [(0, 1), (1, 2)], "two families"),
        ([0, 0], [(0, 2)], "not in 0 to 1"),
        ([0, 0], [(-1, 0)], "not in 0 to 1"),
    ],
)
def test_invalid_families_raise(family: list[int], edges: list[Edge], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        structural_virality(np.array(family), *ends(edges))
