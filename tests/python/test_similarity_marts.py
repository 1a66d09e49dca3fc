"""Builds of small hubs, compared with scikit-learn and rapidfuzz (similarities) and networkx (shapes, virality)."""

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from conftest import FEW_DRAWS, Build, MemoryWarehouse, run_dbt, run_phylohub
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein
from sklearn.feature_extraction.text import (  # type: ignore[import-untyped]  # scikit-learn ships no types
    CountVectorizer,
    TfidfVectorizer,
)

from phylohub.methods.cards import card_text


def record(name: str, parents: list[str], day: int, **more: Any) -> dict[str, Any]:
    tags = [f"base_model:finetune:{parent}" for parent in parents]
    return {"id": name, "createdAt": f"2024-01-{day:02}T00:00:00.000Z", "tags": [*tags, f"word-{day}"], **more}


HUB = [
    record("a/root", [], 1, license="mit"),
    record("a/one", ["a/root"], 2),
    record("a/two", ["a/root"], 3, note="ünïcode — text"),
    record("a/three", ["a/one", "a/two"], 4),
    record("a/four", ["a/three", "a/root"], 5),
    record("b/alone", [], 6),
]


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in records), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Six models, four of them with a card: one card is too short and one is generated."""
    folder = tmp_path_factory.mktemp("small")
    long = "The quick brown fox jumps over the lazy model card. " * 12
    cards = {"a/root": long, "a/one": long.replace("fox", "dog") + "end", "a/two": "short", "a/four": None}
    cards["a/three"] = long + "This card was generated automatically."
    landed = write(folder / "cards.jsonl", [{"id": model, "card": card} for model, card in cards.items()])
    build = Build(folder, write(folder / "small.jsonl", HUB), cards=landed)
    assert build.dbt.returncode == 0, build.dbt.stdout
    return build


def test_similarities_match_scikit_learn_and_rapidfuzz(small: Build) -> None:
    texts = {one["id"]: json.dumps(one, ensure_ascii=False) for one in HUB}
    models = list(texts)
    counts = CountVectorizer(max_features=512, ngram_range=(1, 2)).fit_transform(texts.values()).toarray()
    weights = TfidfVectorizer(max_features=512, ngram_range=(1, 2)).fit_transform(texts.values()).toarray()

    def cosine(vectors: Any, first: str, second: str) -> float:
        one, two = vectors[models.index(first)].astype(float), vectors[models.index(second)].astype(float)
        return float(one @ two / np.sqrt((one @ one) * (two @ two)))

    pairs = small.rows(
        "select distinct first_id, second_id, metadata_bow, metadata_tfidf, metadata_levenshtein "
        "from marts.similarity_pairs"
    )
    assert len(pairs) > 20
    for first, second, bow, tfidf, levenshtein in pairs:
        assert bow == pytest.approx(cosine(counts, first, second), abs=1e-9)
        assert tfidf == pytest.approx(cosine(weights, first, second), abs=1e-9)
        assert levenshtein == pytest.approx(Levenshtein.normalized_similarity(texts[first], texts[second]))


def test_short_and_generated_cards_are_not_compared(small: Build) -> None:
    compared = small.rows(
        "select distinct first_id, second_id from marts.similarity_pairs where card_tfidf is not null"
    )
    assert {frozenset(pair) for pair in compared} == {frozenset({"a/root", "a/one"})}
    for n, n_missing, shape in small.rows(
        "select n, n_missing, shape from marts.similarity_estimates where artifact = 'card'"
    ):
        # A shape that occurs is drawn n_draws times, even if it occurs only once.
        assert n + n_missing in (0, FEW_DRAWS["n_draws"]), shape


def test_cards_are_cut_by_characters_not_bytes(warehouse: MemoryWarehouse) -> None:
    words = "automatically generated", "generated automatically", "automatically  generated"
    generated = [
        f"{'x' * 600} {form} {'y' * after}" for text in words for form in (text, text.title()) for after in (0, 9)
    ]
    texts = [character * n + end for character in "xé😀" for n in (511, 512) for end in ("", "y")]
    cards = {f"m/{i}": text for i, text in enumerate([*generated, *texts, "", "e\u0301" * 300])}
    warehouse.connection.executemany(
        "insert into raw.cards by name select ? as model_id, 'test' as source, 'ok' as outcome, "
        "timestamp '2026-01-01' as fetched_at, ?::varchar as card, strlen(card) as n_bytes",
        list(cards.items()),
    )
    try:
        warehouse.build([record(model, [], 1) for model in cards])
        found = warehouse.rows(
            "select model_id, card from intermediate.int_model_documents inner join intermediate.int_models_current "
            "using (model_key)"
        )
    finally:
        warehouse.connection.execute("delete from raw.cards")
    assert dict(found) == {model: card_text(text) for model, text in cards.items()}


def test_same_seed_gives_same_sample(small: Build) -> None:
    query = "select * from marts.similarity_pairs order by all"
    estimates = "select * from marts.similarity_estimates order by all"
    before = small.rows(query), small.rows(estimates)
    again = run_dbt(
        small.database,
        small.target,
        "run",
        "--vars",
        small.variables,
        "--select",
        "+similarity_estimates similarity_pairs",
    )
    assert again.returncode == 0, again.stdout
    assert (small.rows(query), small.rows(estimates)) == before


@pytest.mark.parametrize("records", [[HUB[5]], [HUB[0], HUB[1]]], ids=["one model", "one edge"])
def test_shapes_that_do_not_occur_have_zero_counts(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    build = Build(tmp_path, write(tmp_path / "tiny.jsonl", records))
    assert build.dbt.returncode == 0, build.dbt.stdout
    assert build.rows("select count(*) from marts.similarity_estimates") == [(144,)]
    assert build.rows("select distinct n, mean from marts.similarity_estimates where shape = 'path_of_three'") == [
        (0, None)
    ]
    assert build.rows("select n_occurrences from marts.subgraph_occurrences where shape = 'uncle'") == [(0,)]
    assert run_phylohub(build.database, "summary").returncode == 0


def enumerate_shapes(graph: "nx.DiGraph[int]", n_models: int) -> dict[str, int]:
    """Count the copies of each shape by enumeration."""
    counts: Counter[str] = Counter()
    counts["two_models"] = n_models * (n_models - 1)
    counts["edge"] = graph.number_of_edges()
    for u in graph:
        children = list(graph.successors(u))
        counts["two_children"] += len(list(itertools.combinations(children, 2)))
        counts["three_children"] += len(list(itertools.combinations(children, 3)))
        for v in children:
            for w in graph.successors(v):
                counts["path_of_two"] += 1
                counts["uncle"] += sum(x not in (v, w) for x in children)
                counts["path_of_three"] += sum(1 for _ in graph.predecessors(u))
            counts["two_grandchildren"] += len(list(itertools.combinations(list(graph.successors(v)), 2)))
    return counts


@settings(
    max_examples=40,
    deadline=None,  # the machine may be busy
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(1, 9), st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=24, unique=True))
def test_occurrences_match_enumeration(warehouse: MemoryWarehouse, n_models: int, edges: list[tuple[int, int]]) -> None:
    graph: nx.DiGraph[int] = nx.DiGraph((a, b) for a, b in edges if a < b < n_models)
    records = [
        record(f"m/{node}", [f"m/{parent}" for parent in (graph.predecessors(node) if node in graph else ())], node + 1)
        for node in range(n_models)
    ]
    warehouse.build(records)
    counts = enumerate_shapes(graph, n_models)
    found = dict(warehouse.rows("select shape, n_occurrences from marts.subgraph_occurrences"))
    assert {shape: counts[shape] for shape in found} == found
    assert len(found) == 8


def test_occurrences_can_exceed_32_bits(warehouse: MemoryWarehouse) -> None:
    n = 100_000
    warehouse.build([record("m/root", [], 1)] + [record(f"m/{i}", ["m/root"], 2) for i in range(n)])
    found = dict(warehouse.rows("select shape, n_occurrences from marts.subgraph_occurrences"))
    assert found["three_children"] == n * (n - 1) * (n - 2) // 6
    assert found["two_models"] == (n + 1) * n


def test_structural_virality_matches_networkx(small: Build) -> None:
    graph: nx.Graph[str] = nx.Graph(
        (tag.removeprefix("base_model:finetune:"), one["id"])
        for one in HUB
        for tag in one["tags"]
        if tag.startswith("base_model")
    )
    rows = small.rows("select structural_virality, virality_method from marts.families where edge_set = 'finetune'")
    assert rows == [(pytest.approx(nx.average_shortest_path_length(graph)), "exact")]
