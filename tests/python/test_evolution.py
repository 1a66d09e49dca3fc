"""Mutation, transitions and cards: the counts in SQL compared with the same counts in plain Python."""

import random
import statistics
from collections import defaultdict
from typing import Any

import pytest
from conftest import MemoryWarehouse
from hand_count import HandCount
from hand_weights import TRAITS as WEIGHT_TRAITS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TRAITS = ("license", "language", "task", "library", *WEIGHT_TRAITS)
LANGUAGES = ["en", "eng", "fr", "de", "zh-CN", "moe", "ms"]
VALUES = {
    "license": ["mit", "apache-2.0", "other", "gemma"],
    "pipeline_tag": ["fill-mask", "text-generation", "token-classification"],
    "library_name": ["transformers", "peft", "mlx"],
}

# What a record says about its weights, also in forms that it should not have.
SIZES = st.sampled_from([0, 1, 10**8 - 1, 10**8, 7 * 10**9, 10**11])
FILES = st.sampled_from(
    ["a.Q4_K_M.gguf", "b-iq2_xs.gguf", "Q8_0/c-00001-of-00002.gguf", "f-fp16.gguf", "x.bin", "q4.gguf"]
)
METHODS: st.SearchStrategy[Any] = st.sampled_from(
    [None, "x", {}, {"quant_method": "GPTQ", "bits": 4}, {"quant_method": "bitsandbytes", "load_in_8bit": True}]
)
CONFIG = {
    "architectures": st.lists(st.sampled_from(["A", "B", " A ", ""]), max_size=2) | st.just("B"),
    "model_type": st.sampled_from(["llama", "Llama ", ""]),
    "quantization_config": METHODS,
}
WEIGHTS: dict[str, st.SearchStrategy[Any]] = {
    "config": st.fixed_dictionaries({}, optional=CONFIG) | st.none() | st.just("x"),
    "siblings": st.lists(FILES.map(lambda name: {"rfilename": name}), max_size=3),
    "safetensors": st.builds(
        lambda sizes, total: {"parameters": sizes, "total": total},
        st.dictionaries(st.sampled_from(["BF16", "F32", "I32", "U8", "f16"]), SIZES, max_size=2),
        SIZES,
    )
    | st.none(),
    "gguf": st.builds(lambda total: {"total": total}, SIZES) | st.none(),
}


@st.composite
def hubs(draw: st.DrawFn) -> list[dict[str, Any]]:
    n = draw(st.integers(1, 9))
    records = []
    for node in range(n):
        tags = [f"license:{value}" for value in draw(st.sets(st.sampled_from(VALUES["license"]), max_size=2))]
        tags += draw(st.sets(st.sampled_from(["en", "fr", "ms", "moe", "eng"]), max_size=3))
        record: dict[str, Any] = {"id": f"org/m{node}", "createdAt": f"2024-01-{node + 1:02}T00:00:00.000Z"}
        if draw(st.booleans()):
            record["cardData"] = {"language": draw(st.lists(st.sampled_from(LANGUAGES), max_size=3))}
        record |= draw(st.fixed_dictionaries({}, optional=WEIGHTS))
        for key in ("pipeline_tag", "library_name"):
            if draw(st.booleans()):
                record[key] = draw(st.sampled_from(VALUES[key]))
        for relation in draw(st.lists(st.sampled_from(["finetune", "adapter", "merge", "distill"]), max_size=3)):
            tags.append(f"base_model:{relation}:org/m{draw(st.integers(0, n))}")
        record["tags"] = tags
        records.append(record)
    return records


def check(warehouse: MemoryWarehouse, records: list[dict[str, Any]]) -> None:
    warehouse.build(records)
    counted = HandCount(records)
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0, 0])
    for trait, relation, numerator, denominator in warehouse.rows(
        "select trait, relation, numerator, denominator from intermediate.int_family_trait_ratios "
        "where measure = 'mutation'"
    ):
        sums[trait, relation][0] += numerator
        sums[trait, relation][1] += denominator
    for trait in TRAITS:
        rates = counted.mutation_rates(trait)
        found = {relation: both for (of_trait, relation), both in sums.items() if of_trait == trait}
        assert found.keys() == {relation for relation, (n_edges, *_) in rates.items() if n_edges}
        for relation, (n_edges, rate, *_) in rates.items():
            if rate is not None:
                assert found[relation][1] == n_edges
                assert found[relation][0] / n_edges == pytest.approx(float(rate), abs=1e-12)
        transitions: dict[str, dict[tuple[str, str], tuple[int, int]]] = defaultdict(dict)
        for relation, origin, target, n, n_paper in warehouse.rows(
            "select relation, from_value, to_value, n_transitions, n_transitions_paper "
            f"from intermediate.int_trait_transitions where trait = '{trait}'"
        ):
            transitions[relation][origin, target] = (n, n_paper)
        for relation in counted.evolution_edges().keys() | counted.paper_edges().keys():
            assert transitions[relation] == counted.transitions(trait, relation)


@settings(
    max_examples=60,
    deadline=None,  # the machine may be busy
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(records=hubs())
def test_random_hubs_agree_with_plain_python(warehouse: MemoryWarehouse, records: list[dict[str, Any]]) -> None:
    check(warehouse, records)


def test_models_with_many_languages(warehouse: MemoryWarehouse) -> None:
    rng = random.Random(3)
    letters = "abcdefghijklmnopqrstuvwxyz"
    codes = [a + b for a in letters for b in letters]
    records = [
        {
            "id": f"org/m{node}",
            "createdAt": f"2024-01-{node + 1:02}T00:00:00.000Z",
            "cardData": {"language": rng.sample(codes, 120)},
            "tags": [f"base_model:finetune:org/m{node - 1}"] if node else [],
        }
        for node in range(4)
    ]
    check(warehouse, records)


def test_hub_without_edges(warehouse: MemoryWarehouse) -> None:
    check(warehouse, [{"id": "org/alone", "tags": ["license:mit", "en"]}])
    assert warehouse.rows("select count(*) from intermediate.int_ordered_values") == [(0,)]


def test_cards_and_subjects_agree_with_plain_python(warehouse: MemoryWarehouse) -> None:
    rng = random.Random(11)
    records: list[dict[str, Any]] = [
        {
            "id": f"org/m{node}",
            "createdAt": f"2024-01-{node + 1:02}T00:00:00.000Z",
            "tags": ([f"base_model:finetune:org/m{rng.randrange(node)}"] if node else [])
            + [f"arxiv:{paper}" for paper in rng.sample(["2401.1", "2401.2", "2401.3"], 2)],
        }
        for node in range(20)
    ]
    cards = {}
    for node in range(16):
        text = " ".join(rng.choices(["model", "naïve", "Generated Automatically", "\n", "x"], k=rng.randrange(40)))
        cards[f"org/m{node}"] = None if node % 5 == 4 else text
    connection = warehouse.connection
    try:
        connection.executemany(
            "insert into raw.cards by name select ? as model_id, 'test' as source, ? as outcome, "
            "timestamp '2026-01-01' as fetched_at, ?::varchar as card, strlen(card) as n_bytes",
            [(model, "none" if card is None else "ok", card) for model, card in cards.items()],
        )
        connection.executemany(
            "insert into raw.arxiv_papers by name select ? as arxiv_id, 'test' as source, 'ok' as outcome, "
            "timestamp '2026-01-01' as fetched_at, ? as categories",
            [("2401.1", "cs.LG cs.CL"), ("2401.2", "cs.LG"), ("2401.9", "cs.CV")],
        )
        warehouse.build(records)
        found = {model: card for model, card in cards.items() if card is not None}
        lengths = [len(card) for card in found.values()]
        auto = {
            model: "automatically generated" in card.lower() or "generated automatically" in card.lower()
            for model, card in found.items()
        }
        assert warehouse.rows(
            "select n_models, n_looked_for, n_with_card, mean_characters, median_characters, max_characters, "
            "mean_words, share_auto_generated, share_with_card_paper from marts.card_stats"
        ) == [
            (
                20,
                16,
                len(found),
                sum(lengths) / len(lengths),
                statistics.median(lengths),
                max(lengths),
                sum(len(card.split()) for card in found.values()) / len(found),
                sum(auto.values()) / len(found),
                sum(length > 3 for length in lengths) / 20,
            )
        ]
        edges = [
            (tag.removeprefix("base_model:finetune:"), record["id"])
            for record in records
            for tag in record["tags"]
            if tag.startswith("base_model")
        ]
        both = [(parent, child) for parent, child in edges if parent in found and child in found]
        sums = dict(
            warehouse.rows(
                "select (measure, side), (sum(numerator), sum(denominator)) from intermediate.int_family_card_ratios "
                "where relation = 'finetune' group by measure, side"
            )
        )
        assert sums["n_characters", "change"] == (
            sum(len(found[child]) - len(found[parent]) for parent, child in both),
            len(both),
        )
        assert sums["is_auto_generated", "parent"] == (sum(auto[parent] for parent, _ in both), len(both))
        checked = [(parent, child) for parent, child in edges if parent in cards and child in cards]
        assert sums["has_card", "child"] == (sum(child in found for _, child in checked), len(checked))
        links = {paper: sum(f"arxiv:{paper}" in record["tags"] for record in records) for paper in ("2401.1",)}
        n_learning = sum(bool({"arxiv:2401.1", "arxiv:2401.2"} & set(record["tags"])) for record in records)
        assert warehouse.rows("from marts.paper_subjects order by category") == [
            ("cs.CL", 1, links["2401.1"]),
            ("cs.LG", 2, n_learning),
        ]
    finally:
        connection.execute("delete from raw.cards")
        connection.execute("delete from raw.arxiv_papers")
