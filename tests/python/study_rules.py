"""The study's counting rules in pandas and networkx, as an independent check of every `_paper` column.

Source: docs/methods.md. Run as a script it prints each figure of a file of records, beside those of a build file:
`python tests/python/study_rules.py models.jsonl.gz build/phylohub.duckdb`.
"""

import csv
import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import networkx as nx
import numpy as np
import pandas as pd

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
RELATIONS = ("finetune", "quantized", "adapter", "merge")  # of a pair with several, the study keeps the last
N_ORDERED = {"license": 20, "language": 20, "task": 10, "library": 10}
NOT_ORDERED = {"other", "unknown", "none", ""}


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a JSON Lines file, plain or gzip."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        yield from (json.loads(line) for line in file)


def two_letter_languages() -> set[str]:
    with (SEEDS / "languages.csv").open(encoding="utf-8") as file:
        return {row["alpha_2"] for row in csv.DictReader(file) if row["alpha_2"]}


def models(records: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """One row per model id, with its traits as sets, and the pairs that its tags declare.

    Of several records of an id the one modified last counts, then the last in the file.
    """
    codes = two_letter_languages()
    rows = []
    for record in records:
        tags = [tag for tag in record.get("tags") or [] if isinstance(tag, str)]
        rows.append(
            {
                "id": record.get("id"),
                "modified": record.get("lastModified") or "",
                "license": {tag.removeprefix("license:") for tag in tags if tag.startswith("license:")} - {""},
                "language": {tag for tag in tags if tag in codes},
                "task": {record.get("pipeline_tag")} - {None, ""},
                "library": {record.get("library_name")} - {None, ""},
                "parents": _parents(tags),
            }
        )
    table = pd.DataFrame(rows).reset_index(names="place").sort_values(["modified", "place"])
    return table.drop_duplicates("id", keep="last").set_index("id")


def _parents(tags: list[str]) -> dict[str, str]:
    """Parent to relation: the last of RELATIONS that names it, `unspecified` if only a bare tag does."""
    found: dict[str, str] = {}
    named = [tag.removeprefix("base_model:") for tag in tags if tag.startswith("base_model:")]
    for name in named:
        relation = name.partition(":")[0]
        if relation not in RELATIONS:
            found.setdefault(name.strip(), "unspecified")
    for relation in RELATIONS:
        for name in named:
            if name.startswith(f"{relation}:"):
                found[name.removeprefix(f"{relation}:").strip()] = relation
    return {parent: relation for parent, relation in found.items() if parent}


def graph(table: pd.DataFrame) -> nx.DiGraph:
    """Every model, and one edge per parent in the file and child, self-loops included."""
    edges = nx.DiGraph()
    edges.add_nodes_from(table.index)
    for child, parents in table["parents"].items():
        edges.add_edges_from(
            (parent, child, {"relation": relation}) for parent, relation in parents.items() if parent in edges
        )
    return edges


def of_relation(edges: nx.DiGraph, *relations: str) -> nx.DiGraph:
    """The graph of all models and the edges of some relations."""
    some = nx.DiGraph()
    some.add_nodes_from(edges)
    some.add_edges_from(edge for edge in edges.edges(data=True) if edge[2]["relation"] in relations)
    return some


def edge_counts(edges: nx.DiGraph) -> Counter[str]:
    return Counter(relation for *_, relation in edges.edges(data="relation"))


def children_with_children(edges: nx.DiGraph) -> Counter[str]:
    """Edges whose child has a child in the graph without merges, by relation."""
    without_merges = of_relation(edges, "finetune", "quantized", "adapter", "unspecified")
    return Counter(
        relation for _, child, relation in without_merges.edges(data="relation") if without_merges.out_degree(child) > 0
    )


def mutation_rate(table: pd.DataFrame, edges: nx.DiGraph, trait: str) -> tuple[int, float]:
    """Edges with the trait on both sides, and their mean mutation."""
    values = table[trait]
    mutations = [
        1 - len(values[parent] & values[child]) / len(values[parent] | values[child])
        for parent, child in edges.edges
        if values[parent] and values[child]
    ]
    return len(mutations), float(np.mean(mutations)) if mutations else float("nan")


def transitions(table: pd.DataFrame, edges: nx.DiGraph, trait: str) -> Counter[tuple[str, str]]:
    """Both lists of transitions: parent's values to gained ones, and lost values to the child's."""
    counts: Counter[tuple[str, str]] = Counter()
    values = table[trait]
    for parent, child in edges.edges:
        before, after = values[parent], values[child]
        if before and after:
            counts.update((old, new) for new in after - before for old in before)
            counts.update((old, new) for old in before - after for new in after)
    return counts


@dataclass(frozen=True)
class Order:
    """What an optimal order of a trait's top values explains: drifts and transitions between them."""

    values: tuple[str, ...]
    n_drifts: int
    n_transitions: int
    optimum: int


def order(table: pd.DataFrame, counts: Counter[tuple[str, str]], trait: str, n: int) -> Order:
    """The best order's optimum over the n most frequent values that drift, by dynamic programming over subsets."""
    drifting = {value for pair in counts for value in pair if counts[pair] != counts[pair[1], pair[0]]}
    carried = Counter(value for values in table[trait] for value in values)
    ranked = sorted((-carried[value], value) for value in drifting if value.lower() not in NOT_ORDERED)
    values = tuple(value for _, value in ranked[:n])
    pairs = list(combinations(values, 2))
    weights = np.array([[max(counts[a, b] - counts[b, a], 0) for b in values] for a in values], np.int64)
    return Order(
        values,
        sum(counts[a, b] != counts[b, a] for a, b in pairs),
        sum(counts[a, b] + counts[b, a] for a, b in pairs),
        best_order(weights),
    )


def best_order(weights: np.ndarray[Any, np.dtype[np.int64]]) -> int:
    """The largest sum of weights[i, j] over pairs with i before j: exact, over all subsets of up to 20 values."""
    n = len(weights)
    subsets = np.arange(1 << n)
    best = np.zeros(1 << n, np.int64)
    size = np.zeros(1 << n, np.int8)
    for value in range(n):
        size += (subsets >> value & 1).astype(np.int8)
    into = np.zeros((n, 1 << n), np.int64)  # into[j, s]: weight from the members of s to j
    for source in range(n):
        has = (subsets >> source & 1).astype(bool)
        into[:, has] += weights[source][:, None]
    for count in range(1, n + 1):
        level = subsets[size == count]
        found = np.full(len(level), -1)
        for last in range(n):
            inside = (level >> last & 1).astype(bool)
            before = level[inside] ^ (1 << last)
            found[inside] = np.maximum(found[inside], best[before] + into[last, before])
        best[level] = found
    return int(best[-1])


def languages(table: pd.DataFrame, edges: nx.DiGraph) -> tuple[int, float, float]:
    """Edges whose two models both name languages, and the mean number of the parent's and the child's."""
    sizes = table["language"].map(len)
    pairs = [(sizes[parent], sizes[child]) for parent, child in edges.edges if sizes[parent] and sizes[child]]
    if not pairs:
        return 0, float("nan"), float("nan")
    before, after = np.mean(pairs, axis=0)
    return len(pairs), float(before), float(after)


def figures(path: Path) -> dict[str, float]:
    """Every figure by the study's rules, under the names of the seed `published_figures` where it has one."""
    table = models(read_records(path))
    edges = graph(table)
    finetunes = of_relation(edges, "finetune")
    found: dict[str, float] = {"models": len(table), "edges": edges.number_of_edges()}
    found |= {f"edges_{relation}": count for relation, count in edge_counts(edges).items()}
    found |= {f"children_with_children_{relation}": count for relation, count in children_with_children(edges).items()}
    for trait, n in N_ORDERED.items():
        found[f"mutation_edges_{trait}"], found[f"mutation_rate_{trait}"] = mutation_rate(table, finetunes, trait)
        fit = order(table, transitions(table, finetunes, trait), trait, n)
        found[f"order_drifts_{trait}"] = fit.n_drifts
        found[f"order_transitions_{trait}"] = fit.n_transitions
        found[f"order_optimum_{trait}"] = fit.optimum
    found["languages_edges"], found["languages_parent_mean"], found["languages_child_mean"] = languages(table, edges)
    return found


def warehouse_figures(rows: Callable[[str], list[tuple[Any, ...]]]) -> dict[str, float]:
    """The warehouse's `_paper` figures under the names of `figures`. `rows` runs a query."""
    found: dict[str, float] = {}
    ((found["models"],),) = rows("select count(*) from marts.models")
    ((found["edges"],),) = rows("select count(*) from marts.lineage_edges where is_paper_edge")
    for relation, n_edges, n_children in rows(
        "select relation, n_edges_paper, n_children_with_children_paper from marts.relation_stats"
    ):
        found[f"edges_{relation}"], found[f"children_with_children_{relation}"] = n_edges, n_children
    for trait, n_edges, rate in rows(
        "select trait, n_edges_paper, rate_paper from marts.mutation_rates where relation = 'finetune'"
    ):
        found[f"mutation_edges_{trait}"], found[f"mutation_rate_{trait}"] = n_edges, rate
    for trait, n_drifts, n_transitions, optimum in rows(
        "select trait, n_drifts_paper, n_transitions_paper, optimum_paper from marts.trait_ordering_fits "
        "where relation = 'finetune' and weighting = 'weighted'"
    ):
        found[f"order_drifts_{trait}"] = n_drifts
        found[f"order_transitions_{trait}"] = n_transitions
        found[f"order_optimum_{trait}"] = optimum
    for n_edges, parent_mean, child_mean in rows(
        "select n_edges_paper, parent_mean_paper, child_mean_paper from marts.language_drift where relation = 'all'"
    ):
        found |= {
            "languages_edges": n_edges,
            "languages_parent_mean": parent_mean,
            "languages_child_mean": child_mean,
        }
    return found


def main() -> None:
    """Print the figures of a file of records, beside those of a build file of the same records if one is given."""
    expected = figures(Path(sys.argv[1]))
    found: dict[str, float] = {}
    if len(sys.argv) > 2:
        with duckdb.connect(sys.argv[2], read_only=True) as connection:
            found = warehouse_figures(lambda query: connection.execute(query).fetchall())
    print(f"{'figure':40} {'study':>14} {'warehouse':>14}")
    for name, value in expected.items():
        print(f"{name:40} {value:>14,.10g} {found.get(name, float('nan')) or 0:>14,.10g}")


if __name__ == "__main__":
    main()
