"""Tags that can be read in several ways: random records, and records made for each rule, counted in plain Python."""

import csv
import random
import re
from collections import Counter
from typing import Any

import pytest
from conftest import ROOT, MemoryWarehouse
from hand_count import AMBIGUOUS, HandCount
from hypothesis import given, settings
from hypothesis import strategies as st

# Flags, libraries, tasks, language codes and prefixes, so that one tag has every pair of readings.
WORDS = ["gguf", "safetensors", "conversational", "moe", "keras", "transformers", "fill-mask", "deploy:azure", "GGUF"]
CODES = ["en", "de", "fr", "yi", "it", "cv", "ml", "no", "eng", "YI"]
OTHERS = ["license:mit", "license:yi", "base_model:01-ai/Yi-34B", "yiddish", "computer-vision", "new", "region:us"]
IDS = ["org/plain", "org/Yi-34B-Chat", "org/whisper-yiddish", "org/gemma-it", "org/machine-learning"]


@st.composite
def hubs(draw: st.DrawFn) -> list[dict[str, Any]]:
    records = []
    for number in range(draw(st.integers(1, 6))):
        tags = draw(st.lists(st.sampled_from(WORDS + CODES + OTHERS), max_size=9))
        record: dict[str, Any] = {"id": f"{draw(st.sampled_from(IDS))}-{number}", "tags": tags}
        for key in ("pipeline_tag", "library_name"):
            if draw(st.booleans()):
                record[key] = draw(st.sampled_from([*WORDS, *CODES, "license:mit"]))
                if draw(st.booleans()):
                    tags.append(record[key])
        if draw(st.booleans()):
            record["cardData"] = {"language": draw(st.lists(st.sampled_from([*CODES, "moe", "gguf"]), max_size=3))}
        records.append(record)
    return records


def check(warehouse: MemoryWarehouse, records: list[dict[str, Any]]) -> HandCount:
    warehouse.build(records)
    counted = HandCount(records)
    readings = "select model_id, tag, is_task, is_library, is_language, is_undecided_language, is_flag"
    assert set(warehouse.rows(f"{readings} from marts.model_tags")) == counted.readings()
    kinds = "select model_id, tag, kind, case when kind = 'language' then lower(value) else value end"
    assert set(warehouse.rows(f"{kinds} from marts.model_tags")) == counted.model_tags()
    counts = "select trait, value, n_models, n_models_paper from marts.trait_distribution"
    assert {(t, v): (ours, paper) for t, v, ours, paper in warehouse.rows(counts)} == counted.trait_distribution()
    undecided = "select value, n_models_undecided from marts.trait_distribution where n_models_undecided > 0"
    assert dict(warehouse.rows(undecided)) == counted.undecided_languages()
    return counted


@settings(max_examples=40)
@given(records=hubs())
def test_random_records_agree_with_plain_python(warehouse: MemoryWarehouse, records: list[dict[str, Any]]) -> None:
    check(warehouse, records)


@pytest.mark.parametrize("field", ["pipeline_tag", "library_name"])
def test_every_flag_counts_as_one_if_it_is_also_the_task_library_or_language(
    warehouse: MemoryWarehouse, field: str
) -> None:
    with (ROOT / "seeds" / "tag_flags.csv").open(newline="") as file:
        flags = [row["flag"] for row in csv.DictReader(file)]
    records: list[dict[str, Any]] = []
    for flag in flags:
        records += [
            {"id": f"alone/{flag}", "tags": [flag]},
            {"id": f"own/{flag}", "tags": [flag], field: flag},
            {"id": f"declared/{flag}", "tags": [flag], "cardData": {"language": flag}},
        ]
    check(warehouse, records)
    counts = "select value, n_models from marts.trait_distribution where trait = 'flag'"
    assert dict(warehouse.rows(counts)) == dict.fromkeys(flags, 3)
    available = dict(warehouse.rows("select feature, n_models from marts.availability"))
    assert available == {
        "endpoints_compatible": 3,
        "safetensors": 3,
        "autotrain_compatible": 3,
        "custom_code": 3,
        "doi": 0,
    }


CASES: list[tuple[str, list[str], str]] = [
    ("01-ai/Yi-1.5-9B", ["yi"], "other"),
    ("org/Yi-34Bx2-MoE", ["yi", "moe"], "other"),
    ("org/yi_6b_lora", ["yi", "en"], "other"),
    ("org/tuned", ["yi", "base_model:finetune:01-ai/Yi-6B"], "other"),
    ("org/tuned", ["yi", "yi-34b"], "other"),
    ("org/Mixtral_34Bx2", ["yi", "moe"], "undecided"),
    ("org/sayings-7b", ["yi"], "undecided"),
    ("org/whisper-small-yi", ["yi"], "undecided"),
    ("org/opus-mt-yi-en", ["yi", "en"], "undecided"),
    ("org/whisper", ["yi", "en", "de", "fr"], "language"),
    ("org/whisper", ["yi", "it", "no", "is", "en", "de"], "undecided"),
    ("org/Yiddish-Whisper", ["yi"], "language"),
    ("org/Yi-9B-Yiddish", ["yi"], "undecided"),
    ("org/Yi-9B", ["yi", "en", "de", "fr"], "undecided"),
]


def test_yi_is_a_model_family_a_language_or_undecided(warehouse: MemoryWarehouse) -> None:
    records: list[dict[str, Any]] = [{"id": f"{model}-{n}", "tags": tags} for n, (model, tags, _) in enumerate(CASES)]
    records.append({"id": "org/declares-yiddish-Yi-9B", "tags": ["yi"], "cardData": {"language": ["yi"]}})
    records.append({"id": "org/declares-english", "tags": ["yi", "en"], "cardData": {"language": ["en"]}})
    check(warehouse, records)
    found = {
        model: "language" if is_language else "undecided" if undecided else "other"
        for model, is_language, undecided in warehouse.rows(
            "select model_id, is_language, is_undecided_language from marts.model_tags where tag = 'yi'"
        )
    }
    assert found == {f"{model}-{n}": expected for n, (model, _, expected) in enumerate(CASES)} | {
        "org/declares-yiddish-Yi-9B": "language",
        "org/declares-english": "other",
    }
    expected = Counter(verdict for *_, verdict in CASES)
    assert warehouse.rows(
        "select n_models, n_models_paper, n_models_undecided from marts.trait_distribution "
        "where trait = 'language' and value = 'yi'"
    ) == [(expected["language"] + 1, len(records), expected["undecided"])]


def test_words_of_a_sentence_are_no_languages(warehouse: MemoryWarehouse) -> None:
    check(warehouse, [{"id": "sharmila16/model1", "tags": ["this", "is", "my", "or", "so", "1st", "model", "en"]}])
    assert warehouse.rows("select language from marts.model_languages") == [("en",)]


def test_a_code_that_is_the_library_of_the_model_is_no_language(warehouse: MemoryWarehouse) -> None:
    check(
        warehouse,
        [
            {"id": "org/library", "library_name": "de", "tags": ["de", "en"]},
            {"id": "org/task", "pipeline_tag": "sd", "tags": ["sd"]},
            {"id": "org/list", "library_name": "de", "tags": ["de", "en", "fr", "ja"]},
        ],
    )
    assert set(warehouse.rows("select model_id, language from marts.model_languages")) == {
        ("org/library", "en"),
        *(("org/list", language) for language in ("en", "fr", "ja")),
    }
    undecided = "select model_id, tag from marts.model_tags where is_undecided_language"
    assert warehouse.rows(undecided) == [("org/list", "de")]


def test_order_of_tags_and_records_does_not_change_the_decision(warehouse: MemoryWarehouse) -> None:
    records: list[dict[str, Any]] = [
        {"id": f"{model}-{n}", "tags": list(tags)} for n, (model, tags, _) in enumerate(CASES)
    ]
    rows = "select model_id, tag, kind, is_language, is_undecided_language from marts.model_tags order by all"
    warehouse.build(records)
    first = warehouse.rows(rows)
    rng = random.Random(3)
    rng.shuffle(records)
    for record in records:
        rng.shuffle(record["tags"])
    warehouse.build(records)
    assert warehouse.rows(rows) == first


@pytest.mark.parametrize("code", sorted(AMBIGUOUS))
def test_patterns_never_match_the_code_or_each_other(code: str) -> None:
    row = AMBIGUOUS[code]
    for column in ("language_pattern", "other_pattern"):
        if row[column]:
            assert not re.search(row[column], code), "the tag would be evidence for itself"
            assert row[column] == row[column].lower(), "texts are compared in lower case"
            # RE2, Java and Python read nothing but these alike.
            assert re.fullmatch(r"(?:[a-z0-9 /|()?+_-]|\[\^?[a-z0-9_ -]+\]|\\\.|\^|\$)+", row[column]), row[column]
    with (ROOT / "seeds" / "languages.csv").open(newline="") as file:
        names = {line["alpha_2"]: line["name"] for line in csv.DictReader(file)}
    assert re.search(row["language_pattern"], names[code].lower()), "the English name must speak for the language"
    if row["other_pattern"]:
        assert not re.search(row["other_pattern"], names[code].lower())
