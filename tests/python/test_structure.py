"""Claims about structure, compared with brute force, networkx and known answers: differences of places in optimal
orders, groups of tasks, the largest component over time, and the similarity of merges to their parents."""

import csv
import gzip
import itertools
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import family_loops
import networkx as nx
import numpy as np
import pytest
from conftest import FEW_DRAWS, ROOT, Build
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from sklearn.feature_extraction.text import (  # type: ignore[import-untyped]  # scikit-learn ships no types
    CountVectorizer,
    TfidfVectorizer,
)
from test_ordering import edges, noisy, permutations, ring, traffics

from phylohub.methods.cards import card_text
from phylohub.methods.components import component_growth
from phylohub.methods.ordering import linear_ordering, linear_ordering_with_differences
from phylohub.methods.ordering_differences import PlaceDifferences
from phylohub.methods.parents import Parents

Traffic = NDArray[np.int64]

### Differences of places over all optimal orders


def names(traffic: Traffic) -> list[str]:
    return [f"item {number}" for number in range(len(traffic))]


def differences(traffic: Traffic, **limits: Any) -> PlaceDifferences | None:
    ordering, found = linear_ordering_with_differences(names(traffic), traffic, **limits)
    alone = linear_ordering(names(traffic), traffic, **limits)
    assert (ordering.order, ordering.earliest, ordering.latest) == (alone.order, alone.earliest, alone.latest)
    return found


def optimal_places(traffic: Traffic) -> Traffic:
    """The places of the items in each optimal order, by trying all orders."""
    _, places = permutations(len(traffic))
    score = np.zeros(len(places), np.int64)
    for a, b in np.argwhere(traffic):
        score += traffic[a, b] * (places[:, a] < places[:, b])
    optimal: Traffic = places[score == score.max()].astype(np.int64) + 1
    return optimal


def check_differences(traffic: Traffic, **limits: Any) -> None:
    optimal = optimal_places(traffic)
    found = differences(traffic, **limits)
    assert found is not None
    for a, b in itertools.product(range(len(traffic)), repeat=2):
        apart = optimal[:, b] - optimal[:, a]
        assert (found.least[a, b], found.greatest[a, b]) == (apart.min(), apart.max()), (a, b)


@settings(max_examples=300)
@given(traffics())
def test_differences_match_all_permutations(traffic: Traffic) -> None:
    check_differences(traffic)


@settings(max_examples=100)
@given(traffics())
def test_differences_without_solver_match_all_permutations(traffic: Traffic) -> None:
    check_differences(traffic, time_limit=0)


@pytest.mark.parametrize("seed", range(12))
def test_differences_of_eight_items_match_all_permutations(seed: int) -> None:
    check_differences(noisy(8, 0.5, (0.2, 0.4, 1)[seed % 3], seed, weighted=seed % 2 == 0))


@pytest.mark.parametrize(
    "traffic",
    [
        # What an item leaves between itself and a later one depends on the set that it was placed after.
        ring(4, of=7) + edges(7, (0, 4, 1), (2, 4, 1), (5, 1, 1), (6, 1, 1)),
        ring(3, of=7) + ring(3, of=7, first=3) + edges(7, (1, 4, 1), (6, 0, 1)),
        edges(5, (0, 1, 1), (2, 3, 1), (3, 4, 1)),
    ],
)
def test_differences_across_blocks_match_all_permutations(traffic: Traffic) -> None:
    check_differences(traffic)


def test_differences_of_twenty_items_without_edges_are_exact() -> None:
    found = differences(edges(20))  # all 2^20 sets can stand first
    assert found is not None
    apart = ~np.eye(20, dtype=bool)
    assert set(found.least[apart].tolist()) == {-19}
    assert set(found.greatest[apart].tolist()) == {19}


def test_differences_are_unknown_rather_than_wrong() -> None:
    assert differences(edges(24)) is None  # more than 2^20 sets
    # The component's orders do not fit, so it has one order that is proven optimal and others that are not known.
    traffic = noisy(16, 0.5, 1, 22, weighted=False)
    assert linear_ordering(names(traffic), traffic, max_work=2000).proven
    assert differences(traffic, max_work=2000) is None
    assert differences(traffic) is not None


def test_differences_of_a_long_chain_need_few_sets() -> None:
    found = differences(edges(60, *((i, i + 1, 1) for i in range(59))))
    assert found is not None
    distance = np.arange(60)[None, :] - np.arange(60)[:, None]
    assert (found.least == distance).all()
    assert (found.greatest == distance).all()


### Components of a growing graph


def check_growth(steps: list[int], ends: list[tuple[int, int]], n_steps: int) -> None:
    first, second = zip(*ends, strict=True) if ends else ((), ())
    found = component_growth(steps, first, second, n_steps)
    for step in range(n_steps):
        graph: nx.Graph[int] = nx.Graph()
        graph.add_nodes_from(node for node, of_node in enumerate(steps) if of_node <= step)
        present = [(a, b) for a, b in ends if a in graph and b in graph]
        graph.add_edges_from(present)
        largest = sorted(map(len, nx.connected_components(graph)), reverse=True)
        expected = len(graph), len(present), *[*largest, 0, 0][:2]
        assert tuple(column[step] for column in found) == expected


@st.composite
def growths(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int]], int]:
    n_steps = draw(st.integers(1, 6))
    steps = draw(st.lists(st.integers(0, n_steps - 1), max_size=14))
    nodes = st.integers(0, len(steps) - 1)
    return steps, draw(st.lists(st.tuples(nodes, nodes), max_size=20)) if steps else [], n_steps


@settings(max_examples=300)
@given(growths())
def test_components_match_networkx(growth: tuple[list[int], list[tuple[int, int]], int]) -> None:
    check_growth(*growth)


def test_larger_graph_matches_networkx() -> None:
    rng = random.Random(4)
    steps = sorted(rng.choices(range(30), k=800))
    ends = [(int(child * rng.random() ** 2), child) for child in rng.choices(range(1, 800), k=600)]
    check_growth(steps, ends, 30)


def test_second_component_can_shrink() -> None:
    # 0-1-2 and 3-4 join in step 1, and 5-6 becomes the second.
    found = component_growth([0] * 7, [0, 1, 3, 5], [1, 2, 4, 6], 1)
    assert (found.largest.tolist(), found.second.tolist()) == ([3], [2])
    found = component_growth([0] * 7 + [1], [0, 1, 3, 5, 2, 7], [1, 2, 4, 6, 7, 3], 2)
    assert (found.largest.tolist(), found.second.tolist()) == ([3, 6], [2, 2])


@pytest.mark.parametrize("arguments", [([2], [], [], 2), ([0], [0], [1], 1), ([0], [-1], [0], 1), ([-1], [], [], 1)])
def test_numbers_out_of_range_are_refused(arguments: Any) -> None:
    with pytest.raises(ValueError, match="is not in 0 to"):
        component_growth(*arguments)


### Draws of children and parents


def test_children_and_pairs_of_parents_are_drawn_uniformly() -> None:
    parents = {10: [1, 2], 11: [1, 2, 3], 12: [5], 13: [7, 6, 8, 9]}
    pairs = [(parent, child) for child, several in parents.items() for parent in several]
    of = Parents.of(*map(np.array, zip(*reversed([*pairs, pairs[0]]), strict=True)))
    child, drawn = of.draw(2, 60_000, 1)
    counts = Counter(zip(child.tolist(), *drawn.T.tolist(), strict=True))
    expected = {
        (child, *pair): 60_000 / 3 / len(several) / (len(several) - 1)
        for child, several in parents.items()
        for pair in itertools.permutations(several, 2)
    }
    assert counts.keys() == expected.keys()
    # A statistic of chi-square with 19 degrees of freedom exceeds 44 once in a thousand seeds.
    assert sum((counts[key] - n) ** 2 / n for key, n in expected.items()) < 44
    again = Parents.of(*map(np.array, zip(*pairs, strict=True))).draw(2, 60_000, 1)
    assert (again[0] == child).all()
    assert (again[1] == drawn).all()
    assert set(of.draw(1, 1000, 1)[0].tolist()) == set(parents)


def test_no_child_has_enough_parents() -> None:
    child, drawn = Parents.of(np.array([1]), np.array([2])).draw(2, 10, 1)
    assert (child.shape, drawn.shape) == ((0,), (0, 2))
    child, drawn = Parents.of(np.zeros(0), np.zeros(0)).draw(1, 10, 1)
    assert (child.shape, drawn.shape) == ((0,), (0, 1))


def test_nearest_and_farthest_are_unknown_if_a_parent_is() -> None:
    of = Parents.of(np.array([1, 2, 3, 1, 2]), np.array([9, 9, 9, 8, 8]))
    nearest, farthest = of.nearest_and_farthest(np.array([0.5, 0.25, 0.1, np.nan, 0.9]))
    assert nearest.tolist() == [0.5, pytest.approx(np.nan, nan_ok=True)]
    assert farthest.tolist() == [0.25, pytest.approx(np.nan, nan_ok=True)]


### The marts of two hubs

TASKS = ["translation", "text-generation", "image-classification", "text-to-image", "invented", "robotics", "fill-mask"]
TASK_TURNS = {"translation": ["text-generation", "fill-mask"], "text-generation": ["fill-mask", "text-to-image"]}


def random_hub(n: int = 160, seed: int = 8) -> list[dict[str, Any]]:
    """A hub with merges, merges of merges, a cycle, self-loops, missing parents and models without a date."""
    rng = random.Random(seed)
    records: list[dict[str, Any]] = []
    for node in range(n):
        task = rng.choice(TASKS)
        tags = [
            f"license:{rng.choice(['mit', 'apache-2.0', 'gemma', 'openrail'])}",
            *rng.sample(["a b", "c-d", "e"], 2),
        ]
        if node:
            relation = rng.choices(["merge", "finetune", "adapter", "none"], [3, 4, 1, 4])[0]
            recent = range(max(0, node - 40), node)
            for parent in rng.sample(
                recent, min(len(recent), rng.choice([1, 2, 2, 3, 5]) if relation == "merge" else 1)
            ):
                if relation != "none":
                    tags.append(f"base_model:{relation}:m/{parent}")
                if relation == "finetune":
                    before = records[parent]["pipeline_tag"]
                    task = rng.choice([before, *TASK_TURNS.get(before, [task])])
        record = {
            "id": f"m/{node}",
            "tags": tags,
            "pipeline_tag": task,
            "note": " ".join(rng.choices(TASKS, k=node % 9)),
        }
        if node % 11:
            record["createdAt"] = f"2024-{1 + 8 * node // n:02}-{1 + node % 28:02}T00:00:00.000Z"
        records.append(record)
    records[3]["tags"] += ["base_model:merge:m/9", "base_model:merge:m/3", "base_model:merge:gone/away"]
    records[9]["tags"] += ["base_model:merge:m/3", "base_model:finetune:m/2"]
    return records


class Hub:
    """A build, and its records."""

    def __init__(self, build: Build, records: list[dict[str, Any]], cards: dict[str, str | None]) -> None:
        assert build.dbt.returncode == 0, build.dbt.stdout
        self.build, self.cards = build, cards
        self.records = {record["id"]: record for record in records}
        ordered = sorted(records, key=lambda one: (one.get("createdAt") is None, one.get("createdAt"), one["id"]))
        self.age = {record["id"]: number for number, record in enumerate(ordered)}

    def edges(self, *relations: str) -> set[tuple[str, str]]:
        """Pairs of parent and child in the hub, of these relations or of all."""
        found = set()
        for record in self.records.values():
            typed = [tag.split(":", 2) for tag in record.get("tags", []) if tag.startswith("base_model:")]
            named = {part[2] for part in typed if len(part) == 3}
            for part in typed:
                relation, parent = part[1:] if len(part) == 3 else ("unspecified", part[1])
                counts = (not relations or relation in relations) and (len(part) == 3 or parent not in named)
                if counts and parent in self.records and parent != record["id"]:
                    found.add((parent, record["id"]))
        return found

    def acyclic_edges(self, *relations: str) -> set[tuple[str, str]]:
        """The same without the edges of cycles whose parent is the younger model."""
        graph: nx.DiGraph[str] = nx.DiGraph(self.edges())
        cycle = {node: number for number, some in enumerate(nx.strongly_connected_components(graph)) for node in some}
        return {(a, b) for a, b in self.edges(*relations) if cycle[a] != cycle[b] or self.age[a] < self.age[b]}


SEVEN = {"evolving_traits": {"license": 7, "language": 7, "task": 7, "library": 7}}


@pytest.fixture(scope="module")
def small_hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    folder = tmp_path_factory.mktemp("structure")
    records = random_hub()
    rng = random.Random(2)
    cards = {
        record["id"]: " ".join(rng.choices(["model", "merge", "of", "weights", "très", "bon"], k=150))
        for record in records
        if rng.random() < 0.9
    }
    cards |= {"m/9": "short", "m/12": "automatically generated " * 40}
    for name, rows in (("records", records), ("cards", [{"id": one, "card": card} for one, card in cards.items()])):
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    build = Build(folder, folder / "records.jsonl", FEW_DRAWS | SEVEN, cards=folder / "cards.jsonl")
    return Hub(build, records, {one: card_text(card) for one, card in cards.items()})


@pytest.fixture(scope="module")
def real_hub(tmp_path_factory: pytest.TempPathFactory, real_file: Callable[[str], Path]) -> Hub:
    """4,167 real records of June 2026, among them many merges."""
    path = real_file("hub_models_2026-06-05.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return Hub(Build(tmp_path_factory.mktemp("june"), path, FEW_DRAWS | SEVEN), records, {})


@pytest.fixture(params=["small_hub", pytest.param("real_hub", marks=pytest.mark.full)])
def hub(request: pytest.FixtureRequest) -> Hub:
    found: Hub = request.getfixturevalue(request.param)
    return found


def test_place_differences_match_all_orders(hub: Hub) -> None:
    traffic: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for trait, origin, target, n in hub.build.rows(
        "select trait, from_value, to_value, traffic from marts.trait_drifts where relation = 'finetune'"
    ):
        traffic[trait][origin, target] = n
    orders: dict[str, list[str]] = defaultdict(list)
    for trait, value in hub.build.rows(
        "select trait, value from marts.trait_orderings where relation = 'finetune' and weighting = 'weighted' "
        "order by trait, place"
    ):
        orders[trait].append(value)
    expected = []
    for trait, order in orders.items():
        matrix = np.array([[traffic[trait].get((a, b), 0) for b in order] for a in order], np.int64)
        places = optimal_places(matrix)
        for a, b in itertools.combinations(sorted(order), 2):
            one, other = order.index(a), order.index(b)
            apart = places[:, other] - places[:, one]
            always = bool((apart > 0).all()), bool((apart < 0).all())
            expected.append((trait, a, b, one + 1, other + 1, apart.min(), apart.max(), *always))
    assert len(expected) > 20
    assert hub.build.rows("select * exclude (relation, weighting) from marts.trait_place_differences order by all") == (
        sorted(expected)
    )
    keys = hub.build.rows("select distinct relation, weighting from marts.trait_place_differences")
    assert keys == [("finetune", "weighted")]


def test_text_generation_is_downstream_of_translation(small_hub: Hub) -> None:
    query = "from marts.trait_place_differences where trait = 'task' and value_a = 'text-generation' "
    rows = small_hub.build.rows(f"select is_always_after, difference_max {query} and value_b = 'translation'")
    assert [row[0] for row in rows] == [True]
    assert rows[0][1] < 0


def test_task_groups_match_a_count_by_hand(hub: Hub) -> None:
    with (ROOT / "seeds" / "tasks.csv").open(newline="") as file:
        group = {row["task"]: row["modality"] for row in csv.DictReader(file)}
    places: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for relation, weighting, value, place in hub.build.rows(
        "select relation, weighting, value, place from marts.trait_orderings where trait = 'task'"
    ):
        places[group.get(value, "unknown"), relation, weighting].append(place)
    assert hub.build.rows("from marts.task_group_places order by all") == [
        (*key, len(of), sum(of) / len(of), min(of), max(of)) for key, of in sorted(places.items())
    ]


def test_every_task_of_an_order_has_a_group(small_hub: Hub) -> None:
    groups = {row[0] for row in small_hub.build.rows("select task_group from marts.task_group_places")}
    assert {"nlp", "cv", "rl", "unknown"} <= groups


def test_components_by_month_match_networkx(hub: Hub) -> None:
    created = {name: record["createdAt"][:7] for name, record in hub.records.items() if record.get("createdAt")}
    expected = []
    for edge_set, pairs in (
        ("all", hub.edges()),
        ("no_merge", hub.edges("finetune", "adapter", "quantized", "unspecified")),
    ):
        for month in sorted(set(created.values())):
            graph: nx.Graph[str] = nx.Graph()
            graph.add_nodes_from(name for name, of_name in created.items() if of_name <= month)
            present = [(a, b) for a, b in pairs if a in graph and b in graph]
            graph.add_edges_from(present)
            first, second = [*sorted(map(len, nx.connected_components(graph)), reverse=True), 0][:2]
            expected.append((edge_set, month, len(graph), len(present), first, second, first / len(graph)))
    assert len(expected) > 10
    assert hub.build.rows(
        "select edge_set, strftime(month, '%Y-%m'), * exclude (edge_set, month) "
        "from marts.largest_component_by_month order by all"
    ) == sorted(expected)


def test_totals_by_month_equal_growth_by_month(hub: Hub) -> None:
    assert hub.build.rows(
        "select month, n_models_total from marts.largest_component_by_month where edge_set = 'all' order by month"
    ) == hub.build.rows("select month, n_models_total from marts.growth_by_month order by month")


def merges_of(hub: Hub) -> dict[str, set[str]]:
    parents: dict[str, set[str]] = defaultdict(set)
    for parent, child in hub.acyclic_edges("merge"):
        parents[child].add(parent)
    return {child: several for child, several in parents.items() if len(several) > 1}


def sampled_pairs(hub: Hub) -> dict[str, dict[int, tuple[Any, ...]]]:
    """Per pair kind and draw: the ids of both models and the six similarities."""
    columns = ", ".join(f"{artifact}_{measure}" for artifact in ("metadata", "card") for measure in MEASURES)
    found: dict[str, dict[int, tuple[Any, ...]]] = defaultdict(dict)
    for kind, draw, *row in hub.build.rows(
        f"select pair_kind, draw, one.model_id, other.model_id, {columns} "
        "from intermediate.int_merge_similarity_samples "
        "left join intermediate.int_models_current as one on first_key = one.model_key "
        "left join intermediate.int_models_current as other on second_key = other.model_key"
    ):
        found[kind][draw] = tuple(row)
    return found


MEASURES = ("bow", "tfidf", "levenshtein")


def test_sampled_pairs_are_merges_and_finetunes_with_parents(hub: Hub) -> None:
    merges, pairs = merges_of(hub), sampled_pairs(hub)
    assert len(merges) > 20
    tuned = hub.acyclic_edges("finetune")
    assert all((parent, child) in tuned for parent, child, *_ in pairs["finetune_child_parent"].values())
    for draw, (parent, child, *_) in pairs["merge_child_parent"].items():
        assert parent in merges[child]
        assert {kind: pairs[kind][draw][:2] for kind in ("child_nearest_parent", "child_farthest_parent")} == {
            "child_nearest_parent": (None, child),
            "child_farthest_parent": (None, child),
        }
        older, younger, *_ = pairs["parents_of_merge"][draw]
        assert {older, younger} <= merges[child]
        assert parent in (older, younger)
        assert hub.age[older] < hub.age[younger]
    assert {len(draws) for draws in pairs.values()} == {FEW_DRAWS["n_draws"]}


def similarity_functions(hub: Hub, artifact: str, texts: dict[str, str]) -> tuple[Callable[[str, str], float], ...]:
    """bow, tfidf and levenshtein by scikit-learn and rapidfuzz, over the terms that the build chose."""
    row = {name: number for number, name in enumerate(texts)}
    ((words,),) = hub.build.rows(
        f"select terms from intermediate.int_similarity_vocabulary where artifact = '{artifact}'"
    )
    options = {"vocabulary": words, "ngram_range": (1, 2)}

    def cosine(vectors: Any) -> Callable[[str, str], float]:
        def of(first: str, second: str) -> float:
            one, two = (vectors[row[name]].toarray()[0].astype(float) for name in (first, second))
            return float(one @ two / np.sqrt((one @ one) * (two @ two)))

        return of

    return (
        cosine(CountVectorizer(**options).fit_transform(texts.values())),
        cosine(TfidfVectorizer(**options).fit_transform(texts.values())),
        lambda first, second: Levenshtein.normalized_similarity(texts[first], texts[second]),
    )


def test_similarities_of_merges_match_scikit_learn_and_rapidfuzz(small_hub: Hub) -> None:
    hub, merges, pairs = small_hub, merges_of(small_hub), sampled_pairs(small_hub)
    records = {name: json.dumps(record, ensure_ascii=False) for name, record in hub.records.items()}
    cards = {name: card for name, card in hub.cards.items() if card is not None}
    assert 100 < len(cards) < len(records)
    functions = [(records, of) for of in similarity_functions(hub, "metadata", records)]
    functions += [(cards, of) for of in similarity_functions(hub, "card", cards)]
    nearest, farthest = pairs["child_nearest_parent"], pairs["child_farthest_parent"]
    n_missing = 0
    for number, (texts, of) in enumerate(functions, start=2):

        def expected(first: str, second: str, texts: dict[str, str] = texts, of: Any = of) -> Any:
            known = first in texts and second in texts
            return pytest.approx(of(first, second), abs=1e-9) if known else None

        for kind in ("merge_child_parent", "parents_of_merge", "finetune_child_parent"):
            for row in pairs[kind].values():
                assert row[number] == expected(*row[:2])
        for draw, (_, child, *_) in nearest.items():
            if all(model in texts for model in (child, *merges[child])):
                to_parents = [of(parent, child) for parent in merges[child]]
                assert nearest[draw][number] == pytest.approx(max(to_parents), abs=1e-9)
                assert farthest[draw][number] == pytest.approx(min(to_parents), abs=1e-9)
            else:
                n_missing += 1
                assert nearest[draw][number] is farthest[draw][number] is None
    assert n_missing > 0


def test_estimates_summarize_the_sampled_pairs(hub: Hub) -> None:
    pairs = sampled_pairs(hub)
    children = {
        (kind, draw): child
        for kind, draw, child in hub.build.rows(
            "select pair_kind, draw, model_id from intermediate.int_merge_similarity_samples "
            "inner join intermediate.int_models_current on child_key = model_key"
        )
    }
    for draw, (_, child, *_) in pairs["merge_child_parent"].items():
        assert {children[kind, draw] for kind in pairs if kind != "finetune_child_parent"} == {child}
    for draw, (_, child, *_) in pairs["finetune_child_parent"].items():
        assert children["finetune_child_parent", draw] == child
    rows = hub.build.rows(
        "select pair_kind, artifact, measure, n, n_missing, n_distinct_pairs, has_few_pairs, mean, low, high, "
        "n_families_effective, share_of_largest_family, interval_method from marts.merge_similarity"
    )
    assert len(rows) == 5 * 6
    families = family_loops.families_without_merges(
        hub.build.rows(
            "select parent_id, child_id, relation from marts.lineage_edges where parent_in_hub and not is_self_loop"
        )
    )
    for kind, artifact, measure, n, n_missing, n_distinct, has_few, mean, low, high, *of_families in rows:
        number = 2 + 3 * (artifact == "card") + MEASURES.index(measure)
        values = [row[number] for row in pairs[kind].values() if row[number] is not None]
        assert (n, n_missing) == (len(values), len(pairs[kind]) - len(values))
        assert n_distinct == len({row[:2] for row in pairs[kind].values() if row[number] is not None})
        n_children = len({children[kind, draw] for draw, row in pairs[kind].items() if row[number] is not None})
        assert has_few == (n_children < 30)
        drawn = []
        for draw, row in pairs[kind].items():
            child = children[kind, draw]
            parents = pairs["parents_of_merge"][draw][:2] if kind != "finetune_child_parent" else row[:1]
            named = frozenset(families.get(model, model) for model in (child, *parents))
            if row[number] is not None:
                drawn.append(family_loops.Drawn(named, frozenset([child]), row[number]))
        expected = family_loops.estimate([drawn])
        assert (mean, low, high) == pytest.approx([expected[name] for name in ("mean", "low", "high")])
        if n:
            effective, share, method = of_families
            assert effective == pytest.approx(expected["n_families_effective"])
            assert share == pytest.approx(expected["share_of_largest_family"])
            assert (method == "too_few_pairs") == has_few
            assert (method == "weighted_jackknife") == (low is not None)


def test_means_agree_with_all_merges(small_hub: Hub) -> None:
    hub, merges = small_hub, merges_of(small_hub)
    records = {name: json.dumps(record, ensure_ascii=False) for name, record in hub.records.items()}
    of = similarity_functions(hub, "metadata", records)[2]
    exact: dict[str, list[Any]] = defaultdict(list)
    for child, several in merges.items():
        to_child = [of(parent, child) for parent in several]
        exact["merge_child_parent"].append(np.mean(to_child))
        exact["child_nearest_parent"].append(max(to_child))
        exact["child_farthest_parent"].append(min(to_child))
        exact["parents_of_merge"].append(np.mean([of(a, b) for a, b in itertools.combinations(several, 2)]))
    for kind, values in exact.items():
        ((mean, sd, n),) = hub.build.rows(
            f"select mean, sd, n from marts.merge_similarity where pair_kind = '{kind}' and artifact = 'metadata' "
            "and measure = 'levenshtein'"
        )
        assert abs(mean - np.mean(values)) < 4 * sd / np.sqrt(n)
