"""The study's measurements as a researcher would write them in a notebook: pandas, networkx, scikit-learn.

python -m benchmarks.notebook RECORDS.jsonl STEPS.json   writes CPU and wall seconds of each step

It uses the study's draws: 500 per shape and 1,000 resamples. It measures less than the warehouse: no tests, no
significance of drift, no intervals over families, no structural virality, no ranges of places for tied orders, and only
the relation finetune.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pulp  # type: ignore[import-untyped]  # PuLP has annotations, but does not declare them
from rapidfuzz.distance import Levenshtein
from sklearn.feature_extraction.text import (  # type: ignore[import-untyped]  # scikit-learn ships no types
    CountVectorizer,
    TfidfTransformer,
)
from sklearn.metrics.pairwise import paired_cosine_distances  # type: ignore[import-untyped]  # same

N_DRAWS, N_RESAMPLES = 500, 1_000
RELATIONS = ("finetune", "quantized", "adapter", "merge")
TOP = {"license": 20, "language": 20, "task": 10, "library": 10}
PAIRS = {
    "two_models": [(0, 1)],
    "edge": [(0, 1)],
    "two_children": [(0, 1), (1, 2)],
    "path_of_two": [(0, 2), (1, 2), (0, 1)],
    "three_children": [(0, 1), (1, 2)],
    "fork": [(0, 2), (1, 2), (0, 1), (2, 3)],
    "uncle": [(0, 2), (3, 2), (1, 2), (0, 1), (1, 3)],
    "path_of_three": [(0, 3), (1, 3), (0, 2), (2, 3), (1, 2), (0, 1)],
}

steps: dict[str, dict[str, float]] = {}
Graph = Any  # networkx ships no types


@contextmanager
def step(name: str) -> Iterator[None]:
    cpu, wall = sum(os.times()[:4]), time.monotonic()  # includes the solver's processes
    yield
    steps[name] = {"cpu": round(sum(os.times()[:4]) - cpu, 3), "wall": round(time.monotonic() - wall, 3)}
    print(f"{name:12} {steps[name]['cpu']:8.1f} s CPU", flush=True)


def load(path: Path) -> pd.DataFrame:
    with path.open(encoding="utf-8") as file:
        models = pd.DataFrame([json.loads(line) | {"text": line.rstrip("\n")} for line in file])
    return models.sort_values("lastModified").drop_duplicates("id", keep="last").reset_index(drop=True)


def expand_tags(models: pd.DataFrame) -> pd.DataFrame:
    def values(tags: list[str], prefix: str) -> list[str]:
        return [tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix)]

    models["license"] = models["tags"].apply(values, prefix="license:")
    models["language"] = models["tags"].apply(
        lambda tags: [tag for tag in tags if len(tag) == 2 and tag.isalpha() and tag != "tf"]
    )
    models["dataset"] = models["tags"].apply(values, prefix="dataset:")
    models["paper"] = models["tags"].apply(values, prefix="arxiv:")
    for relation in RELATIONS:
        models[relation] = models["tags"].apply(values, prefix=f"base_model:{relation}:")
    for trait, column in (("task", "pipeline_tag"), ("library", "library_name")):
        models[trait] = models[column].apply(lambda value: [value] if isinstance(value, str) else [])
    return models


def build_graphs(models: pd.DataFrame) -> tuple[Graph, Graph]:
    everything, finetunes = nx.DiGraph(), nx.DiGraph()
    known = set(models["id"])
    everything.add_nodes_from(known)
    finetunes.add_nodes_from(known)
    for relation in RELATIONS:
        edges = models[["id", relation]].explode(relation).dropna()
        pairs = [(p, c) for c, p in edges.itertuples(index=False) if p in known and p != c]
        everything.add_edges_from(pairs)
        if relation == "finetune":
            finetunes.add_edges_from(pairs)
    return everything, finetunes


def without_cycles(graph: Graph) -> Graph:
    graph = graph.copy()
    for cycle in list(nx.simple_cycles(graph)):
        graph.remove_edges_from([(cycle[-1], cycle[0])])
    return graph


def measure_families(graph: Graph) -> pd.DataFrame:
    graph = without_cycles(graph)
    families = []
    for members in nx.weakly_connected_components(graph):
        if len(members) > 1:
            family = graph.subgraph(members)
            roots = [node for node, degree in family.in_degree() if degree == 0]
            generations = nx.multi_source_dijkstra_path_length(family, roots)
            families.append(
                {
                    "root": max(roots, key=lambda root: len(nx.descendants(graph, root))),
                    "models": len(members),
                    "depth": nx.dag_longest_path_length(family),
                    "width": max(Counter(generations.values()).values()),
                }
            )
    return pd.DataFrame(families)


def measure_trait(models: pd.DataFrame, graph: Graph, trait: str) -> dict[str, Any]:
    have = dict(zip(models["id"], models[trait].apply(set), strict=True))
    distances, transitions = [], Counter[tuple[str, str]]()
    for parent, child in graph.edges:
        a, b = have[parent], have[child]
        if a and b:
            distances.append(1 - len(a & b) / len(a | b))
            transitions.update({(x, y) for x in a for y in b - a} | {(x, y) for x in a - b for y in b})
    drift = {
        (x, y): count - transitions[y, x]
        for (x, y), count in transitions.items()
        if count > transitions[y, x] and x != y
    }
    carried = Counter(value for values in models[trait] for value in values)
    drifting = {value for pair in drift for value in pair} - {"other", "unknown", "None", ""}
    top = sorted(drifting, key=lambda value: (-carried[value], value))[: TOP[trait]]
    return {"rate": np.mean(distances), "order": order_values(top, drift)}


def order_values(values: list[str], drift: dict[tuple[str, str], int]) -> list[str]:
    """The linear ordering problem as an integer program."""
    problem = pulp.LpProblem("order", pulp.LpMaximize)
    first = {pair: pulp.LpVariable(f"x_{i}", cat="Binary") for i, pair in enumerate(permutations(values, 2))}
    problem += pulp.lpSum(drift.get(pair, 0) * variable for pair, variable in first.items())
    for a, b in combinations(values, 2):
        problem += first[a, b] + first[b, a] == 1
    for a, b, c in permutations(values, 3):
        problem += first[a, b] + first[b, c] + first[c, a] <= 2
    problem.solve(pulp.PULP_CBC_CMD(msg=False))
    return sorted(values, key=lambda a: -sum(first[a, b].value() for b in values if b != a))


def draw_shapes(graph: Graph, rng: random.Random) -> dict[str, list[tuple[str, ...]]]:
    """500 occurrences of each shape, drawn uniformly."""
    nodes, edges = list(graph), list(graph.edges)
    k = dict(graph.out_degree())
    children = {node: list(graph.successors(node)) for node in nodes}

    def pick(population: list[Any], weights: list[float]) -> list[Any]:
        return rng.choices(population, weights, k=N_DRAWS) if sum(weights) else []

    drawn: dict[str, list[tuple[str, ...]]] = {"two_models": [tuple(rng.sample(nodes, 2)) for _ in range(N_DRAWS)]}
    drawn["edge"] = [tuple(edge) for edge in pick(edges, [1] * len(edges))]
    for shape, size in (("two_children", 2), ("three_children", 3)):
        weights = [float(np.prod([k[node] - i for i in range(size)])) for node in nodes]
        drawn[shape] = [(node, *rng.sample(children[node], size)) for node in pick(nodes, weights)]
    drawn["path_of_two"] = [(u, v, rng.choice(children[v])) for u, v in pick(edges, [k[v] for _, v in edges])]
    drawn["fork"] = [(u, v, *rng.sample(children[v], 2)) for u, v in pick(edges, [k[v] * (k[v] - 1) for _, v in edges])]
    drawn["uncle"] = [
        (u, v, rng.choice(children[v]), rng.choice([x for x in children[u] if x != v]))
        for u, v in pick(edges, [k[v] * (k[u] - 1) for u, v in edges])
    ]
    drawn["path_of_three"] = [
        (rng.choice(list(graph.predecessors(u))), u, v, rng.choice(children[v]))
        for u, v in pick(edges, [graph.in_degree(u) * k[v] for u, v in edges])
    ]
    return drawn


def measure_similarity(
    models: pd.DataFrame, drawn: dict[str, list[tuple[str, ...]]], counts: Any, tfidf: Any
) -> pd.DataFrame:
    row = {model: number for number, model in enumerate(models["id"])}
    text = models["text"].tolist()
    generator = np.random.default_rng(1)
    rows = []
    for shape, occurrences in drawn.items():
        for a, b in PAIRS[shape]:
            first, second = [row[o[a]] for o in occurrences], [row[o[b]] for o in occurrences]
            if not first:
                continue
            measures = {
                "bow": 1 - paired_cosine_distances(counts[first], counts[second]),
                "tfidf": 1 - paired_cosine_distances(tfidf[first], tfidf[second]),
                "levenshtein": np.array(
                    [Levenshtein.normalized_similarity(text[i], text[j]) for i, j in zip(first, second, strict=True)]
                ),
            }
            for measure, found in measures.items():
                means = [generator.choice(found, found.size).mean() for _ in range(N_RESAMPLES)]
                low, high = np.percentile(means, [2.5, 97.5])
                rows.append((shape, a, b, measure, found.mean(), low, high))
    return pd.DataFrame(rows, columns=["shape", "first", "second", "measure", "mean", "low", "high"])


def main(path: Path) -> dict[str, Any]:
    with step("load"):
        models = load(path)
    with step("expand tags"):
        models = expand_tags(models)
    with step("graphs"):
        everything, finetunes = build_graphs(models)
        families = {name: measure_families(graph) for name, graph in (("all", everything), ("finetune", finetunes))}
    with step("traits"):
        traits = {trait: measure_trait(models, finetunes, trait) for trait in TOP}
    with step("embeddings"):
        counts = CountVectorizer(ngram_range=(1, 2), max_features=512).fit_transform(models["text"])
        tfidf = TfidfTransformer().fit_transform(counts)
    with step("similarities"):
        estimates = measure_similarity(models, draw_shapes(without_cycles(finetunes), random.Random(1)), counts, tfidf)
    return {"models": models, "families": families, "traits": traits, "estimates": estimates}


if __name__ == "__main__":
    found = main(Path(sys.argv[1]))
    Path(sys.argv[2]).write_text(json.dumps(steps))
    print({trait: round(float(values["rate"]), 4) for trait, values in found["traits"].items()})
    print({name: len(families) for name, families in found["families"].items()})
    print(found["estimates"][found["estimates"]["measure"] == "tfidf"].to_string())
