"""Closure, generations, depths, families and cycles compared with networkx, on random hubs and hard cases."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import networkx as nx
import pytest
from conftest import MemoryWarehouse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EDGE_SETS: dict[str, Callable[[str], bool]] = {
    "all": lambda relation: True,
    "no_merge": lambda relation: relation != "merge",
    "finetune": lambda relation: relation == "finetune",
    # The names of these hubs are written exactly, so all edges resolve.
    "resolved": lambda relation: True,
}


@dataclass
class Hub:
    """Models 0..n-1, each with its month of creation, and edges (parent, child, relation).

    A parent of n or more is missing from the hub.
    """

    created: list[int]
    edges: list[tuple[int, int, str]] = field(default_factory=list)

    def records(self) -> list[dict[str, Any]]:
        tags: dict[int, list[str]] = {node: [] for node in range(len(self.created))}
        for parent, child, relation in self.edges:
            tags[child] += [f"base_model:{name(parent)}", f"base_model:{relation}:{name(parent)}"]
        return [
            {
                "id": name(node),
                "createdAt": f"{2000 + month // 12}-{month % 12 + 1:02}-01T00:00:00.000Z",
                "tags": tags[node],
            }
            for node, month in enumerate(self.created)
        ]

    def graph(self, edge_set: str) -> "nx.DiGraph[int]":
        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_edges_from(
            (parent, child)
            for parent, child, relation in self.edges
            if EDGE_SETS[edge_set](relation) and parent != child and parent < len(self.created)
        )
        return graph

    def acyclic(self, edge_set: str) -> "nx.DiGraph[int]":
        """The graph without the edges that lie on a cycle and lead from a younger model to an older one."""
        graph = self.graph(edge_set)
        component = {
            node: number for number, nodes in enumerate(nx.strongly_connected_components(graph)) for node in nodes
        }
        graph.remove_edges_from(
            [
                (parent, child)
                for parent, child in graph.edges
                if component[parent] == component[child] and self.age(parent) > self.age(child)
            ]
        )
        return graph

    def age(self, node: int) -> tuple[int, str]:
        return self.created[node], name(node)


def name(node: int) -> str:
    return f"org/model-{node:06}"


def expected_closure(hub: Hub) -> dict[tuple[str, str, str], int]:
    return {
        (edge_set, name(ancestor), name(descendant)): distance
        for edge_set in EDGE_SETS
        for ancestor, distances in nx.all_pairs_shortest_path_length(hub.acyclic(edge_set))
        for descendant, distance in distances.items()
        if ancestor != descendant
    }


def expected_ancestry(hub: Hub) -> set[tuple[Any, ...]]:
    rows = set()
    for edge_set in EDGE_SETS:
        graph = hub.acyclic(edge_set)
        assert nx.is_directed_acyclic_graph(graph)
        roots = [node for node in graph if graph.in_degree(node) == 0]
        from_root = {root: nx.single_source_shortest_path_length(graph, root) for root in roots}
        depth: dict[int, int] = {}
        for node in nx.topological_sort(graph):
            depth[node] = max((depth[parent] + 1 for parent in graph.predecessors(node)), default=0)
        main_root = {
            node: min(
                (root for root in members if root in from_root),
                key=lambda root: (-len(nx.descendants(graph, root)), hub.age(root)),
            )
            for members in nx.weakly_connected_components(hub.graph(edge_set))
            for node in members
        }
        for node in graph:
            near = [(from_root[root][node], hub.age(root), root) for root in roots if node in from_root[root]]
            rows.add(
                (
                    name(node),
                    edge_set,
                    name(main_root[node]),
                    name(min(near)[2]),
                    graph.in_degree(node),
                    graph.out_degree(node),
                    len(nx.ancestors(graph, node)),
                    len(nx.descendants(graph, node)),
                    len(near),
                    min(near)[0],
                    depth[node],
                )
            )
    return rows


def expected_families(hub: Hub, ancestry: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    families: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for row in ancestry:
        families.setdefault((row[1], row[2]), []).append(row)
    return {
        (
            edge_set,
            family,
            len(rows),
            sum(row[4] == 0 for row in rows),
            max(row[10] for row in rows),
            max(sum(row[9] == generation for row in rows) for generation in {row[9] for row in rows}),
        )
        for (edge_set, family), rows in families.items()
    }


def check(warehouse: MemoryWarehouse, hub: Hub, reverse: bool = False) -> None:
    records = hub.records()
    warehouse.build(reversed(records) if reverse else records)

    closure = warehouse.rows("select edge_set, ancestor_id, descendant_id, distance from marts.lineage_closure")
    assert len(closure) == len({row[:3] for row in closure})
    assert {row[:3]: row[3] for row in closure} == expected_closure(hub)

    ancestry = warehouse.rows(
        "select model_id, edge_set, family_id, root_id, n_parents, n_children, n_ancestors, n_descendants, "
        "n_roots, generation, depth from marts.model_ancestry"
    )
    assert len(ancestry) == len(set(ancestry))
    assert set(ancestry) == expected_ancestry(hub)

    families = warehouse.rows(
        "select edge_set, family_id, n_models, n_roots, depth, width from intermediate.int_families"
    )
    assert len(families) == len(set(families))
    assert set(families) == expected_families(hub, set(ancestry))

    in_cycle = warehouse.rows("select parent_id, child_id from marts.lineage_edges where in_cycle")
    graph = hub.graph("all")
    on_cycle = {(name(parent), name(child)) for parent, child in graph.edges if nx.has_path(graph, child, parent)}
    assert set(in_cycle) == on_cycle


RELATIONS = ["finetune", "adapter", "merge", "quantized", "distill"]


@st.composite
def hubs(draw: st.DrawFn) -> Hub:
    """Up to 12 models with random edges and ages: cycles, self-loops, several parents, several relations per pair,
    missing parents, models of the same age."""
    n = draw(st.integers(1, 12))
    created = draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    edge = st.tuples(st.integers(0, n + 1), st.integers(0, n - 1), st.sampled_from(RELATIONS))
    return Hub(created, draw(st.lists(edge, max_size=3 * n, unique=True)))


@settings(
    max_examples=150,
    deadline=None,  # the machine may be busy
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(hub=hubs(), reverse=st.booleans())
def test_random_hubs_agree_with_networkx(warehouse: MemoryWarehouse, hub: Hub, reverse: bool) -> None:
    check(warehouse, hub, reverse)


HARD_CASES = {
    "empty": Hub([]),
    "one model": Hub([0]),
    "one edge": Hub([0, 1], [(0, 1, "finetune")]),
    "self-loop": Hub([0], [(0, 0, "finetune")]),
    "self-loop beside an edge": Hub([0, 1], [(0, 0, "merge"), (0, 1, "finetune")]),
    "only missing parents": Hub([0, 1], [(5, 0, "finetune"), (5, 1, "adapter")]),
    "cycle of two": Hub([1, 0], [(0, 1, "finetune"), (1, 0, "finetune")]),
    "cycle of two with the same age": Hub([0, 0], [(0, 1, "finetune"), (1, 0, "finetune")]),
    "cycle of three whose cut isolates a model": Hub(
        [0, 0, 0], [(0, 2, "finetune"), (1, 0, "finetune"), (2, 1, "finetune")]
    ),
    "cycle of five with a tail and a head": Hub(
        [3, 1, 4, 1, 5, 0, 6],
        [(i, (i + 1) % 5, "finetune") for i in range(5)] + [(5, 0, "finetune"), (2, 6, "adapter")],
    ),
    "two cycles that share a model": Hub(
        [2, 0, 1], [(0, 1, "finetune"), (1, 0, "adapter"), (0, 2, "finetune"), (2, 0, "finetune")]
    ),
    "a cycle only through a merge": Hub([0, 1], [(0, 1, "finetune"), (1, 0, "merge")]),
    "several relations of one pair": Hub([0, 1], [(0, 1, "finetune"), (0, 1, "merge"), (0, 1, "adapter")]),
    "several parents": Hub([0] * 6, [(i, 5, "merge") for i in range(5)]),
    "clique, both directions": Hub(list(range(6)), [(i, j, "finetune") for i in range(6) for j in range(6)]),
}


@pytest.mark.parametrize("case", HARD_CASES)
@pytest.mark.parametrize("reverse", [False, True])
def test_hard_cases_agree_with_networkx(warehouse: MemoryWarehouse, case: str, reverse: bool) -> None:
    check(warehouse, HARD_CASES[case], reverse)


def test_ladder_with_exponentially_many_paths(warehouse: MemoryWarehouse) -> None:
    rungs = 40  # a ladder of 40 diamonds has 2^40 paths
    edges = [
        (3 * rung + parent, 3 * rung + child, "finetune")
        for rung in range(rungs)
        for parent, child in ((0, 1), (0, 2), (1, 3), (2, 3))
    ]
    check(warehouse, Hub(list(range(3 * rungs + 1)), edges))


def test_chain_of_one_thousand_edges(warehouse: MemoryWarehouse) -> None:
    n = 1_001
    warehouse.build(Hub([0] * n, [(i, i + 1, "finetune") for i in range(n - 1)]).records())
    assert warehouse.rows(
        "select count(*), max(distance), sum(distance) from marts.lineage_closure where edge_set = 'finetune'"
    ) == [(500_500, 1_000, sum(distance * (n - distance) for distance in range(1, n)))]
    assert warehouse.rows(
        "select family_id, n_models, n_roots, depth, width from intermediate.int_families where edge_set = 'finetune'"
    ) == [(name(0), n, 1, 1_000, 1)]


def test_cycle_of_three_hundred_is_cut_once(warehouse: MemoryWarehouse) -> None:
    n = 300
    hub = Hub(list(range(n)), [(i, (i + 1) % n, "finetune") for i in range(n)])
    warehouse.build(hub.records())
    cut = warehouse.rows("select parent_id, child_id from marts.lineage_edges where is_cut_finetune")
    assert cut == [(name(n - 1), name(0))]
    assert warehouse.rows("select depth from intermediate.int_families where edge_set = 'all'") == [(n - 1,)]


def test_star_of_one_hundred_thousand_children(warehouse: MemoryWarehouse) -> None:
    leaves = 100_000
    star = Hub([0] * (leaves + 1), [(0, leaf, "finetune") for leaf in range(1, leaves + 1)])
    warehouse.build(star.records())
    assert warehouse.rows(
        "select edge_set, family_id, n_models, n_roots, depth, width from intermediate.int_families order by edge_set"
    ) == [(edge_set, name(0), leaves + 1, 1, 1, leaves) for edge_set in ("all", "finetune", "no_merge", "resolved")]
    assert warehouse.rows("select count(*), max(distance) from marts.lineage_closure") == [(4 * leaves, 1)]


def test_order_of_records_does_not_change_the_marts(warehouse: MemoryWarehouse) -> None:
    hub = HARD_CASES["cycle of five with a tail and a head"]
    marts = ("lineage_edges", "lineage_closure", "model_ancestry", "family_growth", "models")
    built = []
    for records in (hub.records(), hub.records()[::-1]):
        warehouse.build(records)
        built.append([sorted(warehouse.rows(f"from marts.{mart}"), key=repr) for mart in marts])
    assert built[0] == built[1]
