"""The measures of a snapshot beside counts in plain Python and pandas, a year of normal weeks, and first snapshots."""

import copy
import json
import math
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from conftest import CompiledModel
from drift_matrix import Hub, Record, lost_by_chance, made_cards, tags
from test_drift_matrix import MatrixWarehouse, hub

from phylohub.ingest.readers import find_sources, read_batches

RELATIONS = "finetune", "adapter", "merge", "quantized"


@pytest.fixture(scope="module")
def matrix(compiled_models: list[CompiledModel]) -> MatrixWarehouse:
    return MatrixWarehouse(compiled_models)


### A year of normal weeks


def new_model(number: int, record: Record, time: datetime, rng: random.Random) -> Record:
    created = f"{time - timedelta(seconds=rng.randrange(604_800)):%Y-%m-%dT%H:%M:%S}.000Z"
    owner = record["author"] if rng.random() < 0.5 else f"newcomer-{rng.randrange(10**6)}"
    return copy.deepcopy(record) | {
        "id": f"{owner}/new-{number}",
        "author": owner,
        "createdAt": created,
        "lastModified": created,
        "_id": f"{int(datetime.fromisoformat(created).timestamp()):08x}{number:016x}",
        "sha": f"{rng.getrandbits(160):040x}",
        "downloads": rng.randrange(50),
        "downloadsAllTime": 50,
        "likes": 0,
    }


def next_week(records: Hub, week: int, rng: random.Random) -> Hub:
    """1 to 3 % of new models, 0.2 % deleted, 0.5 % retagged, 2 % with a commit, and other downloads and likes."""
    time = datetime(2026, 6, 5, tzinfo=UTC) + timedelta(weeks=week)
    kept = [record for record in copy.deepcopy(records) if rng.random() > 0.002]
    for record in kept:
        record["downloads"] = round(record["downloads"] * math.exp(rng.gauss(0, 0.2)))
        record["downloadsAllTime"] = record.get("downloadsAllTime", 0) + record["downloads"] // 4
        record["likes"] += rng.random() < 0.05
        record["trendingScore"] = rng.randrange(3)
        if rng.random() < 0.02:
            record |= {"lastModified": f"{time:%Y-%m-%dT%H:%M:%S}.000Z", "sha": f"{rng.getrandbits(160):040x}"}
        if rng.random() < 0.005:
            record["tags"] = rng.choice(records)["tags"]
    n_new = round(rng.uniform(0.01, 0.03) * len(kept))
    return kept + [new_model(1000 * week + number, rng.choice(kept), time, rng) for number in range(n_new)]


def test_a_year_of_normal_weeks_is_never_refused(matrix: MatrixWarehouse) -> None:
    rng = random.Random(52)
    before = hub(52)[:400]
    cards = made_cards(before)
    warnings: Counter[tuple[Any, ...]] = Counter()
    for week in range(1, 53):
        now = next_week(before, week, rng)
        edited = {id: card + "More.\n" for id, card in cards.items() if rng.random() < 0.02}
        matrix.land_both(before, now, cards, edited)
        findings = matrix.findings_now()
        refused = [finding for finding in findings if finding[0] == "error"]
        assert not refused, (week, refused)
        warnings.update((kind, path, value) for _, kind, path, value, *_ in findings)
        before, cards = now, cards | edited
    assert warnings.total() <= 3, warnings


### Independent counts


def kind_of(tag: str) -> tuple[str, str] | None:
    """Kind and value of a tag that names a license, dataset, paper or parent."""
    prefix, _, value = tag.partition(":")
    if prefix in ("license", "dataset", "arxiv"):
        return prefix, value
    if prefix == "base_model":
        relation = value.partition(":")[0]
        return (relation if relation in RELATIONS else "bare"), value
    return None


def values(records: Hub) -> dict[str, set[tuple[str, str]]]:
    """(id, value) by kind."""
    found: dict[str, set[tuple[str, str]]] = {}
    for record in records:
        for kind, value in filter(None, map(kind_of, record["tags"])):
            found.setdefault(kind, set()).add((record["id"], value))
    return found


def expected_measures(before: Hub, now: Hub) -> dict[str, float]:
    frames = [pd.DataFrame(records).set_index("id") for records in (before, now)]
    pairs = frames[0].join(frames[1], how="inner", lsuffix="_before")
    gone = set(frames[0].index) - set(frames[1].index)
    new = frames[1].loc[[id for id in frames[1].index if id not in frames[0].index]]
    renamed = gone & {
        frames[0].index[frames[0]["_id"] == number][0] for number in new["_id"] if number in set(frames[0]["_id"])
    }
    expected = {
        "models_gone": len(gone - renamed) / len(before),
        "models_renamed": len(renamed) / len(before),
        "models_added": len(new) / len(before),
        "task_lost": ((pairs.pipeline_tag_before != pairs.pipeline_tag) & pairs.pipeline_tag_before.notna()).sum()
        / frames[0].pipeline_tag.notna().sum(),
        "created_lost": (pairs.createdAt_before != pairs.createdAt).mean() * len(pairs) / len(before),
        "likes_fell": (pairs.likes < pairs.likes_before).sum() / len(before),
        "downloads_total": max(
            pairs.downloads.sum() / pairs.downloads_before.sum(), pairs.downloads_before.sum() / pairs.downloads.sum()
        )
        - 1,
        "with_task": frames[1].pipeline_tag.notna().mean() - frames[0].pipeline_tag.notna().mean(),
        "p90_likes": frames[1].likes.quantile(0.9) - frames[0].likes.quantile(0.9),
        "n_authors": frames[1].author.nunique() - frames[0].author.nunique(),
    }
    changed = pairs[
        [
            json.dumps(a) != json.dumps(b)
            for a, b in zip(
                [record for record in before if record["id"] in pairs.index],
                sorted(
                    (record for record in now if record["id"] in pairs.index),
                    key=lambda r: list(pairs.index).index(r["id"]),
                ),
                strict=True,
            )
        ]
    ]
    expected["downloads_reordered"] = 1 - changed.downloads.corr(changed.downloads_before, method="spearman")
    paired = set(pairs.index)
    sides = [values([record for record in records if record["id"] in paired]) for records in (before, now)]
    for kind, had in values(before).items():
        old, current = sides[0].get(kind, set()), sides[1].get(kind, set())
        expected[f"tags_{kind}_lost"] = len(old - current) / len(had)
        expected[f"tags_{kind}_gained"] = len(current - old) / len(had)
    named = [
        (record["id"], tag.rpartition(":")[2])
        for record in now
        for tag in set(record["tags"])
        if tag.startswith("base_model:")
    ]
    expected["parents_in_hub"] = sum(parent in frames[1].index for _, parent in named) / len(named)
    return expected


def test_measures_equal_counts_in_pandas(matrix: MatrixWarehouse) -> None:
    rng = random.Random(3)
    before = hub(3)
    now = lost_by_chance(0.05)(copy.deepcopy(before), rng)
    now = tags(lambda tag: None if tag.startswith("license:") else tag, 0.1)(now, rng)
    for record in rng.sample(now, 200):
        record["downloads"] += rng.randrange(10_000)
        record["likes"] = rng.randrange(10)
    for record in rng.sample(now, 30):
        record["pipeline_tag"] = rng.choice(("text-generation", "fill-mask"))
        record["tags"] = [*record["tags"], "arxiv:2106.09685", f"base_model:adapter:{before[0]['id']}"]
        record["createdAt"] = "2026-01-01T00:00:00.000Z"
    for record in rng.sample(now, 12):
        record["id"] = f"moved/{record['id'].replace('/', '-')}"
    matrix.land_both(before, now, {}, None)
    matrix.run_models()
    found = {
        measure: (value, before)
        for measure, value, before in matrix.rows(
            "select measure, value, before from intermediate.int_measures_compared"
        )
    }
    expected = expected_measures(before, now)
    # The share that a snapshot without a value of a kind had is compared with none.
    expected["parents_in_hub"] -= found["parents_in_hub"][1]
    assert {name: round(value, 9) for name, value in expected.items()} == {
        name: round(found.get(name, (0,))[0], 9) for name in expected
    }


### First snapshots


def landed_first(matrix: MatrixWarehouse, records: Hub) -> list[tuple[Any, ...]]:
    matrix.clear()
    matrix.land("first", records, 1, "models.jsonl")
    return matrix.findings_now()


@pytest.mark.parametrize("name", ["hub_models_2026-06-05.jsonl.gz", "hub_models_2026-08-22.jsonl.gz"])
def test_real_samples_are_accepted_as_first_snapshots(matrix: MatrixWarehouse, real_file: Any, name: str) -> None:
    records = [
        json.loads(record)
        for source in find_sources(real_file(name))[0]
        for batch in read_batches(source)
        for record in batch.records
    ][:4000]
    findings = landed_first(matrix, records)
    assert {kind for severity, kind, *_ in findings} <= {"value_outside"}


def test_records_of_2022_without_a_time_are_accepted(matrix: MatrixWarehouse) -> None:
    rng = random.Random(1)
    records = copy.deepcopy(hub(1))
    for record in rng.sample(records, round(0.63 * len(records))):
        record.pop("createdAt")
    findings = landed_first(matrix, records)
    assert [(severity, kind, path) for severity, kind, path, *_ in findings] == [
        ("warn", "records_without_time", "createdAt")
    ]
    for record in records:
        for name in ("createdAt", "pipeline_tag", "library_name", "downloads"):
            record.pop(name, None)
    findings = landed_first(matrix, records)
    assert {kind for severity, kind, *_ in findings if severity == "warn"} == {
        "records_without_time",
        "without_task",
        "without_library",
        "without_downloads",
    }
    assert {severity for severity, *_ in findings} == {"warn"}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda record: record | {"id": f"https://huggingface.co/{record['id']}"}, "ids_malformed"),
        (lambda record: record | {"id": record["_id"]}, "ids_without_owner"),
        (lambda record: record | {"pipeline_tag": "language-modeling"}, "tasks_unknown"),
        (lambda record: record | {"id": record["id"].lower()}, "parents_in_other_case"),
        (lambda record: record | {"createdAt": "2025-01-01T00:00:00.000Z"}, "created_shared"),
        (lambda record: record | {"createdAt": record["lastModified"]}, "created_as_modified"),
        (lambda record: record | {"tags": []}, "records_without_tags"),
        (
            lambda record: record | {"tags": [re.sub(":(finetune|merge):", ":tune:", tag) for tag in record["tags"]]},
            "relations_unknown",
        ),
    ],
)
def test_first_snapshots_that_are_no_models_are_refused(matrix: MatrixWarehouse, change: Any, kind: str) -> None:
    findings = landed_first(matrix, [change(record) for record in hub(1)])
    assert kind in {kind for severity, kind, *_ in findings if severity == "error"}


def test_bounds_name_measures_that_are_computed(matrix: MatrixWarehouse) -> None:
    before = hub(1)
    cards = made_cards(before)
    now = copy.deepcopy(before)
    for number, record in enumerate(now):
        record["tags"] = before[number - 1]["tags"]
        record["likes"] += number
        record["downloads"] += number
    matrix.land_both(before, now[3:], cards, dict.fromkeys(cards, "other"))
    matrix.run_models()
    computed = {measure for (measure,) in matrix.rows("select measure from intermediate.int_measures_compared")}
    bounds = {measure for (measure,) in matrix.rows("select measure from staging.snapshot_bounds")}
    # Kinds of tags that no model has are not measured.
    assert {measure for measure in bounds - computed if not measure.startswith("tags_")} <= {
        "snapshots_differ",
        "order_reversed",
    }
