"""The matrix of docs/api-drift.md: single changes of the Hub's records, each landed as a second snapshot."""

import copy
import json
import random
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from conftest import REAL_DATA, ROOT, CompiledModel, MemoryWarehouse
from drift_matrix import N_MODELS, Cards, Hub, Line, completed, lines, made_cards, real_hub, table
from test_drift import DriftWarehouse

from phylohub.synthetic.hub import write_hub

LARGEST_ERROR = 0.02
GATED = {"staging", "records", "quality", "tags"}
UNUSED = {"snapshot_health", "unknown_values", "api_field_profile", "int_snapshot_values"}
MEASURED = {
    *("int_snapshots_current", "int_models_current", "int_language_codes"),
    *("int_record_languages", "int_record_traits", "int_record_parents", "int_lineage_edges"),
    *("int_record_weights", "int_record_weight_traits"),
    *("int_read_values", "int_record_tag_values"),
    *("int_cards_current", "int_card_texts", "int_card_measures", "card_stats"),
}

# Numbers that a reader may quote. A null is none: the reader sees that it is unknown.
NUMBERS = {
    "models": "count(*)",
    "authors": "count(distinct coalesce(author, split_part(model_id, '/', 1)))",
    "downloads": "sum(downloads)",
    "downloads of all time": "sum(downloads_all_time)",
    "most downloads": "max(downloads)",
    "median downloads": "median(downloads)",
    "likes": "sum(likes)",
    "parameters": "sum(n_parameters)",
    "median parameters": "median(n_parameters)",
    "gated models": "case when count(gated) > 0 then count(*) filter (where gated <> 'false') end",
    "storage": "sum(used_storage_bytes)",
}
# Rows of the marts. Their agreement with the truth covers every count that is read from them.
ROWS = {
    "months": "select model_id, date_trunc('month', created_at) from current_records where created_at is not null",
    "gated": "select model_id, gated from current_records where gated is not null",
    "private": "select model_id, is_private from current_records where is_private is not null",
    "downloads by model": "select model_id, downloads from current_records where downloads is not null",
    "likes by model": "select model_id, likes from current_records where likes is not null",
    "parameters by model": "select model_id, n_parameters from current_records where n_parameters is not null",
    "trending": "select model_id, trending_score from current_records where trending_score is not null",
    "shas": "select model_id, sha from current_records where sha is not null",
    "days of change": "select model_id, last_modified_at::date from current_records where last_modified_at is not null",
    "fine-tune edges": "select child.model_id, edges.parent_id from intermediate.int_lineage_edges as edges "
    "inner join intermediate.int_models_current as child on edges.child_key = child.model_key "
    "where relation = 'finetune'",
    "edges": "select child.model_id, edges.parent_id, edges.relation from intermediate.int_lineage_edges as edges "
    "inner join intermediate.int_models_current as child on edges.child_key = child.model_key",
    "edges in the Hub": "select child.model_id, edges.parent_id from intermediate.int_lineage_edges as edges "
    "inner join intermediate.int_models_current as child on edges.child_key = child.model_key where parent_in_hub",
}
TRAITS = "task", "library", "license", "language", "dataset", "arxiv", "flag", "region"
CARDS = "share_with_card", "share_auto_generated", "mean_characters", "mean_words", "median_characters"
SMALLEST = 20  # fewer rows cannot show an error of 2 %


@dataclass
class Quoted:
    numbers: dict[str, float | None]
    rows: dict[str, set[tuple[Any, ...]]]

    def errors(self, truth: "Quoted") -> dict[str, float | None]:
        """Relative error of everything that differs from the truth by more than 2 %; None for what is null."""
        errors: dict[str, float | None] = {}
        for name, right in truth.numbers.items():
            number = self.numbers[name]
            if right and number is None:
                errors[name] = None
            elif right and number is not None and abs(number - right) > LARGEST_ERROR * abs(right):
                errors[name] = number / right - 1
        for name, rows in truth.rows.items():
            found = self.rows[name]
            if len(rows) >= SMALLEST and not found and name not in COUNTED:
                errors[name] = None
            elif len(rows) >= SMALLEST and len(rows & found) < (1 - LARGEST_ERROR) * max(len(rows), len(found)):
                errors[name] = len(rows & found) / max(len(rows), len(found)) - 1
        return errors


# What the marts count: that none has it would be a wrong number, and not a null.
COUNTED = {"fine-tune edges", "edges", "edges in the Hub", *TRAITS}


class MatrixWarehouse(DriftWarehouse):
    """Two snapshots: the gate's models are built always, those behind it only for a snapshot that passes."""

    def __init__(self, models: list[CompiledModel]) -> None:
        gated = [model for model in models if model.folder in GATED and model.name not in UNUSED]
        MemoryWarehouse.__init__(self, ROOT / "seeds", gated)
        self.measured = [model for model in models if model.name in MEASURED]

    def land_cards(self, cards: Cards, day: int) -> None:
        landed = pa.table({"id": list(cards), "card": list(cards.values())})
        self.connection.register("landed_cards", landed)
        self.connection.execute(
            "insert into raw.cards by name select id as model_id, 'hub' as source, 'ok' as outcome, strlen(card) as "
            "n_bytes, make_timestamp(2026, 1, ?, 12, 0, 0) as fetched_at, md5(card)::uuid as content_hash, card "
            "from landed_cards",
            [day],
        )

    def land_both(self, before: Hub, now: Hub, cards: Cards, cards_now: Cards | None) -> None:
        self.clear()
        self.land("before", before, 1)
        self.land_cards(cards, 1)
        self.land("now", now, 8)
        if cards_now is not None:
            self.land_cards(cards_now, 8)

    def findings_now(self) -> list[tuple[Any, ...]]:
        self.run_models()
        return self.rows(
            "select severity, kind, path, value, before, after, examples from marts.api_drift order by all"
        )

    def quoted(self) -> Quoted:
        for model in self.measured:
            self.connection.execute(f"create or replace table {model.schema}.{model.name} as {model.sql}")
        self.connection.execute(
            "create or replace temp table current_records as select records.* from intermediate.int_records_parsed "
            "as records inner join intermediate.int_models_current using (record_id)"
        )
        (values,) = self.rows(f"select {', '.join(NUMBERS.values())} from current_records")
        numbers = dict(zip(NUMBERS, values, strict=True))
        (values,) = self.rows(f"select {', '.join(CARDS)} from marts.card_stats")
        numbers |= dict(zip(CARDS, values, strict=True))
        rows = {name: set(self.rows(query)) for name, query in ROWS.items()}
        for trait in TRAITS:
            rows[trait] = set(
                self.rows(
                    "select model_id, trait_value from intermediate.int_record_traits "
                    f"inner join current_records using (record_id) where trait = '{trait}' and is_counted"
                )
            )
        return Quoted(numbers, rows)


@cache
def hub(seed: int) -> Hub:
    """Real records if they are there, else generated ones."""
    path = REAL_DATA / "hub_models_2026-06-05.jsonl.gz"
    if path.exists():
        return real_hub(path, seed)
    return synthetic_hub(seed)


def synthetic_hub(seed: int) -> Hub:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hub.jsonl"
        write_hub(file, N_MODELS, seed)
        records = [json.loads(line) for line in file.read_text().splitlines()]
    return completed(list({record["id"]: record for record in records}.values()), random.Random(seed))


@pytest.fixture(scope="module")
def matrix(compiled_models: list[CompiledModel]) -> MatrixWarehouse:
    return MatrixWarehouse(compiled_models)


_truths: dict[int, Quoted] = {}


def truth(matrix: MatrixWarehouse, seed: int) -> Quoted:
    if seed not in _truths:
        before = hub(seed)
        cards = made_cards(before)
        matrix.land_both(before, before, cards, cards)
        matrix.run_models()
        _truths[seed] = matrix.quoted()
    return _truths[seed]


def verdict(
    matrix: MatrixWarehouse, line: Line, seed: int
) -> tuple[str, list[tuple[Any, ...]], dict[str, float | None]]:
    """The verdict on a change: refused, harmless, null, or wrong; the findings; and the errors in the marts."""
    right = truth(matrix, seed)
    before = hub(seed)
    cards = made_cards(before)
    rng = random.Random(seed)
    now = line.change(copy.deepcopy(before), rng)
    matrix.land_both(before, now, cards, line.cards(dict(cards), rng))
    findings = matrix.findings_now()
    if any(severity == "error" for severity, *_ in findings):
        return "refused", findings, {}
    try:
        errors = matrix.quoted().errors(right)
    except duckdb.Error as error:
        return f"fails: {error}", findings, {}
    if not errors:
        return "harmless", findings, errors
    if findings and all(error is None for error in errors.values()):
        return "null", findings, errors
    return "wrong", findings, errors


def names(line: Line) -> str:
    return f"{line.family}: {line.name}"


# `make test` tries every other line, which is more than 120. Real records take a second each.
LINES = [pytest.param(line, id=names(line), marks=[pytest.mark.full] * (n % 2)) for n, line in enumerate(lines())]


@pytest.mark.parametrize("line", LINES)
def test_no_change_publishes_wrong_numbers(matrix: MatrixWarehouse, line: Line) -> None:
    found, findings, errors = verdict(matrix, line, 1)
    assert found == line.verdict, (found, findings, errors)


@pytest.mark.full
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("line", list(lines()), ids=names)
def test_no_change_publishes_wrong_numbers_of_other_samples(matrix: MatrixWarehouse, line: Line, seed: int) -> None:
    found, findings, errors = verdict(matrix, line, seed)
    assert found == line.verdict, (found, findings, errors)


def test_documented_matrix_is_that_of_the_tests() -> None:
    documented = (ROOT / "docs" / "api-drift.md").read_text(encoding="utf-8")
    block = documented.partition("<!-- drift-matrix -->")[2].partition("<!-- /drift-matrix -->")[0]
    assert block.strip() == table(), "Replace the block of docs/api-drift.md: python tests/python/drift_matrix.py"
    assert len(list(lines())) >= 120
