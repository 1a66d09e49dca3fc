"""Past and possible API changes of the Hub, each applied to a small hub, with the findings that they must cause."""

import copy
import csv
import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import REAL_DATA, ROOT, CompiledModel, MemoryWarehouse

from phylohub.operate.accept import accept

Record = dict[str, Any]
Change = Callable[[list[Record]], list[Record]]
Findings = set[tuple[str, str | None, str | None, str]]  # kind, path, value, severity
N_MODELS = 300


def made_record(number: int) -> Record:
    """A record with every field that a change affects."""
    second = 1_710_000_000 + 1000 * number
    return {
        "id": f"owner-{number % 40}/model-{number}",
        "modelId": f"owner-{number % 40}/model-{number}",
        "author": f"owner-{number % 40}",
        "createdAt": f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.000Z",
        "lastModified": "2025-01-01T00:00:00.000Z",
        "private": False,
        "gated": ("manual", "auto", False)[min(number % 20, 2)],
        "downloads": number,
        "downloadsAllTime": 10 * number,
        "likes": number % 7,
        "tags": ["transformers", "license:mit", f"base_model:finetune:owner-0/model-{number // 2}"],
        "pipeline_tag": "text-generation",
        "library_name": "transformers",
        "cardData": {"license": "mit", "language": "en", "base_model": "owner-0/model-0", f"key {number}": 1},
        "safetensors": {"parameters": {"BF16": 7_000_000_000}, "total": 7_000_000_000},
        "gguf": {"total": 7_000_000_000, "architecture": "llama"},
        "baseModels": {"relation": "finetune", "models": [{"_id": "0", "id": "owner-0/model-0"}]},
        "siblings": [
            {"rfilename": "README.md", "size": 10, "blobId": "a"},
            {"rfilename": "b", "size": 2, "blobId": "c"},
        ],
        "securityStatus": {"status": "ok", "scansDone": True},
        "inferenceProviderMapping": [{"provider": "x", "status": "live"}],
        "usedStorage": 1000 + number,
        "config": {"model_type": "llama"},
        "model-index": None,
    }


def small_hub() -> list[Record]:
    """Records from oldest to newest: real ones if available, with missing fields filled in, else generated ones."""
    path = REAL_DATA / "hub_models_2026-06-05.jsonl.gz"
    real: list[Record] = []
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            real = [json.loads(line) for line in islice(lines, N_MODELS)]
    records = [made_record(number) | (real[number] if real else {}) for number in range(N_MODELS)]
    records.sort(key=lambda record: str(record["createdAt"]))
    for number, record in enumerate(records):
        record["trendingScore"] = number % 3
        record["_id"] = object_id(record["createdAt"], number)
        record["tags"] = [*record["tags"], "autotrain_compatible"]
    return records


def object_id(created_at: str, number: int) -> str:
    return f"{int(datetime.fromisoformat(created_at).timestamp()):08x}{number:016x}"


HUB = small_hub()


def everywhere(change: Callable[[Record], object], every: int = 1) -> Change:
    """Apply a change to every n-th record."""

    def changed(records: list[Record]) -> list[Record]:
        for record in records[::every]:
            change(record)
        return records

    return changed


def without(*names: str) -> Change:
    return everywhere(lambda record: [record.pop(name, None) for name in names])


def with_value(name: str, value: object, every: int = 1) -> Change:
    return everywhere(lambda record: record.update({name: value}), every)


def with_tag(tag: str, every: int = 1) -> Change:
    return everywhere(lambda record: record["tags"].append(tag), every)


def created_at(time: str) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        record.update({"createdAt": time, "_id": object_id(time, 1)})

    return change


def rename_security_status(record: Record) -> None:
    status = record.pop("securityStatus")
    record["securityRepoStatus"] = {"scans": {"done": status["scansDone"]}}


def card_values_as_lists(record: Record) -> None:
    for name in ("license", "language", "base_model"):
        record["cardData"][name] = ["a", "b"]


def reduce_siblings(record: Record) -> None:
    record["siblings"] = [{"rfilename": file["rfilename"]} for file in record["siblings"]]


@dataclass(frozen=True)
class Case:
    """A change of the current snapshot, and the findings that it must cause.

    `findings` are all findings, or some of them if `others` is true. `before` changes the previous snapshot, `types`
    the contract. `rate` is the rate limit that the Hub reports, `source` the source of the current snapshot.
    """

    change: Change
    findings: Findings
    before: Change = lambda records: records
    types: dict[str, str] = field(default_factory=dict)
    others: bool = False
    rate: int = 1000
    source: str = "api/models"


NO_CHANGE: Change = lambda records: records  # noqa: E731, a function would be longer
KEYS = {"api_contract": "path", "relations": "relation", "tag_prefixes": "prefix", "accepted_findings": "snapshot"}
CASES = {
    "no change": Case(NO_CHANGE, set()),
    "other order of keys and tags": Case(
        everywhere(lambda record: record.update({"tags": record["tags"][::-1], "likes": record.pop("likes")})), set()
    ),
    "modelId dropped under expand": Case(without("modelId"), {("field_gone", "modelId", None, "warn")}),
    "10,000 -> 1,000 records per page": Case(
        lambda records: records[: N_MODELS // 10], {("models_lost", "id", None, "error")}, others=True
    ),
    "safetensors gained sharded": Case(
        everywhere(lambda record: record["safetensors"].update(sharded=True)),
        {("field_new", "safetensors.sharded", None, "warn")},
    ),
    "securityStatus renamed and nested differently": Case(
        everywhere(rename_security_status),
        {("field_gone", "securityStatus", None, "warn"), ("field_new", "securityRepoStatus", None, "warn")},
    ),
    "baseModels no longer on the list": Case(without("baseModels"), {("field_gone", "baseModels", None, "warn")}),
    "baseModels added": Case(NO_CHANGE, {("field_new", "baseModels", None, "warn")}, before=without("baseModels")),
    "inferenceProviderMapping became an object": Case(
        with_value("inferenceProviderMapping", {"x": {"status": "live"}}),
        {("type_changed", "inferenceProviderMapping", "object", "warn")},
        others=True,
    ),
    "trendingScore became fractional": Case(
        with_value("trendingScore", 0.5, every=9),
        {("type_changed", "trendingScore", "number", "warn")},
        types={"trendingScore": "integer"},
    ),
    "trendingScore is fractional, as the contract allows": Case(with_value("trendingScore", 0.5, every=9), set()),
    "usedStorage removed": Case(without("usedStorage"), {("field_gone", "usedStorage", None, "warn")}),
    "xetEnabled added": Case(with_value("xetEnabled", True), {("field_new", "xetEnabled", None, "warn")}),
    "xetEnabled removed": Case(
        NO_CHANGE, {("field_gone", "xetEnabled", None, "warn")}, before=with_value("xetEnabled", True)
    ),
    "base_model, license and language as lists": Case(
        everywhere(card_values_as_lists),
        {("type_changed", f"cardData.{name}", "array", "warn") for name in ("license", "language", "base_model")}
        | {("card_languages_lost", "cardData.language", None, "error")},
        before=everywhere(
            lambda record: record["cardData"].update({"license": "a", "language": "b", "base_model": "c"})
        ),
        types={f"cardData.{name}": "string" for name in ("license", "language", "base_model")},
    ),
    "base_model, license and language as lists, as the contract allows": Case(
        everywhere(card_values_as_lists),
        {
            ("card_languages_lost", "cardData.language", None, "error"),
            ("card_languages_gained", "cardData.language", None, "error"),
        },
    ),
    "siblings reduced to rfilename": Case(
        everywhere(reduce_siblings),
        {("field_gone", "siblings[].size", None, "warn"), ("field_gone", "siblings[].blobId", None, "warn")},
    ),
    "newest first": Case(lambda records: records[::-1], {("order_reversed", "createdAt", None, "warn")}),
    "gguf beyond 63 bits": Case(
        with_value("gguf", {"total": 2**63, "architecture": "llama"}, every=50),
        {("value_outside", "gguf.total", str(2**63), "warn")},
    ),
    "gguf beyond 64 bits": Case(
        with_value("gguf", {"total": 2**64, "architecture": "llama"}, every=50),
        {
            ("value_outside", "gguf.total", str(2**64), "warn"),
            ("type_changed", "gguf.total", "number", "warn"),
        },
    ),
    "other rate limit": Case(NO_CHANGE, {("value_outside", "RateLimit-Policy api", "700", "warn")}, rate=700),
    "automatic tag removed": Case(
        everywhere(lambda record: record["tags"].remove("autotrain_compatible")),
        {
            ("flag_gone", "tags[]", "autotrain_compatible", "warn"),
            ("tags_flag_lost", "tags[]", None, "error"),
        },
    ),
    "createdAt below its minimum": Case(
        everywhere(created_at("2022-03-01T00:00:00.000Z"), every=100),
        {("value_outside", "createdAt", "2022-03-01T00:00:00.000Z", "warn")},
    ),
    "createdAt above its minimum": Case(everywhere(created_at("2022-03-02T23:29:05.000Z"), every=100), set()),
    "_id does not match createdAt": Case(
        everywhere(lambda record: record.update(_id="64" * 12)), {("id_time_mismatches", "_id", None, "warn")}
    ),
    "new relation": Case(
        with_tag("base_model:distilled:a/b", every=100), {("relation_new", "tags[]", "distilled", "warn")}
    ),
    "relation without a parent": Case(
        with_tag("base_model:finetune", every=100), {("parent_unclear_new", "tags[]", "base_model:finetune", "warn")}
    ),
    "relation and colon without a parent": Case(
        with_tag("base_model:quantized: ", every=100),
        {("parent_unclear_new", "tags[]", "base_model:quantized: ", "warn")},
    ),
    "base_model: alone": Case(
        with_tag("base_model:", every=100), {("parent_unclear_new", "tags[]", "base_model:", "warn")}
    ),
    "parent with a colon": Case(
        with_tag("base_model:llama3:8b", every=100), {("parent_unclear_new", "tags[]", "base_model:llama3:8b", "warn")}
    ),
    "new prefix of many owners": Case(with_tag("hardware:gpu"), {("prefix_new", "tags[]", "hardware", "warn")}),
    "new prefix of one owner": Case(with_tag("mine:x", every=N_MODELS), set()),
    "unknown value": Case(with_value("gated", "staff", every=50), {("value_outside", "gated", "staff", "warn")}),
    "most tasks missing": Case(
        lambda records: without("pipeline_tag")(records[30:]) and records,
        {("null_share_jumped", "pipeline_tag", None, "warn"), ("task_lost", "pipeline_tag", None, "error")},
    ),
    "no tags": Case(
        without("tags"),
        {("field_gone", "tags", None, "error"), ("records_without_tags", "tags[]", None, "error")},
        others=True,
    ),
    "one fifth without tags": Case(
        with_value("tags", None, every=5),
        {("null_share_jumped", "tags", None, "error"), ("records_without_tags", "tags[]", None, "error")},
        others=True,
    ),
    "tags became objects": Case(
        everywhere(lambda record: record.update(tags=[{"name": tag} for tag in record["tags"]])),
        {("type_changed", "tags[]", "object", "error")},
        others=True,
    ),
    "createdAt in seconds": Case(
        with_value("createdAt", 1_710_000_000),
        {("type_changed", "createdAt", "integer", "warn"), ("records_without_time", "createdAt", None, "error")},
        others=True,
    ),
    "one tenth of the models lost": Case(lambda records: records[: N_MODELS - N_MODELS // 10], set(), others=True),
    "more than one tenth of the models lost": Case(
        lambda records: records[: N_MODELS - N_MODELS // 10 - 1], {("models_lost", "id", None, "error")}, others=True
    ),
    "field that another source never had": Case(without("safetensors", "sha"), set(), source="dump.parquet"),
}


class DriftWarehouse(MemoryWarehouse):
    """Two snapshots of one series, and the findings about the second."""

    def __init__(self, models: list[CompiledModel]) -> None:
        folders = ("staging", "quality", "records", "tags")
        excluded = ("snapshot_health", "unknown_values")
        super().__init__(
            ROOT / "seeds",
            [model for model in models if model.folder in folders and model.name not in excluded],
        )

    def land(
        self,
        snapshot: str,
        records: list[Record],
        day: int,
        source: str = "api/models",
        taken_on: int | None = None,
    ) -> None:
        """Land a snapshot on a day of January that shows the Hub on another, or on the same."""
        landed = pa.table(
            {
                "position": range(1, len(records) + 1),
                "record": pa.array([json.dumps(record) for record in records], pa.string()),
            }
        )
        self.connection.register("landed", landed)
        self.connection.execute(
            "insert into raw.hub_records select nextval('raw.record_ids'), md5(record)::uuid, record from landed "
            "where md5(record)::uuid not in (select content_hash from raw.hub_records) group by record"
        )
        self.connection.execute(
            "insert into raw.hub_listings select ?, ?, position, timestamp '2026-01-01', record_id "
            "from landed inner join raw.hub_records using (record)",
            [snapshot, source],
        )
        time = datetime(2026, 1, day)
        self.connection.execute(
            "insert into raw.snapshots (snapshot, started_at, completed_at, taken_at) values (?, ?, ?, ?)",
            [snapshot, time, time, taken_on and datetime(2026, 1, taken_on)],
        )

    def clear(self) -> None:
        for table in ("snapshots", "hub_listings", "hub_records", "hub_rejects", "cards", "rate_limits"):
            self.connection.execute(f"delete from raw.{table}")

    def findings(self) -> Findings:
        self.run_models()
        assert self.rows("select count(*) from marts.api_drift where finding is null") == [(0,)]
        return set(self.rows("select kind, path, value, severity from marts.api_drift"))

    def errors(self) -> list[str]:
        return [kind for (kind,) in self.rows("select kind from intermediate.int_snapshot_gate order by kind")]


@pytest.fixture(scope="module")
def shared_warehouse(compiled_models: list[CompiledModel]) -> DriftWarehouse:
    return DriftWarehouse(compiled_models)


@pytest.fixture
def drift(shared_warehouse: DriftWarehouse) -> Iterator[DriftWarehouse]:
    """The shared warehouse without snapshots. Its seeds are restored after the test."""
    connection = shared_warehouse.connection
    shared_warehouse.clear()
    for seed in KEYS:
        connection.execute(f"create or replace temp table original_{seed} as from staging.{seed}")
    yield shared_warehouse
    for seed in KEYS:
        connection.execute(f"create or replace table staging.{seed} as from original_{seed}")


@pytest.mark.parametrize("name", CASES)
def test_each_change_causes_its_findings(drift: DriftWarehouse, name: str) -> None:
    case = CASES[name]
    for path, types in case.types.items():
        drift.connection.execute("update staging.api_contract set types = ? where path = ?", [types, path])
    drift.connection.execute("insert into raw.rate_limits values ('api', ?, 300, '2026-01-01')", [case.rate])
    drift.land("before", case.before(copy.deepcopy(HUB)), 1)
    drift.land("now", case.change(copy.deepcopy(HUB)), 2, case.source)
    found = drift.findings()
    assert case.findings <= found
    if not case.others:
        assert found == case.findings
    if case.findings:
        assert bool(drift.errors()) == any(severity == "error" for *_, severity in case.findings)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.findings])
def test_accepted_findings_are_no_errors(drift: DriftWarehouse, name: str, tmp_path: Path) -> None:
    case = CASES[name]
    for seed in KEYS:
        shutil.copy(ROOT / "seeds" / f"{seed}.csv", tmp_path)
    for path, types in case.types.items():
        drift.connection.execute("update staging.api_contract set types = ? where path = ?", [types, path])
    drift.connection.execute("insert into raw.rate_limits values ('api', ?, 300, '2026-01-01')", [case.rate])
    drift.land("before", case.before(copy.deepcopy(HUB)), 1)
    drift.land("now", case.change(copy.deepcopy(HUB)), 2, case.source)
    drift.run_models()
    before = {seed: (tmp_path / f"{seed}.csv").read_text().splitlines() for seed in KEYS}
    names = [
        kind if kind == measure else ":".join(part for part in (kind, path, value) if part is not None)
        for kind, path, value, measure in drift.rows("select kind, path, value, measure from marts.api_drift")
        if kind not in ("flag_gone", "parent_unclear_new")
    ]
    if not names:
        return
    lines = accept(drift.connection, tmp_path, "now", names, "a, reason", date(2026, 1, 3))
    for seed in KEYS:
        # All other lines stay, in their order.
        after = (tmp_path / f"{seed}.csv").read_text().splitlines()
        new = [line.text for line in lines if line.seed == seed]
        assert len(before[seed]) + sum(not line.replaces for line in lines if line.seed == seed) == len(after)
        assert [text for text in before[seed] if text in after] == [text for text in after if text not in new]
        assert set(new) <= set(after)
    for line in lines:
        (cells,) = csv.reader([line.text])
        if line.replaces:
            drift.connection.execute(f"delete from staging.{line.seed} where {KEYS[line.seed]} = ?", [cells[0]])
        marks = ", ".join(["nullif(?, '')"] * len(cells))
        drift.connection.execute(f"insert into staging.{line.seed} values ({marks})", cells)
    left = {kind for kind, *_ in drift.findings()}
    assert drift.errors() == []
    measures = {measure for (measure,) in drift.rows("select measure from staging.snapshot_bounds")}
    assert left <= measures | {"flag_gone", "parent_unclear_new"}


def test_first_snapshot_that_fits_the_contract_has_no_findings(drift: DriftWarehouse) -> None:
    drift.land("first", copy.deepcopy(HUB), 1)
    assert drift.findings() == set()


def test_number_of_models_is_compared_with_the_largest_earlier_snapshot(drift: DriftWarehouse) -> None:
    for day, n_models in enumerate((300, 250, 245), start=1):
        drift.land(f"day {day}", copy.deepcopy(HUB[:n_models]), day)
    drift.run_models()
    assert drift.errors() == ["models_lost"]


def test_snapshots_are_compared_in_the_order_in_which_they_were_taken(drift: DriftWarehouse) -> None:
    def land(snapshot: str, n_models: int, day: int, taken_on: int) -> tuple[Any, ...]:
        drift.land(snapshot, copy.deepcopy(HUB[:n_models]), day, "dump.parquet", taken_on)
        drift.run_models()
        compared = "snapshot, previous_snapshot, n_models_previous, largest_snapshot"
        (row,) = drift.rows(f"select {compared} from intermediate.int_snapshots_compared")
        return row

    assert land("week 1", 200, 10, taken_on=1) == ("week 1", None, None, None)
    assert land("week 3", 300, 11, taken_on=3) == ("week 3", "week 1", 200, "week 1")
    # An older dump that lands later has fewer models than the newer one, and lost none.
    assert land("week 2", 250, 12, taken_on=2) == ("week 2", "week 1", 200, "week 1")
    assert "models_lost" not in drift.errors()
    assert land("week 4", 290, 13, taken_on=4) == ("week 4", "week 3", 300, "week 3")
    assert "models_gone" in drift.errors()
    assert land("week 0", 200, 14, taken_on=1) == ("week 0", "week 1", 200, "week 1"), "ties: landed before"
    # An accepted loss is the baseline of what was taken after it only.
    drift.connection.execute(
        "insert into staging.accepted_findings by name select 'week 4' as snapshot, 'models_lost' as measure"
    )
    assert land("week 3b", 250, 15, taken_on=3) == ("week 3b", "week 3", 300, "week 3")
    assert land("week 5", 290, 16, taken_on=5) == ("week 5", "week 4", 290, "week 4")


def test_emptied_cards_refuse_the_snapshot(drift: DriftWarehouse) -> None:
    drift.land("now", copy.deepcopy(HUB), 1)

    def land_cards(day: int, outcome: str, n_bytes: int | None, models: int) -> None:
        drift.connection.execute(
            "insert into raw.cards by name select 'model ' || i as model_id, 'hub' as source, ? as outcome, "
            "?::bigint as n_bytes, make_timestamp(2026, 1, ?, 0, 0, 0) as fetched_at from range(?) as models (i)",
            [outcome, n_bytes, day, models],
        )

    land_cards(1, "ok", 100, 700)
    land_cards(2, "unchanged", None, 700)
    assert drift.findings() == set()
    land_cards(3, "ok", 0, 10)
    assert drift.findings() == {("cards_emptied", "card", None, "warn")}
    land_cards(4, "none", None, 30)
    assert drift.findings() == {("cards_emptied", "card", None, "error")}
    assert drift.errors() == ["cards_emptied"]


def brute_force_profile(records: list[Record]) -> dict[str, dict[str, int]]:
    """For each path the number of records by type, from a recursive walk over the parsed JSON."""
    names = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object", list: "array"}

    def types(values: list[Any]) -> str:
        found = {"null" if value is None else names[type(value)] for value in values}
        found = found - {"null"} or found
        return found.pop() if len(found) == 1 else "mixed"

    def walk(values: list[Any], path: str, levels: int, paths: dict[str, list[Any]]) -> None:
        paths.setdefault(path, []).extend(values)
        items = [item for value in values if isinstance(value, list) for item in value]
        if items and levels == 1 and any(item is not None for item in items):
            walk(items, path + "[]", levels, paths)
        if levels < 2:
            for value in values:
                for key, member in value.items() if isinstance(value, dict) else ():
                    plain = key.isascii() and key.replace("_", "a").replace("-", "a").isalnum()
                    walk([member], f"{path}.{key if plain else json.dumps(key, ensure_ascii=False)}", levels + 1, paths)

    counts: dict[str, dict[str, int]] = {}
    for record in records:
        paths: dict[str, list[Any]] = {}
        walk([record], "$", 0, paths)
        for path, values in paths.items():
            if path != "$":
                of_path = counts.setdefault(path.removeprefix("$."), {})
                of_path[types(values)] = of_path.get(types(values), 0) + 1
    return counts


def test_profile_equals_a_recursive_walk_over_the_records(drift: DriftWarehouse) -> None:
    unusual: list[Record] = [
        {
            "id": "h/1",
            "a.b": 1,
            'q"uote': {"x.y": None, "": 2},
            "line\nbreak": [1, 2],
            "tags": [f"t{i}" for i in range(100_000)],
        },
        {"id": "h/2", "tags": ["x", 1, None], "a.b": "s", "rows": [{"c": 1}, {"c": "x", "d": None}, {}]},
        {
            "id": "h/3",
            "tags": [],
            "rows": [],
            "nothing": None,
            "empty": {},
            "\u202eleft": -1,
            "big": 10**30,
            "half": 0.5,
        },
    ]
    drift.land("now", copy.deepcopy(HUB) + unusual, 1)
    drift.run_models()
    expected = brute_force_profile(HUB + unusual)
    columns = "string", "integer", "number", "boolean", "object", "array", "mixed", "null"
    names = ", ".join(f"n_{column}" for column in columns)
    found = {
        path: {column: count for column, count in zip(columns, counts, strict=True) if count}
        for path, *counts in drift.rows(f"select path, {names} from marts.api_field_profile")
    }
    # DuckDB reads integers of more than 64 bits as doubles.
    expected["big"] = {"number": 1}
    assert found == expected
    values = "select n_distinct_in_sample from marts.api_field_profile where path = 'gated'"
    assert drift.rows(values) == [(len({str(record["gated"]) for record in HUB}),)]
    assert drift.rows("select example from marts.api_field_profile where path = 'half'") == [("0.5",)]


def test_profile_stops_at_the_first_level_of_deeply_nested_json(drift: DriftWarehouse) -> None:
    drift.land("now", copy.deepcopy(HUB), 1)
    deep = '{"id": "h/1", "id": "h/2", "deep": ' + "[" * 100_000 + "]" * 100_000 + ', "also": 1}'
    drift.connection.execute(
        "insert into raw.hub_records select 1 + max(record_id), uuid(), ? from raw.hub_records", [deep]
    )
    drift.connection.execute(
        "insert into raw.hub_listings "
        "select 'now', 'api/models', 999, '2026-01-01', max(record_id) from raw.hub_records"
    )
    drift.run_models()
    paths = "select path, n_records, json_types from marts.api_field_profile where path in ('deep', 'also', 'id')"
    assert set(drift.rows(paths)) == {("deep", 1, "array"), ("also", 1, "integer"), ("id", N_MODELS + 1, "string")}
