"""Every `_paper` column against an independent implementation of the study's rules (study_rules.py)."""

import json
import math
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from conftest import Build
from study_rules import (
    N_ORDERED,
    best_order,
    figures,
    graph,
    models,
    of_relation,
    order,
    read_records,
    transitions,
    warehouse_figures,
)

from phylohub.synthetic.hub import write_hub


@pytest.fixture(
    scope="module",
    params=[
        "synthetic",
        "hub_models_2026-06-05.jsonl.gz",
        pytest.param("hub_models_2026-08-22.jsonl.gz", marks=pytest.mark.full),
    ],
)
def build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, real_file: Any) -> Build:
    folder = tmp_path_factory.mktemp("study")
    if request.param == "synthetic":
        records = folder / "synthetic.jsonl"
        write_hub(records, 3_000, seed=5)
        with records.open("a") as file:
            file.writelines(json.dumps(record) + "\n" for record in odd_edges())
    else:
        records = real_file(request.param)
    built = Build(folder, records, {"n_draws": 50, "n_resamples": 20}, data_tests=False)
    assert built.dbt.returncode == 0, built.dbt.stdout
    return built


def odd_edges() -> list[dict[str, Any]]:
    """Models whose edges the study counts differently: loops, missing parents, several relations, bare tags."""
    tags = {
        "odd/root": [],
        "odd/loop": ["base_model:odd/loop", "base_model:finetune:odd/loop"],
        "odd/loop-child": ["base_model:finetune:odd/loop", "license:gpl-3.0"],
        "odd/orphan": ["base_model:finetune:odd/missing"],
        "odd/both": ["base_model:finetune:odd/root", "base_model:quantized:odd/root", "base_model:odd/root"],
        "odd/bare": ["base_model:odd/both"],
        "odd/new-word": ["base_model:odd/root", "base_model:distilled:odd/root"],
        "odd/new-word-alone": ["base_model:distilled:odd/root"],
        "odd/merged": ["base_model:merge:odd/both", "base_model:merge:odd/root"],
        "odd/cycle-a": ["base_model:finetune:odd/cycle-b", "license:mit", "de"],
        "odd/cycle-b": ["base_model:finetune:odd/cycle-a", "license:apache-2.0", "en", "fr"],
    }
    return [
        {"id": name, "createdAt": "2025-01-01T00:00:00.000Z", "tags": ["license:mit", "en", *some]}
        for name, some in tags.items()
    ]


def test_every_paper_column_follows_the_studys_rules(build: Build) -> None:
    expected = figures(build.records)
    found = warehouse_figures(build.rows)
    for name, value in expected.items():
        if name.startswith("order_") and not value:
            assert not found.get(name), name  # no order without a drift
        elif math.isnan(value):
            assert found.get(name) is None, name
        else:
            assert found[name] == pytest.approx(value, rel=1e-12), name


def test_paper_orders_reach_the_optimum(build: Build) -> None:
    """The published order itself, evaluated on the study's transitions, has the optimal traffic."""
    table = models(read_records(build.records))
    finetunes = of_relation(graph(table), "finetune")
    for trait, n in N_ORDERED.items():
        counts = transitions(table, finetunes, trait)
        best = order(table, counts, trait, n)
        values = [
            value
            for (value,) in build.rows(
                f"select value from marts.trait_orderings_paper where trait = '{trait}' and weighting = 'weighted' "
                "order by place"
            )
        ]
        assert sorted(values) == sorted(best.values)
        forward = sum(
            max(counts[a, b] - counts[b, a], 0) for place, a in enumerate(values) for b in values[place + 1 :]
        )
        assert forward == best.optimum


def test_paper_occurrences_follow_the_formulas_of_a_tree(build: Build) -> None:
    """Out-degrees of the study's fine-tune graph, self-loops and cycles included."""
    edges = of_relation(graph(models(read_records(build.records))), "finetune")
    degree = dict(edges.out_degree())
    has_parent = {child for _, child in edges.edges}
    expected = {
        "two_models": len(edges) * (len(edges) - 1),
        "edge": edges.number_of_edges(),
        "two_children": sum(k * (k - 1) // 2 for k in degree.values()),
        "three_children": sum(k * (k - 1) * (k - 2) // 6 for k in degree.values()),
        "path_of_two": sum(degree[child] for _, child in edges.edges),
        "two_grandchildren": sum(degree[child] * (degree[child] - 1) // 2 for _, child in edges.edges),
        "uncle": sum(degree[child] * (degree[parent] - 1) for parent, child in edges.edges),
        "path_of_three": sum(degree[child] for parent, child in edges.edges if parent in has_parent),
    }
    found = dict(build.rows("select shape, n_occurrences_paper from marts.subgraph_occurrences"))
    assert found == expected


def test_best_order_equals_brute_force() -> None:
    from itertools import permutations

    random = np.random.default_rng(1)
    for _ in range(20):
        weights = random.integers(0, 5, (5, 5))
        np.fill_diagonal(weights, 0)
        brute = max(
            sum(weights[a, b] for place, a in enumerate(some) for b in some[place + 1 :])
            for some in permutations(range(5))
        )
        assert best_order(weights) == brute


def test_graph_has_one_edge_per_pair_and_keeps_self_loops() -> None:
    edges = graph(models(odd_edges()))
    assert nx.number_of_selfloops(edges) == 1
    assert {(parent, child): relation for parent, child, relation in edges.edges(data="relation")} == {
        ("odd/loop", "odd/loop"): "finetune",
        ("odd/loop", "odd/loop-child"): "finetune",
        ("odd/root", "odd/both"): "quantized",
        ("odd/both", "odd/bare"): "unspecified",
        ("odd/root", "odd/new-word"): "unspecified",
        ("odd/both", "odd/merged"): "merge",
        ("odd/root", "odd/merged"): "merge",
        ("odd/cycle-b", "odd/cycle-a"): "finetune",
        ("odd/cycle-a", "odd/cycle-b"): "finetune",
    }


def test_figures_read_a_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text("\n".join(map(json.dumps, odd_edges())))
    assert figures(path)["edges"] == 9
